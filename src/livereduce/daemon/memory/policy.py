"""What is done when the worker's memory comes near its limit: a pure function, as the policy is.

::

    below 90 % of the limit                              nothing
    from 90 % on                                         Trim, every 10 s: freed memory goes back to the system
    at the limit                                         Recycle, once: publish and leave at the next chunk boundary
    still there with no such boundary in sight, or
    beyond 110 %                                         Terminate

Below the limit nothing is ever ended. A worker that was ended for its memory starts again from the start of the run,
and a run that is simply too large would end it again and again: from the second time within one run on the builtin
engine keeps histograms instead of events until the run has ended (`State.keep_events_next`). That is done only where
events held are the cause (`daemon.growth`). Where a script's own memory is the cause, or histograms do not help, the
waits between the starts grow and `State.does_not_fit` says so.

How much there is, and how much there may be, is looked up in `daemon.scale`. What the kernel's own limit ends is not
seen here: that is a crash like any other.
"""

from dataclasses import dataclass, field, replace

from livereduce.daemon.memory.growth import Grown, amount

TRIM_PERCENT = 90
TERMINATE_PERCENT = 110


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """The worker's memory was looked at.

    Attributes
    ----------
    worker
        Tells this worker from the ones before (its generation).
    run
        Run number of its newest beat; 0 if it has not said yet, or between runs.
    bytes
        Anonymous and shared memory of its processes; pages that several of them share count several times.
    confirmed_bytes
        The same with each page counted once; None if that is not known now. Nothing is ended without it.
    started_bytes
        The part of `bytes` that belongs to the processes that scripts have started.
    grown
        Where all of it is; None if that is not known.
    """

    worker: int
    run: int
    bytes: int
    confirmed_bytes: int | None
    started_bytes: int = 0
    grown: Grown | None = None


@dataclass(frozen=True, slots=True)
class Trim:
    """Order the worker to give freed memory back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recycle:
    """Order the worker to publish and leave at the next chunk boundary (`ExitCode.RECYCLED`)."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndForMemory:
    """End the worker now."""

    reason: str


Order = Trim | Recycle | EndForMemory

_SCRIPTS = {"proc": "proc", "post_proc": "post_proc", "started": "a process started by a script"}
"""Who takes the memory, by the cause, where the scripts do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryRules:
    """The limit, and the times in seconds; tests shorten them.

    Attributes
    ----------
    limit_bytes
        None turns everything off.
    falls_back
        The worker keeps events and could keep histograms instead (builtin engine, `preserve_events`).
    grace_s
        How long a worker at the limit may take to reach a chunk boundary.
    first_wait_s, longest_wait_s
        Before a run that does not fit is tried again; each wait is twice the one before.
    """

    limit_bytes: int | None = None
    falls_back: bool = False
    trim_every_s: float = 10.0
    grace_s: float = 60.0
    first_wait_s: float = 10.0
    longest_wait_s: float = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryState:
    """What is known of the present worker and run.

    Attributes
    ----------
    run
        The newest run that a worker named.
    recycles
        How many workers were ended for their memory within this run, in good order or not.
    by_events
        How many of them because of the events that they held.
    grown
        Where the memory was of the one that was ended last; None if that is not known.
    trimmed_at, recycle_at
        When the present worker was last told to trim, and when to leave; None if it was not.
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
        """Whether the next worker is to keep events (`Job.keep_events`)."""
        return not (self.rules.falls_back and self.by_events >= 2)

    @property
    def counted_run(self) -> int | None:
        """The run that the next worker is to keep as histograms (`Job.counted_run`); None if there is none."""
        return None if self.keep_events_next else self.run

    @property
    def wait_s(self) -> float:
        """How long to wait before the next start; 0 as long as it has a chance to go better."""
        if not self._in_vain:
            return 0.0
        # the exponent is bounded before it is used: a run of weeks would overflow it
        return min(self.rules.first_wait_s * 2.0 ** min(self._in_vain - 1, 60), self.rules.longest_wait_s)

    @property
    def does_not_fit(self) -> str:
        """That the run does not fit into the memory, for people; empty if it may."""
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
        """How often a worker was ended after all that could help had been done."""
        return max(0, self.recycles - (1 if self.keep_events_next else 2))


Step = tuple[MemoryState, tuple[Order, ...]]


def step(state: MemoryState, weighed: Weighed, now: float) -> Step:
    """The state after a look at the memory, and what to tell the worker."""
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
    """The state for other scripts: what did not fit with the old ones may fit now."""
    return replace(state, recycles=0, by_events=0, grown=None)


def _recognized(state: MemoryState, weighed: Weighed) -> MemoryState:
    """A new worker has been told nothing yet; a new run has all its chances.

    Run 0 is no other run: every new worker says so until the stream has told it more.
    """
    if weighed.worker != state.worker:
        state = replace(state, worker=weighed.worker, trimmed_at=None, recycle_at=None, terminated=False)
    if weighed.run in (0, state.run):
        return state
    # The ends of workers that died before they could name their run count for the first run that is named.
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
    """One more worker is ended; where it is not known for what, the events are taken to be the cause."""
    by_events = grown is None or grown.cause == "events"
    return replace(state, recycles=state.recycles + 1, by_events=state.by_events + by_events, grown=grown)
