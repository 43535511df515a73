"""What passes between the page's server and a renderer: a job as a line of JSON, an answer as frames. Pure.

A frame is its kind (one byte), its length (four bytes, big end first) and that many bytes.
"""

import json
import struct
from dataclasses import asdict, dataclass
from typing import Any

HEADER = struct.Struct(">cI")
PIECE, END, REFUSED = b"p", b".", b"!"
MAX_FRAME_BYTES = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderJob:
    """What a renderer is asked for.

    Attributes
    ----------
    what
        ``json``, ``csv``, ``png``, or ``shape``.
    path
        Of the product's file.
    most
        Values at most in all (``json``).
    rows
        Spectra of a product of several dimensions; none for all of it.
    run, name, version
        For headings; they have been looked up and are not looked for in the file.
    packed
        Whether JSON is to be compressed.
    """

    what: str
    path: str
    most: int = 0
    rows: tuple[int, ...] = ()
    run: int = 0
    name: str = ""
    version: str = ""
    packed: bool = False


def encode_job(job: RenderJob) -> bytes:
    """A line."""
    return json.dumps(asdict(job)).encode() + b"\n"


def decode_job(line: bytes) -> RenderJob:
    """The job of a line."""
    body: dict[str, Any] = json.loads(line)
    return RenderJob(**body | {"rows": tuple(body["rows"])})


def frame(kind: bytes, payload: bytes = b"") -> bytes:
    """One frame."""
    return HEADER.pack(kind, len(payload)) + payload


def encode_refusal(status: int, text: str) -> bytes:
    """Why there is no answer, with the status of HTTP for it."""
    return json.dumps([status, text]).encode()


def decode_refusal(payload: bytes) -> tuple[int, str]:
    """The same back."""
    status, text = json.loads(payload)
    return int(status), str(text)
