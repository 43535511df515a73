"""Counts of so many cells that they are only written out part by part."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from livereduce.engine.counting.counts import check_cells
from livereduce.engine.counting.sparse.cells import SparseCounts
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.stream.items import F8, I8
from livereduce.stream.stretches import starts_of

PART_CELLS = 1 << 22
"""Cells of a part: 64 MiB with their errors."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SparseHistograms:
    """Counts of spectra in common edges, with the error √counts."""

    x: Grid
    counts: SparseCounts

    @property
    def rows(self) -> int:
        """Number of spectra."""
        return len(self.counts)

    @property
    def nbytes(self) -> int:
        """Memory in bytes."""
        return self.x.nbytes + self.counts.nbytes

    def taken(self, rows: I8) -> Histograms:
        """Some spectra, in this order, written out.

        Raises
        ------
        TooManyCells
            They do not fit into memory.
        """
        check_cells(len(rows), self.counts.shape[1])
        values = np.empty((len(rows), self.counts.shape[1]))
        for place, row in enumerate(rows):
            values[place] = self.counts[int(row)]
        return self._table(values)

    def written_out(self) -> Histograms:
        """All spectra, as `taken`."""
        check_cells(*self.counts.shape)
        return self._table(self.counts[:])

    def total(self, rows: I8) -> F8:
        """The sum of some spectra, shape (bins,)."""
        if len(rows) == self.rows:
            return self.counts.sums()[1]
        total = np.zeros(self.counts.shape[1])
        for row in rows:
            total += self.counts[int(row)]
        return total

    def in_parts(self, change: Callable[[Histograms, slice], Histograms]) -> Histograms:
        """What a function makes of all spectra, given some of them at a time and which they are.

        It gives the same X for all.

        Raises
        ------
        TooManyCells
            What it makes does not fit into memory.
        """
        some = max(1, PART_CELLS // self.counts.shape[1])
        made: list[Histograms] = []
        for start in range(0, self.rows, some):
            part = slice(start, min(self.rows, start + some))
            made.append(change(self._table(self.counts[part]), part))
            check_cells(self.rows, int(made[0].first[1]))
        y, e = (np.concatenate(values) for values in ([part.y for part in made], [part.e for part in made]))
        return Histograms(
            x=made[0].x, y=y, e=e, first=starts_of(np.concatenate([np.diff(part.first) for part in made]))
        )

    def _table(self, values: F8) -> Histograms:
        return Histograms.table(self.x, values, np.sqrt(values))
