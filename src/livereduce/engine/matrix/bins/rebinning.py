"""Counts put into other bins.

Source: Mantid Framework/HistogramData/src/Rebin.cpp, Framework/Kernel/src/VectorHelper.cpp: with the overlap o of an
old bin of width w, Y' = Σ Y·o/w and E'² = Σ E²·o/w; for a distribution Y' = Σ Y·o / w', E'² = Σ E²·o·w / w'².
"""

import numpy as np

from livereduce.engine.matrix.bins.points import as_edges, as_points
from livereduce.engine.matrix.bins.rebin_kernel import rebin_rows
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.stream.items import I8
from livereduce.stream.stretches import starts_of


def rebinned(
    histograms: Histograms, edges: Grid, *, is_distribution: bool = False, ignore_bin_errors: bool = False
) -> Histograms:
    """The same counts in the bins of `edges`; what lies outside of them is left out. Points stay points.

    Raises
    ------
    ValueError
        A bin has no positive width, and `ignore_bin_errors` does not say that such spectra become 0.
    """
    if histograms.is_points:
        as_bins = rebinned(
            as_edges(histograms), edges, is_distribution=is_distribution, ignore_bin_errors=ignore_bin_errors
        )
        return as_points(as_bins)
    rows = histograms.rows
    new_first = starts_of(edges.sizes(rows) - 1)
    y, e, invalid = np.zeros(new_first[-1]), np.zeros(new_first[-1]), np.zeros(rows, np.bool_)
    old = (histograms.x.values, _starts(histograms.x, rows), histograms.y, histograms.e, histograms.first)
    rebin_rows(*old, edges.values, _starts(edges, rows), new_first, y, e, is_distribution, invalid)
    if invalid.any() and not ignore_bin_errors:
        raise ValueError(
            f"a bin of spectrum {int(np.argmax(invalid))} (workspace index) has no positive width; "
            "IgnoreBinErrors makes such spectra 0"
        )
    return Histograms(x=edges, y=y, e=e, first=new_first)


def _starts(grid: Grid, rows: int) -> I8:
    """Where X of each spectrum begins."""
    return np.zeros(rows, np.int64) if grid.first is None else grid.first[:-1]
