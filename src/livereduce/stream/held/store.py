"""Write the stream into segments: events by the decoder itself, all else as records of the journal."""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from livereduce.stream.coalesce import coalesce_geometry
from livereduce.stream.held import holding
from livereduce.stream.held.holding import Extent, Holding
from livereduce.stream.held.records import NOWHERE, HeldColumn, Record, encode
from livereduce.stream.held.segments import (
    SEGMENT_BYTES,
    SegmentId,
    SegmentKind,
    SharedSegment,
    column_of,
    make_segment,
)
from livereduce.stream.items import Geometry, Item, LogBatch, RunEnded, RunStarted

T = TypeVar("T", np.int32, np.uint8)
MAX_STANDING = 4096
"""Most variables whose newest value is repeated at the start of a run; a real beamline has some hundreds."""


class ColumnArena(Generic[T]):
    """Hands out memory of column segments; slices of one segment follow each other without a hole."""

    def __init__(self, dtype: type[T], store: "HeldStore") -> None:
        self._dtype: type[T] = dtype
        self._store = store
        self._column: NDArray[T] = np.empty(0, dtype)
        self._used = 0

    def room(self, events: int) -> NDArray[T]:
        """A writable slice of this length."""
        if self._used + events > len(self._column):
            self._column = self._store.column(self._dtype, events, after=self._column)
            self._used = 0
        start, self._used = self._used, self._used + events
        return self._column[start : self._used]


@dataclass(slots=True)
class _Kept:
    """A segment that is held, the place after its last record, and the bytes used of it."""

    segment: SharedSegment
    last: int
    used: int = 0
    column: NDArray[Any] | None = None
    """The array that batches slice; kept, so that its identity is its own."""


