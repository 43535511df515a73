"""A client of a stream server for tests, on a bare socket, and a way to let both go on in one thread."""

import socket
import struct
from collections.abc import Callable

from livereduce.simulate.adara.server import Server


def hello(start_s: int, *, version: int = 0, flags: int = 0, type_: int = 0x4006, size: int | None = None) -> bytes:
    """A hello made by hand."""
    payload = struct.pack("<2I", start_s, flags)[: (8 if version else 4) if size is None else size]
    return struct.pack("<4I", len(payload), type_ << 8 | version, 7, 7) + payload


class Listener:
    """Collects what a server sends; `closed` once the server has hung up."""

    def __init__(self, server: Server, first: bytes = b"", *, buffer_bytes: int = 1 << 18) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
        self.socket.connect(server.address)
        self.received = bytearray()
        self.closed = False
        self.reads = True
        self.socket.sendall(first)
        self.socket.setblocking(False)

    def read(self) -> None:
        while self.reads and not self.closed:
            try:
                data = self.socket.recv(1 << 18)
            except BlockingIOError:
                return
            except ConnectionResetError:
                data = b""
            self.closed = not data
            self.received += data

    def close(self) -> None:
        self.socket.close()


def drive(server: Server, listeners: list[Listener], done: Callable[[], bool], *, steps: int = 20_000) -> None:
    """Let the server and its listeners go on by turns until `done`."""
    for _ in range(steps):
        for listener in listeners:
            listener.read()
        if done():
            return
        server.step(0.0)
    raise AssertionError(f"not done after {steps} steps")
