"""Decide whether the receiver reads on or waits for the recorder: a pure function of what is seen before each read.

A run that is caught up with comes at the speed of the memory, and a disk is slower. While that is so, and only then,
nothing is read until the recorder has made room: what waits lies in the server's files. A stream that comes as it
happens never waits. A recorder costs the first result of a run at most `MOST_S`, one that hangs `STILL_S`; then what it
has no room for is a gap.
"""

from dataclasses import dataclass, replace

from livereduce.base.times import NS_PER_S

MOST_S = 5.0
"""Longest wait for the recorder, in all, in one run."""
STILL_S = 1.0
"""A recorder that has taken nothing for so long hangs: it is not waited for again in this run."""
LIVE_S = 2.0
"""A stream whose newest pulse is younger is live."""
WINDOW_S = 1.0
GAINED_S = 0.02
"""A stream that is old and gains less on the clock, within a window, is live with wrong stamps: clocks differ, or it is
a recording that is played. In the first window the age alone counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RingSight:
    """What is seen before a read.

    Attributes
    ----------
    run
        The run that the stream is in; 0 between runs.
    newest_ns
        Time of the newest pulse that was read; 0 before the first.
    age_s
        How long ago that was, by the clock of this host.
    has_room
        The ring has room for what a read may bring, or there is no recorder.
    taken
        Pieces that the recorder has taken.
    """

    run: int = 0
    newest_ns: int = 0
    age_s: float = 0.0
    has_room: bool = True
    taken: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """State between the reads.

    Attributes
    ----------
    waits
        Nothing is to be read now.
    run, waited_s, is_over
        The run, how long it has waited for the recorder, and that it waits no more.
    taken, still_s
        What the recorder had taken at the last look, and how long it has taken nothing while it was waited for.
    at_s
        Time of the last look.
    window_ns, window_s, gained_s
        Newest pulse and time at which the window began; how much the stream had gained on the clock in the one before,
        None in the first.
    """

    waits: bool = False
    run: int = 0
    waited_s: float = 0.0
    is_over: bool = False
    taken: int = 0
    still_s: float = 0.0
    at_s: float = 0.0
    window_ns: int = 0
    window_s: float = 0.0
    gained_s: float | None = None


def step(state: Patience, seen: RingSight, now: float) -> Patience:
    """The state after a look; `waits` says what to do."""
    state = _clocked(state, seen, now)
    if seen.run != state.run:
        state = replace(state, run=seen.run, waited_s=0.0, still_s=0.0, is_over=False)
    is_over = state.is_over or state.waited_s >= MOST_S or state.still_s >= STILL_S
    wants = bool(seen.run) and not seen.has_room and seen.age_s >= LIVE_S and _gains(state, seen, now)
    return replace(state, is_over=is_over, waits=wants and not is_over, at_s=now, taken=seen.taken)


def _clocked(state: Patience, seen: RingSight, now: float) -> Patience:
    """The time since the last look: spent waiting, or reading; a wait gains and loses nothing."""
    if state.waits:
        passed_s = max(0.0, now - state.at_s)
        still_s = state.still_s + passed_s if seen.taken == state.taken else 0.0
        waited_s, window_s = state.waited_s + passed_s, state.window_s + passed_s
        state = replace(state, waited_s=waited_s, still_s=still_s, window_s=window_s)
    if not state.window_ns or seen.newest_ns < state.window_ns:  # at the beginning, and when the run is sent again
        return replace(state, window_ns=seen.newest_ns, window_s=now, gained_s=None)
    if now - state.window_s >= WINDOW_S:
        return replace(state, window_ns=seen.newest_ns, window_s=now, gained_s=_gained_s(state, seen, now))
    return state


def _gains(state: Patience, seen: RingSight, now: float) -> bool:
    return state.gained_s is None or max(state.gained_s, _gained_s(state, seen, now)) >= GAINED_S


def _gained_s(state: Patience, seen: RingSight, now: float) -> float:
    return (seen.newest_ns - state.window_ns) / NS_PER_S - (now - state.window_s)
