"""Protocol between the page's server and a renderer: a job is a line of JSON, an answer is frames. Pure.

A frame is its kind (one byte), its length (four bytes, big-endian) and that many bytes.
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
    """A job for a renderer.

    Attributes
    ----------
    what
        ``json``, ``csv``, ``png``, ``npz``, ``sketch``, ``difference``, or ``shape``.
    path
        Path of the product's file.
    in_use
        Path of the other one, of the scripts in use (``difference``).
    most
        Most values in total (``json``, ``difference``).
    rows
        Spectra of a product of several dimensions; empty for all of it.
    run, name, version
        For headings; the server has looked them up, they are not read from the file.
    packed
        True to compress JSON.
    """

    what: str
    path: str
    in_use: str = ""
    most: int = 0
    rows: tuple[int, ...] = ()
    run: int = 0
    name: str = ""
    version: str = ""
    packed: bool = False


def encode_job(job: RenderJob) -> bytes:
    """Encode a job as a line."""
    return json.dumps(asdict(job)).encode() + b"\n"


def decode_job(line: bytes) -> RenderJob:
    """Decode the job of a line."""
    body: dict[str, Any] = json.loads(line)
    return RenderJob(**body | {"rows": tuple(body["rows"])})


def frame(kind: bytes, payload: bytes = b"") -> bytes:
    """Encode one frame."""
    return HEADER.pack(kind, len(payload)) + payload


def encode_refusal(status: int, text: str) -> bytes:
    """Encode an error: HTTP status and reason."""
    return json.dumps([status, text]).encode()


def decode_refusal(payload: bytes) -> tuple[int, str]:
    """Decode an error."""
    status, text = json.loads(payload)
    return int(status), str(text)
