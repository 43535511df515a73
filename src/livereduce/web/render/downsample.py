"""Downsample for the screen: neighboring cells become their mean. Pure, plain arrays.

A mean keeps the height of a spectrum, and its standard deviation is that of the mean. Picking every n-th point would
throw counts away; keeping extremes would show noise as if it were data.
"""

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SMALLEST_USUAL, LARGEST_USUAL = 1e-100, 1e100
"""Numbers beyond this are scaled before any calculation."""


def group_sizes(rows: int, columns: int, most: int) -> tuple[int, int]:
    """Number of rows and of columns to average, so that at most `most` cells are left."""
    if rows * columns <= most:
        return 1, 1
    side = max(1, math.isqrt(most))
    kept_rows = rows if rows <= side else max(side, most // max(columns, 1))
    by_row = math.ceil(rows / max(1, min(kept_rows, most)))
    return by_row, math.ceil(columns / max(1, most // math.ceil(rows / by_row)))


def means(values: Floats, by_row: int, by_column: int) -> Floats:
    """Means of blocks of a (rows, columns) array; the last ones may be smaller. NaN is left out."""
    scale = power_of_two(values)
    total, count = _sums(values / scale, by_row, by_column)
    return _divided(total, count) * scale


def mean_errors(errors: Floats, by_row: int, by_column: int) -> Floats:
    """Standard deviations of the means of the same blocks, for independent cells."""
    scale = power_of_two(errors)
    total, count = _sums(np.square(errors / scale), by_row, by_column)
    return _divided(np.sqrt(total), count) * scale


def power_of_two(values: Floats) -> float:
    """Divisor that keeps sums and squares of the values within the range of a double; mostly 1."""
    sizes = np.abs(values[np.isfinite(values)])
    largest = float(sizes.max()) if sizes.size else 0.0
    usual = largest == 0.0 or SMALLEST_USUAL < largest < LARGEST_USUAL
    return 1.0 if usual else math.ldexp(1.0, math.frexp(largest)[1] - 1)


def _divided(total: Floats, count: Floats) -> Floats:
    quotient = np.full(total.shape, np.nan)
    np.divide(total, count, out=quotient, where=count > 0)
    return quotient


def _sums(values: Floats, by_row: int, by_column: int) -> tuple[Floats, Floats]:
    finite = np.isfinite(values)
    total, count = np.where(finite, values, 0.0), finite.astype(np.float64)
    for axis, by in ((0, by_row), (1, by_column)):
        starts = np.arange(0, values.shape[axis], by)
        total, count = (np.add.reduceat(each, starts, axis=axis) for each in (total, count))
    return total, count


def downsample_axis(values: Floats, by: int, *, edges: bool) -> Floats:
    """Downsample an axis: the first edge of each group of `by` cells, or the mean of their points.

    `values` has one value per cell; the last edge of all is not among them.
    """
    if by == 1 or not values.size:
        return values
    thinned: Floats = values[::by] if edges else means(values.reshape(1, -1), 1, by)[0]
    return thinned


def extremes(values: Floats, errors: Floats | None, by: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Lowest and highest value of each group of `by` cells, and the same with errors subtracted and added.

    NaN is left out; a group without any number gives NaN.
    """
    starts = np.arange(0, len(values), by)
    known = np.where(np.isfinite(values), values, np.nan)
    spread = np.zeros_like(known) if errors is None else np.where(np.isfinite(errors), errors, 0.0)
    limit = np.finfo(np.float64).max
    with np.errstate(over="ignore"):
        below, above = np.maximum(known - spread, -limit), np.minimum(known + spread, limit)
    return (
        np.fmin.reduceat(known, starts),
        np.fmax.reduceat(known, starts),
        np.fmin.reduceat(below, starts),
        np.fmax.reduceat(above, starts),
    )


def largest(values: Floats, by_row: int, by_column: int) -> Floats:
    """The value furthest from 0 of blocks of a (rows, columns) array, with its sign. NaN is left out."""
    for axis, by in ((0, by_row), (1, by_column)):
        starts = np.arange(0, values.shape[axis], by)
        low, high = (reduce.reduceat(values, starts, axis=axis) for reduce in (np.fmin, np.fmax))
        values = np.where(-low > high, low, high)
    return values


def said(by_row: int, by_column: int) -> str:
    """Text for the plot on how it was downsampled; empty if it was not."""
    if by_row == by_column == 1:
        return ""
    if by_row == 1:
        return f"each point is the mean of {by_column} neighbouring ones"
    return f"each cell is the mean of {by_row} × {by_column} neighbouring ones"
