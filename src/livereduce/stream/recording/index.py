"""The index of a recording: a line of JSON for each thing that is known of it. Values and their text, no files.

It is only added to, and a reader leaves out what is no line of it: a crash costs its last line at most. Without it the
files can still be read, but nobody knows why something is missing.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from livereduce.base.fields import checked

VERSION = 1
MAX_BYTES = 64 << 20
"""Of an index that is read; a day has some ten thousand lines of a hundred bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingBegan:
    """The first line: which run this is, and where it came from.

    Attributes
    ----------
    run_start_s
        Start of the run in seconds since 1990, as the server says it; 0 if it is not known.
    began
        When the recording began, in Unix seconds.
    """

    run: int
    run_start_s: int
    instrument: str
    source: str
    livereduce: str
    began: float
    version: int = VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentBegan:
    """A file was begun: its name, and when (Unix seconds)."""

    file: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PulsePlace:
    """A pulse begins at this byte of a file, after so many others; there is a line for every few hundred of them."""

    file: str
    pulse_ns: int
    byte: int
    pulses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentClosed:
    """A file is complete: its size, its pulses, and the times of the oldest and newest of them (0: none)."""

    file: str
    bytes: int
    pulses: int
    first_ns: int
    last_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Something of the run is not in the recording: why, between which pulses (0: not known), and how many bytes."""

    reason: str
    from_ns: int
    to_ns: int
    bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEnd:
    """The run has ended; `seen`: its end is in the recording, in this file."""

    time_ns: int
    seen: bool = True
    file: str = ""


IndexLine = RecordingBegan | SegmentBegan | PulsePlace | SegmentClosed | Missing | RecordedEnd
_KINDS: dict[str, type[IndexLine]] = {
    "recording": RecordingBegan,
    "segment": SegmentBegan,
    "pulse": PulsePlace,
    "closed": SegmentClosed,
    "missing": Missing,
    "over": RecordedEnd,
}
_NAME_OF = {kind: name for name, kind in _KINDS.items()}


def encode_line(line: IndexLine) -> bytes:
    """Encode a line, with its end."""
    return json.dumps({"kind": _NAME_OF[type(line)], **asdict(line)}, separators=(",", ":")).encode() + b"\n"


def decode_lines(data: bytes) -> tuple[list[IndexLine], int]:
    """The lines of an index, and how many were none: torn, of a newer version, or garbage. Never raises."""
    lines: list[IndexLine] = []
    bad = 0
    for text in data.splitlines():
        try:
            lines.append(_line(text))
        except (ValueError, RecursionError):
            bad += bool(text.strip())
    return lines, bad


def _line(text: bytes) -> IndexLine:
    body = json.loads(text)
    kind = _KINDS.get(str(body.get("kind"))) if isinstance(body, dict) else None
    if kind is None:
        raise ValueError("no such kind of line")
    return checked(kind, body)


def head_of(lines: Iterable[IndexLine]) -> RecordingBegan | None:
    """The newest line that says which run it is; None if there is none any more."""
    found = [line for line in lines if isinstance(line, RecordingBegan)]
    return found[-1] if found else None
