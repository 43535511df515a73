"""What the policy speaks of: the facts it is told, the actions it asks for, the state it keeps. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from livereduce.messages.beat import SILENCE_LIMITS_S, Phase
from livereduce.messages.status import StateWord


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The daemon's times in seconds; tests shorten them.

    Attributes
    ----------
    stop_s, cancel_s, dump_s, terminate_s
        How long is waited after the order to stop, after the same order when only the scripts have changed, after a
        stack dump, and after a signal.
    turn_s
        The most that the time between two ticks counts as silence of the worker.
    ask_again_s
        Between two questions for an environment that could not be used.
    refused_s
        Until what a worker has refused is tried again.
    """

    stop_s: float = 20.0
    cancel_s: float = 2.0
    dump_s: float = 2.0
    terminate_s: float = 10.0
    look_s: float = 2.0
    flapping_s: float = 60.0
    first_wait_s: float = 2.0
    longest_wait_s: float = 300.0
    healthy_s: float = 300.0
    turn_s: float = 2.0
    ask_again_s: float = 60.0
    refused_s: float = 300.0


# ---- facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Configuration and scripts were looked at: all that is wrong with them, and what tells this set from another.

    Attributes
    ----------
    silence_s
        How long a worker that is started on them may be silent, by phase.
    relaunch
        Why the daemon is to end and be launched anew for them; empty if it can go on.
    """

    fingerprint: str
    problems: tuple[str, ...] = ()
    silence_s: Mapping[Phase, float] = field(default_factory=lambda: SILENCE_LIMITS_S)
    relaunch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beaten:
    """The worker gave a sign of life.

    Attributes
    ----------
    silent_s
        How old it is: a loop that beats may speak for another one (`livereduce.messages.beat.Progress.silent_s`).
    """

    phase: Phase
    silent_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerEnded:
    """The worker is gone: exit code, negative for a signal (as `subprocess` has it), None if it never came up."""

    code: int | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outdated:
    """The worker is to begin anew: its scripts have changed and can be used (or are gone), or somebody asked for it."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconfigured:
    """The configuration has changed and can be used."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgrown:
    """The worker takes too much memory; `at_once` if there is no time to wait for the end of its step.

    Attributes
    ----------
    wait_s
        How long to wait with the next start, as it would not go better.
    """

    reason: str
    at_once: bool = False
    wait_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unintelligible:
    """What comes on the worker's beat pipe is not what a worker says: nobody knows how it is."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopAsked:
    """Somebody wants the daemon to end; `by` names the signal."""

    by: str


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Fact = Judged | Beaten | WorkerEnded | Outdated | Reconfigured | Outgrown | Unintelligible | StopAsked | Tick

# ---- actions


@dataclass(frozen=True, slots=True)
class Judge:
    """Judge configuration and scripts now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Start a worker on what was judged last."""

    reason: str


@dataclass(frozen=True, slots=True)
class AskStop:
    """Send the order to stop: the worker finishes its step, publishes and leaves."""


@dataclass(frozen=True, slots=True)
class AskRecycle:
    """Send the order to leave after this step for want of memory; a new worker follows."""


@dataclass(frozen=True, slots=True)
class Dump:
    """SIGUSR1 to the worker: it writes the stacks of its threads."""


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


Action = Judge | Start | AskStop | AskRecycle | Dump | Terminate | Kill | Exit

# ---- state


class Ending(StrEnum):
    """Why the daemon is ending its worker, which says what comes after."""

    STOP = "stop"
    RENEW = "renew"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonState:
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
    ending, rung
        Why the worker is being ended, and the step of the ladder that was taken last; None and 0 if it is not.
    outgrown
        What was said of the worker's memory when it was asked to leave, or was ended, for that; None if it was not.
    phase, heard_at, ticked_at, silence_s
        What the worker did when it was heard last, when that was, when time was looked at last, and how long it may
        be silent.
    failures, failed_at, earliest
        Ends in a row that count for the back-off, when the newest was, and before when nothing is started.
    restarts, renewals
        How often a worker ended that nobody had asked to end, and how often one was ended to begin anew.
    """

    limits: Limits = field(default_factory=Limits)
    word: StateWord = StateWord.STARTING
    why: str = "the daemon has started"
    since: float = 0.0
    alive: bool = False
    due: float | None = 0.0
    fingerprint: str = ""
    refused: str | None = None
    ending: Ending | None = None
    rung: int = 0
    outgrown: Outgrown | None = None
    phase: Phase = Phase.STARTING
    heard_at: float = 0.0
    ticked_at: float = 0.0
    silence_s: Mapping[Phase, float] = field(default_factory=lambda: SILENCE_LIMITS_S)
    failures: int = 0
    failed_at: float = 0.0
    earliest: float = 0.0
    restarts: int = 0
    renewals: int = 0


Step = tuple[DaemonState, tuple[Action, ...]]
