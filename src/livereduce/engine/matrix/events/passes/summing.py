"""Compiled loops that put the events of a block where they belong: into bins, spectra, ranges, lists.

Bins are found exactly, also for events on an edge: a table gives the bin by a cell that holds at most one edge, and
one comparison with that edge decides.
"""

from typing import Any

import numpy as np

from livereduce.stream.compiled import kernel
from livereduce.stream.items import I8


@kernel("", "f8[]", "i8[]", "i4[]", "f8[]", "i4[]", "f8", "i8", "i8", "i8", "i4[=]")
def place(
    x: Any,
    bits: Any,
    row: Any,
    edges: Any,
    before: Any,
    factor: Any,
    shift: Any,
    origin: Any,
    outside: Any,
    cell: Any,
) -> None:
    """The flat cell (row × bins + bin) of each event in common edges, or `outside`; see `BinTable`.

    `bits` are the numbers `x` read as integers, `origin` the first edge as one.
    """
    low, high, bins = edges[0], edges[edges.size - 1], edges.size - 1
    if shift >= 0:
        for i in range(x.size):
            is_inside = (x[i] >= low) & (x[i] < high) & (row[i] >= 0)
            value = x[i] if is_inside else low
            key = bits[i] if is_inside else origin
            k = np.int64(before[(key - origin) >> shift])
            there = row[i] * bins + k - 1 + np.int64(value >= edges[k])
            cell[i] = there if is_inside else outside
    else:
        for i in range(x.size):
            is_inside = (x[i] >= low) & (x[i] < high) & (row[i] >= 0)
            value = x[i] if is_inside else low
            k = np.int64(before[np.int64((value - low) * factor)])
            there = row[i] * bins + k - 1 + np.int64(value >= edges[k])
            cell[i] = there if is_inside else outside


@kernel("", "f8[]", "i4[]", "f8[]", "i8[]", "i8[]", "i8[=]")
def search(x: Any, row: Any, edges: Any, first_edge: Any, first_bin: Any, cell: Any) -> None:
    """The flat cell of each event in the edges of its row, or the last cell; `first_edge` of one row: common."""
    is_common = first_edge.size == 2
    outside = first_bin[first_bin.size - 1]
    for i in range(x.size):
        cell[i] = outside
        if row[i] < 0:
            continue
        g = np.int64(0) if is_common else np.int64(row[i])
        low, high = first_edge[g], first_edge[g + 1] - 1
        if high <= low or not (x[i] >= edges[low] and x[i] < edges[high]):
            continue
        while high - low > 1:
            middle = (low + high) >> 1
            if x[i] >= edges[middle]:
                low = middle
            else:
                high = middle
        cell[i] = first_bin[row[i]] + low - first_edge[g]


@kernel("", "f8[]", "i8[]", "i4[]", "f8[]", "i4[]", "f8[]", "i8[,]", "i8", "i4[=]")
def place_by_row(
    x: Any, bits: Any, row: Any, edges: Any, before: Any, factor: Any, where: Any, outside: Any, cell: Any
) -> None:
    """As `place`, where each row has edges and a table of its own; `where` says what begins where, see `RowTables`."""
    for i in range(x.size):
        r = row[i] if row[i] >= 0 else np.int32(0)
        first_edge, last_edge = where[r, 0], where[r, 1]
        low = edges[first_edge]
        is_inside = (row[i] >= 0) & (first_edge < last_edge) & (x[i] >= low) & (x[i] < edges[last_edge])
        value = x[i] if is_inside else low
        shift, origin = where[r, 4], where[r, 5]
        key = bits[i] if is_inside else origin
        c = (key - origin) >> shift if shift >= 0 else np.int64((value - low) * factor[r])
        k = first_edge + before[where[r, 2] + c]
        there = where[r, 3] + k - first_edge - 1 + np.int64(value >= edges[k])
        cell[i] = there if is_inside else outside


