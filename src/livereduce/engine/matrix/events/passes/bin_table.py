"""The table that finds the bin of an x with one lookup and one comparison."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from livereduce.stream.items import F8, I4, I8

MAX_CELLS = 2**20
"""4 MiB; edges that need more cells are searched."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BinTable:
    """Cells across the range of some edges, each with at most one edge in it.

    The cell of x is ``(bits of x - bits of edges[0]) >> shift``, which suits logarithmic bins, or, with a `shift` of
    -1, ``int((x - edges[0]) * factor)``. Both rise with x also after rounding: edges of cells before are reached by x,
    edges of cells behind are not, and the one edge of the same cell is compared.

    Attributes
    ----------
    before
        Number of edges in the cells before each.
    """

    edges: F8
    before: I4
    factor: float
    shift: int

    @property
    def origin(self) -> int:
        """The first edge read as an integer."""
        return int(self.edges.view(np.int64)[0])

    @classmethod
    def of(cls, edges: F8) -> Self | None:
        """The table with fewer cells of the two kinds; None if both have too many."""
        if len(edges) < 2 or not np.isfinite(edges[[0, -1]]).all():
            return None
        linear, bits = _linear(edges), _by_bits(edges)
        tables = [one for one in (linear, bits) if one is not None]
        if not tables:
            return None
        cell_of_edge, factor, shift = min(tables, key=lambda one: int(one[0][-1]))
        before = np.searchsorted(cell_of_edge, np.arange(cell_of_edge[-1] + 1), side="left")
        return cls(edges=edges, before=before.astype(np.int32), factor=factor, shift=shift)


_Cells = tuple[I8, float, int]


def _linear(edges: F8) -> _Cells | None:
    span, width = edges[-1] - edges[0], np.diff(edges).min()
    if not width > 0 or not np.isfinite(span) or span >= width * (MAX_CELLS / 2):
        return None
    factor = float(1.001 / width)
    if not np.isfinite(factor):
        return None
    cells = ((edges - edges[0]) * factor).astype(np.int64)
    return (cells, factor, -1) if np.all(np.diff(cells) > 0) else None


def _by_bits(edges: F8) -> _Cells | None:
    if edges[0] <= 0:
        return None
    bits = edges.view(np.int64)
    width = int(np.diff(bits).min())
    if width <= 0:
        return None
    shift = width.bit_length() - 1
    cells = (bits - bits[0]) >> shift
    return (cells, 0.0, shift) if cells[-1] < MAX_CELLS else None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowTables:
    """A `BinTable` for each of some spectra, one after the other.

    Attributes
    ----------
    where
        Shape (rows, 6): first and last edge, first cell, first bin, shift and origin of each.
    factor
        Shape (rows,).
    """

    edges: F8
    before: I4
    factor: F8
    where: I8

    @classmethod
    def of(cls, edges: F8, first_edge: I8, first_bin: I8) -> Self | None:
        """The tables; None if one has none, or all together have too many cells. Rows without bins need none."""
        factor, where = np.ones(len(first_bin) - 1), np.zeros((len(first_bin) - 1, 6), np.int64)
        parts, cells = [np.zeros(1, np.int32)], 1
        for row, (start, end) in enumerate(zip(first_edge[:-1].tolist(), first_edge[1:].tolist(), strict=True)):
            if end - start < 2:
                continue
            table = BinTable.of(edges[start:end])
            if table is None or cells + len(table.before) > MAX_CELLS:
                return None
            factor[row] = table.factor
            where[row] = start, end - 1, cells, first_bin[row], table.shift, table.origin
            parts.append(table.before)
            cells += len(table.before)
        return cls(edges=edges, before=np.concatenate(parts), factor=factor, where=where)
