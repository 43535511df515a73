"""What passes between whoever looks at a run's events and its viewer: questions, answers, and their frames. Pure.

A frame is its kind (one byte), its length (four bytes, big-endian) and that many bytes, on the viewer's standard input
and output. A question is one frame, and so is its answer. One question goes on at a time. A viewer that can read no
more says why, in a frame that nobody has asked for, and ends.
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import get_args

from livereduce.base.fields import checked
from livereduce.messages.regions import MAX_FILE_BYTES, Region

MODULE = "livereduce.viewer"
"""The viewer's program, for ``python -m``."""
HEADER = struct.Struct(">cI")
QUESTION, ANSWER, REFUSED, GOODBYE = b"?", b".", b"!", b"x"
MAX_QUESTION_BYTES = MAX_FILE_BYTES
MAX_ANSWER_BYTES = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewerJob:
    """What a viewer must know beside what the stream says; the one argument of its program, as JSON.

    Attributes
    ----------
    instrument
        Its short name: a definition is looked for by it where the stream has none.
    tof_bins_us
        (min, step, max) of the spectra.
    folders
        Where files on the instrument's geometry may lie: those of the scripts.
    note
        What people should know of all this; empty if there is nothing.
    """

    instrument: str
    tof_bins_us: tuple[float, float, float]
    folders: tuple[str, ...] = ()
    note: str = ""


def encode_viewer_job(job: ViewerJob) -> str:
    """Encode the job as JSON."""
    return json.dumps(asdict(job))


def decode_viewer_job(text: str) -> ViewerJob:
    """Decode the job.

    Raises
    ------
    ValueError
        It is none: names what is missing or wrong.
    """
    try:
        job = checked(ViewerJob, json.loads(text))
        if len(job.tof_bins_us) != 3:
            raise ValueError(f"tof_bins_us: expected three numbers, got {len(job.tof_bins_us)}")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not a job of a viewer: {error}") from None
    return job


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepRegions:
    """Count these regions from now on; the answer is ``{}``. Asked first, and again when the kept ones change."""

    regions: tuple[Region, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorQuestion:
    """Counts per screen cell; an empty projection is the one that suits the instrument."""

    projection: str = ""
    tof_min_us: float | None = None
    tof_max_us: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelQuestion:
    """The pixel nearest to a place on the screen."""

    projection: str
    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionsQuestion:
    """The kept regions with their counts.

    Attributes
    ----------
    can_save, problem
        What the page knows of them, and the answer repeats: whether they can be changed, why they cannot be read.
    """

    can_save: bool
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpectrumQuestion:
    """The spectrum of a region, of the kept one of this name if there is none; `csv`: as a table."""

    name: str = ""
    region: Region | None = None
    csv: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricPoint:
    """One value of a metric, of the data from after the value before until this time (the newest pulse in it).

    It is None for data of which the scripts had no finite value.
    """

    time_ns: int
    value: float | None
    error: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OverQuestion:
    """A curve over a log.

    Attributes
    ----------
    of
        ``total``, ``region:NAME``, ``monitor:N`` or ``metric:NAME``.
    region
        In place of a kept one, for ``region:``.
    bins
        ``auto``, a number, or ``values``.
    per
        ``charge`` or ``pulse``.
    metric
        The metric's values in the order of time, for ``metric:``; the viewer does not read files.
    metric_units
        Their units.
    metric_every
        Only every so many of its values, and the newest, are kept: each is that of the newest chunk of so many.
    """

    of: str
    log: str
    bins: str = "auto"
    per: str = "charge"
    region: Region | None = None
    metric: tuple[MetricPoint, ...] = ()
    metric_units: str = ""
    metric_every: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsQuestion:
    """The logs of the run that are numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsQuestion:
    """Pixels and banks that are hot, dead, noisy or shifted."""


Question = (
    KeepRegions
    | DetectorQuestion
    | PixelQuestion
    | RegionsQuestion
    | SpectrumQuestion
    | OverQuestion
    | LogsQuestion
    | FindingsQuestion
)
_KINDS = {kind.__name__: kind for kind in get_args(Question)}


def encode_question(question: Question) -> bytes:
    """Encode a question as the payload of a frame."""
    return json.dumps({"ask": type(question).__name__, **asdict(question)}).encode()


def decode_question(payload: bytes) -> Question:
    """Decode a question.

    Raises
    ------
    ValueError
        It is none that this version knows.
    """
    try:
        body = json.loads(payload)
        kind = _KINDS.get(body.get("ask")) if isinstance(body, dict) else None
        if kind is None:
            raise ValueError(f"expected one of {', '.join(_KINDS)}")
        question: Question = checked(kind, body)
        return question
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"not a question to a viewer: {payload[:80]!r} ({error})") from None


# ---- frames


def view_frame(kind: bytes, payload: bytes = b"") -> bytes:
    """Encode one frame."""
    return HEADER.pack(kind, len(payload)) + payload


def encode_view_refusal(status: int, text: str) -> bytes:
    """Encode why there is no answer: the HTTP status that the page gives, and the reason."""
    return json.dumps([status, text]).encode()


def decode_view_refusal(payload: bytes) -> tuple[int, str]:
    """Decode why there is no answer.

    Raises
    ------
    ValueError
        It says something else.
    """
    try:
        status, text = json.loads(payload)
        return int(status), str(text)
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"not a refusal of a viewer: {payload[:80]!r} ({error})") from None


class FrameBuffer:
    """Bytes as they come from a pipe, of which whole frames are taken."""

    def __init__(self, most_bytes: int) -> None:
        """`most_bytes`: longest payload of a frame; a longer one is not of ours."""
        self._most = most_bytes
        self._left = bytearray()

    def take(self, piece: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Add what has come, and give kind and payload of each frame that is whole now.

        Raises
        ------
        ValueError
            A frame is longer than any of ours: the other side is broken.
        """
        self._left += piece
        while len(self._left) >= HEADER.size:
            kind, size = HEADER.unpack_from(self._left)
            if size > self._most:
                raise ValueError(f"a frame of {size} bytes, expected at most {self._most}")
            if len(self._left) < HEADER.size + size:
                return
            payload = bytes(self._left[HEADER.size : HEADER.size + size])
            del self._left[: HEADER.size + size]
            yield kind, payload
