"""Counts put into other bins.

Source: Mantid Framework/HistogramData/src/Rebin.cpp, Framework/Kernel/src/VectorHelper.cpp: with the overlap o of an
old bin of width w, Y' = Σ Y·o/w and E'² = Σ E²·o/w; for a distribution Y' = Σ Y·o / w', E'² = Σ E²·o·w / w'².
"""

from collections.abc import Sequence

import numpy as np

from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.stream.items import F8


def rebinned(histograms: Histograms, edges: Grid, *, is_distribution: bool = False) -> Histograms:
    """The same counts in the bins of `edges`; what lies outside of them is left out.

    Raises
    ------
    ValueError
        A bin of the input has no positive width.
    """
    y, e = [], []
    for row in range(histograms.rows):
        new_y, new_e = rebinned_row(
            histograms.x.row(row), histograms.y_of(row), histograms.e_of(row), edges.row(row), is_distribution
        )
        y.append(new_y)
        e.append(new_e)
    return Histograms.ragged(edges, y, e)


def rebinned_row(x: F8, y: F8, e: F8, edges: F8, is_distribution: bool) -> tuple[F8, F8]:
    """One spectrum: values and errors in new edges."""
    widths = np.diff(x)
    if np.any(widths <= 0):
        raise ValueError("a bin has no positive width; IgnoreBinErrors leaves such spectra out")
    counts, variance = (y * widths, (e * widths) ** 2) if is_distribution else (y, e * e)
    new_y, new_variance = _spread(x, counts, edges), _spread(x, variance, edges)
    if is_distribution:
        new_widths = np.diff(edges)
        return new_y / new_widths, np.sqrt(new_variance) / new_widths
    return new_y, np.sqrt(new_variance)


def _spread(x: F8, per_bin: F8, edges: F8) -> F8:
    """Sum of each new bin, each old one spread evenly over its width: differences of the running sum at the edges."""
    running = np.concatenate(([0.0], np.cumsum(per_bin)))
    at_edges = np.interp(edges, x, running)
    spread: F8 = np.diff(at_edges)
    return _exact_inside(x, per_bin, edges, spread)


def _exact_inside(x: F8, per_bin: F8, edges: F8, spread: F8) -> F8:
    """Where a new bin is within one old bin the difference of large sums would lose digits: its share instead."""
    low, high = np.searchsorted(x, edges[:-1], side="right") - 1, np.searchsorted(x, edges[1:], side="left") - 1
    within = (low == high) & (low >= 0) & (low < len(per_bin))
    result = spread.copy()
    old = low[within]
    result[within] = per_bin[old] * np.diff(edges)[within] / np.diff(x)[old]
    return result


def common_or_ragged(rows: Sequence[F8]) -> Grid:
    """A grid of one X for all rows if they are one array, else of each."""
    return Grid(rows[0]) if rows and all(row is rows[0] for row in rows) else Grid.ragged(rows)
