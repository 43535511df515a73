"""Write the stream into segments: columns of events, and records of the journal for all else."""

import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from livereduce.stream.coalesce import coalesce_geometry
from livereduce.stream.held import holding
from livereduce.stream.held.given_up import GivenUp
from livereduce.stream.held.holding import Extent, Holding
from livereduce.stream.held.records import EVENT_COLUMNS, NOWHERE, HeldColumn, Record, encode
from livereduce.stream.held.segments import (
    SEGMENT_BYTES,
    SegmentId,
    SegmentKind,
    SharedSegment,
)
from livereduce.stream.items import EventBatch, Geometry, Item, LogBatch, RunEnded, RunStarted

MAX_STANDING = 4096
"""Most variables whose newest value is repeated at the start of a run; a real beamline has some hundreds."""


@dataclass(slots=True)
class _Kept:
    """A segment that is held, the place after its last record, and the bytes used of it."""

    segment: SharedSegment
    last: int
    used: int = 0


class HeldStore:
    """The stream as it is held. One thread writes; `lock` is held when segments come or go.

    Attributes
    ----------
    written
        Place up to which the journal is complete.
    holding
        What is kept, and why.
    lent
        Numbers of the segments that readers who are no workers were told of.
    given_up
        Those of them that are not held any more.
    """

    def __init__(self, limit_bytes: int | None = None) -> None:
        self.lock = threading.Lock()
        self._allowed_bytes = self._limit_bytes = None if limit_bytes is None else max(limit_bytes, _least_bytes())
        self.written = 0
        self.holding = Holding()
        self.lent: set[int] = set()
        self.given_up = GivenUp()
        self._kept: dict[int, _Kept] = {}
        self._next_number = 0
        self._journal: _Kept | None = None
        self._columns: dict[str, _Kept] = {}
        self._geometry: Geometry | None = None
        self._standing: dict[str, LogBatch] = {}
        self._told_standing: int | None = None

    # ---- for the receiver

    def append(self, items: Iterable[Item]) -> None:
        """Write items; readers see them when all are complete."""
        for item in items:
            before = self.written
            self._write(Record(item))
            with self.lock:
                self.holding = holding.edge(self.holding, item, before, self.written)
            if isinstance(item, RunStarted):
                self._limit_bytes = self._allowed_bytes
            if isinstance(item, RunStarted | RunEnded):
                self._write_standing(item.run if isinstance(item, RunStarted) else 0)
            self._remember(item)

    def tell_standing(self, run: int) -> None:
        """Tell geometry and newest log values again, for a viewer that begins in mid-run; others know them."""
        place = self.written
        self._write_standing(run)
        with self.lock:
            self._told_standing = place

    def free(self, *, all_consumed: bool = False) -> None:
        """Give up what need not be held any longer, or must not; or all that the worker is done with.

        Then no more than is left may be held, until the next run.
        """
        limit_bytes = 0 if all_consumed else self._limit_bytes
        extents = self.extents
        numbers = set(holding.to_free(self.holding, extents, limit_bytes))
        if all_consumed or self.is_full:  # then not even a column that has room is kept
            self._columns = {name: one for name, one in self._columns.items() if one.segment.id.number not in numbers}
        numbers -= self._in_use()
        if numbers:
            freed = [one for one in extents if one.id.number in numbers]
            with self.lock:
                self.holding = holding.after_freeing(self.holding, freed)
                for number in numbers:
                    self._forget(number)
        if all_consumed:
            self._limit_bytes = max(self.held_bytes, _least_bytes())

    def forget_all(self) -> None:
        """Hold nothing: the run is received again."""
        with self.lock:
            self.holding = holding.all_freed(self.written)
            for number in list(self._kept):
                self._forget(number)
            self._journal, self._columns = None, {}
            self._geometry, self._standing = None, {}
            self._told_standing = None

    @property
    def told_standing(self) -> int | None:
        """Place where what holds on was told last in mid-run; None: nowhere."""
        return self._told_standing

    @property
    def is_full(self) -> bool:
        """No more can be held, and nothing be given up."""
        return self._limit_bytes is not None and self.held_bytes > self._limit_bytes

    @property
    def held_bytes(self) -> int:
        """Memory of all segments, as far as it is used."""
        return sum(one.used for one in self._kept.values())

    @property
    def freeable_bytes(self) -> int:
        """The part of it that could be given up."""
        extents = self.extents
        numbers = holding.to_free(self.holding, extents, 0)
        journal = None if self._journal is None else self._journal.segment.id.number
        return sum(one.used for one in extents if one.id.number in numbers and one.id.number != journal)

    @property
    def extents(self) -> tuple[Extent, ...]:
        """All segments, oldest first."""
        return tuple(Extent(id=one.segment.id, last=one.last, used=one.used) for one in self._kept.values())

    # ---- for readers, with the lock held

    def segments(self) -> tuple[SharedSegment, ...]:
        """All segments, oldest first."""
        return tuple(one.segment for one in self._kept.values())

    def _in_use(self) -> set[int]:
        """Segments into which is still written."""
        journal = () if self._journal is None else (self._journal,)
        return {one.segment.id.number for one in (*self._columns.values(), *journal)}

    def _add(self, kind: SegmentKind, size: int, start: int = 0) -> _Kept:
        wanted = SegmentId(number=self._next_number, kind=kind, size=max(SEGMENT_BYTES, size), start=start)
        kept = _Kept(SharedSegment(wanted), last=self.written)
        with self.lock:
            self._kept[wanted.number] = kept
        self._next_number += 1
        return kept

    def _forget(self, number: int) -> None:
        kept = self._kept.pop(number)
        if number in self.lent:
            self.lent.discard(number)
            self.given_up.add(kept.segment, kept.used, time.monotonic())
        else:
            kept.segment.forget()

    def _write(self, record: Record) -> None:
        columns = self._held_columns(record.item)
        parts = encode(record, columns)
        size = sum(memoryview(part).nbytes for part in parts)
        journal = self._with_room(size)
        at = self.written - journal.segment.id.start
        journal.segment.write(parts, at)
        self.written += size
        journal.last, journal.used = self.written, at + size
        for column in columns.values():
            if column.segment != NOWHERE:
                self._kept[column.segment].last = self.written

    def _with_room(self, size: int) -> _Kept:
        """The journal's segment with room for a record; the place goes on at its start if it is a new one."""
        journal = self._journal
        if journal is not None and self.written + size <= journal.segment.id.start + journal.segment.id.size:
            return journal
        start = self.written if journal is None else journal.segment.id.start + journal.segment.id.size
        if journal is not None:
            journal.segment.seal()
        self._journal = self._add(SegmentKind.JOURNAL, size, start)
        self.written = start
        return self._journal

    def _held_columns(self, item: Item) -> dict[str, HeldColumn]:
        """Write the columns of a batch; each kind of them goes on where it ended, so that batches stay neighbours."""
        if not isinstance(item, EventBatch):
            return {}
        columns = {name: getattr(item, name) for name in EVENT_COLUMNS}
        return {name: self._held_column(name, column) for name, column in columns.items() if column is not None}

    def _held_column(self, name: str, column: NDArray[Any]) -> HeldColumn:
        if not len(column):
            return HeldColumn(NOWHERE, 0, 0, column.dtype.str)
        kept = self._columns.get(name)
        if kept is None or kept.used + column.nbytes > kept.segment.id.size:
            if kept is not None:
                kept.segment.seal()
            kept = self._columns[name] = self._add(SegmentKind.COLUMN, column.nbytes)
        kept.segment.write([column.data], kept.used)
        start = kept.used // column.itemsize
        kept.used += column.nbytes
        return HeldColumn(kept.segment.id.number, start, start + len(column), column.dtype.str)

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


def _least_bytes() -> int:
    """What is being written into cannot be given up: two columns, the journal, and the ones that follow them."""
    return 6 * SEGMENT_BYTES


def _newest(log: LogBatch) -> LogBatch:
    """The last value of a log, in memory of its own."""
    value = log.value[-1:] if isinstance(log.value, tuple) else log.value[-1:].copy()
    invalid = None if log.invalid is None else log.invalid[-1:].copy()
    return replace(log, time_ns=log.time_ns[-1:].copy(), value=value, invalid=invalid)
