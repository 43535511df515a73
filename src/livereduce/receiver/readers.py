"""The readers of what is held: a thread attaches them, tells them what is new, and hears what they have done.

A thread, so that a worker that replaces another is answered while the main thread waits for the stream or decodes it.
"""

import logging
import os
import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from livereduce.messages.receiver import MAX_NOTE_BYTES, decode_attach
from livereduce.stream.held import holding
from livereduce.stream.held.segments import SharedSegment
from livereduce.stream.held.store import HeldStore
from livereduce.stream.held.talk import (
    MAX_MESSAGE_BYTES,
    MAX_SEGMENTS,
    Told,
    decode_progress,
    encode_told,
)
from livereduce.stream.items import SourceState

COUNTS_EVERY_S = 0.2
"""The number of bytes received changes with every read; it is told now and then."""

log = logging.getLogger("livereduce.receiver")


@dataclass(slots=True, eq=False)
class AttachedReader:
    """A worker that is attached.

    Attributes
    ----------
    begin
        Where it begins.
    has
        Numbers of the segments that it was told of.
    written, state
        What it was told last.
    """

    name: str
    socket: socket.socket
    begin: int
    has: set[int] = field(default_factory=set)
    written: int = -1
    state: SourceState | None = None


class Readers:
    """All readers, served by one thread.

    Parameters
    ----------
    attach
        The daemon's socket, on which readers come.
    rewind
        Called, in the thread, when a reader came that needs what is no longer held.
    """

    def __init__(self, store: HeldStore, attach: socket.socket, state: SourceState, rewind: Callable[[], None]) -> None:
        self._store = store
        self._attach = attach
        self._rewind = rewind
        self._readers: list[AttachedReader] = []
        self._waiting: list[tuple[str, socket.socket]] = []
        self._state, self._state_s = state, 0.0
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._thread = threading.Thread(target=self._serve, name="readers", daemon=True)
        self._leave = False

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def tell(self, state: SourceState, now: float) -> None:
        """Tell all readers what has been written, and the health of the source.

        From the thread that writes: to wake the other one for each pulse would cost more than the message.
        """
        if now - self._state_s >= COUNTS_EVERY_S or _without_counts(state) != _without_counts(self._state):
            self._state, self._state_s = state, now
        with self._store.lock:
            for reader in list(self._readers):
                self._tell(reader)
            rest = any(reader.written < self._store.written for reader in self._readers)
        if rest:
            os.eventfd_write(self._wake, 1)

    def rewound(self) -> None:
        """What was held is gone, and the stream is received again: readers of the old one are let go."""
        with self._store.lock:
            for reader in self._readers:
                reader.socket.close()
            self._readers = []
        os.eventfd_write(self._wake, 1)

    def close(self) -> None:
        """End the thread, and let all readers go."""
        self._leave = True
        os.eventfd_write(self._wake, 1)
        self._thread.join()
        for one in (*(reader.socket for reader in self._readers), *(one for _, one in self._waiting), self._attach):
            one.close()
        os.close(self._wake)

    # ---- the thread

    def _serve(self) -> None:
        while not self._leave:
            attached = self._wait()
            if attached:
                self._take_attached()
            with self._store.lock:
                # First what a worker has said that has ended since: the next one begins after it.
                for reader in list(self._readers):
                    self._hear(reader)
                self._admit()
                for reader in list(self._readers):
                    self._tell(reader)

    def _wait(self) -> bool:
        """Wait until there is something to do; return True if a reader has come."""
        poll = select.poll()
        if self._attach.fileno() >= 0:
            poll.register(self._attach, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        with self._store.lock:
            for reader in self._readers:
                behind = reader.written < self._store.written
                poll.register(reader.socket, select.POLLIN | (select.POLLOUT if behind else 0))
        ready = {fd for fd, _ in poll.poll()}
        with suppress(BlockingIOError):
            os.eventfd_read(self._wake)
        return self._attach.fileno() in ready

    def _take_attached(self) -> None:
        message, fds, _, _ = socket.recv_fds(self._attach, MAX_NOTE_BYTES, 1)
        if not message:  # the daemon is gone: the orders say so, too
            self._attach.close()
            return
        for fd in fds:
            reader = socket.socket(fileno=fd)
            reader.setblocking(False)
            try:
                self._waiting.append((decode_attach(message).reader, reader))
            except ValueError as error:
                log.error("a reader is refused: %s", error)
                reader.close()

    def _admit(self) -> None:
        """Let readers begin, if what they need is held."""
        if not self._waiting:
            return
        if not self._store.holding.from_start:
            self._rewind()
            return
        self._store.holding = holding.new_worker(self._store.holding)
        begin = self._store.holding.begins[0]
        for name, one in self._waiting:
            self._readers.append(AttachedReader(name, one, begin))
            log.info("%s begins, with %.0f MB held for it", name, self._store.held_bytes / 1e6)
        self._waiting = []

    def _hear(self, reader: AttachedReader) -> None:
        """Take what a reader has said; one that says anything else is let go, and its worker ends."""
        try:
            while data := reader.socket.recv(MAX_MESSAGE_BYTES):
                said = decode_progress(data)
                self._store.holding = holding.reported(
                    self._store.holding, consumed=said.consumed, released=said.released, written=self._store.written
                )
        except BlockingIOError:
            return
        except ValueError as error:
            log.error("%s is let go: %s", reader.name, error)
        except OSError:
            pass
        self._let_go(reader)

    def _let_go(self, reader: AttachedReader) -> None:
        if reader in self._readers:
            self._readers.remove(reader)
            reader.socket.close()

    def _tell(self, reader: AttachedReader) -> None:
        """Send what is new, as far as the socket takes it; the rest follows when it takes more."""
        while reader in self._readers:
            held = {one.id.number: one for one in self._store.segments()}
            new = [one for number, one in held.items() if number not in reader.has]
            if not new and reader.written == self._store.written and reader.state == self._state:
                return
            if not self._send(
                reader, new[:MAX_SEGMENTS], tuple(reader.has - held.keys()), whole=len(new) <= MAX_SEGMENTS
            ):
                return

    def _send(self, reader: AttachedReader, new: list[SharedSegment], gone: tuple[int, ...], *, whole: bool) -> bool:
        written = self._store.written if whole else max(reader.written, reader.begin)
        told = Told(
            begin=reader.begin, written=written, segments=tuple(one.id for one in new), gone=gone, state=self._state
        )
        try:
            socket.send_fds(reader.socket, [encode_told(told)], [one.fd for one in new])
        except BlockingIOError:
            return False
        except OSError:
            self._let_go(reader)
            return False
        reader.has = (reader.has | {one.id.number for one in new}) - set(gone)
        reader.written, reader.state = written, self._state
        return True


def _without_counts(state: SourceState) -> SourceState:
    return replace(state, received_bytes=0)
