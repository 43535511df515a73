"""X of the spectra of a workspace: bin edges or points, common to all or of each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from livereduce.stream.items import F8, I8


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """X of all spectra.

    Attributes
    ----------
    values
        If common: X of every spectrum, shape (k,). Else X of one spectrum after the other, shape (first[-1],).
    first
        None if common. Else shape (rows + 1,): X of spectrum i is ``values[first[i]:first[i + 1]]``.
    """

    values: F8
    first: I8 | None = None

    @classmethod
    def ragged(cls, rows: Sequence[F8]) -> "Grid":
        """X of each spectrum its own."""
        first = np.concatenate(([0], np.cumsum([len(row) for row in rows]))).astype(np.int64)
        return cls(np.concatenate(rows) if rows else np.empty(0), first)

    @property
    def is_common(self) -> bool:
        """True if all spectra have the same X."""
        return self.first is None

    def row(self, index: int) -> F8:
        """X of one spectrum, as a view."""
        return self.values if self.first is None else self.values[self.first[index] : self.first[index + 1]]

    def rows(self, count: int) -> list[F8]:
        """X of all spectra, as views."""
        return [self.row(index) for index in range(count)]

    def taken(self, rows: I8) -> "Grid":
        """X of some spectra, in this order."""
        return self if self.first is None else Grid.ragged([self.row(int(index)) for index in rows])

    def is_like(self, other: "Grid", tolerance: float = 1e-8) -> bool:
        """True if X of all spectra agree, relative to the values."""
        if self is other:
            return True
        if self.is_common != other.is_common or self.values.shape != other.values.shape:
            return False
        scale = np.maximum(np.abs(self.values), np.abs(other.values))
        return bool(np.all(np.abs(self.values - other.values) <= tolerance * np.maximum(scale, tolerance)))


def is_like_common(grid: Grid, rows: int, tolerance: float = 1e-9) -> bool:
    """True if all spectra have the same X, to rounding."""
    if grid.is_common or rows < 2:
        return True
    lengths = np.diff(grid.first) if grid.first is not None else np.zeros(0)
    if not np.all(lengths == lengths[0]):
        return False
    table = grid.values.reshape(rows, -1)
    return bool(np.allclose(table, table[0], rtol=tolerance, atol=0))
