"""X of the spectra of a workspace: bin edges or points, common to all or of each."""

from collections.abc import Sequence
from functools import cached_property
from operator import is_

import numpy as np

from livereduce.engine.matrix.events.pixel_maps import PixelMaps
from livereduce.stream.items import B1, F8, I8
from livereduce.stream.stretches import starts_of

HUGE = float(np.finfo(np.float64).max)
"""X of a time of flight of 0 in a unit that falls with it, as Mantid has it."""

ROWS_AT_ONCE = 1024
"""Spectra whose X is computed in one step: few enough for the cache, many enough to pay for the step."""


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
        self._changes: tuple[PixelMaps, ...] = ()

    @classmethod
    def ragged(cls, rows: Sequence[F8]) -> "Grid":
        """X of each spectrum its own."""
        first = starts_of([len(row) for row in rows])
        return cls(np.concatenate(rows) if rows else np.empty(0), first)

    def mapped(self, change: PixelMaps) -> "Grid":
        """X of each spectrum changed by its map (tables of shape (rows,)), ascending; for a common X made when read.

        So 100 000 spectra that change their unit cost no memory. Values that have none in the new unit become the
        greatest number there is, or its negative, and are left out for energy transfer. A spectrum without any keeps
        its X.
        """
        if self._first is not None:
            return Grid.ragged([_changed(self.row(row), (change,), row) for row in range(len(change.scale))])
        return self._with((*self._changes, change))

    def _with(self, changes: tuple[PixelMaps, ...]) -> "Grid":
        grid = Grid(self._values)
        grid._changes = changes
        return grid

    @property
    def is_common(self) -> bool:
        """True if all spectra have the same X."""
        return self._first is None and not self._changes

    @cached_property
    def first(self) -> I8 | None:
        """Where X of each spectrum begins in `values`; None if common."""
        if not self._changes:
            return self._first
        rows = len(self._changes[0].scale)
        if not _can_cut(self._changes):
            return np.arange(rows + 1, dtype=np.int64) * len(self._values)
        return starts_of([len(row) for row in self.rows(rows)])

    @property
    def values(self) -> F8:
        """X of all spectra as one array: much memory if it is ragged; ask for `row` or `ends` where that is enough."""
        if not self._changes:
            return self._values
        rows = len(self._changes[0].scale)
        if not _can_cut(self._changes):
            flat: F8 = _all_changed(self._values, self._changes).ravel()
            return flat
        return np.concatenate([np.empty(0), *self.rows(rows)])

    def ends(self, count: int) -> tuple[F8, F8]:
        """Least and greatest X of each of `count` spectra, shape (count,) each; NaN for a spectrum without X."""
        if self._changes and not (len(self._values) and _all_have_values(self._values[[0, -1]], self._changes)):
            return Grid.ragged(self.rows(count)).ends(count)
        sizes = self.sizes(count)
        if not len(sizes) or not sizes.any():
            return np.full(count, np.nan), np.full(count, np.nan)
        if not self._changes:
            first = np.zeros(count, np.int64) if self._first is None else self._first[:-1]
            last = np.minimum(first + sizes, len(self._values)) - 1
            low, high = (self._values[np.minimum(place, len(self._values) - 1)] for place in (first, last))
            return np.where(sizes > 0, low, np.nan), np.where(sizes > 0, high, np.nan)
        table = _all_changed(self._values[[0, -1]], self._changes)
        return table[:, 0], table[:, 1]

    @property
    def nbytes(self) -> int:
        """Memory held, in bytes."""
        return self._values.nbytes

    def row(self, index: int) -> F8:
        """X of one spectrum, as a view where it can be one."""
        if self._changes:
            return _changed(self._values, self._changes, index)
        return self._values if self._first is None else self._values[self._first[index] : self._first[index + 1]]

    def rows(self, count: int) -> list[F8]:
        """X of all spectra."""
        if not self._changes:
            return [self.row(index) for index in range(count)]
        is_cut = _can_cut(self._changes)
        rows: list[F8] = []
        for start in range(0, count, ROWS_AT_ONCE):
            some = np.arange(start, min(start + ROWS_AT_ONCE, count))
            table = _all_changed(self._values, tuple(change.taken(some) for change in self._changes))
            rows.extend(row[np.isfinite(row)] if is_cut else row for row in table)
        return rows

    def sizes(self, count: int) -> I8:
        """Number of X of each of `count` spectra."""
        return np.full(count, len(self.values), np.int64) if self.first is None else np.diff(self.first)

    def taken(self, rows: I8) -> "Grid":
        """X of some spectra, in this order."""
        if self._changes:
            return self._with(tuple(change.taken(rows) for change in self._changes))
        return self if self._first is None else Grid.ragged([self.row(int(index)) for index in rows])

    def is_like(self, other: "Grid", tolerance: float = 1e-8) -> bool:
        """True if X of all spectra agree, relative to the values."""
        if self is other or (self._changes and self._is_mapped_as(other)):
            return True
        if self.is_common != other.is_common:
            return False
        one, two = self.values, other.values
        if one.shape != two.shape:
            return False
        scale = np.maximum(np.abs(one), np.abs(two))
        return bool(np.all(np.abs(one - two) <= tolerance * np.maximum(scale, tolerance)))

    def _is_mapped_as(self, other: "Grid") -> bool:
        alike = len(self._changes) == len(other._changes) and all(map(is_, self._changes, other._changes))
        return alike and np.array_equal(self._values, other._values)


