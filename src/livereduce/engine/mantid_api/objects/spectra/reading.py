"""X, Y and E of single spectra, read from whatever a workspace holds without counting twice.

A loop ``for i in range(ws.getNumberHistograms()): ws.readY(i)`` counts the events once, in blocks that fit in memory.
"""

from typing import Protocol

import numpy as np

from livereduce.engine.counting.counts import Counts
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix
from livereduce.stream.items import F8, I8

BLOCK_BYTES = 256 * 2**20
"""Y and E of so much are held at a time, if the events of all spectra would take more."""


class SpectraReader(Protocol):
    """Values of a spectrum by its place; the arrays must not be changed."""

    def x(self, row: int) -> F8:
        """Edges or points."""

    def y(self, row: int) -> F8:
        """Values."""

    def e(self, row: int) -> F8:
        """Standard deviations."""

    def size(self, row: int) -> int:
        """Number of values."""


class CountsReader:
    """Spectra of counts as the engine keeps them, as narrow as they are.

    Parameters
    ----------
    counts_row
        Row of the counts for each spectrum, -1 for a spectrum without counts; None: the same.
    """

    def __init__(self, counts: Counts, counts_row: I8 | None = None) -> None:
        self._counts = counts
        self._rows = counts_row
        self._x = counts.binning.edges_us.astype(np.float64)

    def x(self, row: int) -> F8:  # noqa: ARG002 (they are common)
        """Edges in µs."""
        return self._x

    def y(self, row: int) -> F8:
        """Counts."""
        place = row if self._rows is None else int(self._rows[row])
        if place < 0:
            return np.zeros(self._counts.binning.bins)
        values: F8 = self._counts.counts[place].astype(np.float64)
        return values

    def e(self, row: int) -> F8:
        """√counts."""
        errors: F8 = np.sqrt(self.y(row))
        return errors

    def size(self, row: int) -> int:  # noqa: ARG002
        """Number of bins."""
        return self._counts.binning.bins


class MatrixReader:
    """Spectra of a matrix; events are counted when a value is asked for, a block of spectra at a time."""

    def __init__(self, matrix: Matrix) -> None:
        self._matrix = matrix
        self._block: Histograms | None = None
        self._begin = self._end = 0

    def x(self, row: int) -> F8:
        """Edges or points."""
        return self._matrix.content.x.row(row)

    def y(self, row: int) -> F8:
        """Values."""
        block = self._of(row)
        return block.y_of(row - self._begin)

    def e(self, row: int) -> F8:
        """Standard deviations."""
        block = self._of(row)
        return block.e_of(row - self._begin)

    def size(self, row: int) -> int:
        """Number of values; edges tell it without counting."""
        content = self._matrix.content
        if isinstance(content, Histograms):
            return int(content.first[row + 1] - content.first[row])
        return max(0, len(content.x.row(row)) - 1)

    def _of(self, row: int) -> Histograms:
        if isinstance(self._matrix.content, Histograms):
            return self._matrix.content
        if self._block is None or not self._begin <= row < self._end:
            self._begin, self._end = _block_of(row, self._matrix.rows, 16 * self.size(row))
            whole = self._end - self._begin == self._matrix.rows
            part = self._matrix if whole else self._matrix.taken(np.arange(self._begin, self._end))
            self._block = part.histograms
        return self._block


def _block_of(row: int, rows: int, bytes_each: int) -> tuple[int, int]:
    """First spectrum, and the one behind the last, of the block that holds a spectrum."""
    size = max(1, BLOCK_BYTES // max(1, bytes_each))
    begin = row // size * size
    return begin, min(rows, begin + size)
