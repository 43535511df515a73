"""Events counted in the edges of their spectra."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from livereduce.engine.counting.counts import check_cells
from livereduce.engine.matrix.events.passes.bin_table import BinTable, RowTables
from livereduce.engine.matrix.events.passes.blocks import BLOCK, EventBlock, EventContent, blocks_of
from livereduce.engine.matrix.events.passes.direct import counts_of
from livereduce.engine.matrix.events.passes.sharing import shares_of
from livereduce.engine.matrix.events.passes.summing import add, add_weighted, place, place_by_row, search
from livereduce.engine.matrix.events.pending_events import PendingEvents
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.stream.items import F8, I4, I8
from livereduce.stream.stretches import starts_of

CELLS_OF_A_THREAD = 2**20
"""Counts that each thread may have for itself, 8 MiB."""
ROWS_WITH_TABLES = 512
"""More spectra with edges of their own are searched: making their tables would take longer than it saves."""


def histograms_of(content: EventContent, edges: Grid) -> Histograms:
    """Histograms of the events in these edges: Y = Σ weight, E = √Σ variance.

    Raises
    ------
    ValueError
        Edges that do not ascend.
    TooManyCells
        The histograms do not fit into memory.
    """
    bins = _Bins.of(edges, content.rows)
    check_cells(content.rows, -(-bins.total // max(1, content.rows)))
    of_rows = _row_weights(content) if isinstance(content, PendingEvents) else None
    if content.weight is None or of_rows is not None:
        y = variance = _counts(content, edges, bins)
    else:
        y, variance = _weighted(content, bins)
    if of_rows is not None:
        y, variance = (_times(y, bins.first_bin, factors) for factors in of_rows)
    return Histograms(x=edges, y=y, e=np.sqrt(variance), first=bins.first_bin)


def _counts(content: EventContent, edges: Grid, bins: "_Bins") -> F8:
    """Events of each bin: whole numbers, which are the same in whatever parts they are added."""
    parts = shares_of(content) if isinstance(content, PendingEvents) and bins.total <= CELLS_OF_A_THREAD else [content]
    if len(parts) == 1:
        return _counts_of(content, edges, bins)
    with ThreadPoolExecutor(len(parts)) as pool:
        one, *others = pool.map(lambda part: _counts_of(part, edges, bins), parts)
    for other in others:
        one += other
    return one


def _counts_of(content: EventContent, edges: Grid, bins: "_Bins") -> F8:
    at_once = counts_of(content, edges) if isinstance(content, PendingEvents) else None
    if at_once is not None:
        return at_once
    y, cells = np.zeros(bins.total + 1), bins.scratch()
    for block in blocks_of(content, with_weights=False):
        cell = bins.cells_of(block, cells)
        add[cell.dtype](cell, y)
    return y[:-1]


def _weighted(content: EventContent, bins: "_Bins") -> tuple[F8, F8]:
    y, variance, cells = np.zeros(bins.total + 1), np.zeros(bins.total + 1), bins.scratch()
    for block in blocks_of(content):
        cell = bins.cells_of(block, cells)
        add_weighted[cell.dtype](cell, block.weight, y)
        add_weighted[cell.dtype](cell, block.variance, variance)
    return y[:-1], variance[:-1]


def _times(counts: F8, first_bin: I8, per_row: F8) -> F8:
    """Counts × a factor of each row; no events are 0 whatever the factor."""
    factors = np.repeat(per_row, np.diff(first_bin))
    return np.where(counts == 0, 0.0, counts * factors) if np.isnan(per_row).any() else counts * factors


def _row_weights(content: PendingEvents) -> tuple[F8, F8] | None:
    """Weight and variance of each row, if all pixels of a row have the same: then events need only be counted."""
    if content.weight is None or content.variance is None:
        return None
    known = np.flatnonzero(content.row_of_pixel >= 0)
    row = content.row_of_pixel[known]
    of_rows = []
    for table in (content.weight, content.variance):
        per_row = np.ones(content.rows)
        per_row[row] = table[known]
        if not np.array_equal(per_row[row], table[known], equal_nan=True):
            return None
        of_rows.append(per_row)
    return of_rows[0], of_rows[1]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Bins:
    """Where the bins of each spectrum are in the flat counts, and how an event finds its own."""

    edges: F8
    first_edge: I8
    first_bin: I8
    table: BinTable | RowTables | None

    @classmethod
    def of(cls, grid: Grid, rows: int) -> "_Bins":
        edges = np.ascontiguousarray(grid.values, np.float64)
        if grid.is_common:
            first_edge = np.array([0, len(edges)], np.int64)
            sizes = np.full(rows, max(0, len(edges) - 1), np.int64)
        else:
            first_edge = np.asarray(grid.first, np.int64)
            sizes = np.maximum(np.diff(first_edge) - 1, 0)
        _check(edges, first_edge)
        first_bin = starts_of(sizes)
        is_small = first_bin[-1] < 2**31
        table: BinTable | RowTables | None = None
        if is_small and grid.is_common:
            table = BinTable.of(edges)
        elif is_small and rows <= ROWS_WITH_TABLES and len(edges):
            table = RowTables.of(edges, first_edge, first_bin)
        return cls(edges=edges, first_edge=first_edge, first_bin=first_bin, table=table)

    @property
    def total(self) -> int:
        """Bins of all spectra: the cell of events outside of them."""
        return int(self.first_bin[-1])

    def scratch(self) -> I4 | I8:
        """An array for `cells_of`, one a thread."""
        return np.empty(BLOCK, np.int64) if self.table is None else np.empty(BLOCK, np.int32)

    def cells_of(self, block: EventBlock, scratch: I4 | I8) -> I4 | I8:
        """The flat cell of each event, in the scratch array."""
        x, row, cell = block.x, block.row, scratch[: len(block.row)]
        table = self.table
        if table is None:
            search(x, row, self.edges, self.first_edge, self.first_bin, cell)
        elif isinstance(table, RowTables):
            bits = x.view(np.int64)
            place_by_row(x, bits, row, table.edges, table.before, table.factor, table.where, self.total, cell)
        else:
            bits = x.view(np.int64)
            last = (table.factor, table.shift, table.origin, self.total)
            place(x, bits, row, table.edges, table.before, *last, cell)
        return cell


def _check(edges: F8, first_edge: I8) -> None:
    ascends = edges[1:] >= edges[:-1]
    ends = first_edge[1:-1] - 1
    ascends[ends[(ends >= 0) & (ends < len(ascends))]] = True
    if not np.all(ascends):
        raise ValueError("the edges of the bins do not ascend")
