"""One connected client: its hello, and how far the stream has been sent to it. Never blocks."""

import os
import socket

from livereduce.simulate.adara.hello import Hello, parse_hello
from livereduce.simulate.adara.store import StoredFile, StreamPlace

SENDFILE_BYTES = 2 * 1024 * 1024
"""Most bytes per call, as in the real server: no client starves another."""


class Gone(Exception):
    """The client hung up, or must be dropped."""


class Client:
    """A connection. It has a `place` in the stream from its hello on."""

    def __init__(self, connection: socket.socket, since_s: float) -> None:
        self.connection = connection
        self.since_s = since_s
        self.hello: Hello | None = None
        self._received = b""
        self._head = memoryview(b"")
        self._file: StoredFile | None = None
        self._offset = 0
        self._exempt = False

    def receive(self) -> Hello | None:
        """Read what came; return the hello once it is complete.

        Raises
        ------
        Gone
            Half-closed, or a byte after the hello.
        BadHello
            The bytes are not a hello.
        """
        try:
            data = self.connection.recv(4096)
        except BlockingIOError:
            return None
        except OSError as error:
            raise Gone(str(error)) from None
        if not data:
            raise Gone("closed by the client")
        if self.hello is not None:
            raise Gone("unexpected data after the hello")
        self._received += data
        self.hello = parse_hello(self._received)
        return self.hello

    def start(self, place: StreamPlace) -> None:
        """Begin to send from a place."""
        self._head, self._file, self._offset = memoryview(place.head), place.file, place.offset
        self._exempt = True

    def pending_bytes(self) -> int:
        """Bytes that the store has and this client has not received."""
        if self._file is None:
            return 0
        self._step_over()
        pending, file, offset = len(self._head), self._file, self._offset
        while True:
            pending += 0 if self._skips(file) else file.size - offset
            if file.following is None:
                return pending
            file, offset = file.following, 0

    def send(self) -> None:
        """Send pending bytes, as many as the socket takes at once.

        Raises
        ------
        Gone
            The connection is broken.
        """
        if self._file is None:
            return
        self._step_over()
        try:
            if self._head:
                self._head = self._head[self.connection.send(self._head) :]
            elif self._offset < self._file.size:
                most = min(SENDFILE_BYTES, self._file.size - self._offset)
                self._offset += os.sendfile(self.connection.fileno(), self._file.fd, self._offset, most)
        except BlockingIOError:
            return
        except OSError as error:
            raise Gone(str(error)) from None

    def _skips(self, file: StoredFile) -> bool:
        """True for a paused file, unless the client asked for it or joined in it."""
        if not file.paused or (self._exempt and file is self._file):
            return False
        return not (self.hello is not None and self.hello.paused_too)

    def _step_over(self) -> None:
        """Go on to the next file after the end of this one; skipped bytes count as sent, also while the file grows."""
        while self._file is not None:
            if self._skips(self._file):
                self._offset = self._file.size
            if not self._file.complete or self._offset < self._file.size or self._file.following is None:
                return
            self._file, self._offset, self._exempt = self._file.following, 0, False
