"""What must look at events: counting them in bins, their number and range, and carrying out what is pending.

`PendingEvents` and `EventLists` are treated alike here; everything else asks here and never loops over events.
"""

from collections.abc import Iterator

import numpy as np

from livereduce.engine.matrix.event_lists import EventLists
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.pending_events import PendingEvents
from livereduce.stream.items import B1, F8, I8, EventBatch

EventContent = PendingEvents | EventLists


def counted(content: EventContent, x: Grid | None = None) -> Histograms:
    """Histograms of the events in the edges of `x` (None: their own): Y = Σ weight, E = √Σ variance.

    An event belongs to the bin whose lower edge it reaches and whose upper edge it does not (Mantid's EventList).
    """
    edges = x or content.x
    lists = carried_out(content)
    sizes = np.array([max(0, len(edges.row(row)) - 1) for row in range(lists.rows)], np.int64)
    first = np.concatenate(([0], np.cumsum(sizes)))
    y, variance = np.zeros(first[-1]), np.zeros(first[-1])
    for row in range(lists.rows):
        part = slice(int(lists.first[row]), int(lists.first[row + 1]))
        here = np.searchsorted(edges.row(row), lists.x_of[part], side="right") - 1
        inside = (here >= 0) & (here < sizes[row])
        for total, per_event in ((y, lists.weight), (variance, lists.variance)):
            weights = None if per_event is None else per_event[part][inside]
            total[first[row] : first[row + 1]] = np.bincount(here[inside], weights, minlength=sizes[row])
    return Histograms(x=edges, y=y, e=np.sqrt(variance), first=first)


def numbers(content: EventContent) -> I8:
    """Number of events of each spectrum, shape (rows,)."""
    if isinstance(content, EventLists):
        return np.diff(content.first)
    total = np.zeros(content.rows, np.int64)
    for piece, keep in _chosen(content):
        total += np.bincount(content.row_of_pixel[_entry(content, piece)][keep], minlength=content.rows)
    return total


def x_range(content: EventContent) -> tuple[float, float]:
    """Least and greatest x of all events; (inf, -inf) without events."""
    x = carried_out(content).x_of
    x = x[np.isfinite(x)]
    return (float(x.min()), float(x.max())) if len(x) else (np.inf, -np.inf)


def carried_out(content: EventContent) -> EventLists:
    """The events with everything that was pending done; a copy of 24 bytes an event or more."""
    if isinstance(content, EventLists):
        return content
    parts = [_parts(content, piece, keep) for piece, keep in _chosen(content)]
    row, x_of, entry, pulse_ns = (np.concatenate(column) for column in zip(*parts, strict=True)) if parts else _NONE
    order = np.argsort(row, kind="stable")
    first = np.concatenate(([0], np.cumsum(np.bincount(row, minlength=content.rows))))
    return EventLists(
        x_of=x_of[order],
        first=first.astype(np.int64),
        x=content.x,
        weight=None if content.weight is None else content.weight[entry[order]],
        variance=None if content.variance is None else content.variance[entry[order]],
        pulse_ns=pulse_ns[order],
    )


_NONE = (np.empty(0, np.int64), np.empty(0), np.empty(0, np.int64), np.empty(0, np.int64))


def _parts(content: PendingEvents, piece: EventBatch, keep: B1) -> tuple[I8, F8, I8, I8]:
    entry = _entry(content, piece)[keep]
    tof_us = piece.tof_ns[keep] / 1000
    x_of = tof_us if content.maps is None else content.maps.apply(tof_us, piece.pixel[keep])
    pulse_ns = np.repeat(piece.pulse_ns, np.diff(piece.first))[keep]
    return content.row_of_pixel[entry].astype(np.int64), x_of, entry, pulse_ns


def _entry(content: PendingEvents, piece: EventBatch) -> I8:
    """The entry of each event in the tables of pixels; the last one for pixels beyond them."""
    unsigned = piece.pixel.view(np.uint32)
    return np.minimum(unsigned, np.uint32(content.pixels - 1)).astype(np.int64)


def _chosen(content: PendingEvents) -> Iterator[tuple[EventBatch, B1]]:
    """Each piece, and which of its events count."""
    for number, piece in enumerate(content.events.pieces):
        entry = _entry(content, piece)
        keep: B1 = content.row_of_pixel[entry] >= 0
        pulses = content.kept[number] if content.kept is not None else None
        if pulses is not None:
            keep &= np.repeat(pulses, np.diff(piece.first))
        if content.least_ns is not None:
            keep &= piece.tof_ns >= content.least_ns[entry]
        if content.end_ns is not None:
            keep &= piece.tof_ns < content.end_ns[entry]
        for start, end in content.removed_ns:
            keep &= (piece.tof_ns < start) | (piece.tof_ns >= end)
        if content.maps is not None:
            keep &= np.isfinite(content.maps.apply(piece.tof_ns / 1000, piece.pixel))
        yield piece, keep
