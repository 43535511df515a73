"""A second, short connection that asks a silent server for its state. Never blocks; bounded in bytes."""

import errno
import os
import socket
import struct
import time
from contextlib import suppress
from dataclasses import replace

from livereduce.base.times import epics_ns
from livereduce.stream.adara.link.idle import Glimpse
from livereduce.stream.adara.wire.encode import client_hello
from livereduce.stream.adara.wire.layout import HEADER_BYTES, MAX_PAYLOAD_BYTES, Note, RunStatusCode, Type
from livereduce.stream.adara.wire.packets import Annotation, BadPacket, Packet, RunStatus
from livereduce.stream.adara.wire.readers import read_packet

MAX_BYTES = 64 * 1024 * 1024
"""Limit of an answer; a prologue with its geometry has some megabytes at most."""
LOOK_BYTES = 1024 * 1024
"""Limit of one `look`, which therefore takes about a millisecond."""
KEPT_BYTES = 128 * 1024
"""Longest packet that is read: a run status has 20 bytes, an annotation at most 64 KiB."""
_NOW = 0
_PULSES = frozenset({Type.BANKED_EVENT, Type.BANKED_EVENT_STATE})
_READ = frozenset({Type.RUN_STATUS, Type.ANNOTATION})


class Talk:
    """Parser of the server's answer, in any pieces: its run, whether it is paused, whether pulses come."""

    def __init__(self) -> None:
        self.glimpse = Glimpse()
        self._held = bytearray()
        self._skip = 0

    def take(self, data: bytes) -> None:
        """Parse more bytes; payloads of other packets are skipped, not stored."""
        passed = min(self._skip, len(data))
        self._skip -= passed
        self._held += data[passed:]
        at = 0
        while len(self._held) - at >= HEADER_BYTES and not self.glimpse.failed:
            length, word = struct.unpack_from("<2I", self._held, at)
            end = at + HEADER_BYTES + length
            if length % 4 or length > MAX_PAYLOAD_BYTES:
                self.glimpse = replace(self.glimpse, failed="got invalid data")
            elif word >> 8 in _READ and length <= KEPT_BYTES:
                if end > len(self._held):
                    break
                self._read(word, bytes(self._held[at + HEADER_BYTES : end]))
            elif word >> 8 in _PULSES:
                self.glimpse = replace(self.glimpse, pulses=self.glimpse.run is not None)
            at = end
        self._skip += max(0, at - len(self._held))
        del self._held[:at]

    def _read(self, word: int, payload: bytes) -> None:
        with suppress(BadPacket):
            self.glimpse = _after(self.glimpse, read_packet(word, payload))


def _after(seen: Glimpse, packet: Packet) -> Glimpse:
    match packet:
        case RunStatus(status=RunStatusCode.RUN_EOF | RunStatusCode.PROLOGUE):
            return seen
        case RunStatus(status=RunStatusCode.END_RUN):
            return replace(seen, run=0, paused=False)
        case RunStatus():
            return replace(seen, run=packet.run, paused=packet.paused)
        case Annotation(type=Note.PAUSE | Note.RESUME):
            return replace(seen, paused=packet.type == Note.PAUSE)
    return seen


class Probe:
    """A connection that connects, sends the hello and listens, one step in each `look`."""

    def __init__(self, family: socket.AddressFamily, address: object) -> None:
        self._talk = Talk()
        self._said_hello = False
        self._bytes = 0
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setblocking(False)
        code = self._socket.connect_ex(address)  # type: ignore[arg-type]
        if code not in (0, errno.EINPROGRESS):
            self._fail(f"failed: {os.strerror(code)}")

    def look(self) -> Glimpse:
        """Its answers so far."""
        if not self._talk.glimpse.failed and (self._said_hello or self._say_hello()):
            self._receive()
        return self._talk.glimpse

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _fail(self, why: str) -> None:
        self._talk.glimpse = replace(self._talk.glimpse, failed=why)

    def _say_hello(self) -> bool:
        """Send the hello once connected."""
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self._fail(f"failed: {os.strerror(code)}")
            return False
        try:
            # 20 bytes into an empty buffer are sent whole or not at all
            self._socket.send(client_hello(epics_ns(time.time()), _NOW))
        except BlockingIOError:
            return False  # not connected yet
        except OSError as error:
            if error.errno == errno.ENOTCONN:
                return False
            self._fail(f"broke: {error.strerror}")
            return False
        self._said_hello = True
        return True

    def _receive(self) -> None:
        for _ in range(LOOK_BYTES // (1 << 16)):
            try:
                data = self._socket.recv(1 << 16)
            except BlockingIOError:
                return None
            except OSError as error:
                return self._fail(f"broke: {error.strerror}")
            if not data:
                return self._fail("was closed by the server")
            self._bytes += len(data)
            self._talk.take(data)
            if self._bytes > MAX_BYTES:
                return self._fail(f"got more than {MAX_BYTES >> 20} MiB")
        return None
