"""The readers of what is held: a thread attaches them, tells them what is new, and hears what they have done.

A thread, so that a worker that replaces another is answered while the main thread waits for the stream or decodes it.
Only a worker's word counts, and a viewer's for itself. From followers and guests nothing is received: they can neither
free anything nor keep this thread busy, and what only they need is given up when the memory is wanted
(`livereduce.stream.held.holding`).
"""

import logging
import os
import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from livereduce.messages.receiver import MAX_NOTE_BYTES, Attach, ReaderKind, decode_attach
from livereduce.receiver.attached import AttachedReader, has_gone, news_for, say_goodbye, send
from livereduce.stream.held import holding
from livereduce.stream.held.store import HeldStore
from livereduce.stream.held.talk import MAX_MESSAGE_BYTES, ReaderProgress, decode_progress
from livereduce.stream.items import SourceState

COUNTS_EVERY_S = 0.2
"""The number of bytes received changes with every read; it is told now and then."""

MAX_OTHERS = 8
"""Most readers beside the workers: each takes descriptors, and messages that wait in its socket."""

DROPPED = "the memory that was kept for this reader was needed by the service"
NO_RUN = "no run is being taken"
NOT_FROM_START = "the run is too large for the memory of the service: it is not held from its start any more"
LINGERS = (
    "memory of an earlier run is still in use: by another that reads along and stands still (a livereduce try that is "
    "stopped?), or by a script of the service that keeps data"
)
TOO_MANY = f"{MAX_OTHERS} others read along already"

log = logging.getLogger("livereduce.receiver")


