"""The receiver's end of a recording: packets are copied into a ring for the recorder, which the daemon attaches.

While the stream is live the receiver does not wait for it: what the ring has no room for is dropped, and the recorder
is told how much. Before the stream is opened it gives a recorder that is starting, too, a moment to be there, and while
a run is caught up with, a few seconds to make room (`patience.py`).
"""

import logging
import socket
from collections import deque
from collections.abc import Callable

from livereduce.base.contained import Contained
from livereduce.base.waiting import is_readable
from livereduce.receiver import patience
from livereduce.receiver.patience import Patience, RingSight
from livereduce.stream.adara.wire.block import BLOCK_BYTES
from livereduce.stream.adara.wire.frame import PacketTable
from livereduce.stream.held.segments import SegmentId, SegmentKind, SharedSegment
from livereduce.stream.recording.ring import MAX_UNSENT, RING_BYTES, Piece, Ring, decode_taken, encode_piece

PATIENCE_S = 3.0
"""How long the stream is not opened for a recorder that is to come."""
READ_BYTES = BLOCK_BYTES
"""Most that a read brings, but for packets that are longer."""
LOOK_S = 0.05
"""Longest wait for room before beats and orders are looked at again."""

log = logging.getLogger("livereduce.receiver")


class RingTap:
    """A `Tap` that passes the stream on to a recorder, if there is one.

    Parameters
    ----------
    sockets
        The daemon's socket, on which a socket to each new recorder comes.
    clock
        Monotonic seconds.
    """

    def __init__(self, sockets: socket.socket, clock: Callable[[], float]) -> None:
        sockets.setblocking(False)
        self._sockets, self._clock = sockets, clock
        self._recorder: socket.socket | None = None
        self._memory: SharedSegment | None = None
        self._ring = Ring(RING_BYTES)
        self._unsent: deque[bytes] = deque()
        self._connection = self._dropped = 0
        self._is_there = False
        self._patience = Patience()
        self._taken = 0
        self._until_s = clock() + PATIENCE_S
        self._contained = Contained(log)

    def keeps_waiting(self) -> bool:
        """True while the stream should not be opened, because the recorder is about to be there."""
        self.poll()
        return not self._is_there and self._clock() < self._until_s

    def waits_for_room(self, run: int, newest_ns: int, age_s: float) -> bool:
        """True if nothing is to be read now, for lack of room; then a moment has been waited for the recorder.

        Parameters
        ----------
        run
            The run that the stream is in; 0 between runs.
        newest_ns, age_s
            Time of the newest pulse, and how long ago that was.
        """
        self.poll()
        has_room = self._recorder is None or (self._ring.has_room(READ_BYTES) and len(self._unsent) < MAX_UNSENT)
        seen = RingSight(run=run, newest_ns=newest_ns, age_s=age_s, has_room=has_room, taken=self._taken)
        before, self._patience = self._patience, patience.step(self._patience, seen, self._clock())
        if not self._patience.waits:
            return False
        if not before.waits and not before.waited_s:
            most_s = patience.MOST_S
            log.info("run %d comes faster than the recorder writes: reading waits for it, %g s at most", run, most_s)
        if self._recorder is not None:
            is_readable(self._recorder, LOOK_S)
        return True

    def poll(self) -> None:
        """Take a new recorder, hear what it has taken, and tell it what it was not told yet."""
        try:
            self._adopt()
            self._hear()
            self._send()
        except OSError as error:
            self._leave(f"{error.strerror or error}")

    @property
    def ring_bytes(self) -> int:
        """Memory of the ring, as far as it was written; 0 without a recorder."""
        return self._memory.resident_bytes if self._memory is not None else 0

    def connected(self) -> None:
        """What comes from here on comes on another connection."""
        self._connection += 1

    def take(self, table: PacketTable, run: int, start_s: int) -> None:
        """Copy packets into the ring, or drop them."""
        if self._recorder is None:
            return
        try:
            self._hear()
            self._put(table, run, start_s)
            self._send()
        except OSError as error:
            self._leave(f"{error.strerror or error}")
        except Exception as error:  # noqa: BLE001 (the recording must not cost the stream)
            self._leave(self._contained.note("the recording of some packets", error))

    def close(self) -> None:
        """Let the recorder go: it writes what it has."""
        self._until_s = 0.0
        self._leave("")
        self._sockets.close()

    def _put(self, table: PacketTable, run: int, start_s: int) -> None:
        words = table.words[: table.used_words]
        offset = self._ring.place(words.nbytes) if len(self._unsent) < MAX_UNSENT else None
        if offset is None or self._memory is None:
            if not self._dropped:
                log.warning("the recorder does not keep up: parts of the stream are missing from the recording")
            self._dropped += words.nbytes
            return
        self._memory.write([words.data], offset)
        piece = Piece(
            offset=offset, size=words.nbytes, connection=self._connection, dropped=self._dropped, run=run,
            start_s=start_s,
        )  # fmt: skip
        self._dropped = 0
        self._unsent.append(encode_piece(piece))

    def _adopt(self) -> None:
        try:
            message, fds, _, _ = socket.recv_fds(self._sockets, 64, 1)
        except BlockingIOError:
            return
        if not message:  # the daemon is gone: the orders say so, too
            self._until_s = 0.0
        for fd in fds:
            self._leave("")
            self._recorder = socket.socket(fileno=fd)
            self._recorder.setblocking(False)
            self._memory = SharedSegment(SegmentId(number=0, kind=SegmentKind.RING, size=RING_BYTES))
            self._ring, self._unsent, self._dropped, self._is_there = Ring(RING_BYTES), deque(), 0, False
            hello = Piece(offset=0, size=RING_BYTES, connection=self._connection)
            socket.send_fds(self._recorder, [encode_piece(hello)], [self._memory.fd])

    def _hear(self) -> None:
        if self._recorder is None:
            return
        try:
            while message := self._recorder.recv(64):
                self._taken = decode_taken(message)
                self._ring.taken(self._taken)
                self._is_there = True
        except BlockingIOError:
            return
        except ValueError as error:
            self._leave(str(error))
            return
        self._until_s = 0.0
        self._leave("it has ended")

    def _send(self) -> None:
        try:
            while self._unsent and self._recorder is not None:
                self._recorder.send(self._unsent[0])
                self._unsent.popleft()
        except BlockingIOError:
            return

    def _leave(self, why: str) -> None:
        if self._recorder is not None:
            if why:
                log.warning("the recorder is let go: %s", why)
            self._recorder.close()
        if self._memory is not None:
            self._memory.forget()
        self._recorder = self._memory = None
