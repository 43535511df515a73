"""How many pixels and banks are named as not well, as the viewer said last; nobody knows while nobody looks. Pure."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

KINDS = ("hot", "dead", "noisy", "shifted")
WHATS = ("pixel", "bank")
GOOD_S = 60.0
"""After this time without a look nothing is known any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFindings:
    """Findings by kind and what they are of, and when they were asked for."""

    at: datetime
    counts: Mapping[tuple[str, str], int]

    def is_good(self, now: datetime) -> bool:
        """True as long as it says how things are."""
        return (now - self.at).total_seconds() <= GOOD_S


def named_in(body: bytes, at: datetime) -> NamedFindings:
    """Count what an answer of a viewer names.

    Raises
    ------
    ValueError
        It is no such answer.
    """
    try:
        found = Counter((str(one["kind"]), str(one["what"])) for one in json.loads(body)["findings"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not the findings of a viewer: {body[:80]!r} ({error!r})") from None
    return NamedFindings(at=at, counts={(kind, what): found[kind, what] for kind in KINDS for what in WHATS})
