"""Loops over sparse counts: cells of events by block, as `SparseCounts` holds them."""

import numpy as np

from livereduce.stream.compiled import kernel

BLOCK_BITS = 16
"""A block has so many cells that the place of an event in its block takes two bytes."""
_BITS = np.int64(BLOCK_BITS)
_WITHIN = np.int64((1 << BLOCK_BITS) - 1)


@kernel("i8", "i4[]", "i4[]", "i4[]", "i8", "i8[]", "i8", "i8", "i8", "i8[=]", "i8[=]")
def locate_cells(  # type: ignore[no-untyped-def]
    tof_ns, pixel, row_of_pixel, bins, cells, tof_min_ns, span_ns, shift, found, missed
):
    """The cells ``row * bins + bin`` of events that have one; returns how many.

    Adds to `missed` how many events have a time outside, and how many a pixel without a row.
    """
    most_pixel = np.uint32(row_of_pixel.size - 1)
    span = np.uint32(span_ns)
    least = np.int32(tof_min_ns)
    cell_shift = np.uint32(shift)
    n = 0
    for i in range(tof_ns.size):
        row = row_of_pixel[min(np.uint32(pixel[i]), most_pixel)]
        tof = min(np.uint32(tof_ns[i] - least), span)
        tof_bin = (cells[tof >> cell_shift] + np.int64(tof)) >> np.int64(32)
        found[n] = np.int64(row) * bins + tof_bin
        is_unknown = row < 0
        is_outside = tof >= span and not is_unknown
        missed[0] += is_outside
        missed[1] += is_unknown
        n += not (is_outside or is_unknown)
    return n


@kernel("", "i8[]", "u2[]", "i8[]", "i8[=]", "u2[=]")
def merge(first, within, fresh, new_first, new_within):  # type: ignore[no-untyped-def]
    """Add cells in ascending order to those of their blocks."""
    taken = at = 0
    for block in range(new_first.size - 1):
        new_first[block] = at
        if block < first.size - 1:
            for i in range(first[block], first[block + 1]):
                new_within[at] = within[i]
                at += 1
        while taken < fresh.size and fresh[taken] >> _BITS == block:
            new_within[at] = np.uint16(fresh[taken] & _WITHIN)
            at += 1
            taken += 1
    new_first[new_first.size - 1] = at


@kernel("", "i8[]", "u2[]", "i8", "f8[=]")
def spread(first, within, begin, counts):  # type: ignore[no-untyped-def]
    """Count the events of consecutive cells from `begin` on."""
    end = begin + counts.size
    for block in range(begin >> _BITS, ((end - 1) >> _BITS) + 1):
        before = (block << _BITS) - begin
        for i in range(first[block], first[block + 1]):
            cell = before + within[i]
            if 0 <= cell < counts.size:
                counts[cell] += 1


@kernel("", "i8[]", "u2[]", "i8", "f8[=]", "f8[=]")
def sum_rows_and_bins(first, within, bins, of_rows, of_bins):  # type: ignore[no-untyped-def]
    """Count the events of each row, and of each bin in all rows."""
    width = np.uint32(bins)
    for block in range(first.size - 1):
        row = (block << _BITS) // bins
        before = np.uint32((block << _BITS) % bins)
        for i in range(first[block], first[block + 1]):
            cell = before + np.uint32(within[i])
            of_rows[row + cell // width] += 1
            of_bins[cell % width] += 1
