"""What can go wrong between a notebook and a page: each error names the page, what was asked for and what it said."""


class PageError(Exception):
    """A page did not give what was asked for."""


class PageUnreachable(PageError):
    """Nothing answers at the address, or nothing that is a status page of livereduce; trying again may help."""


class NotOnPage(PageError, LookupError):
    """The page has no such instrument, run or result."""


class PageRefused(PageError):
    """The page, or a proxy in front of it, does not answer this request: the text says why."""
