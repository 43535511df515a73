"""Fewer points for the screen: neighbouring cells become their mean. Pure, plain arrays.

A mean keeps the height of a spectrum where it is, and its standard deviation is that of the mean; picking every n-th
point would throw counts away, keeping extremes would show noise as if it were data.
"""

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def group_sizes(rows: int, columns: int, most: int) -> tuple[int, int]:
    """How many rows and columns become one, so that at most `most` cells are left."""
    if rows * columns <= most:
        return 1, 1
    side = max(1, math.isqrt(most))
    kept_rows = rows if rows <= side else max(side, most // max(columns, 1))
    by_row = math.ceil(rows / max(1, min(kept_rows, most)))
    return by_row, math.ceil(columns / max(1, most // math.ceil(rows / by_row)))


def means(values: Floats, by_row: int, by_column: int) -> Floats:
    """Means of blocks of a (rows, columns) array; the last ones may be smaller. What is no number is left out."""
    total, count = _sums(values, by_row, by_column)
    return _divided(total, count)


def mean_errors(errors: Floats, by_row: int, by_column: int) -> Floats:
    """Standard deviations of the means of the same blocks, for independent cells."""
    total, count = _sums(np.square(errors), by_row, by_column)
    return _divided(np.sqrt(total), count)


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


def thin_axis(values: Floats, length: int, by: int) -> Floats:
    """The axis of a dimension of `length` cells after `by` became one: edges stay edges, points are averaged."""
    if by == 1 or not values.size:
        return values
    if len(values) == length + 1:
        return np.append(values[:-1][::by], values[-1])
    thinned: Floats = means(values.reshape(1, -1), 1, by)[0]
    return thinned


def said(by_row: int, by_column: int) -> str:
    """What was done, for the plot; empty if nothing."""
    if by_row == by_column == 1:
        return ""
    if by_row == 1:
        return f"each point is the mean of {by_column} neighbouring ones"
    return f"each cell is the mean of {by_row} × {by_column} neighbouring ones"
