"""Vocabulary of the policy: facts that it receives, actions that it requests, and its state. Values only."""

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
        Wait after the order to stop, after the order to a worker whose scripts have changed or to a receiver, after a
        stack dump, and after a signal.
    turn_s
        Most that the time between two ticks counts as silence of the worker.
    ask_again_s
        Time between two checks of an environment that could not be used.
    refused_s
        Time until something that a worker has refused is tried again.
    spare_s
        How long a worker must have been at work before a spare is made: it must not share the processor at its start.
    """

    stop_s: float = 20.0
    cancel_s: float = 2.0
    dump_s: float = 0.8
    terminate_s: float = 10.0
    look_s: float = 2.0
    flapping_s: float = 60.0
    first_wait_s: float = 2.0
    longest_wait_s: float = 300.0
    healthy_s: float = 300.0
    turn_s: float = 2.0
    ask_again_s: float = 60.0
    refused_s: float = 300.0
    spare_s: float = 10.0


# ---- facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Configuration and scripts were checked: all their problems, and a fingerprint of this set.

    Attributes
    ----------
    silence_s
        How long a worker that is started on them may be silent, by phase.
    relaunch
        Why the daemon must exit and be launched again for them; empty if it can go on.
    stream
        The stream that a receiver must receive for the worker; empty if the worker's engine reads it itself.
    """

    fingerprint: str
    problems: tuple[str, ...] = ()
    silence_s: Mapping[Phase, float] = field(default_factory=lambda: SILENCE_LIMITS_S)
    relaunch: str = ""
    stream: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beaten:
    """The worker, or the receiver, sent a beat.

    Attributes
    ----------
    silent_s
        Its age: the loop that sends the beat may report on another one (`messages.progress.Progress.silent_s`).
    """

    phase: Phase
    silent_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerEnded:
    """The worker has ended: exit code, negative for a signal (as in `subprocess`), None if it never started.

    Attributes
    ----------
    stood_at
        Where it was stuck, as ``file:line``; empty if that is not known.
    """

    code: int | None
    reason: str
    stood_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverEnded:
    """The receiver has ended: exit code as in `WorkerEnded`, and the reason, which names the receiver."""

    code: int | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outdated:
    """The worker must be restarted: its usable scripts have changed (or were removed), or somebody asked for it."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconfigured:
    """The configuration has changed and can be used."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgrown:
    """The worker uses too much memory; `at_once` if it cannot finish its step.

    Attributes
    ----------
    wait_s
        Wait before the next start, because it would fail the same way.
    by_events
        All the run's events together are the cause, so the data that it has in hand are not.
    """

    reason: str
    at_once: bool = False
    by_events: bool = False
    wait_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverOutgrown:
    """The receiver is to be replaced because of memory; its worker goes with it. For the receiver's own policy."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowOutgrown:
    """The shadow must end, because of memory; a fact for `daemon.shadow`."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unintelligible:
    """A beat pipe carries something other than beats: the state of its process is unknown."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopAsked:
    """Somebody asked the daemon to stop; `by` names the signal."""

    by: str


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Fact = (
    Judged
    | Beaten
    | WorkerEnded
    | ReceiverEnded
    | Outdated
    | Reconfigured
    | Outgrown
    | Unintelligible
    | StopAsked
    | Tick
)

# ---- actions


@dataclass(frozen=True, slots=True)
class Judge:
    """Check configuration and scripts now."""


@dataclass(frozen=True, slots=True)
class StartReceiver:
    """Start a receiver for the stream that was checked last; a worker follows."""


@dataclass(frozen=True, slots=True)
class EndReceiver:
    """End the receiver, which nobody reads from any more; again: with the next step of its ladder, at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Start a worker on what was checked last; it reads from the receiver, if there is one."""

    reason: str


@dataclass(frozen=True, slots=True)
class AskStop:
    """Send the order to stop: the process finishes its step, publishes and exits."""


@dataclass(frozen=True, slots=True)
class AskRenew:
    """Send the order to exit after this step; the next worker reduces what is pending, since the receiver holds it."""


@dataclass(frozen=True, slots=True)
class AskRecycle:
    """Send the order to exit after this step because of memory; a new worker follows."""


@dataclass(frozen=True, slots=True)
class Dump:
    """Send SIGUSR1 to the process: it writes the stacks of its threads."""


@dataclass(frozen=True, slots=True)
class Terminate:
    """Send SIGTERM to the process group."""


@dataclass(frozen=True, slots=True)
class Kill:
    """Send SIGKILL to the process group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """Exit the daemon; no worker and no receiver is left."""

    code: int


Action = Judge | StartReceiver | EndReceiver | Start | AskStop | AskRenew | AskRecycle | Dump | Terminate | Kill | Exit

# ---- state


class Ending(StrEnum):
    """Reason for ending the worker; it decides what comes next.

    The last two: its receiver has ended, or has ended because it cannot use what it was given.
    """

    STOP = "stop"
    RENEW = "renew"
    FAIL = "fail"
    ORPHANED = "orphaned"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonState:
    """State of the daemon.

    Attributes
    ----------
    word, why, since
        State word, the reason for people, and when the state began.
    alive
        A worker may exist.
    due
        When the next action is due without a fact; None if none is.
    receiving, receiver_ends
        The stream of the receiver, empty if no receiver may exist; and whether it was told to end.
    fingerprint, refused
        What the newest worker was started on, and what it or its receiver has refused (exit 78).
    ending, rung
        Why the worker is being ended, and the last step of the ladder; None and 0 if it is not.
    outgrown
        The text on memory with which the worker was asked to exit, or was ended; None if it was not.
    phase, heard_at, ticked_at, silence_s
        Phase and time of the worker's newest beat, time of the last tick, and how long the worker may be silent.
    failures, failed_at, earliest
        Ends in a row that count for the back-off, time of the newest, and time before which nothing is started.
    restarts, renewals
        Number of workers that ended unasked or with their receiver, and of workers that were restarted on purpose.
    """

    limits: Limits = field(default_factory=Limits)
    word: StateWord = StateWord.STARTING
    why: str = "the daemon has started"
    since: float = 0.0
    alive: bool = False
    due: float | None = 0.0
    receiving: str = ""
    receiver_ends: bool = False
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
