"""Bins from points and points from bins, as Mantid does it.

Source: Mantid Framework/Kernel/src/VectorHelper.cpp (convertToBinBoundary, convertToBinCentre).
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.stream.items import F8


def edges_of_points(points: F8) -> F8:
    """Edges half way between points; the first and last bin are symmetric. One point is in the middle of a bin of 1."""
    if len(points) < 2:
        return np.array([points[0] - 0.5, points[0] + 0.5]) if len(points) else np.zeros(1)
    between = 0.5 * (points[:-1] + points[1:])
    first, last = points[0] - (between[0] - points[0]), points[-1] + (points[-1] - between[-1])
    return np.concatenate(([first], between, [last]))


def centres(edges: F8) -> F8:
    """The middle of each bin."""
    middle: F8 = 0.5 * (edges[:-1] + edges[1:])
    return middle


def as_edges(histograms: Histograms) -> Histograms:
    """The same values in bins around the points; bins stay as they are."""
    return _with_x(histograms, edges_of_points) if histograms.is_points else histograms


def as_points(histograms: Histograms) -> Histograms:
    """The same values at the middle of the bins; points stay as they are."""
    return histograms if histograms.is_points else _with_x(histograms, centres)


def _with_x(histograms: Histograms, change: Callable[[F8], F8]) -> Histograms:
    return replace(histograms, x=changed_rows(histograms.x, histograms.rows, change))


def changed_rows(grid: Grid, rows: int, change: Callable[[F8], F8]) -> Grid:
    """X of each spectrum after a change of its own."""
    if grid.is_common:
        return Grid(change(grid.values))
    return Grid.ragged([change(row) for row in grid.rows(rows)])
