"""When neutrons of one energy pass a beam monitor: the first moment of the peak in its spectrum.

Source: Mantid Framework/Algorithms/src/GetEi2.cpp.
"""

from dataclasses import dataclass

import numpy as np
from scipy.integrate import trapezoid

from livereduce.engine.matrix.bins.cropping import span
from livereduce.engine.matrix.bins.edges import edges_of
from livereduce.engine.matrix.bins.rebinning import rebinned
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.stream.items import F8

PROMINENCES = (4.0, 2.0)
"""A peak ends where it has fallen to a fourth; if none is found, to a half."""
SIGNIFICANCE = 2.0
"""Standard errors by which a value must be below that."""
BINS_PER_WIDTH = 12
BACKGROUND_REACH = 0.5
"""The background is taken over half of the peak's width to either side."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PeakPart:
    """The part of a spectrum that is a peak, without background, shape (n,) each; and its width at half height."""

    x: F8
    y: F8
    width: float


def peak_time_us(edges: F8, counts: F8, errors: F8, low: float, high: float) -> float:
    """The first moment of the peak between two times of flight.

    Raises
    ------
    ValueError
        There is no peak.
    """
    start, end = span(edges, low, high)
    edges, counts, errors = edges[start:end], counts[start : end - 1], errors[start : end - 1]
    if len(counts) < 3:
        raise ValueError(f"there are {max(0, len(counts))} bins between {low:.6g} and {high:.6g} µs")
    widths = np.diff(edges)
    rate = Histograms.table(edges, (counts / widths)[None, :], (errors / widths)[None, :])
    width = _peak(_centres(edges), rate.y, rate.e, PROMINENCES[0]).width
    if not width > 0:
        raise ValueError("the peak has no width")
    # Mantid hands the limits on as a text of six digits
    finer_edges = edges_of([float(f"{value:.6g}") for value in (low, width / BINS_PER_WIDTH, high)])
    finer = rebinned(rate, Grid(finer_edges), is_distribution=True)
    centres = _centres(finer.x.row(0))
    try:
        peak = _peak(centres, finer.y, finer.e, PROMINENCES[0])
    except ValueError:
        peak = _peak(centres, finer.y, finer.e, PROMINENCES[1])
    return float(trapezoid(peak.y * peak.x, peak.x) / trapezoid(peak.y, peak.x))


def _centres(edges: F8) -> F8:
    centres: F8 = (edges[1:] + edges[:-1]) / 2
    return centres


def _peak(x: F8, y: F8, e: F8, prominence: float) -> PeakPart:
    base = float(y.min())
    top = int(np.argmax(y))
    if y[top] == base:
        raise ValueError("there is no peak: all values are the same")
    left, right = _ends(y, e, base, top, prominence)
    left, right = _slope_end(x, y, e, left, -1), _slope_end(x, y, e, right, 1)
    background = _background(x, y, left, right)
    part_x, part_y = x[left : right + 1], y[left : right + 1] - background
    return PeakPart(x=part_x, y=part_y, width=_width(part_x, part_y, top - left))


def _ends(y: F8, e: F8, base: float, top: int, prominence: float) -> tuple[int, int]:
    """The nearest bins to either side that are clearly lower than a part of the peak."""
    height = y[top] - base
    ratio = (y - base) / height
    spread = np.sqrt(e**2 + (ratio * e[top]) ** 2) / height
    low = np.flatnonzero(ratio < 1 / prominence - SIGNIFICANCE * spread)
    left, right = low[low < top], low[low > top]
    if not len(left) or not len(right):
        raise ValueError("there is no peak that stands out of the background on both sides")
    return int(left[-1]), int(right[0])


def _slope_end(x: F8, y: F8, e: F8, at: int, step: int) -> int:
    """Outwards until the values no longer fall; the end of the spectrum if they always do."""
    last = 0 if step < 0 else len(x) - 1
    slope, error = 1000.0, 0.0
    while at != last and 0 < at < len(x) - 1 and slope > error:
        before, behind = x[at] - x[at - 1], x[at + 1] - x[at]
        slope = -step * 0.5 * ((y[at + 1] - y[at]) / behind + (y[at] - y[at - 1]) / before)
        e2 = e[at - 1 : at + 2] ** 2
        squares = (e2[2] + e2[1]) / behind**2 + (e2[1] + e2[0]) / before**2 - 2 * e2[1] / (behind * before)
        error = 0.5 * float(np.sqrt(max(squares, 0.0)))
        at += step
    return min(max(at - step, 0), len(x) - 1) if slope <= error else last


def _background(x: F8, y: F8, left: int, right: int) -> float:
    """The mean value beside the peak."""
    reach = BACKGROUND_REACH * (x[right] - x[left])
    area = span = 0.0
    if left > 0:
        start = max(float(x[0]), float(x[left] - reach))
        area, span = area + _integral(x, y, start, float(x[left])), span + float(x[left]) - start
    if right < len(x) - 1:
        end = min(float(x[-1]), float(x[right] + reach))
        area, span = area + _integral(x, y, float(x[right]), end), span + end - float(x[right])
    return area / span if span > 0 else 0.0


def _integral(x: F8, y: F8, low: float, high: float) -> float:
    """By trapezoids; the parts of the intervals at both ends are weighted as Mantid does."""
    first, last = int(np.searchsorted(x, low, side="left")), int(np.searchsorted(x, high, side="right")) - 1
    if last < first:
        return (high - low) * float(np.interp((low + high) / 2, x, y))
    area = float(trapezoid(y[first : last + 1], x[first : last + 1]))
    if first > 0:
        area += _end_part(x[first], y[first], x[first - 1], y[first - 1], low)
    if last < len(x) - 1:
        area += _end_part(x[last], y[last], x[last + 1], y[last + 1], high)
    return area


def _end_part(x: float, y: float, next_x: float, next_y: float, limit: float) -> float:
    """The area between a point and a limit that is between it and the next point."""
    whole, missing = abs(next_x - x), abs(limit - next_x)
    inside = abs(x - limit)
    reach = inside if whole == 0 else abs(x - (limit * missing + next_x * inside) / whole)
    return 0.5 * reach * (y + next_y * inside / (whole + missing))


def _width(x: F8, y: F8, top: int) -> float:
    half = 0.5 * y[top]
    return _crossing(x, y, top, half, 1) - _crossing(x, y, top, half, -1)


def _crossing(x: F8, y: F8, top: int, half: float, step: int) -> float:
    """Where a side of the peak is at half height, between the first bin below it and the last one above it."""
    last = len(x) - 1 if step > 0 else 0
    if y[last] >= half:
        return float(x[last])
    side = np.arange(top, last + step, step)
    above = int(side[np.flatnonzero(y[side] < half)[0]]) - step
    below = int(side[np.flatnonzero(y[side] > half)[-1]]) + step
    if above == below:
        above -= step
    share = (half - y[below]) / (y[above] - y[below])
    return float(x[below] + (x[above] - x[below]) * share)
