"""The items that every source gives: batches of decoded pulses and the facts between them, in the order of the stream.

Three nouns in order of size: a *block* is bytes received, a *batch* is decoded pulses of one run, a *chunk* is the data
that one call of a script gets. This file holds the batch level: every source produces these items, every engine
consumes them. Times are integer nanoseconds since 1990-01-01 UTC (EPICS), as on the wire.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from livereduce.base.errors import UpstreamError

I4 = NDArray[np.int32]
I8 = NDArray[np.int64]
U1 = NDArray[np.uint8]
U2 = NDArray[np.uint16]
U4 = NDArray[np.uint32]
U8 = NDArray[np.uint64]
B1 = NDArray[np.bool_]
F8 = NDArray[np.float64]
Values = F8 | tuple[str, ...] | tuple[F8, ...]
"""The values of one variable, see `LogBatch`."""

FLAG_VETOED = 0x0000_0004
"""Pulse flag: the pulse was vetoed (ADARA banked event packet, flags word)."""
FLAG_DAMAGED = 0x0008_0000
"""Pulse flag of livereduce, on a bit that the protocol leaves free: the payload was bad, so its events are missing."""


OUR_LOGS = frozenset(
    {
        "run_number",
        "run_start",
        "run_end",
        "start_time",
        "end_time",
        "run_title",
        "experiment_identifier",
        "instrument_name",
        "proton_charge",
        "pause",
        "scan_index",
    }
)
"""Logs that livereduce makes from the stream itself; a process variable of that name is renamed (`is_our_log`)."""


def is_our_log(name: str) -> bool:
    """True if a log of this name is livereduce's own; so are the counts of beam monitors."""
    return name in OUR_LOGS or (name.startswith("monitor") and name.endswith("_counts"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventBatch:
    """Neutron events of consecutive pulses of one run; arrays are read-only.

    Attributes
    ----------
    run
        Run number; 0 between runs.
    tof_ns, pixel
        Time of flight in nanoseconds and logical pixel of each event, shape (n,).
    state
        Polarisation (or other) state of each event, shape (n,); None if no pulse of the batch has states.
    first
        Shape (p + 1,): events of pulse k are ``first[k]:first[k + 1]``; ``first[0]`` is 0.
    pulse_ns, charge_pc, flags, period
        Per pulse, shape (p,): pulse time, proton charge in pC, flags and veto bits as on the wire, period.
    unmapped, erroneous
        Events that carry no pixel of the instrument (unmapped bank, error bank): counted here, not among the n.
    """

    run: int
    tof_ns: I4
    pixel: I4
    state: U1 | None
    first: I8
    pulse_ns: I8
    charge_pc: F8
    flags: U4
    period: U2
    unmapped: int = 0
    erroneous: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MonitorBatch:
    """Events of one beam monitor over consecutive pulses of one run; fields as in `EventBatch`."""

    run: int
    monitor: int
    tof_ns: I4
    first: I8
    pulse_ns: I8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LogBatch:
    """New values of one process variable, oldest first.

    Attributes
    ----------
    name, units
        From the device descriptor; ``device<D>.<P>`` if none was seen.
    time_ns
        Shape (n,).
    value
        Numbers as an array of shape (n,); strings, or one array per time for array variables, as a tuple of n.
    invalid
        Shape (n,), True where the control system says that the value must not be used (EPICS severity INVALID); None
        where it says so of no value.
    """

    run: int
    name: str
    units: str
    time_ns: I8
    value: Values
    invalid: B1 | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HistogramSnapshot:
    """All counts of a run so far, from a source that histograms itself (shape spectra × bins)."""

    run: int
    time_ns: int
    counts: F8
    tof_edges_us: F8
    spectra: I4


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A run started: the data that follow belong to it. `from_start` is False if the stream joined in mid-run."""

    run: int
    time_ns: int
    from_start: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """A run ended: no more data of it will come."""

    run: int
    time_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """Data taking of the run is paused."""

    run: int
    time_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """Data taking of the run is resumed."""

    run: int
    time_ns: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Geometry:
    """Instrument information in the stream; a field that is None or empty was not sent.

    Attributes
    ----------
    instrument
        Long name of the beamline.
    definition_xml
        Instrument definition.
    title, proposal
        From the run information; they can change in mid-run.
    pixels
        Logical pixels that are mapped to a bank, ascending; None until a pixel map was seen.
    """

    run: int
    time_ns: int
    instrument: str = ""
    definition_xml: str = ""
    title: str = ""
    proposal: str = ""
    pixels: I4 | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Data of this run are lost for good: the reason, and between which times (0 if not known)."""

    run: int
    reason: str
    from_ns: int = 0
    to_ns: int = 0


Item = (
    EventBatch | MonitorBatch | LogBatch | HistogramSnapshot | RunStarted | RunEnded | Paused | Resumed | Geometry | Gap
)


class Columns(Protocol):
    """Memory for one column of events."""

    def room(self, events: int) -> NDArray[Any]:
        """A writable slice of this length; slices of one block follow each other without a hole."""

    def kept(self, newest: NDArray[Any], events: int) -> NDArray[Any]:
        """The front of the newest slice; what lies behind it is not needed, and is given out again."""


MakeColumns = Callable[[type], Columns]
"""Makes the memory of a column, by the type of its numbers."""


class StartFrom(Enum):
    """Place to begin reading a stream; a `StartTime` or a `Position` are the other two ways."""

    NOW = "now"
    RUN_START = "run_start"


@dataclass(frozen=True, slots=True)
class StartTime:
    """Begin with the first pulse at or after this time."""

    time_ns: int


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a stream that can be stored: after the last item read. Only the source that gave it reads `token`."""

    token: str


At = StartFrom | StartTime | Position


class SourceLost(UpstreamError):
    """The connection is lost. With `retry`, reading again may bring it back (the source itself waits between tries)."""

    def __init__(self, reason: str, *, retry: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry = retry


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """Health of a source for the status: connected or why not, and what it has skipped so far.

    Attributes
    ----------
    run
        The run that the stream is in, 0 between runs; None until the stream has said so.
    contained
        Exceptions in livereduce that cost packets but not the worker.
    ended
        All data have been read, and no more will ever come: those of a file.
    """

    address: str
    connected: bool
    reason: str = ""
    connects: int = 0
    received_bytes: int = 0
    bad_packets: int = 0
    last_problem: str = ""
    repeated_pulses: int = 0
    gaps: int = 0
    run: int | None = None
    unknown_types: dict[str, int] = field(default_factory=dict)
    contained: int = 0
    ended: bool = False


THE_END = "the data have ended"
"""Why a source is lost that has given all that it had."""


class Source(Protocol):
    """A stream of items. ADARA, a file, a recording; later Kafka, ISIS."""

    def open(self, at: At) -> None:
        """Set where to begin; connecting may happen in the first `read`."""

    def read(self, timeout_s: float) -> Sequence[Item]:
        """Return the items that came within the timeout, in order; ``[]`` means silence.

        Raises
        ------
        SourceLost
            The connection broke or could not be made. With ``retry`` set, call `read` again to go on; without, there
            is nothing more, and the state's `ended` says whether that is because the data have ended.
        """

    def position(self) -> Position:
        """The place after the last item read."""

    def state(self) -> SourceState:
        """The current health of the source."""

    def close(self) -> None:
        """Close the connection. `read` must not be called again."""
