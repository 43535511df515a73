"""The stream in files, as the real server keeps it, and the places in it where a client may join.

One container per run, and one for the time between two; a new file by size; deleted when the next container opens. The
files have no name: a file that is still being sent to a slow client lives until sent, and nothing is left behind
however the process ends. ``TMPDIR`` says which disk they use.
"""

import os
import tempfile
import weakref
from dataclasses import dataclass

import numpy as np

from livereduce.base.times import NS_PER_S
from livereduce.simulate.adara.passage import Passage
from livereduce.simulate.adara.play import FileMark, Opening
from livereduce.simulate.adara.prologue import Prologue
from livereduce.stream.adara.wire import encode
from livereduce.stream.adara.wire.layout import RunStatusCode

FILE_BYTES = 200 * 1024 * 1024
SYNC_BYTES = 16 * 1024 * 1024
INDEX_S = 300
"""File size, distance of SYNC packets and age of an index point: the real server's defaults."""


class StoredFile:
    """A file of the stream: grows until `complete`, then `following` is the next one; closed when nobody needs it."""

    __slots__ = ("__weakref__", "complete", "fd", "following", "paused", "size")

    def __init__(self, *, paused: bool = False) -> None:
        with tempfile.TemporaryFile(buffering=0) as nameless:
            self.fd = os.dup(nameless.fileno())
        weakref.finalize(self, os.close, self.fd)
        self.size = 0
        self.complete = False
        self.paused = paused
        self.following: StoredFile | None = None

    def append(self, data: bytes | memoryview) -> None:
        """Append all of the data."""
        written = 0
        while written < len(data):
            written += os.write(self.fd, data[written:])
        self.size += written


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPlace:
    """A client's place: bytes of its own first, then a file from an offset."""

    head: bytes
    file: StoredFile
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexPoint:
    """A place to join at, and the second of the last pulse before it."""

    second: int
    place: StreamPlace


class StreamStore:
    """Writes acts into files and finds where a client begins; keeps the prologue of later files up to date."""

    def __init__(self, *, file_bytes: int = FILE_BYTES, sync_bytes: int = SYNC_BYTES, index_s: float = INDEX_S) -> None:
        self._limits = (file_bytes, sync_bytes, round(index_s * NS_PER_S))
        self._prologue = Prologue()
        self._run = (0, 0)
        self._file_number = 0
        self._last_ns = 0
        self._next_sync = 0
        self._file = StoredFile()
        self._index: list[IndexPoint] = []
        self._indexed_ns = 0
        self._add_index_point(b"")

    def begin(self, opening: Opening) -> None:
        """Open a container with SYNC, run status and prologue."""
        now_ns = opening.due_ns
        if opening.closes is not None:
            self._file.append(self._status(now_ns, opening.closes))
        self._run, self._file_number = (opening.run, opening.start_s), 1
        if opening.run == 0:
            self._prologue.forget_run()
        for packet in opening.notes:
            self._prologue.note(packet)
        self._next_file(now_ns, container=True)
        self._file.append(encode.sync(now_ns))
        self._file.append(self._status(now_ns, opening.status))
        self._file.append(self._prologue.packets(opening.annotations))

    def begin_recorded(self, mark: FileMark) -> None:
        """Open a file whose packets are all in the recording."""
        self._run = (mark.run, mark.start_s)
        if mark.run == 0:
            self._prologue.forget_run()
        self._next_file(mark.due_ns, container=mark.container, paused=mark.paused)

    def put(self, passage: Passage, first: int, stop: int) -> None:
        """Write packets ``first:stop``, with SYNC and a new file where the sizes require it (not into a recording)."""
        for packet in passage.noted:
            if first <= packet < stop:
                self._prologue.note(passage.data[passage.begin[packet] : passage.begin[packet + 1]].tobytes())
        while first < stop:
            until = stop if passage.verbatim else self._room(passage, first, stop)
            self._file.append(passage.data[passage.begin[first] : passage.begin[until]].data)
            self._last_ns = int(passage.due_ns[until - 1])
            first = until
            if not passage.verbatim:
                self._keep_sizes()
        if self._last_ns - self._indexed_ns >= self._limits[2]:
            self._add_index_point(self._snapshot())

    def join(self, start_s: int) -> StreamPlace:
        """Place for a client that asked for `start_s`: 0 now, else the newest index point before that second."""
        if start_s == 0:
            head = self._snapshot() if self._file.size else b""
            return StreamPlace(head=head, file=self._file, offset=self._file.size)
        older = [point.place for point in self._index if point.second < start_s]
        return older[-1] if older else self._index[0].place

    def _room(self, passage: Passage, first: int, stop: int) -> int:
        """The packet before which the next SYNC or file has to come."""
        limit = min(self._limits[0], self._next_sync) - self._file.size
        at = int(np.searchsorted(passage.begin, passage.begin[first] + limit, "left"))
        return min(max(at, first + 1), stop)

    def _keep_sizes(self) -> None:
        if self._file.size >= self._limits[0]:
            self._roll_over()
        elif self._file.size >= self._next_sync:
            self._file.append(encode.sync(self._last_ns, self._file.size))
            self._next_sync = self._file.size + self._limits[1]

    def _roll_over(self) -> None:
        """End a file in mid-run (or between runs) and begin the next, between any two packets."""
        running = self._run[0] != 0
        self._file.append(self._status(self._last_ns, RunStatusCode.RUN_EOF if running else RunStatusCode.NO_RUN))
        self._file_number += 1
        self._next_file(self._last_ns, container=False)
        self._file.append(encode.sync(self._last_ns))
        self._file.append(self._status(self._last_ns, RunStatusCode.RUN_BOF if running else RunStatusCode.NO_RUN))
        self._file.append(self._prologue.packets())

    def _next_file(self, due_ns: int, *, container: bool, paused: bool = False) -> None:
        self._last_ns = self._last_ns or due_ns
        if self._file.size:
            following = StoredFile(paused=paused)
            self._file.following, self._file.complete = following, True
            self._file = following
        self._next_sync = self._limits[1]
        if container:
            self._prologue.forget_pause()
            self._index.clear()
        self._add_index_point(b"")

    def _add_index_point(self, head: bytes) -> None:
        place = StreamPlace(head=head, file=self._file, offset=self._file.size)
        self._index.append(IndexPoint(second=self._last_ns // NS_PER_S, place=place))
        self._indexed_ns = self._last_ns

    def _status(self, now_ns: int, status: RunStatusCode) -> bytes:
        return encode.run_status(now_ns, status, *self._run, file=self._file_number, mode=1)

    def _snapshot(self) -> bytes:
        """First packets for a client that joins in mid-file."""
        state = encode.run_status(self._last_ns, RunStatusCode.STATE, *self._run)
        return encode.sync(self._last_ns) + state + self._prologue.packets()
