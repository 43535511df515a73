"""What must look at events: counting them in bins, their number and range, and carrying out what is pending.

`PendingEvents` and `EventLists` are treated alike here; everything else asks here and never loops over events.
"""

from dataclasses import replace
from weakref import WeakKeyDictionary

import numpy as np

from livereduce.engine.matrix.events.event_lists import EventLists
from livereduce.engine.matrix.events.passes.blocks import EventContent, blocks_of
from livereduce.engine.matrix.events.passes.counting import histograms_of
from livereduce.engine.matrix.events.passes.summing import add_rows, put, take_slots, widen
from livereduce.engine.matrix.events.pending_events import PendingEvents
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.stream.items import F8, I8
from livereduce.stream.stretches import starts_of

__all__ = ["EventContent", "carried_out", "counted", "events_of_row", "numbers", "row_ranges", "x_of_rows", "x_range"]

_counted: "WeakKeyDictionary[EventContent, Histograms]" = WeakKeyDictionary()
"""Histograms in their own edges, for as long as somebody holds the events: scripts read Y spectrum by spectrum."""


def counted(content: EventContent, x: Grid | None = None) -> Histograms:
    """Histograms of the events in the edges of `x` (None: their own): Y = Σ weight, E = √Σ variance.

    An event belongs to the bin whose lower edge it reaches and whose upper edge it does not (Mantid's EventList).

    Raises
    ------
    ValueError
        Edges that do not ascend.
    """
    if x is not None and x is not content.x:
        return histograms_of(content, x)
    known = _counted.get(content)
    if known is None:
        known = histograms_of(content, content.x)
        for values in (known.y, known.e):
            values.flags.writeable = False
        _counted[content] = known
    return known


def numbers(content: EventContent) -> I8:
    """Number of events of each spectrum, shape (rows,)."""
    if isinstance(content, EventLists):
        return np.diff(content.first)
    total = np.zeros(content.rows + 1, np.int64)
    for block in blocks_of(content, with_x=False, with_weights=False):
        add_rows(block.row, total)
    return total[:-1]


def row_ranges(content: EventContent) -> tuple[F8, F8]:
    """Least and greatest x of the events of each spectrum, shape (rows,) each; (inf, -inf) without events."""
    least, most = np.full(content.rows + 1, np.inf), np.full(content.rows + 1, -np.inf)
    for block in blocks_of(content, with_weights=False):
        widen(block.x, block.row, least, most)
    return least[:-1], most[:-1]


def x_range(content: EventContent) -> tuple[float, float]:
    """Least and greatest x of all events; (inf, -inf) without events."""
    least, most = row_ranges(content)
    return float(least.min(initial=np.inf)), float(most.max(initial=-np.inf))


def carried_out(content: EventContent) -> EventLists:
    """The events with everything that was pending done; a copy of 16 bytes an event, 32 with weights."""
    if isinstance(content, EventLists):
        return content
    first = starts_of(numbers(content))
    total, is_weighted = int(first[-1]), content.weight is not None
    lists = EventLists(
        x_of=np.empty(total),
        first=first,
        x=content.x,
        weight=np.empty(total) if is_weighted else None,
        variance=np.empty(total) if is_weighted else None,
        pulse_ns=np.empty(total, np.int64),
    )
    free = first[:-1].copy()
    for block in blocks_of(content):
        slot = np.empty(len(block.row), np.int64)
        take_slots(block.row, free, slot)
        columns = (block.x, lists.x_of), (block.pulse_ns, lists.pulse_ns), (block.weight, lists.weight)
        for values, out in (*columns, (block.variance, lists.variance)):
            if values is not None and out is not None:
                put[out.dtype](slot, values, out)
    return lists


def x_of_rows(content: PendingEvents, start: int, first: I8) -> F8:
    """X of the events of some spectra from `start` on, one spectrum after the other as ``first`` says."""
    rows = len(first) - 1
    table = content.row_of_pixel
    chosen = np.where((table >= start) & (table < start + rows), table - np.int32(start), np.int32(-1))
    x, free = np.empty(int(first[-1])), first[:-1].copy()
    some = replace(content, row_of_pixel=chosen, rows=rows)
    for block in blocks_of(some, with_weights=False, only_chosen=True):
        slot = np.empty(len(block.row), np.int64)
        take_slots(block.row, free, slot)
        put[x.dtype](slot, block.x, x)
    return x


def events_of_row(content: EventContent, row: int) -> EventLists:
    """The events of one spectrum, carried out, as the only spectrum of lists."""
    x = Grid(content.x.row(row))
    if isinstance(content, EventLists):
        return content.of_row(row, x)
    alone = np.where(content.row_of_pixel == row, np.int32(0), np.int32(-1))
    return carried_out(replace(content, row_of_pixel=alone, rows=1, x=x))
