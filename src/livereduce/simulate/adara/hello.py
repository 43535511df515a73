"""Parse a client's hello, as strictly as the real server does."""

import struct
from dataclasses import dataclass

from livereduce.stream.adara.wire.layout import HEADER_BYTES, Type

SEND_PAUSE_DATA = 2
_PAYLOAD_BYTES = {0: 4, 1: 8}


class BadHello(Exception):
    """The client must be dropped; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """`start_s`: 0 now, 1 the start of the run, else EPICS seconds; `paused_too`: data of paused files are wanted."""

    start_s: int
    paused_too: bool


def parse_hello(received: bytes) -> Hello | None:
    """Parse the hello; None if it is not complete yet. The header's time is ignored: real clients send wrong ones.

    Raises
    ------
    BadHello
        Not a hello, of the wrong size for its version, or more than one packet.
    """
    if len(received) < HEADER_BYTES:
        return None
    length, word = struct.unpack_from("<2I", received)
    base_type, version = word >> 8, word & 0xFF
    if base_type != Type.CLIENT_HELLO:
        raise BadHello(f"a packet of type 0x{base_type:04x} before the hello (0x{Type.CLIENT_HELLO:04x})")
    expected = _PAYLOAD_BYTES.get(version, 8)
    if length != expected:
        raise BadHello(f"a hello of version {version} with a payload of {length} bytes, expected {expected}")
    if len(received) < HEADER_BYTES + length:
        return None
    if len(received) > HEADER_BYTES + length:
        raise BadHello("extra bytes after the hello")
    start_s, flags = struct.unpack_from("<2I", received + bytes(4), HEADER_BYTES)
    return Hello(start_s=start_s, paused_too=version > 0 and flags == SEND_PAUSE_DATA)
