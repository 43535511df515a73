"""How often something comes, and how long its absence must last to mean something. Pure: it knows no clock."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

LEAST_SILENCE_S = 4.0
"""A server needs up to 1.7 s for the start of a run or a pause (seen on the wire); less than this means nothing."""
LONGEST_SILENCE_S = 300.0
TIMES_USUAL = 3.0
LONG_WAIT_S = LEAST_SILENCE_S / TIMES_USUAL
"""Shorter waits do not change the limit."""
REMEMBERED_S = 600.0
"""For how long a long wait counts as usual."""
REMEMBERED_STEPS = 15
REMEMBERED_WAITS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What is known of something that comes again and again, such as pulses.

    Attributes
    ----------
    came_s
        When it came last, or since when it is waited for; None before that.
    stamp_ns
        The newest time that it carried itself.
    steps_s
        The newest intervals between such times.
    waits
        The newest long waits for it: when each was over, and how long it was (s).
    """

    came_s: float | None = None
    stamp_ns: int | None = None
    steps_s: tuple[float, ...] = ()
    waits: tuple[tuple[float, float], ...] = ()

    @property
    def known(self) -> bool:
        """Whether it has come twice."""
        return bool(self.steps_s)

    @property
    def usual_s(self) -> float:
        """The usual wait for it. A single long wait is not usual, the second one is."""
        waits = sorted(wait_s for _, wait_s in self.waits)
        again_s = waits[-2] if len(waits) > 1 else 0.0
        return max(statistics.median(self.steps_s) if self.steps_s else 0.0, again_s)

    @property
    def limit_s(self) -> float:
        """A silence of this length means that it does not come."""
        return min(max(LEAST_SILENCE_S, TIMES_USUAL * self.usual_s), LONGEST_SILENCE_S)


def came(pace: Pace, stamps_ns: Sequence[int], now: float, *, counts_waits: bool = True) -> Pace:
    """It came once or more, with these times of its own, oldest first.

    Parameters
    ----------
    counts_waits
        Whether somebody listened all the time since it came last. If data are only fetched now and then, how long
        nothing was fetched says nothing about the source.
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
    """It is waited for from now on: what was before, such as a pause, is no silence."""
    return replace(pace, came_s=now)


def is_overdue(pace: Pace, now: float, unknown_s: float = LONGEST_SILENCE_S) -> bool:
    """Whether it ought to have come by now; `unknown_s` is the limit as long as it has not come twice."""
    if pace.came_s is None:
        return False
    return now - pace.came_s >= (pace.limit_s if pace.known else unknown_s)
