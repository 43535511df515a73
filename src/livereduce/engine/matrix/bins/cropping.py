"""The part of spectra between two X.

Source: Mantid Framework/Algorithms/src/ExtractSpectra.cpp: from the first edge that is not below the lower limit to the
last that is not above the upper one (so bins that a limit cuts are left out); if that leaves no bin, the one before.
Events between the limits, both included, are kept.
"""

from dataclasses import replace

import numpy as np

from livereduce.engine.matrix.events.event_changes import within
from livereduce.engine.matrix.events.event_pass import EventContent
from livereduce.engine.matrix.grid import Grid, is_like_common
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix
from livereduce.stream.items import F8

ROUNDING = 1e-15


def cropped(matrix: Matrix, low: float | None, high: float | None) -> Matrix:
    """The matrix between two X; None is no limit.

    Raises
    ------
    IndexError
        The limits are outside of X, or not in order.
    """
    if (low is None and high is None) or not matrix.rows:
        return matrix
    lower, upper = -np.inf if low is None else low, np.inf if high is None else high
    if lower > upper:
        raise IndexError(f"XMin {lower:g} must not be above XMax {upper:g}")
    is_common = is_like_common(matrix.content.x, matrix.rows)
    if is_common:
        _check(matrix.content.x.row(0), lower, upper)
    if matrix.events is not None:
        return replace(matrix, content=_events(matrix.events, lower, upper, is_common))
    histograms = matrix.histograms
    return matrix.with_histograms((_common if is_common else _zeroed)(histograms, lower, upper))


def _check(x: F8, lower: float, upper: float) -> None:
    if lower > x[-1]:
        raise IndexError(f"XMin {lower:g} is above the greatest X {x[-1]:g}")
    if upper < x[0]:
        raise IndexError(f"XMax {upper:g} is below the least X {x[0]:g}")


def span(x: F8, lower: float, upper: float) -> tuple[int, int]:
    """First and one behind the last of the X that lie between the limits, to rounding."""
    first = int(np.searchsorted(x, lower - abs(lower) * ROUNDING if np.isfinite(lower) else lower))
    end = int(np.searchsorted(x, upper + abs(upper) * ROUNDING if np.isfinite(upper) else upper, side="right"))
    return first, end


def _common(histograms: Histograms, lower: float, upper: float) -> Histograms:
    x = np.array(histograms.x.row(0))
    first, end = span(x, lower, upper)
    if histograms.is_points:
        if first >= end:
            first, end = max(first - 1, 0), max(first - 1, 0) + 1
        bins = slice(first, end)
    else:
        if end <= first + 1:
            first = min(max(first - 1, 0), len(x) - 2)
            end = first + 2
        bins = slice(first, end - 1)
    return Histograms.table(x[first:end], histograms.y_table()[:, bins], histograms.e_table()[:, bins])


def _zeroed(histograms: Histograms, lower: float, upper: float) -> Histograms:
    """Spectra with different bins keep them: outside of the limits they are 0."""
    keep = np.zeros(len(histograms.y), np.bool_)
    is_edges = 0 if histograms.is_points else 1
    for row, x in enumerate(histograms.x.rows(histograms.rows)):
        first, end = span(x, lower, upper)
        start = histograms.first[row]
        keep[start + first : start + max(end - is_edges, first)] = True
    return histograms.with_values(np.where(keep, histograms.y, 0.0), np.where(keep, histograms.e, 0.0))


def _events(events: EventContent, lower: float, upper: float, is_common: bool) -> EventContent:
    kept = within(events, lower, upper, is_closed=True)
    if not is_common:
        return kept
    x = np.array(events.x.row(0))
    first, end = span(x, lower, upper)
    if end - first < 2:
        edges = np.array([lower if np.isfinite(lower) else x[0], upper if np.isfinite(upper) else x[-1]])
    else:
        edges = x[first:end]
    return replace(kept, x=Grid(edges))
