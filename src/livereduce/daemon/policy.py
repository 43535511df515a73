"""What the daemon does next: one pure function from (state, fact, now) to (state, actions).

No clock, process, file or signal in here; the facts are gathered and the actions carried out by `daemon.loop`.

::

             look: unusable, or what a worker refused            look: usable
           ┌───────────────────────┐                      ┌───────────────────────┐
           ▼                       │                      │                       ▼
        parked ◀──────────────── (look) ◀── due ── restarting ◀── ended ── starting ──▶ running
           ▲  │                    ▲                      ▲            first beat of work  │  │
           │  └──── every 2 s ─────┘                      └───────────── ended ────────────┘  │
           └───────────────────────────── ended with 78 ──────────────────────────────────────┘

        any state ── stop asked ──▶ stopping ── ended ──▶ stopped
                                       └─ order · 20 s · SIGTERM · 10 s · SIGKILL; each further request goes on at once

Rules, each of them a test:

1. There is at most one worker: nothing is started while one may live (`alive` is true from `Start` to `Ended`).
2. Nothing is started that was not judged usable just before; a look comes before every start.
3. Every start has a reason that a person understands.
4. The back-off is never shorter than promised: the first restart at once, from the second within a minute 2 s, 4 s …
   300 s; only 300 s of health forget it.
5. A stop request always wins, whatever else is going on.
"""

from dataclasses import dataclass, field, replace

from livereduce.errors import ExitCode
from livereduce.link import Phase
from livereduce.status import StateWord


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The daemon's times in seconds; tests shorten them."""

    stop_s: float = 20.0
    terminate_s: float = 10.0
    look_s: float = 2.0
    flapping_s: float = 60.0
    first_wait_s: float = 2.0
    longest_wait_s: float = 300.0
    healthy_s: float = 300.0


# ---- facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Configuration and scripts were looked at: all that is wrong with them, and what tells this set from another."""

    fingerprint: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Beaten:
    """The worker gave a sign of life from its work loop."""

    phase: Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The worker is gone: exit code, negative for a signal (as `subprocess` has it), None if it never came up."""

    code: int | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopAsked:
    """Somebody wants the daemon to end; `by` names the signal."""

    by: str


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Fact = Judged | Beaten | Ended | StopAsked | Tick

# ---- actions


@dataclass(frozen=True, slots=True)
class Look:
    """Judge configuration and scripts now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Start a worker on what was judged last."""

    reason: str


@dataclass(frozen=True, slots=True)
class AskStop:
    """Send the order to stop: the worker finishes its step, publishes and leaves."""


@dataclass(frozen=True, slots=True)
class Terminate:
    """SIGTERM to the worker's process group."""


@dataclass(frozen=True, slots=True)
class Kill:
    """SIGKILL to the worker's process group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """End the daemon; no worker is left."""

    code: int


Action = Look | Start | AskStop | Terminate | Kill | Exit

_LADDER: tuple[Action, ...] = (AskStop(), Terminate(), Kill())


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where the daemon is.

    Attributes
    ----------
    word, why, since
        State word, the reason a person would give for it, and when the word began.
    alive
        A worker may be there.
    due
        When the next thing is to be done by itself; None if nothing is.
    fingerprint, refused
        What the newest worker was started on, and what a worker has refused (exit 78).
    failures, failed_at
        Ends in a row that count for the back-off, and when the newest was.
    restarts
        How often a worker ended that nobody had asked to end.
    rung
        The step of the stop ladder that was taken last.
    """

    limits: Limits = field(default_factory=Limits)
    word: StateWord = StateWord.STARTING
    why: str = "the daemon has started"
    since: float = 0.0
    alive: bool = False
    due: float | None = 0.0
    fingerprint: str = ""
    refused: str | None = None
    failures: int = 0
    failed_at: float = 0.0
    restarts: int = 0
    rung: int = 0


Step = tuple[State, tuple[Action, ...]]


def step(state: State, fact: Fact, now: float) -> Step:
    """The state after a fact, and what is to be done."""
    if state.word is StateWord.STOPPED:
        return state, ()
    match fact:
        case StopAsked():
            return _on_stop_asked(state, fact, now)
        case Ended():
            return _on_ended(state, fact, now)
        case Judged():
            return _on_judged(state, fact, now)
        case Beaten():
            return _on_beaten(state, fact, now)
        case Tick():
            return _on_tick(state, now)


