"""What is known of an instrument at a look, and what is told of it."""

from dataclasses import dataclass, field

from livereduce.config.notifying import Occasion
from livereduce.messages.status import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class OverRun:
    """A run that is over; `incomplete` is what is missing from it, in words."""

    run: int
    incomplete: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSeen:
    """The newest value of a metric of a run; `error` is None if none was reported."""

    run: int
    name: str
    value: float
    error: float | None
    units: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadBank:
    """A bank of the detector that counts nothing, and the sentence that says so."""

    bank: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """One look at the files of an instrument.

    Attributes
    ----------
    status
        The newest snapshot; None if there has been none.
    down
        Why the daemon is down; empty if it is up.
    over
        The newest runs that are over, oldest first; None if it is not known.
    metrics
        Of the present run.
    dead_banks
        None if it is not known.
    """

    instrument: str
    status: Status | None
    down: str = ""
    over: tuple[OverRun, ...] | None = None
    metrics: tuple[MetricSeen, ...] = ()
    dead_banks: tuple[DeadBank, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to tell.

    Attributes
    ----------
    key
        The same for the same thing: ``parked``, ``run_ended 41``, ``dead_bank bank3``.
    since_unix_s
        When it began, or happened.
    not_counted_s
        How much of the time since then does not count as its duration.
    over
        It is the end of something that was told.
    began_unix_s
        Of an end: when that had begun.
    """

    on: Occasion
    key: str
    text: str
    since_unix_s: float
    run: int = 0
    not_counted_s: float = 0.0
    over: bool = False
    began_unix_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one entry is sent at once.

    Attributes
    ----------
    held_back
        How many things have happened since the message before that are not among the notices.
    """

    entry: int
    instrument: str
    at_unix_s: float
    notices: tuple[Notice, ...] = ()
    held_back: int = 0
    is_test: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOutcome:
    """The outcome of sending: `problem` is empty if the message has arrived; `hopeless` says not to try again."""

    entry: int
    problem: str = ""
    hopeless: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Order: send a message to an entry's target."""

    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Order: a line for the log."""

    text: str
    is_warning: bool = field(default=True)
