"""One TCP connection to a stream server: connect, say hello once, receive. Nothing is ever sent after the hello.

Real servers close on any later packet, on a half-close, and never send heartbeats (seen on the wire).
"""

import socket
import time
from contextlib import suppress

from livereduce.base.times import epics_ns
from livereduce.stream.adara.link.dial import dial
from livereduce.stream.adara.wire.encode import client_hello
from livereduce.stream.items import SourceLost

KEEP_ALIVE_IDLE_S, KEEP_ALIVE_EVERY_S, KEEP_ALIVE_TRIES = 5, 5, 3
"""The system default is two hours until the first one. These find a dead host within 20 s, also while a script runs."""
USER_TIMEOUT_MS = 20_000
"""How long anything we send, keep-alives included, may stay unanswered."""

MUCH_BYTES = 64 * 1024
"""More is on its way when so much came at once: then it is worth waiting until a larger piece is there."""
PIECE_BYTES = 512 * 1024
GATHER_S = 0.002
"""Least size of that piece, and how long to wait for it. Each piece costs some 0.1 ms of Python, whatever its size."""


def keep_alive(connection: socket.socket) -> None:
    """Have the kernel detect that the other host is gone."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEP_ALIVE_IDLE_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEP_ALIVE_EVERY_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEP_ALIVE_TRIES)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)


class Connection:
    """A connected socket on which the hello was sent.

    Raises
    ------
    SourceLost
        From every method: the connection could not be made, or broke; the text says how.
    """

    def __init__(self, host: str, port: int, start_s: int) -> None:
        try:
            self._socket = dial(host, port)
            self._least = 1
        except OSError as error:
            raise SourceLost(f"no connection to {host}:{port}: {error.strerror or error}") from None
        try:
            keep_alive(self._socket)
            self._socket.sendall(client_hello(epics_ns(time.time()), start_s))
        except OSError as error:
            self._socket.close()
            raise SourceLost(f"{host}:{port} did not accept the hello: {error}") from None

    @property
    def peer(self) -> tuple[socket.AddressFamily, object]:
        """Family and address of the server, for a second connection without another name lookup."""
        try:
            return self._socket.family, self._socket.getpeername()
        except OSError as error:
            raise SourceLost(f"connection broken: {error}") from None

    def receive(self, into: memoryview, timeout_s: float) -> int:
        """Wait for data, then take all that has come or fits; 0 means silence.

        In a fast stream the kernel gathers a piece of it first. A slow one is not held up: nothing is waited for that
        has not come within `GATHER_S` after much has.
        """
        got = self._first(into, min(timeout_s, GATHER_S)) if self._least > 1 else 0
        if not got:
            self._wake_up_at(1)
            got = self._first(into, timeout_s)
        # No MSG_DONTWAIT: while a timeout is set, Python itself waits for data before it asks with that flag.
        self._socket.settimeout(0)
        while 0 < got < len(into):
            size = self._receive_some(into[got:], end_counts=False)
            if size == 0:
                break
            got += size
        self._wake_up_at(PIECE_BYTES if got >= MUCH_BYTES else 1)
        return got

    def _first(self, into: memoryview, timeout_s: float) -> int:
        self._socket.settimeout(timeout_s)
        return self._receive_some(into)

    def _wake_up_at(self, least: int) -> None:
        """Have the kernel wake us when so many bytes are there, at an end, or when it has no room for more (tcp(7))."""
        if least != self._least:
            self._least = least
            with suppress(OSError):  # broken: the next receive says how
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, least)

    def _receive_some(self, into: memoryview, *, end_counts: bool = True) -> int:
        """Receive once. An end or a reset is an error only if no data came with it: the next call sees it again."""
        try:
            size = self._socket.recv_into(into)
        except (BlockingIOError, TimeoutError):
            return 0
        except OSError as error:
            if not end_counts:
                return 0
            raise SourceLost(f"connection broken: {error}") from None
        if size == 0 and end_counts:
            raise SourceLost("the server closed the connection")
        return size

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
