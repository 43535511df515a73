"""The inner loops of histogramming, compiled when the engine is imported so that no chunk waits for it."""

from typing import Any

import numpy as np

from livereduce.stream.compiled import kernel

SCRATCH = 4096
"""Events per piece: its flat indices (16 KiB) stay in the first-level cache between the two loops."""
OUTSIDE_TOF, UNKNOWN_PIXEL = -2, -1
"""The last two cells of the flat counts take events without a cell, so that no event needs a branch."""
_BINNING = ("i8[]", "i8", "i8", "i8")
"""Arguments that say how a bin is found: `Binning.lookup`."""


@kernel("", "i4[]", "i4[]", "i4[]", *_BINNING, "i8", "i8", "i4[=]")
def locate(tof_ns, pixel, offset_of_pixel, cells, tof_min_ns, span_ns, shift, outside, unknown, found):  # type: ignore[no-untyped-def]
    """The flat index of each event: of its cell, or what is given for a time outside and a pixel that is unknown."""
    most_pixel = np.uint32(offset_of_pixel.size - 1)
    span = np.uint32(span_ns)
    least = np.int32(tof_min_ns)
    cell_shift = np.uint32(shift)
    if_outside, if_unknown = np.int32(outside), np.int32(unknown)
    for i in range(tof_ns.size):
        offset = offset_of_pixel[min(np.uint32(pixel[i]), most_pixel)]
        # Unsigned, so that a time before the first edge is as far outside as one after the last.
        tof = min(np.uint32(tof_ns[i] - least), span)
        tof_bin = np.int32((cells[tof >> cell_shift] + np.int64(tof)) >> np.int64(32))
        index = offset + tof_bin if tof < span else if_outside
        found[i] = index if offset >= 0 else if_unknown


def _add_events(
    tof_ns: Any,
    pixel: Any,
    offset_of_pixel: Any,
    cells: Any,
    tof_min_ns: Any,
    span_ns: Any,
    shift: Any,
    counts: Any,
    scratch: Any,
    wrapped: Any,
) -> Any:
    """Count events; stops after the piece in which a cell wrapped to 0 because its integer is too narrow.

    Returns how many events are counted, and puts the cells that wrapped into `wrapped`, whose first element is their
    number.
    """
    # Two loops per piece: the first has no branch and is vectorized, the second keeps many cache misses in flight.
    outside, unknown = counts.size + OUTSIDE_TOF, counts.size + UNKNOWN_PIXEL
    one = counts.dtype.type(1)
    wrapped[0] = 0
    for start in range(0, tof_ns.size, SCRATCH):
        size = min(SCRATCH, tof_ns.size - start)
        part = slice(start, start + size)
        locate(tof_ns[part], pixel[part], offset_of_pixel, cells, tof_min_ns, span_ns, shift, outside, unknown, scratch)
        for i in range(size):
            cell = np.uint32(scratch[i])
            count = counts.dtype.type(counts[cell] + one)
            counts[cell] = count
            if count == 0:
                wrapped[0] += 1
                wrapped[wrapped[0]] = cell
        if wrapped[0]:
            return start + size
    return tof_ns.size


_KINDS = ((np.uint16, "u2"), (np.uint32, "u4"), (np.float64, "f8"))
_COLUMNS = ("i4[]", "i4[]", "i4[]", *_BINNING)
ADD_EVENTS = {
    np.dtype(kind): kernel("i8", *_COLUMNS, f"{code}[=]", "i4[=]", "i8[=]")(_add_events) for kind, code in _KINDS
}
"""By type of the counts, narrowest first: narrow counts fit into nearer caches (measured: 1.4 times as fast)."""


@kernel("i8", *_COLUMNS, "i8", "i8", "i4[=]", "u4[=]", "i8[=]")
def place(  # type: ignore[no-untyped-def]
    tof_ns, pixel, offset_of_pixel, cells, tof_min_ns, span_ns, shift, block_shift, stride, scratch, waiting, end
):
    """Put the flat index of each event to those of its block; stops where a block may have no room for more.

    Returns how many are placed. Indices of block b wait at ``waiting[b * stride:end[b]]``; the last two blocks are for
    events whose time is outside, and whose pixel is unknown.
    """
    outside, unknown = (end.size - 2) << block_shift, (end.size - 1) << block_shift
    block_of = np.uint32(block_shift)
    room = 0
    for start in range(0, tof_ns.size, SCRATCH):
        size = min(SCRATCH, tof_ns.size - start)
        if room < size:
            room = stride
            for b in range(end.size):
                room = min(room, (b + 1) * stride - end[b])
            if room < size:
                return start
        room -= size
        part = slice(start, start + size)
        locate(tof_ns[part], pixel[part], offset_of_pixel, cells, tof_min_ns, span_ns, shift, outside, unknown, scratch)
        for i in range(size):
            cell = np.uint32(scratch[i])
            block = np.uint64(cell >> block_of)
            waiting[np.uint64(end[block])] = cell
            end[block] += 1
    return tof_ns.size


def _count_placed(
    waiting: Any, stride: Any, begin: Any, end: Any, block: Any, behind: Any, counts: Any, wrapped: Any
) -> Any:
    """Count the indices that wait for blocks ``[block, behind)``; stops as `_add_events` does.

    Returns how many are counted; `begin` says up to where.
    """
    one = counts.dtype.type(1)
    counted = 0
    wrapped[0] = 0
    for b in range(block, behind):
        while begin[b] < end[b]:
            size = min(SCRATCH, end[b] - begin[b])
            part = waiting[begin[b] : begin[b] + size]
            for i in range(size):
                cell = part[i]
                count = counts.dtype.type(counts[cell] + one)
                counts[cell] = count
                if count == 0:
                    wrapped[0] += 1
                    wrapped[wrapped[0]] = cell
            begin[b] += size
            counted += size
            if wrapped[0]:
                return counted
        begin[b] = end[b] = b * stride
    return counted


COUNT_PLACED = {
    np.dtype(kind): kernel("i8", "u4[]", "i8", "i8[=]", "i8[=]", "i8", "i8", f"{code}[=]", "i8[=]")(_count_placed)
    for kind, code in _KINDS
}


@kernel("i8", "i4[]", "u1[]")
def count_outside(pixel, has):  # type: ignore[no-untyped-def]
    """Count events whose pixel has a 0 in `has`, or is beyond it: its last entry must be 0."""
    last = np.uint32(has.size - 1)
    inside = 0
    for i in range(np.uint64(pixel.size)):
        inside += has[np.uint64(min(np.uint32(pixel[i]), last))]
    return pixel.size - inside