def _become(state: State, word: StateWord, why: str, now: float) -> State:
    """Change the word; staying in it keeps the time since when it holds."""
    return replace(state, word=word, why=why, since=state.since if word is state.word else now)


def _on_tick(state: State, now: float) -> Step:
    if state.due is None or now < state.due:
        return state, ()
    if state.word is StateWord.STOPPING:
        return _climb(state, now)
    # starting (the very first time), restarting, parked: the answer is a `Judged`; if it gets lost, look again.
    return replace(state, due=now + state.limits.look_s), (Look(),)


def _on_judged(state: State, fact: Judged, now: float) -> Step:
    if state.alive or state.word is StateWord.STOPPING:
        return state, ()  # a changed set under a running worker is for script watching, which comes later
    if fact.problems:
        return _park(state, "; ".join(fact.problems), now), ()
    if fact.fingerprint == state.refused:
        return replace(state, due=now + state.limits.look_s), ()
    if state.word is StateWord.RESTARTING and now < _earliest(state):
        return state, ()
    reason = state.why
    if state.word is StateWord.PARKED:
        reason = "configuration and scripts are usable now"
        state = replace(state, failures=0)  # a person has changed something: the old failures say nothing about it
    started = replace(state, alive=True, due=None, fingerprint=fact.fingerprint, refused=None)
    return _become(started, StateWord.STARTING, reason, now), (Start(reason=reason),)


def _on_beaten(state: State, fact: Beaten, now: float) -> Step:
    if not state.alive or state.word is not StateWord.STARTING or fact.phase is Phase.STARTING:
        return state, ()
    return _become(state, StateWord.RUNNING, "the worker is at work", now), ()


def _on_ended(state: State, fact: Ended, now: float) -> Step:
    if not state.alive:
        return state, ()
    gone = replace(state, alive=False, due=None)
    if state.word is StateWord.STOPPING:
        return _stop(gone, state.why, now)
    if fact.code == ExitCode.UNUSABLE:
        return _park(replace(gone, refused=state.fingerprint), fact.reason, now), ()
    return _restart(gone, fact.reason, now), ()


def _on_stop_asked(state: State, fact: StopAsked, now: float) -> Step:
    if not state.alive:
        return _stop(state, fact.by, now)
    if state.word is StateWord.STOPPING:
        return _climb(state, now)
    stopping = replace(state, rung=0, due=now + state.limits.stop_s)
    return _become(stopping, StateWord.STOPPING, fact.by, now), (_LADDER[0],)


def _stop(state: State, why: str, now: float) -> Step:
    stopped = replace(state, due=None)
    return _become(stopped, StateWord.STOPPED, why, now), (Exit(code=ExitCode.OK),)


def _park(state: State, why: str, now: float) -> State:
    return replace(_become(state, StateWord.PARKED, why, now), due=now + state.limits.look_s)


def _climb(state: State, now: float) -> Step:
    """The next rung of the stop ladder; the last one is repeated, since a process may be stuck in the kernel."""
    rung = min(state.rung + 1, len(_LADDER) - 1)
    return replace(state, rung=rung, due=now + state.limits.terminate_s), (_LADDER[rung],)


def _restart(state: State, why: str, now: float) -> State:
    failures = _failures_in_a_row(state, now)
    failed = replace(state, failures=failures, failed_at=now, restarts=state.restarts + 1)
    return replace(_become(failed, StateWord.RESTARTING, why, now), due=_earliest(failed))


def _failures_in_a_row(state: State, now: float) -> int:
    """How many, this one included. Only health ends a series; a single failure is forgotten in a minute."""
    healthy = state.word is StateWord.RUNNING and now - state.since >= state.limits.healthy_s
    alone = state.failures == 1 and now - state.failed_at > state.limits.flapping_s
    return 1 if healthy or alone else state.failures + 1


def _earliest(state: State) -> float:
    """When the next worker may start."""
    return state.failed_at + wait_s(state.failures, state.limits)


def wait_s(failures: int, limits: Limits) -> float:
    """How long to wait after so many failures in a row: 0, 2, 4, 8 … 300 s."""
    if failures <= 1:
        return 0.0
    # the exponent is bounded before it is used: after weeks of failures 2.0**n would overflow
    return min(limits.first_wait_s * 2.0 ** min(failures - 2, 60), limits.longest_wait_s)
