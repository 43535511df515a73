"""The source that reads what a receiver holds: maps its segments and gives their items in order, without copies."""

import os
import select
import socket
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livereduce.base.errors import UpstreamError
from livereduce.stream.held.records import NOWHERE, HeldColumn, decode, size_at
from livereduce.stream.held.segments import SegmentKind, column_of, map_segment
from livereduce.stream.held.talk import (
    MAX_MESSAGE_BYTES,
    MAX_SEGMENTS,
    ReaderProgress,
    Told,
    decode_told,
    encode_progress,
)
from livereduce.stream.items import (
    THE_END,
    U1,
    At,
    EventBatch,
    Item,
    Position,
    RunEnded,
    RunStarted,
    SourceLost,
    SourceState,
)

MAX_EVENTS_OF_READ = 2**22
"""Events of one read: the reader beats in between, and looks at the clock."""
MAX_ITEMS_OF_READ = 4096
REPLACED_WITHIN_S = 10.0
"""If the receiver has ended, the daemon replaces the reader's process within this time."""


class ReceiverLost(UpstreamError):
    """The connection to the receiver is lost for good, because of something that a script has done to it."""


class HeldSource:
    """A `Source` on the socket to a receiver.

    It begins with the oldest run that is not published, whatever `open` is told: where the stream itself begins is the
    receiver's matter. When the receiver has ended, it stays silent: the daemon replaces both.
    """

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)
        self._socket.setblocking(False)
        self._inode = os.fstat(fd).st_ino
        self._state = SourceState(address="the receiver", connected=False)
        self._columns: dict[int, U1] = {}
        self._typed: dict[tuple[int, str], NDArray[Any]] = {}
        self._journal: dict[int, U1] = {}
        self._journal_of: dict[int, int] = {}
        self._journal_end: int | None = None
        self._place: int | None = None
        self._fresh = True  # no item of the stream was read yet, so what was true before it is news
        self._written = 0
        self._run: int | None = None
        self._gone_s: float | None = None

    def open(self, at: At) -> None:
        """Do nothing: the receiver has opened the stream."""

    def read(self, timeout_s: float) -> Sequence[Item]:
        """Return the next items that the receiver has written; ``[]`` is silence.

        Raises
        ------
        SourceLost
            The data have ended, and all were read.
        ReceiverLost
            A script has closed the socket, has written to it, or has read from it.
        """
        if self.state().ended:
            raise SourceLost(THE_END, retry=False)
        try:
            self._hear(0.0 if self._has_more else timeout_s)
            return self._take()
        except (LookupError, OSError, ValueError) as error:
            # a message that is missing is missing for good, and so is all that comes after it
            raise ReceiverLost(f"what the receiver has told is not whole: a script has read it ({error!r})") from error

    def position(self) -> Position:
        """The place after the last item read."""
        return Position(str(self._place or 0))

    def state(self) -> SourceState:
        """Health of the receiver's source; its run is the one that this reader has reached."""
        if not self._has_more and self._place is not None:
            return self._state
        return replace(self._state, run=self._run, ended=False)

    def report(self, consumed: Position, released: Position) -> None:
        """Tell the receiver what need not be held for this reader.

        Parameters
        ----------
        consumed
            No array of an item before it is referred to any more.
        released
            The results of all runs that ended before it are published for good.
        """
        progress = ReaderProgress(consumed=int(consumed.token), released=int(released.token))
        try:
            self._socket.send(encode_progress(progress))
        except BlockingIOError:
            pass  # it is told again with the next chunk
        except OSError:
            self._gone_s = time.monotonic()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    @property
    def mapped_bytes(self) -> int:
        """Size of all segments that are mapped: not memory of this process."""
        return sum(memory.nbytes for memory in (*self._columns.values(), *self._journal.values()))

    # ---- for a reader that waits for something else, too

    def fileno(self) -> int:
        """The socket: readable when the receiver has something to say."""
        return self._socket.fileno()

    @property
    def is_gone(self) -> bool:
        """The receiver is gone, or has let this reader go."""
        return self._gone_s is not None

    @property
    def is_behind(self) -> bool:
        """A read has something to give at once."""
        return self._has_more

    @property
    def has_begun(self) -> bool:
        """The receiver has let this reader begin."""
        return self._place is not None

    def listen(self, timeout_s: float) -> None:
        """Hear what the receiver says, and give no items on: also after the data have ended.

        Raises
        ------
        ReceiverLost
            What it says cannot be understood.
        """
        try:
            self._hear(timeout_s)
        except (LookupError, OSError, ValueError) as error:
            raise ReceiverLost(f"what the receiver has told is not whole ({error!r})") from error

    def still_holds(self, column: NDArray[Any]) -> bool:
        """The segment that this column of a batch lies in is held; one that is not must be dropped by its reader."""
        return any(column.base is typed for typed in self._typed.values())

    @property
    def _has_more(self) -> bool:
        return self._place is not None and self._place < self._written

    # ---- the socket

    def _hear(self, timeout_s: float) -> None:
        if self._gone_s is not None:
            self._stay_silent(timeout_s, self._gone_s)
            return
        self._require_socket()
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        if not poll.poll(max(0, round(timeout_s * 1000))):
            return
        while self._hear_one():
            pass

    def _stay_silent(self, timeout_s: float, since_s: float) -> None:
        if time.monotonic() - since_s > REPLACED_WITHIN_S:
            raise ReceiverLost("the receiver goes on, but has closed the connection: a script has written to it")
        time.sleep(timeout_s)

    def _require_socket(self) -> None:
        try:
            mine = os.fstat(self._socket.fileno()).st_ino == self._inode
        except OSError:
            mine = False
        if not mine:
            raise ReceiverLost("a script closed the worker's connection to the receiver")

    def _hear_one(self) -> bool:
        try:
            data, fds, _, _ = socket.recv_fds(self._socket, MAX_MESSAGE_BYTES, MAX_SEGMENTS)
        except BlockingIOError:
            return False
        except ConnectionError:
            data, fds = b"", []
        if not data:
            self._gone_s = time.monotonic()
            if not self._state.ended:  # else it has said why before
                self._state = SourceState(address=self._state.address, connected=False, reason="the receiver is gone")
            return False
        self._learn(decode_told(data), fds)
        return True

    def _learn(self, told: Told, fds: Sequence[int]) -> None:
        for segment, fd in zip(told.segments, fds, strict=True):
            memory = map_segment(segment, fd)
            if segment.kind is SegmentKind.JOURNAL:
                if self._journal_end not in (None, segment.start):
                    raise ReceiverLost("a part of the stream was not told to this worker: a script has read it")
                self._journal_end = segment.start + segment.size
                self._journal[segment.start] = memory
                self._journal_of[segment.number] = segment.start
            else:
                self._columns[segment.number] = memory
        if self._place is None:
            self._place = told.begin
        self._written, self._state = told.written, told.state
        for number in told.gone:
            self._forget(number)

    def _forget(self, number: int) -> None:
        """Drop a segment; the memory of what is still referred to stays."""
        self._columns.pop(number, None)
        self._typed = {key: column for key, column in self._typed.items() if key[0] != number}
        if (start := self._journal_of.pop(number, None)) is not None:
            del self._journal[start]

    # ---- the journal

    def _take(self) -> list[Item]:
        """Items up to a limit; a read ends with the end of a run, and before the start of one."""
        items: list[Item] = []
        events = 0
        while self._has_more and events < MAX_EVENTS_OF_READ and len(items) < MAX_ITEMS_OF_READ:
            item, after = self._next()
            if isinstance(item, RunStarted) and items:
                break
            self._place = after
            if item is None:
                continue
            items.append(item)
            self._run = 0 if isinstance(item, RunEnded) else item.run
            events += len(item.tof_ns) if isinstance(item, EventBatch) else 0
            if isinstance(item, RunEnded):
                break
        return items

    def _next(self) -> tuple[Item | None, int]:
        """The item at our place, and the place after it. None: there is none, or it tells us nothing new."""
        assert self._place is not None
        start = max((one for one in self._journal if one <= self._place), default=-1)
        if start < 0 or self._place >= start + len(self._journal[start]):  # the segment before has been given up
            return None, min(one for one in self._journal if one > self._place)
        memory, at = self._journal[start], self._place - start
        size = size_at(memory, at)
        if not size:
            return None, start + len(memory)
        record = decode(memory, at, self._column)
        known = record.standing and not self._fresh
        self._fresh = self._fresh and (record.standing or isinstance(record.item, RunStarted | RunEnded))
        return None if known else record.item, self._place + size

    def _column(self, column: HeldColumn) -> NDArray[Any]:
        if column.segment == NOWHERE:
            return np.empty(0, column.dtype)
        key = column.segment, column.dtype
        if key not in self._typed:
            self._typed[key] = column_of(self._columns[column.segment], column.dtype)
        return self._typed[key][column.start : column.stop]
