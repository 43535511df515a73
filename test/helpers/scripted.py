"""A stream server that plays a script: one play a connection, in a thread that is joined at the end."""

import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

Play = Callable[[socket.socket], None]
LIMIT_S = 20.0
"""Nothing here lasts that long; a test that hangs shall say where."""


def sends(*parts: bytes) -> Play:
    """Send the parts, then close."""

    def play(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            connection.sendall(part)

    return play


def sends_and_resets(data: bytes) -> Play:
    """Send, then break the connection instead of closing it."""

    def play(connection: socket.socket) -> None:
        connection.sendall(data)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return play


class Scripted:
    """Serves as many connections as there are plays, one after another.

    Attributes
    ----------
    hellos
        What each client said first: 20 bytes.
    more
        What it sent after that, until it closed; only of plays that are `held`.
    """

    def __init__(self, *plays: Play, port: int = 0) -> None:
        self._plays = plays
        self._listener = socket.create_server(("127.0.0.1", port))
        self._thread = threading.Thread(target=self._serve, name="scripted server")
        self.port: int = self._listener.getsockname()[1]
        self.hellos: list[bytes] = []
        self.more: list[bytes] = []
        self.error: Exception | None = None

    def held(self, connection: socket.socket) -> None:
        """A play, or the end of one: keep the connection until the client closes it, and note what it sends."""
        said = b""
        while data := connection.recv(4096):
            said += data
        self.more.append(said)

    def add(self, *plays: Play) -> Self:
        """More plays, for those that need the server itself."""
        self._plays += plays
        return self

    @property
    def starts(self) -> list[int]:
        """The start field of each hello."""
        return [int.from_bytes(hello[16:], "little") for hello in self.hellos]

    def _serve(self) -> None:
        try:
            for play in self._plays:
                connection, _ = self._listener.accept()
                with connection:
                    connection.settimeout(LIMIT_S)
                    hello = b""
                    while len(hello) < 20 and (data := connection.recv(20 - len(hello))):
                        hello += data
                    self.hellos.append(hello)
                    play(connection)
        except Exception as error:  # noqa: BLE001  told to the test's own thread by __exit__
            self.error = error

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._listener.shutdown(socket.SHUT_RD)  # wakes an accept that nobody will answer
        self._thread.join(LIMIT_S)
        self._listener.close()
        if kind is None:
            assert not self._thread.is_alive(), "the script was not played to its end"
            assert self.error is None, self.error