class HeldStore:
    """The stream as it is held. One thread writes; `lock` is held when segments come or go.

    Attributes
    ----------
    written
        Place up to which the journal is complete.
    holding
        What is kept, and why.
    """

    def __init__(self, limit_bytes: int | None = None) -> None:
        self.lock = threading.Lock()
        self.limit_bytes = limit_bytes
        self.written = 0
        self.holding = Holding()
        self._kept: dict[int, _Kept] = {}
        self._number_of: dict[int, int] = {}
        self._written_into: set[int] = set()
        self._next_number = 0
        self._journal: _Kept | None = None
        self._copies: dict[str, ColumnArena[Any]] = {}
        self._geometry: Geometry | None = None
        self._standing: dict[str, LogBatch] = {}

    # ---- for the decoder

    def arena(self, dtype: type[T]) -> ColumnArena[T]:
        """Memory for one column of events."""
        return ColumnArena(dtype, self)

    def column(self, dtype: type[T], events: int, after: NDArray[T]) -> NDArray[T]:
        """The whole of a new column segment that has room for so many events; `after` is not written into any more."""
        size = max(SEGMENT_BYTES, events * np.dtype(dtype).itemsize)
        kept = self._add(SegmentKind.COLUMN, size)
        column: NDArray[T] = column_of(kept.segment.memory, dtype)
        self._number_of[id(column)] = kept.segment.id.number
        kept.column = column
        self._written_into.discard(self._number_of.get(id(after), NOWHERE))
        self._written_into.add(kept.segment.id.number)
        return column

    # ---- for the receiver

    def append(self, items: Iterable[Item]) -> None:
        """Write items; readers see them when all are complete."""
        for item in items:
            before = self.written
            self._write(Record(item))
            with self.lock:
                self.holding = holding.edge(self.holding, item, before, self.written)
            if isinstance(item, RunStarted | RunEnded):
                self._write_standing(item.run if isinstance(item, RunStarted) else 0)
            self._remember(item)

    def free(self) -> None:
        """Give up what need not be held any longer, or must not."""
        numbers = set(holding.to_free(self.holding, self.extents, self.limit_bytes)) - self._in_use()
        if not numbers:
            return
        freed = [one for one in self.extents if one.id.number in numbers]
        with self.lock:
            self.holding = holding.after_freeing(self.holding, freed)
            for number in numbers:
                self._forget(number)

    def forget_all(self) -> None:
        """Hold nothing: the run is received again."""
        with self.lock:
            self.holding = holding.all_freed(self.written)
            for number in list(self._kept):
                self._forget(number)
            self._journal, self._copies, self._written_into = None, {}, set()
            self._geometry, self._standing = None, {}

    @property
    def is_full(self) -> bool:
        """No more can be held, and nothing be given up."""
        return self.limit_bytes is not None and self.held_bytes > self.limit_bytes

    @property
    def held_bytes(self) -> int:
        """Memory of all segments, as far as it is used."""
        return sum(one.used for one in self.extents)

    @property
    def extents(self) -> tuple[Extent, ...]:
        """All segments, oldest first."""
        kept = list(self._kept.values())
        return tuple(Extent(id=one.segment.id, last=one.last, used=one.used) for one in kept)

    # ---- for readers, with the lock held

    def segments(self) -> tuple[SharedSegment, ...]:
        """All segments, oldest first."""
        return tuple(one.segment for one in self._kept.values())

    def _in_use(self) -> set[int]:
        """Segments into which is still written."""
        journal = () if self._journal is None else (self._journal.segment.id.number,)
        return {*self._written_into, *journal}

    def _add(self, kind: SegmentKind, size: int, start: int = 0) -> _Kept:
        wanted = SegmentId(number=self._next_number, kind=kind, size=size, start=start)
        kept = _Kept(make_segment(wanted), last=self.written)
        with self.lock:
            self._kept[wanted.number] = kept
        self._next_number += 1
        return kept

    def _forget(self, number: int) -> None:
        kept = self._kept.pop(number)
        self._number_of.pop(id(kept.column), None)
        kept.segment.forget()

    def _write(self, record: Record) -> None:
        named: list[HeldColumn] = []

        def located(array: NDArray[Any]) -> HeldColumn:
            named.append(self._located(array))
            return named[-1]

        parts = encode(record, located)
        size = sum(memoryview(part).nbytes for part in parts)
        journal = self._with_room(size)
        at = self.written - journal.segment.id.start
        for part in parts:
            data = np.frombuffer(part, np.uint8)
            journal.segment.memory[at : at + len(data)] = data
            at += len(data)
        self.written += size
        journal.last, journal.used = self.written, at
        for column in named:
            kept = self._kept[column.segment]
            kept.last, kept.used = self.written, max(kept.used, column.stop * np.dtype(column.dtype).itemsize)

    def _with_room(self, size: int) -> _Kept:
        """The journal's segment with room for a record; the place goes on at its start if it is a new one."""
        journal = self._journal
        if journal is not None and self.written + size <= journal.segment.id.start + journal.segment.id.size:
            return journal
        start = self.written if journal is None else journal.segment.id.start + journal.segment.id.size
        self._journal = self._add(SegmentKind.JOURNAL, max(SEGMENT_BYTES, size), start)
        self.written = start
        return self._journal

    def _located(self, array: NDArray[Any]) -> HeldColumn:
        if not len(array):
            return HeldColumn(NOWHERE, 0, 0, array.dtype.str)
        base = array.base
        if id(base) not in self._number_of:
            array = self._copied(array)
            base = array.base
        assert isinstance(base, np.ndarray)
        first: int = array.__array_interface__["data"][0] - base.__array_interface__["data"][0]
        start = first // array.itemsize
        return HeldColumn(self._number_of[id(base)], start, start + len(array), array.dtype.str)

    def _copied(self, array: NDArray[Any]) -> NDArray[Any]:
        """A copy in a column segment, for a source that does not decode into one."""
        kind = array.dtype.str
        if kind not in self._copies:
            self._copies[kind] = self.arena(array.dtype.type)
        room = self._copies[kind].room(len(array))
        room[:] = array
        return room

    def _remember(self, item: Item) -> None:
        """Note what holds on in the runs to come."""
        if isinstance(item, Geometry):
            self._geometry = coalesce_geometry([one for one in (self._geometry, item) if one is not None])
        elif isinstance(item, LogBatch) and len(item.time_ns):
            has_room = len(self._standing) < MAX_STANDING
            if has_room or item.name in self._standing:
                self._standing[item.name] = _newest(item)

    def _write_standing(self, run: int) -> None:
        standing: Sequence[Item] = [one for one in (self._geometry, *self._standing.values()) if one is not None]
        for item in standing:
            assert isinstance(item, Geometry | LogBatch)
            self._write(Record(replace(item, run=run), standing=True))


def _newest(log: LogBatch) -> LogBatch:
    """The last value of a log, in memory of its own."""
    value = log.value[-1:] if isinstance(log.value, tuple) else log.value[-1:].copy()
    invalid = None if log.invalid is None else log.invalid[-1:].copy()
    return replace(log, time_ns=log.time_ns[-1:].copy(), value=value, invalid=invalid)
