"""Events that lie together joined into one, with their weight.

Source: Mantid Framework/DataObjects/src/EventList.cpp (compressEvents, compressFatEvents).
"""

from dataclasses import dataclass, replace

import numpy as np

from livereduce.engine.matrix.events.event_lists import EventLists
from livereduce.engine.matrix.events.event_pass import EventContent, carried_out, numbers, x_of_rows
from livereduce.engine.matrix.events.pending_events import PendingEvents
from livereduce.engine.selecting.kernels import LEAST_X, count_groups, group_starts, join_groups
from livereduce.stream.items import F8, I8
from livereduce.stream.stretches import starts_of

LEAST_GROWTH = 1e-9
"""Bins that grow by less would never reach the other events."""
LEAST_BATCH, BATCHES = 2**20, 12
"""Events that are looked at together, at least, and into how many parts more are divided: memory for time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """Slices of the time of pulses: those of `width_ns` from `start_ns` on; what comes before is left out."""

    start_ns: int
    width_ns: int


def compressed(
    events: EventContent, tolerance: float, *, is_logarithmic: bool, slices: Slices | None = None
) -> EventLists:
    """Events of a spectrum joined: Σ weight, Σ variance, and x as the mean weighted with 1/error.

    Parameters
    ----------
    tolerance
        Between the first x of a group and the others; logarithmic: the growth of bins from the least x on.
    slices
        Only events of pulses in the same slice are joined, and get their mean time; None: pulse times are lost.

    Raises
    ------
    ValueError
        Logarithmic with negative x or hardly any growth, or slices without pulse times.
    """
    if is_logarithmic and tolerance < LEAST_GROWTH:
        raise ValueError(f"Tolerance {tolerance:g} is too small for logarithmic bins")
    if isinstance(events, PendingEvents) and events.weight is None and slices is None:
        return _joined_in_batches(events, tolerance, is_logarithmic)
    lists = carried_out(events)
    if is_logarithmic and len(lists.x_of) and lists.x_of.min() < 0:
        raise ValueError(NEGATIVE)
    if slices is None:
        ordered = in_order(lists)
        return _joined(ordered, ordered.first, tolerance, is_logarithmic)
    if lists.pulse_ns is None:
        raise ValueError("WallClockTolerance needs events with pulse times, which these have lost")
    ordered, parts = _in_slices(lists.where(lists.pulse_ns >= slices.start_ns), slices)
    return _joined(ordered, parts, tolerance, is_logarithmic)


NEGATIVE = "logarithmic bins need x that are not negative"


def _joined_in_batches(events: PendingEvents, tolerance: float, is_logarithmic: bool) -> EventLists:
    """Raw events, some spectra at a time: the x of all would need as much memory again."""
    first = starts_of(numbers(events))
    size = max(LEAST_BATCH, int(first[-1]) // BATCHES)
    x_of, weight, groups, row = [np.empty(0)], [np.empty(0)], [np.zeros(1, np.int64)], 0
    while row < events.rows:
        end = max(row + 1, int(np.searchsorted(first, first[row] + size, side="right")) - 1)
        part = first[row : end + 1] - first[row]
        x = x_of_rows(events, row, part)
        for start, stop in _filled(part):
            x[start:stop].sort()
        if is_logarithmic and len(x) and x.min() < 0:
            raise ValueError(NEGATIVE)
        first_group = np.empty(len(part), np.int64)
        mean = np.empty(count_groups(x, part, tolerance, is_logarithmic, first_group))
        count = np.empty(len(mean))
        join_groups(x, part, tolerance, is_logarithmic, mean, count)
        x_of.append(mean)
        weight.append(count)
        groups.append(groups[-1][-1] + first_group[1:])
        row = end
    together = np.concatenate(x_of)
    x_of.clear()  # before the other column needs memory for a moment twice
    weights = np.concatenate(weight)
    return EventLists(x_of=together, first=np.concatenate(groups), x=events.x, weight=weights, variance=weights)


def in_order(lists: EventLists) -> EventLists:
    """The events of each spectrum in the order of x; without pulse times."""
    if lists.weight is None and lists.variance is None:
        x_of = lists.x_of.copy()
        for start, end in _filled(lists.first):
            x_of[start:end].sort()
        return EventLists(x_of=x_of, first=lists.first, x=lists.x)
    order = np.arange(len(lists.x_of))
    for start, end in _filled(lists.first):
        order[start:end] = start + np.argsort(lists.x_of[start:end], kind="stable")
    return replace(lists, pulse_ns=None).picked(order, lists.first, lists.x)


def _filled(first: I8) -> list[tuple[int, int]]:
    """Start and end of the lists of more than one event."""
    several = np.flatnonzero(np.diff(first) > 1)
    return list(zip(first[several].tolist(), first[several + 1].tolist(), strict=True))


def _in_slices(lists: EventLists, slices: Slices) -> tuple[EventLists, I8]:
    """Events in the order of spectrum, slice and x, and where each slice of a spectrum begins, with the end."""
    assert lists.pulse_ns is not None
    row, part = lists.row_of, (lists.pulse_ns - slices.start_ns) // slices.width_ns
    order = np.lexsort((lists.x_of, part, row))
    changes = np.flatnonzero(np.diff(row[order]) | np.diff(part[order])) + 1
    begins = np.concatenate(([0], changes, [len(order)])) if len(order) else np.zeros(1)
    return lists.picked(order, lists.first, lists.x), begins.astype(np.int64)


def _joined(lists: EventLists, parts: I8, tolerance: float, is_logarithmic: bool) -> EventLists:
    least = _starts_of_bins(lists, parts, tolerance) if is_logarithmic else np.zeros(len(parts) - 1)
    starts = np.empty(len(lists.x_of), np.int64)
    starts = starts[: group_starts(lists.x_of, parts, least, tolerance, is_logarithmic, starts)]
    return _summed(lists, starts)


def _starts_of_bins(lists: EventLists, parts: I8, tolerance: float) -> F8:
    """Where the logarithmic bins of each part begin: at the least x of its spectrum; 0 would never grow."""
    least_of_row = np.full(lists.rows, np.inf)
    filled = np.diff(lists.first) > 0
    if len(lists.x_of):
        least_of_row[filled] = np.minimum.reduceat(lists.x_of, lists.first[:-1][filled])
    row = np.searchsorted(lists.first[1:], parts[:-1], side="right")
    least = np.append(least_of_row, np.inf)[row]
    return np.where(least < LEAST_X, tolerance, least)


def _summed(lists: EventLists, starts: I8) -> EventLists:
    """One event for each group of those in order; `starts` are the first of each."""
    sizes = np.diff(np.append(starts, len(lists.x_of)))
    weight = _sums(lists.weight, starts, sizes)
    variance = _sums(lists.variance, starts, sizes)
    share = _shares(lists.variance)
    return EventLists(
        x_of=_mean(lists.x_of, share, starts, sizes),
        first=np.searchsorted(starts, lists.first),
        x=lists.x,
        weight=weight,
        variance=variance,
        pulse_ns=None if lists.pulse_ns is None else _mean_times(lists.pulse_ns, share, starts, sizes),
    )


def _shares(variance: F8 | None) -> F8 | None:
    """1/error of each event, with which means are weighted; None: all the same."""
    if variance is None:
        return None
    with np.errstate(divide="ignore"):
        return np.where(variance > 0, 1 / np.sqrt(variance), 0.0)


def _sums(column: F8 | None, starts: I8, sizes: I8) -> F8:
    if column is None:
        return sizes.astype(np.float64)
    return np.add.reduceat(column, starts) if len(starts) else np.empty(0)


def _mean(column: F8, share: F8 | None, starts: I8, sizes: I8) -> F8:
    if not len(starts):
        return np.empty(0)
    total = sizes.astype(np.float64) if share is None else np.add.reduceat(share, starts)
    sums = np.add.reduceat(column if share is None else column * share, starts)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((sizes == 1) | (total == 0), column[starts], sums / total)


def _mean_times(pulse_ns: I8, share: F8 | None, starts: I8, sizes: I8) -> I8:
    if not len(starts):
        return pulse_ns[:0]
    base = int(pulse_ns.min())
    return base + np.rint(_mean((pulse_ns - base).astype(np.float64), share, starts, sizes)).astype(np.int64)


def in_cells(lists: EventLists, width: float, *, is_logarithmic: bool) -> EventLists:
    """Events of a spectrum joined cell by cell of one grid for all, which begins at the least x of all.

    The way of CompressEvents with SortFirst=False.
    """
    if not len(lists.x_of) or width == 0:
        return compressed(lists, width, is_logarithmic=is_logarithmic)
    least = float(lists.x_of.min()) or (width if is_logarithmic else 0.0)
    if is_logarithmic:
        cell = np.floor(np.log(lists.x_of / least) / np.log1p(width))
    else:
        cell = np.floor((lists.x_of - least) / width)
    order = np.lexsort((lists.x_of, cell, lists.row_of))
    ordered = replace(lists, pulse_ns=None).picked(order, lists.first, lists.x)
    row, cell = lists.row_of, cell[order]
    starts = np.concatenate(([0], np.flatnonzero((np.diff(row) != 0) | (np.diff(cell) != 0)) + 1))
    return _summed(ordered, starts)
