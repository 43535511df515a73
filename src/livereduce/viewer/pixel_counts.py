"""Counts of each pixel in a few wide bins of time of flight, for the picture of the detector."""

import numpy as np

from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.kernels import ADD_EVENTS, SCRATCH, UNKNOWN_PIXEL
from livereduce.engine.counting.pixels import MAX_PIXEL, PixelTable
from livereduce.stream.items import I4, I8, U4

MOST_CELLS = 1 << 26
"""256 MiB."""
MOST_BINS = 64
MANY_ROWS = 1 << 22
"""Of more pixels no times of flight are told apart: the memory is needed to lay them out on a screen."""
_LONGEST_NS = 1 << 31
_NO_ROOM = 2
"""Cells behind the counts, for events without one."""
_ADD = ADD_EVENTS[np.dtype(np.uint32)]


def coarse_binning(low_ns: int, high_ns: int, rows: int) -> Binning:
    """Bins of equal width from low to high, as many as memory allows, with one below them and one above."""
    inner = 1 if rows > MANY_ROWS else max(1, min(MOST_BINS, MOST_CELLS // max(rows, 1)) - 2)
    edges = np.unique(np.rint(np.linspace(low_ns, high_ns, inner + 1)).astype(np.int64))
    below = [-_LONGEST_NS] if low_ns > -_LONGEST_NS else []
    above = [_LONGEST_NS - 1] if high_ns < _LONGEST_NS - 1 else []
    return Binning(np.concatenate([below, edges, above]).astype(np.int64))


class PixelCounts:
    """Counts of each pixel that has a row in the table.

    Parameters
    ----------
    table
        The pixels of the instrument; those that appear are added if it grows.
    low_ns, high_ns
        The times of flight that can be chosen from.
    """

    def __init__(self, table: PixelTable, low_ns: int, high_ns: int) -> None:
        self.table = table
        self.inner = (low_ns, high_ns)
        self.binning = coarse_binning(low_ns, high_ns, table.rows)
        self._room = max(table.rows, 1)
        self._counts = np.zeros(self._room * self.binning.bins + _NO_ROOM, np.uint32)
        self._offsets: I4 = np.full(1, -1, np.int32)
        self._rows = -1
        self._scratch = np.empty(SCRATCH, np.int32)
        self._wrapped = np.zeros(SCRATCH + 1, np.int64)

    def add(self, tof_ns: I4, pixel: I4) -> None:
        """Count events; pixels that have no row get one, if the table grows and there is room."""
        before = int(self._counts[UNKNOWN_PIXEL])
        self._add(tof_ns, pixel)
        if int(self._counts[UNKNOWN_PIXEL]) != before and self.table.grows:
            is_missed = self.table.rows_of(pixel) < 0
            tof_ns, pixel = tof_ns[is_missed], pixel[is_missed]
            self._extend_table(pixel)
            self._add(tof_ns, pixel)

    def range_of(self, low_us: float | None, high_us: float | None) -> tuple[int, int]:
        """First bin, and the one after the last, of a range of times of flight, rounded outwards; all without one."""
        if low_us is None and high_us is None:
            return 0, self.binning.bins
        edges, (low_ns, high_ns) = self.binning.edges_ns, self.inner
        first = int(np.searchsorted(edges, low_ns if low_us is None else round(low_us * 1000), "right")) - 1
        behind = int(np.searchsorted(edges, high_ns if high_us is None else round(high_us * 1000), "left"))
        least, most = np.searchsorted(edges, self.inner).tolist()
        first = min(max(first, least), most - 1)
        return first, max(first + 1, min(behind, most))

    @property
    def step_us(self) -> float:
        """Width of the bins between which a range can be chosen."""
        edges = self.binning.edges_ns
        least, most = np.searchsorted(edges, self.inner).tolist()
        return float(np.diff(edges[least : most + 1]).max()) / 1000

    def counts(self, first: int, behind: int) -> I8:
        """Counts of each row in some bins, shape (rows,)."""
        found: I8 = self.cells[:, first:behind].sum(axis=1, dtype=np.int64)
        return found

    @property
    def cells(self) -> U4:
        """All counts, shape (rows, bins): a view."""
        return self._counts[: self.table.rows * self.binning.bins].reshape(self.table.rows, self.binning.bins)

    @property
    def _most_rows(self) -> int:
        return max(MOST_CELLS // self.binning.bins, self._room)

    def _extend_table(self, pixel: I4) -> None:
        """Give rows to pixels that have none, as far as there is room; then the table grows no more, for nobody."""
        fresh = np.unique(pixel[(pixel >= 0) & (pixel <= MAX_PIXEL)])
        room = self._most_rows - self.table.rows
        self.table.extend(fresh[:room])
        self.table.grows = len(fresh) < room

    def _add(self, tof_ns: I4, pixel: I4) -> None:
        self._follow_table()
        done = 0
        while done < len(tof_ns):
            done += int(
                _ADD(tof_ns[done:], pixel[done:], self._offsets, *self.binning.lookup, self._counts, self._scratch,
                     self._wrapped)
            )  # fmt: skip
            self._counts[self._wrapped[1 : 1 + self._wrapped[0]]] = np.iinfo(np.uint32).max

    def _follow_table(self) -> None:
        if self.table.rows == self._rows:
            return
        if self.table.rows > self._room:
            self._grow(min(self._most_rows, max(self.table.rows, self._room * 3 // 2)))
        rows = self.table.row_of_pixel
        # a row without room has no place: whatever the table does, nothing is written beyond the counts
        self._offsets = np.where(rows < self._room, rows * np.int32(self.binning.bins), -1).astype(np.int32)
        self._rows = self.table.rows

    def _grow(self, room: int) -> None:
        counts = np.zeros(room * self.binning.bins + _NO_ROOM, np.uint32)
        counts[: len(self._counts) - _NO_ROOM] = self._counts[:-_NO_ROOM]
        counts[-_NO_ROOM:] = self._counts[-_NO_ROOM:]
        self._counts, self._room = counts, room
