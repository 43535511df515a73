"""Counts in one array: every cell has its place, as narrow as the counts allow."""

from functools import cache

import numpy as np

from livereduce.base.machine import Caches, read_caches
from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.columns import Columns, Numbers, WithoutCell, number_of_events
from livereduce.engine.counting.dense.blocks import BlockCounting
from livereduce.engine.counting.dense.direct import DirectCounting
from livereduce.engine.counting.dense.forms import EXPERIENCE, Experience, Form, possible_forms
from livereduce.engine.counting.dense.helpers import most_threads
from livereduce.engine.counting.dense.waiting import Layout
from livereduce.engine.counting.sparse.cells import SparseCounts
from livereduce.engine.counting.sparse.located import cells_of
from livereduce.stream.items import I4

_NOT_CELLS = 2
"""The last cells of the array: the kernels', of events that have none."""
_BLOCK_SHARE = 4
"""A block takes this part of the second cache: the events that wait for it pass through there, too."""


@cache
def _caches() -> Caches:
    return read_caches()


class DenseCells:
    """Counts of rows × bins, exactly the same in whatever form and by how many threads the events were counted.

    Unsigned 16-bit until a cell overflows, then 32-bit, then float64: narrow counts stay in nearer caches.
    """

    def __init__(self, binning: Binning, rows: int, experience: Experience = EXPERIENCE) -> None:
        self.binning = binning
        self.rows = rows
        self._experience = experience
        self._flat: Numbers = np.zeros(rows * binning.bins + _NOT_CELLS, np.uint16)
        self._direct = DirectCounting()
        self._blocks: BlockCounting | None = None

    @property
    def nbytes(self) -> int:
        """Memory of the cells, and of events that are not counted yet, in bytes."""
        return self._flat.nbytes + self._direct.nbytes + (self._blocks.nbytes if self._blocks else 0)

    def values(self) -> Numbers:
        """The counts, shape (rows, bins), as a read-only view; counting may go on in it."""
        self._settle()
        seen = self._cells()
        seen.flags.writeable = False
        return seen

    def grow(self, rows: int, most_cells: int) -> None:
        """Make room for more rows."""
        self._settle()
        self._blocks = None
        needed = rows * self.binning.bins + _NOT_CELLS
        if needed > len(self._flat):
            # Reserve twice the room, so that pixels that appear one by one are not copied each time.
            flat = np.zeros(max(needed, min(2 * len(self._flat), most_cells)), self._flat.dtype)
            flat[: self._cells().size] = self._cells().ravel()
            self._flat = flat
        self.rows = rows

    def add_counts(self, rows: I4, counts: Numbers | SparseCounts) -> float:
        """Add counts of spectra to rows, one for each; return the counts of those whose row is -1."""
        self._settle()
        self._flat = self._flat.astype(np.float64, copy=False)
        is_known = rows >= 0
        if not isinstance(counts, SparseCounts):
            np.add.at(self._cells(), rows[is_known], counts[is_known])
            return float(counts[~is_known].sum())
        unknown = 0.0
        for cells, numbers in counts.entries():
            spectrum, tof_bin = np.divmod(cells, self.binning.bins)
            known = is_known[spectrum]
            np.add.at(self._cells(), (rows[spectrum[known]], tof_bin[known]), numbers[known])
            unknown += float(numbers[~known].sum())
        return unknown

    def add(self, columns: list[Columns], row_of_pixel: I4) -> WithoutCell:
        """Count events in the form that is the fastest here."""
        if not self.binning.has_table:
            return self._add_by_search(columns, row_of_pixel)
        offsets = row_of_pixel * np.int32(self.binning.bins)
        threads, events = most_threads(), number_of_events(columns)
        form = self._experience.choose(self._flat.nbytes, possible_forms(self._flat.nbytes, events, threads, _caches()))
        if form is Form.BLOCKS:
            self._blocks = self._blocks or self._new_blocks(threads)
            self._flat, missed = self._blocks.add(columns, offsets, self.binning, self._flat)
            return missed
        before_s, threads = self._direct.seconds, threads if form is Form.COPIES else 1
        self._flat, missed = self._direct.add(columns, offsets, self.binning, self._flat, threads)
        if events >= self._flat.size:  # else it took that long because memory was touched for the first time
            self._experience.learn(self._flat.nbytes, form, events, self._direct.seconds - before_s)
        return missed

    def _new_blocks(self, threads: int) -> BlockCounting:
        block_bytes = _caches().second_bytes // _BLOCK_SHARE
        return BlockCounting(Layout.of(len(self._flat), self._flat.itemsize, threads, block_bytes), threads)

    def _settle(self) -> None:
        """Count what waits, and add up what each thread has counted."""
        self._flat = self._direct.settled(self._flat)
        if self._blocks:
            before = self._flat.dtype
            self._flat = self._blocks.settled(self._flat)
            self._experience.learn(self._flat.nbytes, Form.BLOCKS, self._blocks.placed, self._blocks.seconds)
            self._blocks.placed, self._blocks.seconds = 0, 0.0
            if self._flat.dtype != before:
                self._blocks = None  # as many bytes are fewer cells now

    def _cells(self) -> Numbers:
        return self._flat[: self.rows * self.binning.bins].reshape(self.rows, self.binning.bins)

    def _add_by_search(self, columns: list[Columns], row_of_pixel: I4) -> WithoutCell:
        self._settle()
        self._flat, missed = self._flat.astype(np.float64, copy=False), WithoutCell()
        for part in columns:
            cells, more = cells_of(part, row_of_pixel, self.binning)
            np.add.at(self._flat, cells, 1)
            missed += more
        return missed
