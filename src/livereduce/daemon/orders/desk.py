"""The socket on which commands ask the daemon for something: held in the runtime directory, heard, answered.

Whoever may write to the socket (mode 0660: the service's user and group) may ask. Nobody can hold the daemon up: it
never waits for a connection, has few of them at a time, and closes each after a request, or after some seconds without
one. What takes long is an errand (`errands.py`), whose answer waits for its end, but not for long.
"""

import logging
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from livereduce import __version__
from livereduce.base.local_sockets import listen_in
from livereduce.daemon.orders.errands import Errand
from livereduce.messages.request import (
    FILE_NAME,
    MAX_REQUEST_BYTES,
    NotDone,
    Request,
    RequestAnswer,
    decode_request,
    encode_answer,
)

MODE = 0o660
MAX_CONNECTIONS = 8
PATIENCE_S = 2.0
"""Time for a command to send its request, and how often to look for the socket's file."""
ERRAND_S = 5.0
"""How long an answer waits for an errand: less than whoever asks waits for the answer."""
MAX_WHO = 60
_PEER = struct.Struct("3i")
"""Of SO_PEERCRED: pid, uid, gid (unix(7))."""

log = logging.getLogger("livereduce.daemon")


@dataclass(frozen=True, slots=True)
class RequestDone:
    """What was done, in words for whoever has asked, and the socket that goes with the answer; None: none does."""

    text: str = ""
    passed: socket.socket | None = None


Act = Callable[[Request, str], RequestDone | Errand]
"""Does what was asked, for somebody in words, or begins it. May raise `NotDone`."""


@dataclass(slots=True)
class _Asking:
    """A connection; `errand`: what it has asked for goes on."""

    connection: socket.socket
    who: str
    until: float
    errand: Errand | None = None


class Desk:
    """The socket, and the connections that have not asked yet."""

    def __init__(self) -> None:
        self._listening: socket.socket | None = None
        self._path: Path | None = None
        self._inode = 0
        self._due = 0.0
        self._told = ""
        self._asking: dict[int, _Asking] = {}

    @property
    def watched(self) -> set[int]:
        """Descriptors that become readable when there is something for `serve`."""
        waiting = {fd for fd, asking in self._asking.items() if asking.errand is None}
        return {*waiting, *([self._listening.fileno()] if self._listening else [])}

    def hold(self, folder: Path | None, now: float) -> None:
        """Have the socket in this folder: after it was moved, or somebody has removed the file. None: nowhere."""
        path = folder / FILE_NAME if folder else None
        if path == self._path and now < self._due:
            return
        self._due = now + PATIENCE_S
        if path == self._path and self._is_there():
            return
        self.leave()
        self._path = path
        if path is not None:
            self._listen(path)

    def serve(self, ready: set[int], now: float, act: Act) -> None:
        """Take connections and requests, and answer."""
        if self._listening is not None and self._listening.fileno() in ready:
            self._accept(self._listening, now)
        for fd, asking in list(self._asking.items()):
            if fd in ready and asking.errand is None:
                self._hear(asking, now, act)
            elif asking.errand is not None:
                _answer_errand(asking, asking.errand, now)
            if now >= asking.until:
                asking.connection.close()
                del self._asking[fd]

    def leave(self) -> None:
        """Close everything, and remove the socket's file if it is ours."""
        for asking in self._asking.values():
            asking.connection.close()
        self._asking = {}
        if self._listening is not None:
            self._listening.close()
            self._listening = None
            if self._path is not None and self._is_there():
                with suppress(OSError):
                    self._path.unlink()

    def _is_there(self) -> bool:
        try:
            return self._path is not None and self._path.lstat().st_ino == self._inode
        except OSError:
            return False

    def _listen(self, path: Path) -> None:
        try:
            self._listening = listen_in(path.parent, path.name, MODE)
            self._inode = path.lstat().st_ino
        except OSError as error:
            told = f"no socket for requests in {path.parent}: {error.strerror}"
            if told != self._told:
                self._told = told
                log.warning("%s; commands such as livereduce try --on live cannot ask this daemon", told)

    def _accept(self, listening: socket.socket, now: float) -> None:
        for _ in range(MAX_CONNECTIONS):
            try:
                connection, _ = listening.accept()
            except OSError:  # nobody waits any more
                return
            connection.setblocking(False)
            if len(self._asking) >= MAX_CONNECTIONS:
                connection.close()
                continue
            self._asking[connection.fileno()] = _Asking(connection, _peer(connection), now + PATIENCE_S)

    def _hear(self, asking: _Asking, now: float, act: Act) -> None:
        """Take the request, and answer it or begin what it asks for."""
        asking.until = now
        try:
            message = asking.connection.recv(MAX_REQUEST_BYTES)
        except OSError:  # it is gone
            return
        what = "a request"
        try:
            request = decode_request(message)
            asking.who = f"{_words(request.who)} ({asking.who})"
            what = str(request.want)
            done = act(request, asking.who)
        except (NotDone, ValueError) as error:
            log.info("%s: not done for %s: %s", what, asking.who, error)
            _answer(asking, RequestAnswer(done=False, text=str(error), version=__version__))
            return
        if isinstance(done, Errand):
            log.info("%s: begun for %s", what, asking.who)
            asking.errand, asking.until = done, now + ERRAND_S
            return
        log.info("%s: done for %s", what, asking.who)
        _answer(asking, RequestAnswer(done=True, text=done.text, version=__version__), done.passed)


def _answer_errand(asking: _Asking, errand: Errand, now: float) -> None:
    """Say how an errand has ended, or after a while that it goes on; the errands log its end."""
    if (outcome := errand.outcome) is not None:
        asking.until = now
        _answer(asking, RequestAnswer(done=outcome.done, text=outcome.text, version=__version__))
    elif now >= asking.until:
        goes_on = f"it takes more than {ERRAND_S:g} s and goes on; the service's log says how it ends: {errand.what}"
        _answer(asking, RequestAnswer(done=True, text=goes_on, version=__version__))


def _answer(asking: _Asking, answer: RequestAnswer, passed: socket.socket | None = None) -> None:
    with suppress(OSError):
        socket.send_fds(asking.connection, [encode_answer(answer)], [passed.fileno()] if passed else [])
    if passed:
        passed.close()


def _peer(connection: socket.socket) -> str:
    pid, uid, _ = _PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    return f"pid {pid}, uid {uid}"


def _words(text: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in text[:MAX_WHO]) or "somebody"
