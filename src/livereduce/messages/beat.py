"""Beats: the worker's signs of life to the daemon, JSON lines on an inherited pipe. Values and their JSON, no pipes.

A beat is a full snapshot, never a difference, so losing one is harmless.
"""

import json
import re
from dataclasses import asdict, dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Any

from livereduce.base.fields import LARGEST, LATEST_UNIX_S, checked
from livereduce.messages.progress import RECORDS, Progress

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """One beat from the work loop."""

    seq: int
    phase: Phase
    progress: Progress


def encode_beat(beat: Beat) -> bytes:
    """Encode one line of at most `MAX_BEAT_BYTES`; texts are cut until it fits, NaN becomes 0."""
    body = _plain(asdict(beat))
    whole = body["progress"]
    for room in (600, 200, 60, 20):
        line = _line(body | {"progress": _cut(whole, room)})
        if len(line) <= MAX_BEAT_BYTES:
            return line
    # Texts of a stream may hold any characters, and lists may have any length: sending a beat must not fail because of
    # them.
    return _line(body | {"progress": _cut(whole, 0) | {"last_errors": {}, "incomplete_runs": []}})


def _line(body: dict[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode() + b"\n"


def _cut(value: Any, room: int) -> Any:
    """Cut a text, or all texts in a record or list, to at most this many characters."""
    match value:
        case StrEnum():
            return value
        case str():
            return value[:room]
        case dict():
            return {name: _cut(inner, room) for name, inner in value.items()}
        case list() | tuple():
            return [_cut(inner, room) for inner in value]
    return value


def _plain(value: Any) -> Any:
    """Replace numbers that JSON does not have (NaN, infinity), or that are too large, by 0."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
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
        _require_fields("progress", Progress, body["progress"])
        for name, kind in RECORDS.items():
            _require_fields(name, kind, body["progress"][name])
        beat = checked(Beat, body)
        _require_ranges(beat)
        require_times(beat.progress)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"not a beat: {line[:80]!r} ({error})") from None
    return beat


MAY_BE_NEGATIVE = frozenset({"data_age_s", "proton_charge_pc"})
"""The clock of the data acquisition may be ahead of ours; a charge is taken from the stream unchecked."""


UNIX_TIMES = (("source", "no_beam_since"), ("source", "no_pulses_since"), ("run", "began_unix_s"))


def require_times(progress: Progress) -> None:
    """Refuse times that do not fit into a date, because showing them would fail.

    Raises
    ------
    ValueError
        Names the field.
    """
    for record, name in UNIX_TIMES:
        value = getattr(getattr(progress, record), name)
        if value is not None and not 0 <= value <= LATEST_UNIX_S:
            raise ValueError(f"{name}: expected a Unix time, got {value!r:.40}")


def _require_fields(name: str, kind: type, body: dict[str, Any]) -> None:
    if wrong := body.keys() ^ {one.name for one in fields(kind)}:
        raise ValueError(f"{name}: wrong fields {sorted(wrong)}")


def _require_ranges(record: Any) -> None:
    """Check each number of a record, and of the records in it."""
    for name in (one.name for one in fields(record)):
        value = getattr(record, name)
        if is_dataclass(value):
            _require_ranges(value)
        else:
            _require_range(name, value)


def _require_range(name: str, value: object) -> None:
    least = -LARGEST if name in MAY_BE_NEGATIVE else 0
    if isinstance(value, int | float) and not least <= value <= LARGEST:  # false for NaN, too
        raise ValueError(f"{name}: unexpected {value!r:.40}")
