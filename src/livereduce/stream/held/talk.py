"""What receiver and reader say to each other: one message of JSON a packet, on a socket pair (SOCK_SEQPACKET).

The receiver trusts nothing that a reader says beyond two numbers, because a script may write to any descriptor.
"""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any

from livereduce.base.fields import checked
from livereduce.stream.held.segments import SegmentId, SegmentKind
from livereduce.stream.items import SourceState

MAX_MESSAGE_BYTES = 64 * 1024
MAX_SEGMENTS = 64
"""Most segments, and so descriptors, of a message; the kernel allows 253."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a receiver tells a reader; each is complete but for the segments, of which only new ones are told.

    Attributes
    ----------
    begin
        Where the reader begins.
    written
        Place up to which the journal is complete.
    segments
        New segments; their descriptors come with the message, in this order.
    gone
        Numbers of segments that the reader has and that are held no longer.
    state
        Health of the source.
    """

    begin: int
    written: int
    segments: tuple[SegmentId, ...]
    gone: tuple[int, ...]
    state: SourceState


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderProgress:
    """What a reader tells the receiver: see `holding.Holding`."""

    consumed: int
    released: int


def encode_told(told: Told) -> bytes:
    """Encode a message."""
    # By hand: `asdict` copies deeply, which takes longer than all else, 60 times a second.
    body = {
        "begin": told.begin,
        "written": told.written,
        "segments": [asdict(one) for one in told.segments],
        "gone": told.gone,
        "state": {one.name: getattr(told.state, one.name) for one in fields(told.state)},
    }
    return json.dumps(body, separators=(",", ":")).encode()


def decode_told(data: bytes) -> Told:
    """Decode a message.

    Raises
    ------
    ValueError
        It is none.
    """
    try:
        body: dict[str, Any] = json.loads(data)
        segments = tuple(SegmentId(**one | {"kind": SegmentKind(one["kind"])}) for one in body.pop("segments"))
        state = SourceState(**body.pop("state"))
        return Told(segments=segments, gone=tuple(body.pop("gone")), state=state, **body)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not a message of a receiver: {data[:80]!r} ({error})") from None


def encode_progress(progress: ReaderProgress) -> bytes:
    """Encode a message."""
    return json.dumps(asdict(progress)).encode()


def decode_progress(data: bytes) -> ReaderProgress:
    """Decode a message.

    Raises
    ------
    ValueError
        It is none: a script may have written to the descriptor.
    """
    try:
        return checked(ReaderProgress, json.loads(data))
    except (AttributeError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"not a message of a reader: {data[:80]!r} ({error})") from None
