"""The usual interval of a recurring event, and how long a silence must last to mean something. Pure: no clock."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

LEAST_SILENCE_S = 4.0
"""A server can take up to 1.7 s to start a run or a pause (seen on the wire): a shorter silence means nothing."""
LONGEST_SILENCE_S = 300.0
TIMES_USUAL = 3.0
LONG_WAIT_S = LEAST_SILENCE_S / TIMES_USUAL
"""Shorter waits do not change the limit."""
REMEMBERED_S = 600.0
"""How long a long wait counts as usual."""
REMEMBERED_STEPS = 15
REMEMBERED_WAITS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """History of a recurring event, such as pulses.

    Attributes
    ----------
    came_s
        When it came last, or since when it is expected; None before that.
    stamp_ns
        Its newest own time stamp.
    steps_s
        The newest intervals between its time stamps.
    waits
        The newest long waits: when each ended, and its length (s).
    """

    came_s: float | None = None
    stamp_ns: int | None = None
    steps_s: tuple[float, ...] = ()
    waits: tuple[tuple[float, float], ...] = ()

    @property
    def known(self) -> bool:
        """True once it has come twice."""
        return bool(self.steps_s)

    @property
    def usual_s(self) -> float:
        """The usual wait. A single long wait is not usual, the second one is."""
        waits = sorted(wait_s for _, wait_s in self.waits)
        again_s = waits[-2] if len(waits) > 1 else 0.0
        return max(statistics.median(self.steps_s) if self.steps_s else 0.0, again_s)

    @property
    def limit_s(self) -> float:
        """A silence of this length means that it has stopped."""
        return min(max(LEAST_SILENCE_S, TIMES_USUAL * self.usual_s), LONGEST_SILENCE_S)


def came(pace: Pace, stamps_ns: Sequence[int], now: float, *, counts_waits: bool = True) -> Pace:
    """Record that it came once or more, with these time stamps of its own, oldest first.

    Parameters
    ----------
    counts_waits
        True if somebody listened all the time since it came last. When data are fetched only now and then, a long time
        between two fetches says nothing about the source.
    """
    if not stamps_ns:
        return pace
    newest = [*([] if pace.stamp_ns is None else [pace.stamp_ns]), *stamps_ns[-REMEMBERED_STEPS - 1 :]]
    steps = (*pace.steps_s, *((after - before) / 1e9 for before, after in pairwise(newest) if after > before))
    waits = tuple(wait for wait in pace.waits if now - wait[0] < REMEMBERED_S)
    if counts_waits and pace.came_s is not None and now - pace.came_s > LONG_WAIT_S:
        waits = (*waits, (now, now - pace.came_s))[-REMEMBERED_WAITS:]
    return Pace(came_s=now, stamp_ns=int(stamps_ns[-1]), steps_s=steps[-REMEMBERED_STEPS:], waits=waits)


def wait_from(pace: Pace, now: float) -> Pace:
    """Expect it from now on: the time before, such as a pause, is not a silence."""
    return replace(pace, came_s=now)


def is_overdue(pace: Pace, now: float, unknown_s: float = LONGEST_SILENCE_S) -> bool:
    """True if it should have come by now; `unknown_s` is the limit until it has come twice."""
    if pace.came_s is None:
        return False
    return now - pace.came_s >= (pace.limit_s if pace.known else unknown_s)
