"""ETags: whether a browser has an answer already. Pure."""

import hashlib
import re

_TAG = re.compile(r'(?:W/)?("[^"]*")')


def etag_of(body: bytes) -> str:
    """The ETag of an answer by its content."""
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'


def is_known(if_none_match: str | None, etag: str) -> bool:
    """True if ``If-None-Match`` names this ETag, strong or weak: a proxy that packs answers makes it weak."""
    if not if_none_match:
        return False
    if if_none_match.strip() == "*":
        return True
    return etag.removeprefix("W/") in _TAG.findall(if_none_match)
