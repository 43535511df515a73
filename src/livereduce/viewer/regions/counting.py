"""Count the spectra of all regions in one pass: a bit for each region in a table by pixel."""

import numpy as np

from livereduce.engine.counting.binning import Binning
from livereduce.stream.compiled import kernel
from livereduce.stream.items import I4, I8, U8

MOST_SLOTS = 64
"""Bits of a table's entry."""
GUIDE_CELLS = 1 << 14
"""The guide says for each cell of time of flight in which bin it begins: 128 KiB stay in the processor's cache."""


@kernel("", "i4[]", "i4[]", "u8[]", "i8[]", "i8[]", "i8", "i4[]", "i4[]", "i8[=,]")
def count_spectra(tof_ns, pixel, bits_of_pixel, edges, guide, shift, low_ns, high_ns, counts):  # type: ignore[no-untyped-def]
    """Count each event in the bin of each region that its pixel and its time of flight lie in.

    The last entry of `bits_of_pixel` is for pixels beyond the table; `low_ns` and `high_ns` limit each region's events.
    """
    last = np.uint32(bits_of_pixel.size - 1)
    first, end = edges[0], edges[edges.size - 1]
    for i in range(tof_ns.size):
        bits = bits_of_pixel[min(np.uint32(pixel[i]), last)]
        tof = np.int64(tof_ns[i])
        if bits == 0 or tof < first or tof >= end:
            continue
        cell = (tof - first) >> shift
        low, high = guide[cell], guide[cell + 1] + 1
        while high - low > 1:
            middle = (low + high) >> 1
            if edges[middle] <= tof:
                low = middle
            else:
                high = middle
        slot = 0
        while bits != 0:
            if bits & np.uint64(1) and low_ns[slot] <= tof < high_ns[slot]:
                counts[slot, low] += 1
            bits >>= np.uint64(1)
            slot += 1


@kernel("", "i4[]", "i4[]", "u1[]", "i4", "i4", "i8[]", "i8[=]")
def count_of_pulses(tof_ns, pixel, has_pixel, low_ns, high_ns, first, counts):  # type: ignore[no-untyped-def]
    """Count the events of a region in each pulse; those of pulse k are ``first[k]:first[k + 1]``.

    The last entry of `has_pixel` is for pixels beyond the table.
    """
    last = np.uint32(has_pixel.size - 1)
    for k in range(first.size - 1):
        found = 0
        for i in range(first[k], first[k + 1]):
            if has_pixel[min(np.uint32(pixel[i]), last)] and low_ns <= tof_ns[i] < high_ns:
                found += 1
        counts[k] += found


class SpectrumBins:
    """Bins of time of flight, and the guide that finds them, however uneven they are."""

    def __init__(self, binning: Binning) -> None:
        self.binning = binning
        self.shift = max(0, (binning.span_ns // GUIDE_CELLS).bit_length())
        starts = np.arange((binning.span_ns >> self.shift) + 2, dtype=np.int64) << self.shift
        found = np.searchsorted(binning.edges_ns - binning.edges_ns[0], starts, "right") - 1
        self.guide: I8 = np.minimum(found, binning.bins - 1).astype(np.int64)

    def count(self, tof_ns: I4, pixel: I4, bits_of_pixel: U8, low_ns: I4, high_ns: I4, counts: I8) -> None:
        """Add events to the spectra, shape (regions, bins)."""
        edges = self.binning.edges_ns
        count_spectra(tof_ns, pixel, bits_of_pixel, edges, self.guide, self.shift, low_ns, high_ns, counts)
