"""Decide what to do when memory comes near its limit: a pure function, like the daemon's policy.

::

    below 90 % of the limit                              nothing
    from 90 % on                                         Trim, every 10 s: freed memory goes back to the system;
                                                         GiveUpSpare: the spare and the shadow end
    at the limit, if that may do                         FreeHeld: the receiver gives up what the worker is done with
    at the limit                                         Recycle, once: publish and exit at the next chunk boundary
    no such boundary within the grace time, or
    above 110 %                                          EndForMemory
    the receiver holds all that it may, and the
    worker keeps it                                      Recycle: the next worker counts

The limit is for receiver, worker, what scripts have started, spare, shadow and recorder together, each page once.
Below it no worker is ever ended, and neither as long as giving up the spare, or what the receiver need not hold, may
do. Only for a script that leaves memory behind the run stays held, the first time: it would fill what is freed, and its
next worker would have to receive the run again.

A worker that was ended for its memory starts again from the start of the run, and a run that is simply too large would
end it again and again. So from the second time within one run on, the builtin engine keeps histograms instead of events
until the run has ended (`MemoryState.keep_events_next`); the receiver gives up what is counted. That is done only if
the events are the cause (`growth.py`), and at once if they fill what the receiver may hold: no other worker that
keeps them could go on. If a script's own memory is the cause, or histograms do not help, the waits between the starts
grow and `MemoryState.does_not_fit` says so.

`usage.py` reads how much there is, and how much there may be. A worker ended by the kernel's own limit is not
handled here: that is a crash like any other.
"""

from dataclasses import dataclass, field, replace

from livereduce.daemon.back_off import doubling_s
from livereduce.daemon.memory.facts import (
    EndForMemory,
    FreeHeld,
    GiveUpSpare,
    MemoryRules,
    Order,
    Recycle,
    ReplaceReceiver,
    Trim,
    Weighed,
)
from livereduce.daemon.memory.full import full_text, run_fills
from livereduce.daemon.memory.growth import Grown, amount

TRIM_PERCENT = 90
TERMINATE_PERCENT = 110


_TAKERS = {
    "proc": "proc",
    "post_proc": "post_proc",
    "started": "a process started by a script",
    "receiver": "the receiver itself",
}
"""Text on who takes the memory, by cause, if it is not the run."""
_GROWN = {
    "events": "the run's events have grown",
    "proc": "the data of proc have grown",
    "post_proc": "the data of post_proc have grown",
    "started": "processes started by scripts have grown",
    "receiver": "the receiver itself has grown",
    "elsewhere": "the worker itself has grown",
}
"""Text on what has grown, by cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryState:
    """State of the present worker and run.

    Attributes
    ----------
    run
        The newest run that a worker named.
    recycles
        Number of workers ended for their memory within this run, in good order or not.
    by_events
        Number of those ended because of the events that they held.
    grown
        Memory parts of the worker that was ended last; None if not known.
    fills
        The events of the run fill what the receiver may hold.
    trimmed_at, recycle_at
        When the present worker was last told to trim, and when to exit; None if it was not.
    relief_at
        Since when the memory is over the limit and something else than the worker is being given up.
    """

    rules: MemoryRules = field(default_factory=MemoryRules)
    worker: int = 0
    run: int = 0
    recycles: int = 0
    by_events: int = 0
    grown: Grown | None = None
    fills: bool = False
    trimmed_at: float | None = None
    recycle_at: float | None = None
    relief_at: float | None = None
    terminated: bool = False

    @property
    def keep_events_next(self) -> bool:
        """True if the next worker is to keep events (`Job.keep_events`)."""
        return not (self.rules.falls_back and (self.fills or self.by_events >= 2))

    @property
    def counted_run(self) -> int | None:
        """The run that the next worker keeps as histograms (`Job.counted_run`); None if there is none."""
        return None if self.keep_events_next else self.run

    @property
    def ended_by_events(self) -> bool:
        """True if the run's events were the cause, the last time; they are assumed to be, if it is not known."""
        return self.grown is None or self.grown.cause == "events"

    @property
    def wait_s(self) -> float:
        """Wait before the next start; 0 as long as it may succeed."""
        if not self._in_vain:
            return 0.0
        return doubling_s(self._in_vain, self.rules.first_wait_s, self.rules.longest_wait_s)

    @property
    def does_not_fit(self) -> str:
        """Text on a run that does not fit into memory; empty if it may fit."""
        if not self._in_vain or self.rules.limit_bytes is None:
            return ""
        limit = amount(self.rules.limit_bytes)
        ended = f"the worker was restarted {self.recycles} times"
        if self.grown is not None and (who := _TAKERS.get(self.grown.cause)):
            return f"{who} takes too much memory for the limit of {limit}: {ended}, last with {self.grown.text}"
        what = f"run {self.run} does" if self.run else "the data between runs do"
        how = "" if self.keep_events_next else ", though only histograms are kept"
        return f"{what} not fit into the memory limit of {limit}: {ended}{how}"

    @property
    def _in_vain(self) -> int:
        """Number of workers ended after every remedy was applied."""
        return max(0, self.recycles - (1 if self.keep_events_next else 2))


