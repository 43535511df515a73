"""What passes between the daemon, its receiver, and the workers that read from it: a job, notes, names.

The receiver's beats, orders, stacks and mark are a worker's (`messages.beat`, `order`, `marks`, `job`). Beside those:

- Each worker is given one end of a pair of sockets as `RECEIVER_FD`. The daemon sends the other end to the receiver,
  with an `Attach`, on the socket that the receiver has as `ATTACH_FD`.
- A spare worker has `ADOPT_FD`: the one `Adopt` there makes it a worker. With it comes the end of the pair that it
  would otherwise have as `RECEIVER_FD`.

All of these sockets keep the limits of messages (SOCK_SEQPACKET): a note is one message, and carries one descriptor.
"""

import json
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, TypeVar

from livereduce.base.fields import checked
from livereduce.messages.marks import Suspect

RECEIVER_FD = "LIVEREDUCE_RECEIVER_FD"


ATTACH_FD = "LIVEREDUCE_ATTACH_FD"


ADOPT_FD = "LIVEREDUCE_ADOPT_FD"
"""Environment variables with the numbers of inherited sockets: see above."""


SHADOW = "LIVEREDUCE_SHADOW"
"""Environment variable of a worker that is the shadow: its scripts may look at it."""


SEGMENT_PREFIX = "livereduce-"
"""Beginning of the names of the receiver's shared memory (memfd), by which the daemon tells it from that of scripts."""


SPARE = "--spare"
"""The argument that starts a worker without a job, as a spare."""


SPARE_READY = "standing by for a job"
"""What a spare is doing (`Progress.doing`) once everything is loaded."""


MAX_NOTE_BYTES = 1 << 15
"""A longer note is not one: a path has at most 4096 bytes (PATH_MAX), each of them at most 6 characters in JSON."""

_Record = TypeVar("_Record")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverJob:
    """Everything that a receiver needs; written by the daemon as JSON, read once by the receiver.

    Attributes
    ----------
    number
        Counts up with every receiver started by one state directory.
    source
        URL of the stream.
    start
        Where to begin: ``run_start`` or ``now``.
    state_dir
        The state directory; its kernels are in there.
    mark
        Path where the receiver writes its mark (`livereduce.messages.marks`).
    suspects
        Data that earlier receivers died on, all of them of the stage `MarkStage.DECODE`.
    held_limit_bytes
        Most that it holds of the stream; None: no limit of its own.
    """

    number: int
    source: str
    state_dir: str
    mark: str
    start: str = "run_start"
    suspects: tuple[Suspect, ...] = ()
    held_limit_bytes: int | None = None


class ReaderKind(StrEnum):
    """What a reader of the stream that is held may ask for, and how far it reads.

    A worker begins with the oldest run that is not published, and its word counts: what it is done with may be given
    up. A follower reads the same, and a guest reads the present run as far as it is held when it comes; nothing that
    these two say counts, and they are dropped when the memory is needed that is kept for them alone.

    A viewer begins with the present run, or with what comes from now on where that is not held from its start any more:
    the run is never received again for it. What it says of its place counts for what is kept for it, and for no other.
    """

    WORKER = "worker"
    FOLLOWER = "follower"
    GUEST = "guest"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attach:
    """To the receiver: somebody reads at the other end of the socket that comes with this note.

    Attributes
    ----------
    reader
        Who it is, for people: ``worker 12``.
    """

    reader: str
    kind: ReaderKind = ReaderKind.WORKER


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopt:
    """To a spare: be the worker of a job. Its socket to the receiver comes with this note.

    Attributes
    ----------
    job
        Path of the job's file.
    """

    job: str


def encode_receiver_job(job: ReceiverJob) -> str:
    """Encode the job as JSON text."""
    return json.dumps(asdict(job), indent=2)


def decode_receiver_job(text: str) -> ReceiverJob:
    """Decode the job of a JSON text.

    Raises
    ------
    ValueError
        Not a receiver's job: names what is missing, wrong or unknown.
    """
    try:
        return _strictly(ReceiverJob, json.loads(text))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not a job of a receiver: {error}") from None


def encode_note(note: Attach | Adopt) -> bytes:
    """Encode a note as one message."""
    return json.dumps(asdict(note)).encode()


def decode_attach(message: bytes) -> Attach:
    """Decode an `Attach`.

    Raises
    ------
    ValueError
        It is something else.
    """
    return _note(Attach, message)


def decode_adopt(message: bytes) -> Adopt:
    """Decode an `Adopt`.

    Raises
    ------
    ValueError
        It is something else.
    """
    return _note(Adopt, message)


def _note(kind: type[_Record], message: bytes) -> _Record:
    try:
        if len(message) > MAX_NOTE_BYTES:
            raise ValueError(f"{len(message)} bytes, a note has at most {MAX_NOTE_BYTES}")
        return _strictly(kind, json.loads(message))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not a note to {kind.__name__.lower()}: {message[:80]!r} ({error})") from None


def _strictly(kind: type[_Record], body: Any) -> _Record:
    """The record of an object that has no other fields: writer and reader are of one version."""
    record = checked(kind, body)
    if unknown := body.keys() - {one.name for one in fields(kind)}:  # type: ignore[arg-type] # `checked` wants a dataclass
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    return record