class Readers:
    """All readers, served by one thread.

    Parameters
    ----------
    attach
        The daemon's socket, on which readers come.
    rewind
        Called, in the thread, when a reader came that needs what is no longer held.
    keeps
        Runs whose results are published are held nevertheless: those of a file, to be reduced again.
    """

    def __init__(
        self,
        store: HeldStore,
        attach: socket.socket,
        state: SourceState,
        rewind: Callable[[], None],
        *,
        keeps: bool = False,
    ) -> None:
        self._store = store
        self._keeps = keeps
        self._attach = attach
        self._rewind = rewind
        self._readers: list[AttachedReader] = []
        self._waiting: list[tuple[Attach, socket.socket]] = []
        self._state, self._state_s = state, 0.0
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._thread = threading.Thread(target=self._serve, name="readers", daemon=True)
        self._leave = False
        self._standing = threading.Event()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def want_standing(self) -> bool:
        """A viewer waits for `HeldStore.tell_standing`, which is called now."""
        wanted = self._standing.is_set()
        self._standing.clear()
        return wanted

    def tell(self, state: SourceState, now: float) -> None:
        """Tell all readers what has been written, and the health of the source.

        From the thread that writes: to wake the other one for each pulse would cost more than the message.
        """
        if now - self._state_s >= COUNTS_EVERY_S or _without_counts(state) != _without_counts(self._state):
            self._state, self._state_s = state, now
        with self._store.lock:
            self._drop_others()
            for reader in list(self._readers):
                self._tell(reader)
            rest = any(reader.is_behind(self._store.written) for reader in self._readers) or bool(self._waiting)
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
                self._drop_others()
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
                hears = select.POLLIN if reader.is_heard else 0  # the end of a reader always shows
                poll.register(reader.socket, hears | (select.POLLOUT if reader.is_behind(self._store.written) else 0))
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
                self._waiting.append((decode_attach(message), reader))
            except ValueError as error:
                log.error("a reader is refused: %s", error)
                reader.close()

    def _admit(self) -> None:
        """Let readers begin, if what they need is held."""
        workers = [one for one in self._waiting if one[0].kind in (ReaderKind.WORKER, ReaderKind.FOLLOWER)]
        viewers = [one for one in self._waiting if one[0].kind is ReaderKind.VIEWER]
        for note, one in self._waiting:
            if note.kind is ReaderKind.GUEST:
                self._admit_guest(note, one)
        self._waiting = workers + [(note, one) for note, one in viewers if not self._admit_viewer(note, one)]
        if not workers:
            return
        if not self._store.holding.from_start:
            self._rewind()
            return
        if any(note.kind is ReaderKind.WORKER for note, _ in workers):
            self._store.holding = holding.new_worker(self._store.holding)
        begin = self._store.holding.begins[0]
        for note, one in workers:
            self._begin(AttachedReader(note.reader, one, begin, note.kind))
        self._waiting = [one for one in self._waiting if one not in workers]

    def _admit_guest(self, note: Attach, one: socket.socket) -> None:
        """Let a guest begin with the present run, or tell it why that cannot be."""
        held, begin = self._store.holding, self._store.holding.begins[-1]
        if not self._state.run:
            self._refuse(note, one, NO_RUN)
        elif held.freed > begin:
            self._refuse(note, one, NOT_FROM_START)
        elif self._store.given_up.lingers:
            self._refuse(note, one, LINGERS)
        elif len(held.others) >= MAX_OTHERS:
            self._refuse(note, one, TOO_MANY)
        else:
            self._begin(AttachedReader(note.reader, one, begin, note.kind, end=self._store.written))

    def _admit_viewer(self, note: Attach, one: socket.socket) -> bool:
        """Let a viewer begin, or refuse it; False: it waits until what holds on was told again."""
        held = self._store.holding
        if len(held.others) >= MAX_OTHERS:
            self._refuse(note, one, TOO_MANY)
            return True
        begin = holding.view_from(held, in_run=bool(self._state.run), standing=self._store.told_standing)
        if begin is None:
            self._standing.set()
            return False
        self._begin(AttachedReader(note.reader, one, begin, note.kind))
        return True

    def _begin(self, reader: AttachedReader) -> None:
        if not reader.is_worker:
            self._store.holding = holding.with_other(self._store.holding, reader.begin)
        self._readers.append(reader)
        log.info("%s begins, with %.0f MB held for it", reader.name, self._store.held_bytes / 1e6)

    def _refuse(self, note: Attach, one: socket.socket, why: str) -> None:
        log.info("%s is refused: %s", note.reader, why)
        say_goodbye(one, self._state, why)

    def _drop_others(self) -> None:
        """Let those go that needed what has been given up."""
        left = list(self._store.holding.others)
        for reader in [one for one in self._readers if not one.is_worker]:
            if reader.begin in left:
                left.remove(reader.begin)
                continue
            log.warning("%s is dropped: %s", reader.name, DROPPED)
            self._readers.remove(reader)
            say_goodbye(reader.socket, self._state, DROPPED)

    def _hear(self, reader: AttachedReader) -> None:
        """Take what a worker or a viewer has said; one that says anything else is let go, and ends."""
        if not reader.is_heard:
            if has_gone(reader.socket):
                self._let_go(reader)
            return
        try:
            while data := reader.socket.recv(MAX_MESSAGE_BYTES):
                self._take(reader, decode_progress(data))
        except BlockingIOError:
            return
        except ValueError as error:
            log.error("%s is let go: %s", reader.name, error)
        except OSError:
            pass
        self._let_go(reader)

    def _take(self, reader: AttachedReader, said: ReaderProgress) -> None:
        """Take how far a reader is."""
        held, written = self._store.holding, self._store.written
        if reader.is_worker:
            released = 0 if self._keeps else said.released
            self._store.holding = holding.reported(held, consumed=said.consumed, released=released, written=written)
        elif reader.begin in held.others:
            self._store.holding = holding.moved_other(held, reader.begin, said.consumed, written)
            reader.begin = max(reader.begin, min(said.consumed, written))

    def _let_go(self, reader: AttachedReader) -> None:
        if reader in self._readers:
            self._readers.remove(reader)
            reader.socket.close()
            if not reader.is_worker:
                self._store.holding = holding.without_other(self._store.holding, reader.begin)

    def _tell(self, reader: AttachedReader) -> None:
        """Send what is new, as far as the socket takes it; the rest follows when it takes more."""
        while reader in self._readers:
            news = news_for(reader, self._store.segments(), self._store.written, self._state)
            if news is None:
                return
            try:
                if not send(reader, news):
                    return
                if not reader.is_worker:
                    self._store.lent |= {one.id.number for one in news.segments}
            except OSError:
                self._let_go(reader)


def _without_counts(state: SourceState) -> SourceState:
    return replace(state, received_bytes=0)