def _can_cut(changes: tuple[PixelMaps, ...]) -> bool:
    """True if values may be left out: those that energy transfer does not have."""
    return any(change.offset is not None for change in changes)


def _changed(x: F8, changes: tuple[PixelMaps, ...], row: int) -> F8:
    """X of one spectrum."""
    alone = tuple(change.taken(np.array([row])) for change in changes)
    new: F8 = _all_changed(x, alone)[0]
    finite: F8 = new[np.isfinite(new)]
    return finite if _can_cut(changes) else new


def _all_changed(x: F8, changes: tuple[PixelMaps, ...]) -> F8:
    """X of all spectra, shape (rows, values); NaN where energy transfer has no value."""
    rows = len(changes[0].scale)
    pixel = np.repeat(np.arange(rows, dtype=np.int32), len(x))
    table: F8 = np.tile(x, (rows, 1))
    for change in changes:
        new = change.apply(table.ravel(), pixel).reshape(table.shape)
        has_value = np.isfinite(new)
        if change.offset is None:
            rises, is_late = (change.scale * change.power > 0)[:, None], table > change.zero[:, None]
            new = np.where(has_value, new, np.where(is_late == rises, HUGE, -HUGE))
        table = np.where(has_value.any(axis=1, keepdims=True), new, table)
    falls = table[:, :1] > table[:, -1:] if len(x) else np.zeros((rows, 1), np.bool_)
    return _turned(table, falls[:, 0])


def _all_have_values(x: F8, changes: tuple[PixelMaps, ...]) -> bool:
    """True if each X has a value in every spectrum after each change."""
    rows = len(changes[0].scale)
    pixel, values = np.repeat(np.arange(rows, dtype=np.int32), len(x)), np.tile(x, rows)
    for change in changes:
        values = change.apply(values, pixel)
        if change.offset is not None or not np.isfinite(values).all():
            return False
    return True


def _turned(table: F8, falls: B1) -> F8:
    """Rows that fall, the other way round; a value that is missing at one end does not hide the direction."""
    unclear = np.isnan(table).any(axis=1)
    if unclear.any():
        steps = np.diff(table[unclear], axis=1)
        falls = falls.copy()
        falls[unclear] = np.nansum(steps, axis=1) < 0
    table[falls] = table[falls][:, ::-1]
    return table


def is_like_common(grid: Grid, rows: int, tolerance: float = 1e-9) -> bool:
    """True if all spectra have the same X, to rounding."""
    if grid.is_common or rows < 2:
        return True
    begin, second = grid.row(0), grid.row(1)
    if len(begin) != len(second) or not np.allclose(begin, second, rtol=tolerance, atol=0):
        return False  # without making X of all spectra, which may be much memory
    sizes = grid.sizes(rows)
    if not np.all(sizes == sizes[0]):
        return False
    if not np.allclose(begin, grid.row(rows - 1), rtol=tolerance, atol=0):
        return False
    table = grid.values.reshape(rows, -1)
    return bool(np.allclose(table, table[0], rtol=tolerance, atol=0))
