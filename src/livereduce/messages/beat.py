"""Beats: the worker's signs of life to the daemon, JSON lines on an inherited pipe. Values and their JSON, no pipes.

A beat is a full snapshot, never a difference, so losing one is harmless.
"""

import json
import re
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from livereduce.base.fields import LARGEST, LATEST_UNIX_S, checked

MAX_BEAT_BYTES = 4096
"""A pipe takes writes up to PIPE_BUF (4096 on Linux) whole or not at all; a longer beat could be torn."""


SPEAKER = re.compile(rb"\x1e([0-9a-f]{32})?\x1e")
"""Tag in the output: what follows was printed by the script with this md5, or by neither script."""
TORN_SPEAKER = re.compile(rb"\x1e[0-9a-f]{0,32}\Z")
"""Beginning of a tag whose rest is still to come."""


def encode_speaker(md5: str) -> bytes:
    """The tag for a script's md5; the empty md5 stands for neither script."""
    return b"\x1e" + md5.encode() + b"\x1e"


class Phase(StrEnum):
    """Activity of the worker; each has its own limit of silence."""

    STARTING = "starting"
    WAITING = "waiting"
    PROCESS = "process"
    POST_PROCESS = "post_process"
    PUBLISH = "publish"
    STOPPING = "stopping"


SILENCE_LIMITS_S: dict[Phase, float] = {
    Phase.STARTING: 180.0,
    Phase.WAITING: 30.0,
    Phase.PROCESS: 600.0,
    Phase.POST_PROCESS: 1800.0,
    Phase.PUBLISH: 120.0,
    Phase.STOPPING: 20.0,
}


