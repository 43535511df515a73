"""Which pixels lie in a region. Pure.

A pixel belongs to a region if its center does. What lies on an edge is decided as plain numpy decides it on the same
numbers, so that everybody can count again what is shown.
"""

import numpy as np

from livereduce.messages.regions import Region, RegionKind, pixel_ranges
from livereduce.stream.items import B1, F8, I4

AT_ONCE = 1 << 18
"""Pixels that a lasso is compared with at a time: the work arrays stay in the processor's cache."""


_Points = tuple[tuple[float, float], ...]


def inside(region: Region, x: F8, y: F8, pixel: I4) -> B1:
    """True for each pixel that lies in a region.

    Parameters
    ----------
    x, y
        Where the pixels are, in the region's projection; NaN for one without a place. Not looked at for pixel numbers.
    pixel
        Their numbers.
    """
    match region.kind:
        case RegionKind.PIXELS:
            return _in_ranges(region.pixels, pixel)
        case RegionKind.RECTANGLE:
            return _in_box(region.points, x, y)
        case RegionKind.ELLIPSE:
            return _in_ellipse(region.points, x, y)
        case RegionKind.LASSO:
            return _in_lasso(region.points, x, y)


def _in_ranges(text: str, pixel: I4) -> B1:
    found = np.zeros(len(pixel), np.bool_)
    for first, last in pixel_ranges(text):
        found |= (pixel >= first) & (pixel <= last)
    return found


def _corners(points: _Points) -> tuple[float, float, float, float]:
    (xa, ya), (xb, yb) = points
    return min(xa, xb), max(xa, xb), min(ya, yb), max(ya, yb)


def _in_box(points: _Points, x: F8, y: F8) -> B1:
    x0, x1, y0, y1 = _corners(points)
    found: B1 = (x0 <= x) & (x <= x1) & (y0 <= y) & (y <= y1)
    return found


def _in_ellipse(points: _Points, x: F8, y: F8) -> B1:
    x0, x1, y0, y1 = _corners(points)
    if x0 == x1 or y0 == y1:  # a line: what lies on it
        return _in_box(points, x, y)
    with np.errstate(over="ignore"):  # far outside of a very thin one
        along, up = (x - (x0 + x1) / 2) / ((x1 - x0) / 2), (y - (y0 + y1) / 2) / ((y1 - y0) / 2)
        found: B1 = along**2 + up**2 <= 1
    return found


def _in_lasso(points: _Points, x: F8, y: F8) -> B1:
    """By the even-odd rule. Only what lies beside the line in height can cross it; the others are left out first."""
    ys = [one for _, one in points]
    found = np.zeros(len(x), np.bool_)
    near = np.flatnonzero((y >= min(ys)) & (y <= max(ys)) & np.isfinite(x))
    for start in range(0, len(near), AT_ONCE):
        some = near[start : start + AT_ONCE]
        found[some] = _crossed_odd(points, x[some], y[some])
    return found


def _crossed_odd(points: _Points, x: F8, y: F8) -> B1:
    odd = np.zeros(len(x), np.bool_)
    for (xi, yi), (xj, yj) in zip(points, (points[-1], *points[:-1]), strict=True):
        if yi == yj:  # half-open: a level line is never crossed
            continue
        with np.errstate(over="ignore"):  # of an edge that is nearly level, far from where it is
            odd ^= ((yi > y) != (yj > y)) & (x < (xj - xi) * (y - yi) / (yj - yi) + xi)
    return odd
