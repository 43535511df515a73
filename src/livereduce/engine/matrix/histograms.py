"""Counts and errors of spectra in their bins, or at their points."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from livereduce.engine.matrix.grid import Grid, is_like_common
from livereduce.stream.items import F8, I8
from livereduce.stream.stretches import starts_of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Histograms:
    """Values of all spectra, one after the other.

    Attributes
    ----------
    x
        Edges (one more than the values of a spectrum), or points (as many).
    y, e
        Values and standard deviations, shape (first[-1],).
    first
        Shape (rows + 1,): those of spectrum i are ``y[first[i]:first[i + 1]]``.
    """

    x: Grid
    y: F8
    e: F8
    first: I8

    @classmethod
    def table(cls, x: Grid | F8, y: F8, e: F8) -> "Histograms":
        """Spectra of the same number of values, from arrays of shape (rows, values)."""
        rows, size = y.shape
        grid = x if isinstance(x, Grid) else Grid(np.asarray(x, np.float64))
        first = np.arange(rows + 1, dtype=np.int64) * size
        return cls(
            x=grid, y=np.ascontiguousarray(y, np.float64).ravel(), e=np.asarray(e, np.float64).ravel(), first=first
        )

    @classmethod
    def ragged(cls, x: Grid, y: Sequence[F8], e: Sequence[F8]) -> "Histograms":
        """Spectra of any number of values each."""
        first = starts_of([len(row) for row in y])
        empty = np.empty(0)
        return cls(x=x, y=np.concatenate([empty, *y]), e=np.concatenate([empty, *e]), first=first)

    @property
    def rows(self) -> int:
        """Number of spectra."""
        return len(self.first) - 1

    @property
    def nbytes(self) -> int:
        """Memory of the values in bytes."""
        return self.x.nbytes + self.y.nbytes + self.e.nbytes

    @property
    def is_even(self) -> bool:
        """True if all spectra have the same number of values."""
        sizes = np.diff(self.first)
        return bool(len(sizes) == 0 or np.all(sizes == sizes[0]))

    @property
    def is_points(self) -> bool:
        """True if X are points and not edges."""
        return self.rows > 0 and len(self.x.row(0)) == int(self.first[1])

    def common_x(self) -> F8:
        """X of all spectra.

        Raises
        ------
        ValueError
            The spectra have different bins.
        """
        if not is_like_common(self.x, self.rows):
            raise ValueError("the spectra have different bins: rebin them to common bins first")
        return self.x.row(0)

    def y_of(self, row: int) -> F8:
        """Values of a spectrum, as a view."""
        return self.y[self.first[row] : self.first[row + 1]]

    def e_of(self, row: int) -> F8:
        """Standard deviations of a spectrum, as a view."""
        return self.e[self.first[row] : self.first[row + 1]]

    def y_table(self) -> F8:
        """Values as (rows, values).

        Raises
        ------
        RuntimeError
            The spectra have different numbers of values.
        """
        return self._as_table(self.y)

    def e_table(self) -> F8:
        """Standard deviations as (rows, values), as `y_table`."""
        return self._as_table(self.e)

    def _as_table(self, flat: F8) -> F8:
        if not self.is_even:
            raise RuntimeError("the spectra have different numbers of bins (ragged): rebin them to common bins first")
        return flat.reshape(self.rows, -1)

    def taken(self, rows: I8) -> "Histograms":
        """Some spectra, in this order."""
        if self.is_even and self.x.is_common:
            return Histograms.table(self.x, self.y_table()[rows], self.e_table()[rows])
        chosen = [int(row) for row in rows]
        return Histograms.ragged(
            self.x.taken(rows), [self.y_of(row) for row in chosen], [self.e_of(row) for row in chosen]
        )

    def with_values(self, y: F8, e: F8) -> "Histograms":
        """The same bins with other values."""
        return replace(self, y=y, e=e)
