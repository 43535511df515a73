"""Items since the last cut, held in bounded memory whatever a stream sends.

Data are kept as they come and their size is counted, so that the cutter can cut before they are too large. An item that
supersedes an older one replaces it: geometry field by field, histograms of the whole run, gaps by their reason.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from livereduce.stream.coalesce import coalesce_geometry
from livereduce.stream.items import EventBatch, Gap, Geometry, HistogramSnapshot, Item, LogBatch, MonitorBatch

MAX_GAPS = 100
"""Most reasons of gaps in one chunk; a result shows ten."""
OTHER_GAPS = "more gaps, for other reasons"
ITEM_BYTES = 1024
"""Memory of an item besides its numbers: a dataclass, some arrays, their views."""

Data = EventBatch | MonitorBatch | LogBatch
Items = tuple["Items", Data] | None
"""Linked list, newest first: it grows by one without copying and without changing the old list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """The items since the last cut.

    Attributes
    ----------
    matters
        There is more than geometry: a chunk is cut when its time comes.
    n_events, n_bytes
        Number of events, beam monitors included, and the approximate memory of the data.
    n_pulses
        Pulses with or without events.
    """

    items: Items = field(default=None, repr=False)
    geometry: Geometry | None = field(default=None, repr=False)
    snapshot: HistogramSnapshot | None = field(default=None, repr=False)
    gaps: tuple[Gap, ...] = ()
    matters: bool = False
    n_events: int = 0
    n_pulses: int = 0
    n_bytes: int = 0

    def oldest_first(self) -> Iterator[Data]:
        """The data in the order of the stream."""
        newest_first, items = [], self.items
        while items is not None:
            items, item = items
            newest_first.append(item)
        return reversed(newest_first)


NOTHING = Pending()


def kept(pending: Pending, item: Data | Geometry | HistogramSnapshot | Gap) -> Pending:
    """Return the pending items with one more."""
    match item:
        case Geometry():
            said = [item] if pending.geometry is None else [pending.geometry, item]
            return replace(pending, geometry=coalesce_geometry(said))
        case HistogramSnapshot():
            return replace(pending, snapshot=item, matters=True)
        case Gap():
            return replace(pending, gaps=_with_gap(pending.gaps, item), matters=True)
        case EventBatch() | MonitorBatch() | LogBatch():
            return replace(
                pending,
                items=(pending.items, item),
                matters=True,
                n_events=pending.n_events + n_events(item),
                n_pulses=pending.n_pulses + (len(item.pulse_ns) if isinstance(item, EventBatch) else 0),
                n_bytes=pending.n_bytes + n_bytes(item),
            )


def _with_gap(gaps: tuple[Gap, ...], gap: Gap) -> tuple[Gap, ...]:
    """Add a gap; gaps with the same reason are merged into one that covers all their times."""
    if len(gaps) >= MAX_GAPS and gap.reason not in {one.reason for one in gaps}:
        gap = replace(gap, reason=OTHER_GAPS)
    for k, one in enumerate(gaps):
        if (one.run, one.reason) == (gap.run, gap.reason):
            # 0 means: time not known
            from_ns = min(one.from_ns or gap.from_ns, gap.from_ns or one.from_ns)
            joined = replace(one, from_ns=from_ns, to_ns=max(one.to_ns, gap.to_ns))
            return (*gaps[:k], joined, *gaps[k + 1 :])
    return (*gaps, gap)


def n_events(item: Item) -> int:
    """Number of events in a batch, 0 for any other item."""
    return len(item.tof_ns) if isinstance(item, EventBatch | MonitorBatch) else 0


def n_bytes(item: Data) -> int:
    """Approximate memory of a batch in bytes."""
    columns: tuple[Any, ...]
    match item:
        case EventBatch():
            columns = (item.tof_ns, item.pixel, item.state, item.first, item.pulse_ns, item.charge_pc, item.flags)
        case MonitorBatch():
            columns = (item.tof_ns, item.first, item.pulse_ns)
        case LogBatch() if isinstance(item.value, tuple):
            return ITEM_BYTES + sum(ITEM_BYTES // 8 + _size(value) for value in item.value)
        case LogBatch():
            columns = (item.time_ns, item.value)
    return ITEM_BYTES + sum(column.nbytes for column in columns if column is not None)


def _size(value: Any) -> int:
    return len(value) if isinstance(value, str) else int(value.nbytes)
