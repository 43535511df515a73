"""Progress of an engine, as records that engines fill, and that status and metrics read."""

from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any


class RunState(StrEnum):
    """State of the beamline."""

    NO_RUN = "no_run"
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """The run being reduced; its counters begin at 0 with each run.

    Attributes
    ----------
    number
        0 between runs.
    began_unix_s
        When it began, according to the stream; None if that is not known.
    chunks, events, pulses, proton_charge_pc
        Received so far.
    unmapped, erroneous
        Events that are not among `events` because they have no pixel of the instrument.
    outside_tof, unknown_pixel
        Those of `events` that are not in the histogram of the newest result: their time of flight is outside of the
        bins, or their pixel has no spectrum.
    incomplete
        What is missing from the run, in words; empty if nothing is.
    invalid_logs
        Names of some variables whose newest value must not be used, according to the control system.
    keeps_events
        The run is accumulated as events.
    counted_because
        Why the run is accumulated as histograms although its events were to be kept; else empty.
    """

    number: int = 0
    state: RunState = RunState.NO_RUN
    began_unix_s: float | None = None
    chunks: int = 0
    events: int = 0
    pulses: int = 0
    proton_charge_pc: float = 0.0
    unmapped: int = 0
    erroneous: int = 0
    outside_tof: int = 0
    unknown_pixel: int = 0
    incomplete: str = ""
    invalid_logs: str = ""
    keeps_events: bool = True
    counted_because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalProgress:
    """Sums over a generation, whatever the run; they only grow.

    Attributes
    ----------
    script_errors
        Calls of scripts that failed.
    filled_chunks, failed_chunks
        Chunks with events, and those of them in which a script failed.
    gaps
        Parts of runs that are missing for good.
    contained
        Errors of our own that cost a packet or a chunk, not the worker.
    """

    chunks: int = 0
    results: int = 0
    events: int = 0
    pulses: int = 0
    script_errors: int = 0
    filled_chunks: int = 0
    failed_chunks: int = 0
    gaps: int = 0
    contained: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceProgress:
    """The connection to the stream, and how fresh its data are.

    Attributes
    ----------
    reason
        Why there is no connection; empty if there is one, or none was tried yet.
    connects, received_bytes, bad_packets, repeated_pulses
        Sums over a generation.
    data_age_s
        Wall clock minus the newest pulse time; None before the first pulse. How far the result is behind the beam.
    no_pulses_since
        Unix time since when a run that is not paused has brought no pulses; None if they come.
    no_beam_since
        Unix time since when the pulses have come without beam; None if there is beam, or it is not known.
    ended
        No more data will ever come, those of a file, and all that came are reduced.
    """

    address: str = ""
    connected: bool = False
    reason: str = ""
    connects: int = 0
    received_bytes: int = 0
    bad_packets: int = 0
    repeated_pulses: int = 0
    data_age_s: float | None = None
    no_pulses_since: float | None = None
    no_beam_since: float | None = None
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StepProgress:
    """Calls of the scripts, and publishing.

    Attributes
    ----------
    proc_s, post_proc_s, publish_s
        How long the last finished call took.
    proc_calls, post_proc_calls
        Calls that have finished in this generation, well or not.
    """

    proc_s: float = 0.0
    post_proc_s: float = 0.0
    publish_s: float = 0.0
    proc_calls: int = 0
    post_proc_calls: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryProgress:
    """Memory of a worker's process, or of the receiver's.

    Attributes
    ----------
    rss_bytes
        Its own when this was sent: at the change of phase, before the script.
    held_bytes
        Worker: data that the engine holds in memory of its own: accumulated, held back, waiting for a chunk. Receiver:
        what it holds of the stream, in shared memory.
    mapped_bytes
        Worker: such data that lie in the receiver's memory.
    proc_grew_bytes, post_proc_grew_bytes
        Growth inside the finished calls of the scripts, in sum.
    freeable_bytes
        Receiver: the part of `held_bytes` that it could give up, because the worker is done with it.
    full_since
        Receiver: Unix time since when it reads no more of the stream, because it may not hold more; None if it reads.
    ring_bytes
        Receiver: memory of the ring for the recorder; 0 if there is none.
    """

    rss_bytes: int = 0
    held_bytes: int = 0
    mapped_bytes: int = 0
    proc_grew_bytes: int = 0
    post_proc_grew_bytes: int = 0
    freeable_bytes: int = 0
    full_since: float | None = None
    ring_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingProgress:
    """What a recorder is doing.

    Attributes
    ----------
    run, run_bytes, run_gaps
        The run that the stream is in, 0 between runs; what is recorded of it; and how often something of it was missed.
    gap
        Why something was missed last, in this run; empty if nothing was.
    problem
        Why nothing is written although a run goes on; empty if it is.
    written_bytes, gaps
        Sums since the recorder began.
    """

    run: int = 0
    run_bytes: int = 0
    run_gaps: int = 0
    gap: str = ""
    problem: str = ""
    written_bytes: int = 0
    gaps: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The state of an engine, as beats, status and metrics have it.

    Attributes
    ----------
    doing
        The part of starting that takes long; else empty.
    silent_s
        How long the loop that reduces has shown no sign of life, where that is not the loop that beats (Mantid's).
    incomplete_runs
        The newest earlier runs whose end or whole was missed, one sentence each.
    last_errors
        The newest error of each kind (``proc``, ``post_proc``, ``publish``, ``source`` …), one line each.
    """

    doing: str = ""
    silent_s: float = 0.0
    run: RunProgress = RunProgress()
    total: TotalProgress = TotalProgress()
    source: SourceProgress = SourceProgress()
    steps: StepProgress = StepProgress()
    memory: MemoryProgress = MemoryProgress()
    recording: RecordingProgress = RecordingProgress()
    incomplete_runs: tuple[str, ...] = ()
    last_errors: dict[str, str] = field(default_factory=dict)


RECORDS = {
    "run": RunProgress,
    "total": TotalProgress,
    "source": SourceProgress,
    "steps": StepProgress,
    "memory": MemoryProgress,
    "recording": RecordingProgress,
}
"""The records that `Progress` is made of, by the names of their fields."""


_LATER = frozenset({"recording"})
"""Records that there were not then."""
_OLD_NAMES = {"number": "run", "counted_because": "fits"}


def nested(flat: dict[str, Any]) -> dict[str, Any]:
    """The JSON of `Progress` as it was before November 2026, without records, in the present form.

    An update replaces the web server and the command line while the daemon before may go on for a run.
    """
    records = {
        record: {one.name: _flat_name(record, one.name, flat) for one in fields(kind)}
        for record, kind in RECORDS.items()
        if record not in _LATER
    }
    found = {
        record: {name: flat[old] for name, old in names.items() if old in flat} for record, names in records.items()
    }
    return {name: value for name, value in flat.items() if name not in RECORDS} | found


def _flat_name(record: str, name: str, flat: dict[str, Any]) -> str:
    long = f"{record}_{name}"
    return long if long in flat else _OLD_NAMES.get(name, name)
