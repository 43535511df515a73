"""Counts of more cells than fit into memory: what counts is the number of events, not of cells.

10⁶ pixels × 8000 bins are 8·10⁹ cells, most of them empty. An event takes two bytes here; where a block of 65 536 cells
has so many events that an array is smaller, it becomes one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.columns import Columns, Numbers, WithoutCell
from livereduce.engine.counting.sparse.kernels import BLOCK_BITS, merge, spread, sum_rows_and_bins
from livereduce.engine.counting.sparse.located import cells_of
from livereduce.stream.items import F8, I4, I8

BLOCK = 1 << BLOCK_BITS
MOST_EVENTS = 4 * BLOCK
"""More events of a block would take more memory (two bytes each) than an array of float64."""
MOST_FRESH = 1 << 24
"""Events that are kept as they come, 8 bytes each, before they are sorted: each time all that is held is copied."""
_AT_ONCE = 1 << 20
Within = NDArray[np.uint16]


class TooManyCells(ValueError):
    """Counts that would have to be written out in full, and are too many for the memory of this machine."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SparseCounts:
    """Counts of rows × bins as their events, of which any rows can be had as an array: ``counts[5]``, ``counts[2:9]``.

    Attributes
    ----------
    shape
        Rows and bins.
    first, within
        Those of block b are ``within[first[b]:first[b + 1]]``: for each event, its cell in the block.
    arrays
        Counts of the blocks that have many events, or such that are not whole; shape (65536,) each.
    """

    shape: tuple[int, int]
    first: I8
    within: Within
    arrays: dict[int, F8]

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: int | np.integer[Any] | slice) -> F8:
        """Counts of a row, shape (bins,), or of consecutive rows, shape (rows, bins)."""
        if isinstance(rows, slice):
            start, stop, step = rows.indices(len(self))
            if step != 1:
                raise ValueError("of large counts only consecutive rows can be had at once: [first:behind]")
            return self._rows(start, max(start, stop))
        if not -len(self) <= rows < len(self):
            raise IndexError(f"row {rows} of {len(self)}")
        row = int(rows) % len(self)
        counts: F8 = self._rows(row, row + 1)[0]
        return counts

    @property
    def size(self) -> int:
        """Number of cells."""
        return self.shape[0] * self.shape[1]

    @property
    def nbytes(self) -> int:
        """Memory in bytes."""
        return self.first.nbytes + self.within.nbytes + sum(each.nbytes for each in self.arrays.values())

    def sum(self) -> float:
        """All counts."""
        return len(self.within) + float(sum(each.sum() for each in self.arrays.values()))

    def sums(self) -> tuple[F8, F8]:
        """Counts of each row, shape (rows,), and of each bin in all rows, shape (bins,)."""
        # the cells of the last block reach beyond the last row
        rows = -(-(len(self.first) - 1) * BLOCK // self.shape[1]) + 1
        of_rows, of_bins = np.zeros(max(rows, len(self))), np.zeros(self.shape[1])
        sum_rows_and_bins(self.first, self.within, self.shape[1], of_rows, of_bins)
        for block, counts in self.arrays.items():
            row, bin_ = np.divmod(block * BLOCK + np.arange(BLOCK), self.shape[1])
            np.add.at(of_rows, row, counts)
            np.add.at(of_bins, bin_, counts)
        return of_rows[: len(self)], of_bins

    def entries(self) -> Iterator[tuple[I8, F8]]:
        """The cells that have counts and their counts, some a million at a time; a cell may come several times."""
        begin = 0
        while begin < len(self.first) - 1:
            # as many blocks as have so many events together, one at least
            end = max(begin + 1, int(np.searchsorted(self.first, self.first[begin] + _AT_ONCE, side="right")) - 1)
            part = slice(self.first[begin], self.first[end])
            events = np.diff(self.first[begin : end + 1])
            cells: I8 = np.repeat(np.arange(begin, end, dtype=np.int64) << BLOCK_BITS, events)
            cells += self.within[part]
            yield cells, np.ones(len(cells))
            begin = end
        for block, counts in self.arrays.items():
            (within,) = np.nonzero(counts)
            yield (block << BLOCK_BITS) + within, counts[within]

    def _rows(self, start: int, stop: int) -> F8:
        bins = self.shape[1]
        flat, begin, end = np.zeros((stop - start) * bins), start * bins, stop * bins
        if not len(flat):
            return flat.reshape(0, bins)
        spread(self.first, self.within, begin, flat)
        for block in range(begin >> BLOCK_BITS, (end - 1 >> BLOCK_BITS) + 1):
            if block in self.arrays:
                low, high = max(begin, block * BLOCK), min(end, (block + 1) * BLOCK)
                flat[low - begin : high - begin] += self.arrays[block][low - block * BLOCK : high - block * BLOCK]
        return flat.reshape(-1, bins)


def entries_of(counts: Numbers | SparseCounts) -> Iterator[tuple[I8, F8]]:
    """The cells ``row * bins + bin`` that have counts and their counts, as `SparseCounts.entries`."""
    if isinstance(counts, SparseCounts):
        yield from counts.entries()
        return
    bins = counts.shape[1]
    some = max(1, _AT_ONCE // max(1, bins))
    for begin in range(0, len(counts), some):
        row, tof_bin = np.nonzero(counts[begin : begin + some])
        yield (begin + row) * bins + tof_bin, counts[begin + row, tof_bin].astype(np.float64)


class SparseCells:
    """Sparse counts that grow."""

    def __init__(self, binning: Binning, rows: int) -> None:
        self.binning = binning
        self.rows = rows
        self._first: I8 = np.zeros(1, np.int64)
        self._within: Within = np.empty(0, np.uint16)
        self._arrays: dict[int, F8] = {}
        self._fresh: list[I8] = []
        self._fresh_events = 0

    @property
    def nbytes(self) -> int:
        """Memory in bytes."""
        return 8 * self._fresh_events + self._held().nbytes

    def values(self) -> SparseCounts:
        """The counts; what is counted later is not in them."""
        self._settle()
        return self._held()

    def grow(self, rows: int) -> None:
        """Make room for more rows."""
        self.rows = rows

    def add(self, columns: list[Columns], row_of_pixel: I4) -> WithoutCell:
        """Count events."""
        missed = WithoutCell()
        for part in columns:
            for begin in range(0, len(part[0]), _AT_ONCE):
                some = slice(begin, begin + _AT_ONCE)
                cells, more = cells_of((part[0][some], part[1][some]), row_of_pixel, self.binning)
                self._take(cells)
                missed += more
        return missed

    def add_counts(self, rows: I4, counts: Numbers | SparseCounts) -> float:
        """Add counts of spectra to rows, one for each; return the counts of those whose row is -1."""
        bins, unknown = self.binning.bins, 0.0
        for cells, numbers in entries_of(counts):
            spectrum, tof_bin = np.divmod(cells, bins)
            row = rows[spectrum].astype(np.int64)
            is_known = row >= 0
            unknown += float(numbers[~is_known].sum())
            self._add_numbers((row * bins + tof_bin)[is_known], numbers[is_known])
        return unknown

    def _add_numbers(self, cells: I8, counts: F8) -> None:
        """Add counts: whole ones as so many events, the others in the arrays of their blocks."""
        is_few = (counts >= 0) & (counts <= MOST_EVENTS) & (counts == np.floor(counts))
        self._add_to_arrays(cells[~is_few], counts[~is_few])
        cells, times = cells[is_few], counts[is_few].astype(np.int64)
        if times.sum() > MOST_FRESH and len(cells) > 1:
            half = len(cells) // 2
            self._add_numbers(cells[:half], counts[is_few][:half])
            self._add_numbers(cells[half:], counts[is_few][half:])
            return
        self._take(np.repeat(cells, times))

    def _add_to_arrays(self, cells: I8, counts: F8) -> None:
        if not len(cells):
            return
        self._settle()
        for block in np.unique(cells >> BLOCK_BITS).tolist():
            inside = cells >> BLOCK_BITS == block
            self._put_in_array(block, np.bincount(cells[inside] & (BLOCK - 1), counts[inside], BLOCK))

    def _put_in_array(self, block: int, counts: NDArray[Any]) -> None:
        """A new array each time: values that were given out keep the one before."""
        self._arrays[block] = self._arrays.get(block, 0.0) + counts.astype(np.float64)

    def _take(self, cells: I8) -> None:
        self._fresh.append(cells)
        self._fresh_events += len(cells)
        if self._fresh_events > MOST_FRESH:
            self._settle()

    def _settle(self) -> None:
        """Sort what has come into its blocks."""
        blocks = -(-self.rows * self.binning.bins // BLOCK)
        if not self._fresh and len(self._first) == blocks + 1:
            return
        fresh = np.concatenate([np.empty(0, np.int64), *self._fresh])
        self._fresh, self._fresh_events = [], 0
        fresh.sort()
        fresh = self._without_arrays(fresh)
        first = np.empty(blocks + 1, np.int64)
        within = np.empty(len(self._within) + len(fresh), np.uint16)
        merge(self._first, self._within, fresh, first, within)
        self._first, self._within = first, within
        self._make_arrays()

    def _without_arrays(self, fresh: I8) -> I8:
        """The cells, in ascending order, but for those of blocks that have arrays: they are counted there."""
        if not self._arrays or not len(fresh):
            return fresh
        blocks = np.array(sorted(self._arrays), np.int64)
        begins = np.searchsorted(fresh, blocks << BLOCK_BITS)
        ends = np.searchsorted(fresh, (blocks + 1) << BLOCK_BITS)
        is_left = np.ones(len(fresh), np.bool_)
        for block, begin, end in zip(blocks.tolist(), begins.tolist(), ends.tolist(), strict=True):
            if begin < end:
                self._put_in_array(block, np.bincount(fresh[begin:end] & (BLOCK - 1), minlength=BLOCK))
                is_left[begin:end] = False
        return fresh[is_left]

    def _make_arrays(self) -> None:
        """Let blocks of many events become arrays."""
        events = np.diff(self._first)
        is_large = events > MOST_EVENTS
        if not is_large.any():
            return
        for block in np.flatnonzero(is_large).tolist():
            part = self._within[self._first[block] : self._first[block + 1]]
            self._put_in_array(block, np.bincount(part, minlength=BLOCK))
        self._within = self._within[~np.repeat(is_large, events)]
        self._first = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.where(is_large, 0, events))])

    def _held(self) -> SparseCounts:
        shape = self.rows, self.binning.bins
        return SparseCounts(shape=shape, first=self._first, within=self._within, arrays=dict(self._arrays))