Step = tuple[MemoryState, tuple[Order, ...]]


def step(state: MemoryState, weighed: Weighed, now: float) -> Step:
    """The state after a measurement, and the orders."""
    state = _recognized(state, weighed)
    if state.terminated:
        return state, ()
    if state.recycle_at is None and run_fills(state.rules, weighed):
        return _count_instead(state, weighed, now)
    limit, confirmed = state.rules.limit_bytes, weighed.confirmed_bytes
    if limit is None:
        return state, ()
    if confirmed is not None and confirmed >= limit:
        return _over_limit(state, weighed, confirmed, limit, now)
    state = replace(state, relief_at=None)
    held = weighed.bytes if confirmed is None else confirmed
    if held * 100 >= limit * TRIM_PERCENT:
        return _near_limit(state, weighed, now)
    return state, ()


def forget_recycles(state: MemoryState) -> MemoryState:
    """The state for other scripts: a run that did not fit with the old ones may fit now."""
    return replace(state, recycles=0, by_events=0, fills=False, grown=None)


def _recognized(state: MemoryState, weighed: Weighed) -> MemoryState:
    """Reset the state for a new worker or a new run.

    Run 0 does not count as another run: every new worker reports it until the stream has told it more.
    """
    if weighed.worker != state.worker:
        state = replace(
            state, worker=weighed.worker, trimmed_at=None, recycle_at=None, relief_at=None, terminated=False
        )
    if weighed.run in (0, state.run):
        return state
    # Ends of workers that died before they could name their run count for the first run that is named.
    named = replace(state, run=weighed.run)
    return named if state.run == 0 else forget_recycles(named)


def _near_limit(state: MemoryState, weighed: Weighed, now: float) -> Step:
    told = state.trimmed_at
    if state.recycle_at is not None or (told is not None and now - told < state.rules.trim_every_s):
        return state, ()
    return replace(state, trimmed_at=now), (Trim(), GiveUpSpare()) if weighed.dispensable_bytes else (Trim(),)


def _over_limit(state: MemoryState, weighed: Weighed, held: int, limit: int, now: float) -> Step:
    """Give up first what costs no worker, and wait a moment for it if that may do."""
    leaks = weighed.grown is not None and weighed.grown.is_left_behind and not state.recycles
    freeable_bytes = 0 if leaks else weighed.freeable_bytes
    gives = weighed.dispensable_bytes + freeable_bytes
    relief: tuple[Order, ...] = ()
    if gives and state.relief_at is None and state.recycle_at is None:
        relief = ((GiveUpSpare(),) if weighed.dispensable_bytes else ()) + ((FreeHeld(),) if freeable_bytes else ())
        state = replace(state, relief_at=now)
    waits = state.relief_at is not None and now - state.relief_at < state.rules.relief_s
    if waits and held - gives < limit:
        return state, relief
    state, orders = _at_limit(state, weighed, held, limit, now)
    return state, (*relief, *orders)


def _at_limit(state: MemoryState, weighed: Weighed, held: int, limit: int, now: float) -> Step:
    amounts, parts = _told(weighed, held, limit)
    asked = state.recycle_at is not None
    in_time = state.recycle_at is None or now - state.recycle_at < state.rules.grace_s
    ended = state if asked else _ended_for(state, weighed.grown)
    if weighed.grown is not None and weighed.grown.cause == "receiver":
        orders = () if asked and in_time else (ReplaceReceiver(reason=amounts + parts),)
        return (replace(ended, recycle_at=now) if orders else ended), orders
    if held * 100 > limit * TERMINATE_PERCENT:
        reason = f"{amounts}, by more than {TERMINATE_PERCENT - 100} %{parts}"
        return replace(ended, terminated=True), (EndForMemory(reason=reason),)
    if not asked:
        return replace(ended, recycle_at=now), (Recycle(reason=amounts + parts),)
    if not in_time:
        reason = f"{amounts}, and the chunk did not finish within {state.rules.grace_s:g} s{parts}"
        return replace(state, terminated=True), (EndForMemory(reason=reason),)
    return state, ()


def _told(weighed: Weighed, held: int, limit: int) -> tuple[str, str]:
    """Text on the amounts, and on the parts."""
    over, grown = f"is over the limit of {amount(limit)}", weighed.grown
    if not weighed.receiver_bytes:
        return f"the worker's memory of {amount(held)} {over}", f" ({grown.text})" if grown else ""
    parts = f": {_GROWN[grown.cause]} ({grown.text})" if grown else ""
    return f"the memory of receiver and worker, {amount(held)}, {over}", parts


def _ended_for(state: MemoryState, grown: Grown | None) -> MemoryState:
    """Count one more ended worker."""
    ended = replace(state, recycles=state.recycles + 1, grown=grown)
    return replace(ended, by_events=state.by_events + ended.ended_by_events)


def _count_instead(state: MemoryState, weighed: Weighed, now: float) -> Step:
    reason = full_text(state.rules, weighed)
    counted = replace(state, recycles=state.recycles + 1, grown=weighed.grown, fills=True, recycle_at=now)
    return counted, (Recycle(reason=reason),)
