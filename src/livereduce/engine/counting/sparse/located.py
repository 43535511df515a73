"""The cells of events, one number each: row × bins + bin."""

import numpy as np

from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.columns import Columns, WithoutCell
from livereduce.engine.counting.sparse.kernels import locate_cells
from livereduce.stream.items import I4, I8


def cells_of(columns: Columns, row_of_pixel: I4, binning: Binning) -> tuple[I8, WithoutCell]:
    """The cells of the events that have one, and how many have none."""
    if not binning.has_table:
        return _by_search(columns, row_of_pixel, binning)
    found, missed = np.empty(len(columns[0]) + 1, np.int64), np.zeros(2, np.int64)
    n = locate_cells(*columns, row_of_pixel, binning.bins, *binning.lookup, found, missed)
    return found[:n], WithoutCell(outside_tof=int(missed[0]), unknown_pixel=int(missed[1]))


def _by_search(columns: Columns, row_of_pixel: I4, binning: Binning) -> tuple[I8, WithoutCell]:
    tof_ns, pixel = columns
    row = row_of_pixel[np.minimum(pixel.view(np.uint32), np.uint32(len(row_of_pixel) - 1))].astype(np.int64)
    tof_bin = np.searchsorted(binning.edges_ns, tof_ns, side="right") - 1
    is_known, is_inside = row >= 0, (tof_bin >= 0) & (tof_bin < binning.bins)
    cells = (row * binning.bins + tof_bin)[is_known & is_inside]
    outside, unknown = int((is_known & ~is_inside).sum()), int((~is_known).sum())
    return cells, WithoutCell(outside_tof=outside, unknown_pixel=unknown)