@kernel("", "i4[]", "i4[]", "i8[]", "i8", "i8", "i8", "i8", "i8", "i4[=]", "f8[=]")
def add_of_one_row(
    tof_ns: Any,
    pixel: Any,
    cells: Any,
    least_ns: Any,
    span_ns: Any,
    shift: Any,
    start: Any,
    end: Any,
    scratch: Any,
    counts: Any,
) -> None:
    """Count the events of the pixels [start, end); see `Binning` for the rest. The last of the counts is for others.

    Two loops a piece as in `counting.kernels`: the first without a branch, the second with many misses in flight.
    """
    span, least, cell_shift = np.uint32(span_ns), np.int32(least_ns), np.uint32(shift)
    first, pixels, outside = np.int32(start), np.uint32(end - start), np.int32(counts.size - 1)
    for begin in range(0, tof_ns.size, scratch.size):
        size = min(scratch.size, tof_ns.size - begin)
        some_tof, some_pixel = tof_ns[begin : begin + size], pixel[begin : begin + size]
        for i in range(size):
            time = min(np.uint32(some_tof[i] - least), span)
            k = np.int32((cells[time >> cell_shift] + np.int64(time)) >> np.int64(32))
            is_in = (time < span) & (np.uint32(some_pixel[i] - first) < pixels)
            scratch[i] = k if is_in else outside
        for i in range(size):
            counts[np.uint32(scratch[i])] += 1


def _add(cell: Any, total: Any) -> None:
    for i in range(cell.size):
        total[cell[i]] += 1


def _add_weighted(cell: Any, weight: Any, total: Any) -> None:
    for i in range(cell.size):
        total[cell[i]] += weight[i]


add = {np.dtype(kind): kernel("", f"{code}[]", "f8[=]")(_add) for kind, code in ((np.int32, "i4"), (np.int64, "i8"))}
"""Add one to the cell of each event, by type of the cells."""
add_weighted = {
    np.dtype(kind): kernel("", f"{code}[]", "f8[]", "f8[=]")(_add_weighted)
    for kind, code in ((np.int32, "i4"), (np.int64, "i8"))
}
"""Add the weight of each event to its cell."""


@kernel("", "i4[]", "i8[=]")
def add_rows(row: Any, total: Any) -> None:
    """Count events by row; `total` has one more, which takes those of row -1."""
    outside = total.size - 1
    for i in range(row.size):
        total[row[i] if row[i] >= 0 else outside] += 1


@kernel("", "f8[]", "i4[]", "f8[=]", "f8[=]")
def widen(x: Any, row: Any, least: Any, most: Any) -> None:
    """Widen the range of x of each row; both have one more, which takes events of row -1."""
    outside = least.size - 1
    for i in range(x.size):
        r = row[i] if row[i] >= 0 else outside
        least[r] = min(least[r], x[i])
        most[r] = max(most[r], x[i])


@kernel("", "i4[]", "i8[=]", "i8[=]")
def take_slots(row: Any, free: Any, slot: Any) -> None:
    """The next free place of each event's row, or -1; `free` goes on."""
    for i in range(row.size):
        r = row[i]
        slot[i] = -1
        if r >= 0:
            slot[i] = free[r]
            free[r] += 1


def _put(slot: Any, values: Any, out: Any) -> None:
    for i in range(slot.size):
        if slot[i] >= 0:
            out[slot[i]] = values[i]


put = {
    np.dtype(kind): kernel("", "i8[]", f"{code}[]", f"{code}[=]")(_put)
    for kind, code in ((np.int64, "i8"), (np.float64, "f8"))
}
"""Store the values of events in their places."""


def _merge(one: Any, first_of_one: Any, two: Any, first_of_two: Any, out: Any) -> None:
    for r in range(first_of_one.size - 1):
        place = first_of_one[r] + first_of_two[r]
        for i in range(first_of_one[r], first_of_one[r + 1]):
            out[place] = one[i]
            place += 1
        for i in range(first_of_two[r], first_of_two[r + 1]):
            out[place] = two[i]
            place += 1


_merges = {
    np.dtype(kind): kernel("", f"{code}[]", "i8[]", f"{code}[]", "i8[]", f"{code}[=]")(_merge)
    for kind, code in ((np.int64, "i8"), (np.float64, "f8"))
}


def merged(one: Any, first_of_one: I8, two: Any, first_of_two: I8) -> Any:
    """A column of two lists of events, row by row the events of the first before those of the second."""
    out = np.empty(len(one) + len(two), one.dtype)
    _merges[out.dtype](one, first_of_one, two, first_of_two, out)
    return out
