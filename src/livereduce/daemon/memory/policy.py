"""Decide what to do when the worker's memory comes near its limit: a pure function, like the daemon's policy.

::

    below 90 % of the limit                              nothing
    from 90 % on                                         Trim, every 10 s: freed memory goes back to the system
    at the limit                                         Recycle, once: publish and exit at the next chunk boundary
    no such boundary within the grace time, or
    above 110 %                                          Terminate

Below the limit no worker is ever ended. A worker that was ended for its memory starts again from the start of the run,
and a run that is simply too large would end it again and again. So from the second time within one run on, the builtin
engine keeps histograms instead of events until the run has ended (`MemoryState.keep_events_next`). That is done only if
the events held are the cause (`growth.py`). If a script's own memory is the cause, or histograms do not help, the
waits between the starts grow and `MemoryState.does_not_fit` says so.

`usage.py` reads how much there is, and how much there may be. A worker ended by the kernel's own limit is not
handled here: that is a crash like any other.
"""

from dataclasses import dataclass, field, replace

from livereduce.daemon.memory.growth import Grown, amount

TRIM_PERCENT = 90
TERMINATE_PERCENT = 110


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A measurement of the worker's memory.

    Attributes
    ----------
    worker
        Identifies the worker (its generation).
    run
        Run number in its newest beat; 0 if it has not said yet, or between runs.
    bytes
        Anonymous and shared memory of its processes; pages that several of them share count several times.
    confirmed_bytes
        The same with each page counted once; None if not known now. No worker is ended without it.
    started_bytes
        The part of `bytes` that belongs to processes that scripts have started.
    grown
        The parts of the memory; None if not known.
    """

    worker: int
    run: int
    bytes: int
    confirmed_bytes: int | None
    started_bytes: int = 0
    grown: Grown | None = None


@dataclass(frozen=True, slots=True)
class Trim:
    """Order the worker to give freed memory back to the system."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recycle:
    """Order the worker to publish and exit at the next chunk boundary (`ExitCode.RECYCLED`)."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndForMemory:
    """End the worker now."""

    reason: str


Order = Trim | Recycle | EndForMemory

_SCRIPTS = {"proc": "proc", "post_proc": "post_proc", "started": "a process started by a script"}
"""Text on which script takes the memory, by cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRules:
    """The limit, and times in seconds; tests shorten them.

    Attributes
    ----------
    limit_bytes
        None turns everything off.
    falls_back
        The worker keeps events and could keep histograms instead (builtin engine, `preserve_events`).
    grace_s
        How long a worker at the limit may take to reach a chunk boundary.
    first_wait_s, longest_wait_s
        Wait before a run that does not fit is tried again; each wait is twice the one before.
    """

    limit_bytes: int | None = None
    falls_back: bool = False
    trim_every_s: float = 10.0
    grace_s: float = 60.0
    first_wait_s: float = 10.0
    longest_wait_s: float = 300.0


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
    trimmed_at, recycle_at
        When the present worker was last told to trim, and when to exit; None if it was not.
    """

    rules: MemoryRules = field(default_factory=MemoryRules)
    worker: int = 0
    run: int = 0
    recycles: int = 0
    by_events: int = 0
    grown: Grown | None = None
    trimmed_at: float | None = None
    recycle_at: float | None = None
    terminated: bool = False

    @property
    def keep_events_next(self) -> bool:
        """True if the next worker is to keep events (`Job.keep_events`)."""
        return not (self.rules.falls_back and self.by_events >= 2)

    @property
    def counted_run(self) -> int | None:
        """The run that the next worker keeps as histograms (`Job.counted_run`); None if there is none."""
        return None if self.keep_events_next else self.run

    @property
    def wait_s(self) -> float:
        """Wait before the next start; 0 as long as it may succeed."""
        if not self._in_vain:
            return 0.0
        # bound the exponent before using it: a run of weeks would overflow it
        return min(self.rules.first_wait_s * 2.0 ** min(self._in_vain - 1, 60), self.rules.longest_wait_s)

    @property
    def does_not_fit(self) -> str:
        """Text on a run that does not fit into memory; empty if it may fit."""
        if not self._in_vain or self.rules.limit_bytes is None:
            return ""
        limit = amount(self.rules.limit_bytes)
        ended = f"the worker was restarted {self.recycles} times"
        if self.grown is not None and (who := _SCRIPTS.get(self.grown.cause)):
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
    """The state after a measurement, and the orders for the worker."""
    state = _recognized(state, weighed)
    limit = state.rules.limit_bytes
    if limit is None or state.terminated:
        return state, ()
    if weighed.confirmed_bytes is not None and weighed.confirmed_bytes >= limit:
        return _at_limit(state, weighed, weighed.confirmed_bytes, limit, now)
    held = weighed.bytes if weighed.confirmed_bytes is None else weighed.confirmed_bytes
    if held * 100 >= limit * TRIM_PERCENT:
        return _near_limit(state, now)
    return state, ()


def forget_recycles(state: MemoryState) -> MemoryState:
    """The state for other scripts: a run that did not fit with the old ones may fit now."""
    return replace(state, recycles=0, by_events=0, grown=None)


def _recognized(state: MemoryState, weighed: Weighed) -> MemoryState:
    """Reset the state for a new worker or a new run.

    Run 0 does not count as another run: every new worker reports it until the stream has told it more.
    """
    if weighed.worker != state.worker:
        state = replace(state, worker=weighed.worker, trimmed_at=None, recycle_at=None, terminated=False)
    if weighed.run in (0, state.run):
        return state
    # Ends of workers that died before they could name their run count for the first run that is named.
    named = replace(state, run=weighed.run)
    return named if state.run == 0 else forget_recycles(named)


def _near_limit(state: MemoryState, now: float) -> Step:
    told = state.trimmed_at
    if state.recycle_at is not None or (told is not None and now - told < state.rules.trim_every_s):
        return state, ()
    return replace(state, trimmed_at=now), (Trim(),)


def _at_limit(state: MemoryState, weighed: Weighed, held: int, limit: int, now: float) -> Step:
    parts = f" ({weighed.grown.text})" if weighed.grown else ""
    amounts = f"the worker's memory of {amount(held)} is over the limit of {amount(limit)}"
    ended = state if state.recycle_at is not None else _ended_for(state, weighed.grown)
    if held * 100 > limit * TERMINATE_PERCENT:
        reason = f"{amounts}, by more than {TERMINATE_PERCENT - 100} %{parts}"
        return replace(ended, terminated=True), (EndForMemory(reason=reason),)
    if state.recycle_at is None:
        return replace(ended, recycle_at=now), (Recycle(reason=amounts + parts),)
    if now - state.recycle_at >= state.rules.grace_s:
        reason = f"{amounts}, and the chunk did not finish within {state.rules.grace_s:g} s{parts}"
        return replace(state, terminated=True), (EndForMemory(reason=reason),)
    return state, ()


def _ended_for(state: MemoryState, grown: Grown | None) -> MemoryState:
    """Count one more ended worker; if the cause is not known, the events are assumed to be the cause."""
    by_events = grown is None or grown.cause == "events"
    return replace(state, recycles=state.recycles + 1, by_events=state.by_events + by_events, grown=grown)