class RunState(StrEnum):
    """State of the beamline."""

    NO_RUN = "no_run"
    RUNNING = "running"
    PAUSED = "paused"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What an engine has done so far; counters only grow within a generation, those named `run_…` within a run.

    Attributes
    ----------
    doing
        While the worker starts: what takes so long; empty if nothing does.
    data_age_s
        Wall clock minus the newest pulse time; None before the first pulse. How far the result is behind the beam.
    proc_s, post_proc_s, publish_s
        How long the last call that has finished took.
    proc_calls, post_proc_calls
        How many calls of the scripts have finished in this generation, well or not.
    no_pulses_since
        Unix time since when a run that is not paused has brought no pulses; None if they come.
    no_beam_since
        Unix time since when the pulses have come without beam; None if there is beam, or it is not known.
    last_errors
        The newest error of each kind (``proc``, ``post_proc``, ``publish``, ``source`` …), one line each.
    incomplete_runs
        The newest earlier runs whose end or whole was missed, one sentence each.
    run_unmapped, run_erroneous
        Events that are not among `run_events`, since they have no pixel of the instrument.
    run_outside_tof, run_unknown_pixel
        Those of `run_events` that are not in the histogram of the newest result: their time of flight is outside of
        the bins, or their pixel has no spectrum.
    invalid_logs
        Names of some variables whose newest value must not be used, as the control system says.
    keeps_events
        Whether the run is accumulated as events.
    counted_because
        Empty; or why the run is accumulated as histograms although its events were to be kept.
    contained
        Errors of our own that cost a packet or a chunk, not the worker.
    rss_bytes
        What the worker's process had for itself when this was said: at the change of phase, before the script.
    held_bytes
        Of data that the engine holds: accumulated, held back, waiting for a chunk.
    proc_grew_bytes, post_proc_grew_bytes
        By how much the process has grown inside the calls of the scripts that have finished, in sum.
    silent_s
        How long the loop that reduces has shown no sign of life, where that is not the loop that beats (Mantid's).
    """

    doing: str = ""
    run: int = 0
    run_state: RunState = RunState.NO_RUN
    chunks: int = 0
    results: int = 0
    events: int = 0
    pulses: int = 0
    run_chunks: int = 0
    run_events: int = 0
    run_pulses: int = 0
    run_proton_charge_pc: float = 0.0
    run_unmapped: int = 0
    run_erroneous: int = 0
    run_outside_tof: int = 0
    run_unknown_pixel: int = 0
    run_incomplete: str = ""
    invalid_logs: str = ""
    script_errors: int = 0
    proc_s: float = 0.0
    post_proc_s: float = 0.0
    publish_s: float = 0.0
    proc_calls: int = 0
    post_proc_calls: int = 0
    data_age_s: float | None = None
    no_pulses_since: float | None = None
    no_beam_since: float | None = None
    source_address: str = ""
    source_connected: bool = False
    source_reason: str = ""
    source_connects: int = 0
    received_bytes: int = 0
    bad_packets: int = 0
    repeated_pulses: int = 0
    gaps: int = 0
    contained: int = 0
    incomplete_runs: tuple[str, ...] = ()
    keeps_events: bool = True
    counted_because: str = ""
    rss_bytes: int = 0
    held_bytes: int = 0
    proc_grew_bytes: int = 0
    post_proc_grew_bytes: int = 0
    silent_s: float = 0.0
    last_errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """One beat from the work loop."""

    seq: int
    phase: Phase
    progress: Progress


def encode_beat(beat: Beat) -> bytes:
    """Encode one line of at most `MAX_BEAT_BYTES`; texts are cut until it fits, NaN becomes 0."""
    for room in (600, 200, 60, 20):
        body = asdict(beat)
        body["progress"] = {name: _cut(_plain(value), room) for name, value in body["progress"].items()}
        line = json.dumps(body, separators=(",", ":")).encode() + b"\n"
        if len(line) <= MAX_BEAT_BYTES:
            return line
    # Texts of a stream may hold any characters, and lists may have any length: sending a beat must not fail because of
    # them.
    bare = {name: _cut(value, 0) if name != "run_state" else value for name, value in body["progress"].items()}
    body["progress"] = bare | {"last_errors": {}, "incomplete_runs": []}
    return json.dumps(body, separators=(",", ":")).encode() + b"\n"


def _cut(value: Any, room: int) -> Any:
    """Cut a text, or the texts of a list or by kind, to at most this many characters."""
    match value:
        case str():
            return value[:room]
        case dict():
            return {kind: text[:room] for kind, text in value.items()}
        case list() | tuple():
            return [text[:room] for text in value]
    return value


def _plain(value: Any) -> Any:
    # NaN in sums from the stream must not make the beat invalid
    return 0.0 if isinstance(value, float) and not abs(value) <= LARGEST else value


def decode_beat(line: bytes) -> Beat:
    """Decode the beat of a line; every field is present, of its type, and within its range.

    A script can write to the pipe too, and the values are shown, added up and compared with clocks.

    Raises
    ------
    ValueError
        The line is not a beat (a torn write, or something else wrote to the pipe).
    """
    try:
        if len(line) > MAX_BEAT_BYTES:
            raise ValueError(f"{len(line)} bytes, a beat has at most {MAX_BEAT_BYTES}")
        body = json.loads(line)
        if wrong := body["progress"].keys() ^ Progress.__dataclass_fields__.keys():
            raise ValueError(f"progress: wrong fields {sorted(wrong)}")
        beat = checked(Beat, body)
        for name in Progress.__dataclass_fields__:
            _require_range(name, getattr(beat.progress, name))
        _require_range("seq", beat.seq)
        require_times(beat.progress)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"not a beat: {line[:80]!r} ({error})") from None
    return beat


MAY_BE_NEGATIVE = frozenset({"data_age_s", "run_proton_charge_pc"})
"""The clock of the data acquisition may be ahead of ours; a charge is taken from the stream unchecked."""


UNIX_TIMES = ("no_beam_since", "no_pulses_since")


def require_times(progress: Progress) -> None:
    """Refuse times that do not fit into a date, because showing them would fail.

    Raises
    ------
    ValueError
        Names the field.
    """
    for name in UNIX_TIMES:
        value = getattr(progress, name)
        if value is not None and not 0 <= value <= LATEST_UNIX_S:
            raise ValueError(f"{name}: expected a Unix time, got {value!r:.40}")


def _require_range(name: str, value: object) -> None:
    least = -LARGEST if name in MAY_BE_NEGATIVE else 0
    if isinstance(value, int | float) and not least <= value <= LARGEST:  # false for NaN, too
        raise ValueError(f"{name}: unexpected {value!r:.40}")
