"""A name that nobody has: the sentence that says so, with the names that may have been meant in front of all others.

Reasons are cut somewhere on their way to people, so what helps comes first.
"""

from collections.abc import Iterable
from difflib import get_close_matches

SUGGESTED = 3
LISTED = 12
"""Most known names that are listed."""
LONGEST_NAME = 60
COMPARED = 2000
"""Names that are compared letter by letter. Mantid has 1300, a beamline thousands of logs; scripts ask in loops."""


def missing(what: str, name: object, known: Iterable[str]) -> str:
    """Sentence that there is no `what` of this name, with similar names first, then the known ones."""
    names = list(dict.fromkeys(known))
    return f"no {what} named {_short(name)!r}{did_you_mean(name, names)}{_listing(what, names)}"


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """``; did you mean 'Theta'?`` for ``theta``; empty if no name is close."""
    near = closest(name, known)
    return f"; did you mean {' or '.join(repr(_short(one)) for one in near)}?" if near else ""


def closest(name: object, known: Iterable[str]) -> list[str]:
    """The names that may have been meant, the likeliest first: other case or separators, part of one, or misspelled."""
    names = [one for one in known if one != name]
    wanted = _letters(name) if isinstance(name, str) else ""
    if not wanted:
        return []
    if same := [one for one in names if _letters(one) == wanted]:
        return same[:SUGGESTED]
    containing = [one for one in names if len(wanted) > 2 and wanted in _letters(one)]
    by_letters = {_letters(one): one for one in reversed(names[:COMPARED])}
    near = [by_letters[letters] for letters in get_close_matches(wanted, by_letters, n=1)]
    return list(dict.fromkeys([*near, *sorted(containing, key=len)]))[:SUGGESTED]


def _letters(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())


def _short(name: object) -> str:
    text = str(name)
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"


def _listing(what: str, names: list[str]) -> str:
    if not names:
        return f" (there are no {what}s)"
    more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return f" (existing {what}s: {', '.join(map(_short, names[:LISTED]))}{more})"
