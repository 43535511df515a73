"""Which times of a run are recorded: a few spans between two pulses each, which grow and merge. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from livereduce.stream.items import B1, I8

Covered = tuple[int, int]
"""Times of the first and the last pulse of a stretch without a gap."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """Stretches in order of time; two of them have a gap between them, and share no pulse."""

    spans: tuple[Covered, ...] = ()

    def with_span(self, first_ns: int, last_ns: int) -> "Coverage":
        """The coverage with one more stretch; those that it touches become one with it."""
        low, high = min(first_ns, last_ns), max(first_ns, last_ns)
        apart = []
        for first, last in self.spans:
            if last < low or high < first:
                apart.append((first, last))
            else:
                low, high = min(low, first), max(high, last)
        return Coverage(tuple(sorted([*apart, (low, high)])))

    @property
    def newest_ns(self) -> int:
        """The newest time; 0 if there is none."""
        return self.spans[-1][1] if self.spans else 0

    def before(self, time_ns: int) -> int:
        """The newest time covered at or before a time; 0 if there is none."""
        return max((min(last, time_ns) for first, last in self.spans if first <= time_ns), default=0)

    def has(self, time_ns: int) -> bool:
        """True if a time is within a stretch, its ends included."""
        return any(first <= time_ns <= last for first, last in self.spans)

    def spans_whole(self, from_ns: int, to_ns: int) -> bool:
        """True if one stretch reaches from one time to another."""
        return any(first <= from_ns and to_ns <= last for first, last in self.spans)

    def inside(self, time_ns: I8) -> B1:
        """True for times that lie within a stretch.

        Its two ends are not: a pulse is several packets, and of the one at an end some may be missing.
        """
        inside = np.zeros(len(time_ns), np.bool_)
        for first, last in self.spans:
            inside |= (time_ns > first) & (time_ns < last)
        return inside


def coverage_of(spans: Iterable[Covered]) -> Coverage:
    """The coverage of stretches in any order."""
    whole = Coverage()
    for first, last in spans:
        whole = whole.with_span(first, last)
    return whole
