"""X of the spectra of a workspace: bin edges or points, common to all or of each."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from livereduce.engine.matrix.pixel_maps import PixelMaps
from livereduce.stream.items import F8, I8

HUGE = float(np.finfo(np.float64).max)
"""X of a time of flight of 0 in a unit that falls with it, as Mantid has it."""


class Grid:
    """X of all spectra; never changed.

    Parameters
    ----------
    values
        If common: X of every spectrum, shape (k,). Else X of one spectrum after the other, shape (first[-1],).
    first
        None if common. Else shape (rows + 1,): X of spectrum i is ``values[first[i]:first[i + 1]]``.
    """

    def __init__(self, values: F8, first: I8 | None = None) -> None:
        self._values = values
        self._first = first
        self._change: PixelMaps | None = None

    @classmethod
    def ragged(cls, rows: Sequence[F8]) -> "Grid":
        """X of each spectrum its own."""
        first = np.concatenate(([0], np.cumsum([len(row) for row in rows]))).astype(np.int64)
        return cls(np.concatenate(rows) if rows else np.empty(0), first)

    def mapped(self, change: PixelMaps) -> "Grid":
        """X of each spectrum changed by its map (tables of shape (rows,)), ascending; for a common X made when read.

        So 100 000 spectra that change their unit cost no memory. Values that have none in the new unit become the
        greatest number there is, or its negative, and are left out for energy transfer. A spectrum without any keeps
        its X.
        """
        if self._first is not None or self._change is not None:
            rows = len(change.scale)
            return Grid.ragged([_changed(self.row(row), change, row) for row in range(rows)])
        grid = Grid(self._values)
        grid._change = change
        return grid

    @property
    def is_common(self) -> bool:
        """True if all spectra have the same X."""
        return self._first is None and self._change is None

    @cached_property
    def first(self) -> I8 | None:
        """Where X of each spectrum begins in `values`; None if common."""
        if self._change is None:
            return self._first
        rows = len(self._change.scale)
        if self._change.offset is None:
            return np.arange(rows + 1, dtype=np.int64) * len(self._values)
        return np.concatenate(([0], np.cumsum([len(self.row(row)) for row in range(rows)]))).astype(np.int64)

    @property
    def values(self) -> F8:
        """X of all spectra as one array: much memory if it is ragged; ask for `row` where that is enough."""
        if self._change is None:
            return self._values
        return np.concatenate([np.empty(0), *self.rows(len(self._change.scale))])

    @property
    def nbytes(self) -> int:
        """Memory held, in bytes."""
        return self._values.nbytes

    def row(self, index: int) -> F8:
        """X of one spectrum, as a view where it can be one."""
        if self._change is not None:
            return _changed(self._values, self._change, index)
        return self._values if self._first is None else self._values[self._first[index] : self._first[index + 1]]

    def rows(self, count: int) -> list[F8]:
        """X of all spectra."""
        return [self.row(index) for index in range(count)]

    def sizes(self, count: int) -> I8:
        """Number of X of each of `count` spectra."""
        return np.full(count, len(self.values), np.int64) if self.first is None else np.diff(self.first)

    def taken(self, rows: I8) -> "Grid":
        """X of some spectra, in this order."""
        if self._change is not None:
            return Grid(self._values).mapped(self._change.taken(rows))
        return self if self._first is None else Grid.ragged([self.row(int(index)) for index in rows])

    def is_like(self, other: "Grid", tolerance: float = 1e-8) -> bool:
        """True if X of all spectra agree, relative to the values."""
        if self is other or (self._change is not None and self._is_mapped_as(other)):
            return True
        if self.is_common != other.is_common:
            return False
        one, two = self.values, other.values
        if one.shape != two.shape:
            return False
        scale = np.maximum(np.abs(one), np.abs(two))
        return bool(np.all(np.abs(one - two) <= tolerance * np.maximum(scale, tolerance)))

    def _is_mapped_as(self, other: "Grid") -> bool:
        return self._change is other._change and np.array_equal(self._values, other._values)


def _changed(x: F8, change: PixelMaps, row: int) -> F8:
    new = change.apply(x, np.full(len(x), row, np.int32))
    has_value = np.isfinite(new)
    if not has_value.any():
        return x
    if change.offset is not None:
        new = new[has_value]
    elif not has_value.all():
        rises, is_late = change.scale[row] * change.power > 0, x > change.zero[row]
        new = np.where(has_value, new, np.where(is_late == rises, HUGE, -HUGE))
    return new[::-1].copy() if len(new) > 1 and new[0] > new[-1] else new


def is_like_common(grid: Grid, rows: int, tolerance: float = 1e-9) -> bool:
    """True if all spectra have the same X, to rounding."""
    if grid.is_common or rows < 2:
        return True
    lengths = np.diff(grid.first) if grid.first is not None else np.zeros(0)
    if not np.all(lengths == lengths[0]):
        return False
    table = grid.values.reshape(rows, -1)
    return bool(np.allclose(table, table[0], rtol=tolerance, atol=0))
