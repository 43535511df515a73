"""Decide how far a run may be played: an interval of beam time for each cycle of the engine. Pure.

::

    an interval is open ── all of it is sent ── a cycle begins ──▶ the next interval with data is open
                                    │                      └── it was the last ──▶ the run's end, and all is open
                                    └── no cycle begins for very long ──▶ stalled

A cycle takes what has come. One that begins while an interval is still being sent gets a part of it, and the next cycle
the rest: so intervals are chunks as live would cut them, nearly always.
"""

from dataclasses import dataclass, replace

SLOW_S, STALLED_S = 30.0, 300.0
"""Mantid loads instruments and decodes a first chunk: that takes tens of seconds, which is said, but not minutes."""
QUIET_CYCLES = 5
"""Cycles without anything new, after everything was sent, until the run is over although nothing says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """How far the run may be played.

    Attributes
    ----------
    start_ns, every_ns, end_ns
        The run's first moment, the length of an interval, and the moment before which the run ends here.
    until_ns
        The end of the open interval; None: all is open, also the end of the run.
    sent_at
        How many cycles had begun when all that is open was sent; None before that.
    newest_at, pulses
        How many cycles had begun when the newest pulses were seen, and how many pulses that were.
    moved_s
        When anything was sent, or at work, last.
    """

    start_ns: int
    every_ns: int
    end_ns: int
    until_ns: int | None
    moved_s: float
    sent_at: int | None = None
    newest_at: int = 0
    pulses: int = 0

    @property
    def is_quiet_at(self) -> int | None:
        """The number of cycles from which on the run is over; None if something is still to be sent."""
        if self.until_ns is not None or self.sent_at is None:
            return None
        return max(self.sent_at, self.newest_at) + QUIET_CYCLES


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayHeard:
    """What is known now.

    Attributes
    ----------
    is_sent
        All that is open has been sent.
    next_ns
        The time of what is played next; None if there is nothing more.
    cycles
        How many cycles of the engine have begun.
    pulses
        How many pulses it has reduced.
    is_at_work
        A cycle goes on.
    """

    is_sent: bool
    next_ns: int | None
    cycles: int = 0
    pulses: int = 0
    is_at_work: bool = False


def first_pacing(*, start_ns: int, every_ns: int, end_ns: int, now: float) -> Pacing:
    """The first interval is open."""
    until_ns = start_ns + every_ns
    last = until_ns >= end_ns
    return Pacing(start_ns=start_ns, every_ns=every_ns, end_ns=end_ns, until_ns=None if last else until_ns, moved_s=now)


def step(pace: Pacing, heard: PlayHeard, now: float) -> Pacing:
    """The next state."""
    if heard.pulses != pace.pulses:
        pace = replace(pace, pulses=heard.pulses, newest_at=heard.cycles)
    if heard.is_at_work or not heard.is_sent:
        pace = replace(pace, moved_s=now)
    if not heard.is_sent:
        return pace
    if pace.sent_at is None:
        return replace(pace, sent_at=heard.cycles, moved_s=now)
    if heard.cycles <= pace.sent_at or pace.until_ns is None:
        return pace
    return replace(pace, until_ns=_next_end(pace, heard.next_ns), sent_at=None, moved_s=now)


def is_over(pace: Pacing, heard: PlayHeard) -> bool:
    """Everything was sent long ago, and the last cycles have brought nothing new."""
    quiet_at = pace.is_quiet_at
    return quiet_at is not None and heard.cycles >= quiet_at


def is_slow(pace: Pacing, now: float) -> bool:
    """What was sent has not been taken for long, but may be yet."""
    return now - pace.moved_s > SLOW_S


def is_stalled(pace: Pacing, now: float) -> bool:
    """Nobody takes what was sent."""
    return now - pace.moved_s > STALLED_S


def _next_end(pace: Pacing, next_ns: int | None) -> int | None:
    """The end of the interval in which the next data are; None if the run ends in it."""
    if next_ns is None or next_ns >= pace.end_ns:
        return None
    intervals = (next_ns - pace.start_ns) // pace.every_ns + 1
    until_ns = pace.start_ns + intervals * pace.every_ns
    return None if until_ns >= pace.end_ns else until_ns
