"""Count events: spectra × time of flight, exact on every edge, a few nanoseconds per event."""

import logging

import numpy as np

from livereduce.config.keys import MOST_DENSE_CELLS
from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.columns import Columns, WithoutCell, columns_of
from livereduce.engine.counting.counts import Counts
from livereduce.engine.counting.dense.cells import DenseCells
from livereduce.engine.counting.pixels import PixelTable
from livereduce.engine.counting.sparse.cells import SparseCells
from livereduce.engine.workspaces.events import Events
from livereduce.stream.items import I4

logger = logging.getLogger("livereduce.engine")

_NO_PIXELS: I4 = np.empty(0, np.int32)
_ONE_ROW: I4 = np.zeros(1, np.int32)


class Histogram:
    """Counts that grow: new rows for new pixels, counting in place.

    Parameters
    ----------
    table
        Its rows; may be shared and grow elsewhere. None keeps one spectrum, the sum over all pixels.
    """

    def __init__(self, binning: Binning, table: PixelTable | None) -> None:
        self.binning = binning
        self.table = table
        self.outside_tof = 0
        self.unknown_pixel = 0
        self._cells: DenseCells | SparseCells = DenseCells(binning, 1 if table is None else 0)

    @property
    def nbytes(self) -> int:
        """Memory of its cells in bytes."""
        return self._cells.nbytes

    def counts(self) -> Counts:
        """The counts so far, as a read-only view."""
        self._follow_table()
        return Counts(
            counts=self._cells.values(),
            binning=self.binning,
            pixels=_NO_PIXELS if self.table is None else self.table.pixels,
            outside_tof=self.outside_tof,
            unknown_pixel=self.unknown_pixel,
        )

    def add(self, events: Events) -> None:
        """Count events; those without a cell are counted in `outside_tof` and `unknown_pixel`."""
        columns = columns_of(events.pieces)
        if not columns:
            return
        missed = self._add(columns)
        if missed.unknown_pixel and self.table is not None and self.table.grows:
            missed = WithoutCell(outside_tof=missed.outside_tof) + self._add_to_new_rows(self.table, columns)
        self.outside_tof += missed.outside_tof
        self.unknown_pixel += missed.unknown_pixel

    def add_counts(self, other: Counts) -> None:
        """Add counts with the same bins.

        Raises
        ------
        ValueError
            Bins or spectra do not match.
        """
        if not np.array_equal(other.binning.edges_ns, self.binning.edges_ns):
            raise ValueError(f"counts in {other.binning} cannot be added to counts in {self.binning}")
        if self.table is None:
            other = other.total()
            rows = np.zeros(1, np.int32)
        elif len(other.pixels) != len(other.counts):
            raise ValueError("a sum over all spectra cannot be added to counts of single spectra")
        else:
            self.table.extend(other.pixels)
            self._follow_table()
            rows = self.table.rows_of(other.pixels)
        self.outside_tof += other.outside_tof
        self.unknown_pixel += other.unknown_pixel + round(self._cells.add_counts(rows, other.counts))

    def _add(self, columns: list[Columns]) -> WithoutCell:
        self._follow_table()
        return self._cells.add(columns, _ONE_ROW if self.table is None else self.table.row_of_pixel)

    def _add_to_new_rows(self, table: PixelTable, columns: list[Columns]) -> WithoutCell:
        """Count the events of pixels that had no row, with rows for them."""
        rest: list[Columns] = []
        for tof_ns, pixel in columns:
            is_missed = table.rows_of(pixel) < 0
            if is_missed.any():
                rest.append((tof_ns[is_missed], pixel[is_missed]))
        for _, pixel in rest:
            table.extend(np.unique(pixel))
        return self._add(rest)

    def _follow_table(self) -> None:
        """Make room for the rows that the table has added."""
        if self.table is None or self.table.rows == self._cells.rows:
            return
        rows = self.table.rows
        if isinstance(self._cells, DenseCells) and rows * self.binning.bins > MOST_DENSE_CELLS:
            self._become_sparse(self._cells, rows)
        elif isinstance(self._cells, DenseCells):
            self._cells.grow(rows, MOST_DENSE_CELLS)
        else:
            self._cells.grow(rows)

    def _become_sparse(self, dense: DenseCells, rows: int) -> None:
        logger.info("%d spectra of %d bins: from here on their counts are kept as sparse ones", rows, self.binning.bins)
        self._cells = SparseCells(self.binning, rows)
        self._cells.add_counts(np.arange(dense.rows, dtype=np.int32), dense.values())
