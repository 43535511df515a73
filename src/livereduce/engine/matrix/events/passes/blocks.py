"""Events in blocks that fit into a near cache: row, x, weight and pulse of each, whatever was pending."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from livereduce.engine.matrix.events.event_lists import EventLists
from livereduce.engine.matrix.events.passes import selecting
from livereduce.engine.matrix.events.passes.mapping import map_x
from livereduce.engine.matrix.events.pending_events import PendingEvents
from livereduce.stream.items import B1, F8, I4, I8, EventBatch

EventContent = PendingEvents | EventLists
BLOCK = 2**14
"""Events of a block: their columns (400 KiB) stay in the second-level cache between the loops."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventBlock:
    """Some events, one after the other; arrays are used again for the next block.

    Attributes
    ----------
    row
        Spectrum, -1 for an event that does not count, shape (n,).
    x
        Shape (n,); in µs, or what the maps make of it.
    weight, variance
        Shape (n,); None: 1.
    source, begin
        The lists or piece of the events, and which of its events is the first.
    """

    row: I4
    x: F8
    source: EventLists | EventBatch
    begin: int
    weight: F8 | None = None
    variance: F8 | None = None

    @property
    def pulse_ns(self) -> I8:
        """Pulse time of each event, shape (n,); only where the source has them."""
        if isinstance(self.source, EventLists):
            assert self.source.pulse_ns is not None
            return self.source.pulse_ns[self.begin : self.begin + len(self.row)]
        times = np.empty(len(self.row), np.int64)
        selecting.pulses_between(self.source.first, self.source.pulse_ns, self.begin, times)
        return times


def blocks_of(
    content: EventContent, *, with_x: bool = True, with_weights: bool = True, only_chosen: bool = False
) -> Iterator[EventBlock]:
    """All events in blocks; without x or weights these are not valid.

    Parameters
    ----------
    only_chosen
        Leave out the pending events that do not count before x is made: for some of many spectra. Pulse times are not
        valid then.
    """
    if isinstance(content, EventLists):
        yield from _of_lists(content)
        return
    pass_over = _Pass(content, with_x=with_x, with_weights=with_weights, only_chosen=only_chosen)
    for piece, kept in zip(content.events.pieces, content.kept_of_pieces, strict=True):
        for begin in range(0, len(piece.tof_ns), BLOCK):
            yield pass_over.block(piece, begin, kept)


def _of_lists(lists: EventLists) -> Iterator[EventBlock]:
    row = np.empty(BLOCK, np.int32)
    for begin in range(0, len(lists.x_of), BLOCK):
        part = slice(begin, begin + BLOCK)
        x = np.ascontiguousarray(lists.x_of[part])
        selecting.rows_between(lists.first, begin, row[: len(x)])
        yield EventBlock(
            row=row[: len(x)],
            x=x,
            source=lists,
            begin=begin,
            weight=None if lists.weight is None else np.ascontiguousarray(lists.weight[part]),
            variance=None if lists.variance is None else np.ascontiguousarray(lists.variance[part]),
        )


class _Pass:
    """One pass over pending events: its tables and scratch arrays.

    x is made where the maps decide which events count (those without a value do not), too.
    """

    def __init__(self, content: PendingEvents, *, with_x: bool, with_weights: bool, only_chosen: bool) -> None:
        self._content = content
        self._maps = content.maps
        self._table = None if content.maps is None else content.maps.table
        self._with_x = with_x or content.maps is not None
        self._with_weights = with_weights and content.weight is not None
        self._only_chosen = only_chosen
        self._row, self._tof_ns, self._pixel = (np.empty(BLOCK, np.int32) for _ in range(3))
        self._x, self._weight, self._variance = (np.empty(BLOCK) for _ in range(3))

    def block(self, piece: EventBatch, begin: int, kept: B1 | None) -> EventBlock:
        tof_ns = np.ascontiguousarray(piece.tof_ns[begin : begin + BLOCK])
        pixel = np.ascontiguousarray(piece.pixel[begin : begin + BLOCK])
        row = self._row[: len(tof_ns)]
        self._find_rows(tof_ns, pixel, row)
        if kept is not None:
            selecting.drop_pulses(piece.first, kept, begin, row)
        if self._only_chosen:
            count = selecting.pick(tof_ns, pixel, row, self._tof_ns, self._pixel)
            tof_ns, pixel, row = self._tof_ns[:count], self._pixel[:count], row[:count]
        x = self._x[: len(tof_ns)]
        if self._with_x:
            selecting.to_us(tof_ns, x)
        if self._maps is not None:
            map_x(x, pixel, self._table, self._maps.calibration is not None, float(self._maps.power), x)
            selecting.drop_not_finite(x, row)
        weight, variance = self._weights(pixel)
        return EventBlock(row=row, x=x, source=piece, begin=begin, weight=weight, variance=variance)

    def _find_rows(self, tof_ns: I4, pixel: I4, row: I4) -> None:
        content = self._content
        selecting.find_rows(pixel, content.row_of_pixel, row)
        if content.least_ns is not None and content.end_ns is not None:
            selecting.drop_beyond(tof_ns, pixel, content.least_ns, content.end_ns, row)
        for start, end in content.removed_ns:
            selecting.drop_between(tof_ns, start, end, row)

    def _weights(self, pixel: I4) -> tuple[F8 | None, F8 | None]:
        if not self._with_weights or self._content.weight is None or self._content.variance is None:
            return None, None
        weight, variance = self._weight[: len(pixel)], self._variance[: len(pixel)]
        selecting.gather(pixel, self._content.weight, weight)
        selecting.gather(pixel, self._content.variance, variance)
        return weight, variance
