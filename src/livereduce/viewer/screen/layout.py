"""The cells of a picture: which pixels each of them shows. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree

from livereduce.messages.regions import Projection
from livereduce.stream.items import B1, F8, I4, I8

MOST_CELLS = 65_536
LEAST_CELLS = 1024
MOST_ALONG = 4096
"""Most cells along one axis."""
MOST_ROWS_SEEN = 2000
"""Pixels whose neighbours are looked at, to know how wide the gaps between pixels are."""
BLOCK = 1 << 20
MANY = 1 << 21
"""Of more pixels there are many in each cell: they need neither an even grid nor gaps that are filled."""
LEAST_FILLED = 6
MOST_PITCH = 12.0
"""Cells; pixels that are farther apart than that are drawn as dots."""
_NEIGHBOURS = 24
_REACH = 1.2


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenAxis:
    """An axis of the screen: cells of equal size from `low` to `high`."""

    low: float
    high: float
    cells: int

    def cell_of(self, values: F8) -> I8:
        """The cell of each value; those outside are in the outermost ones."""
        with np.errstate(invalid="ignore"):
            found = np.floor((values - self.low) / (self.high - self.low) * self.cells)
        cells: I8 = np.clip(np.nan_to_num(found), 0, self.cells - 1).astype(np.int64)
        return cells


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScreenLayout:
    """A picture's cells, row after row from the lowest.

    Attributes
    ----------
    px, py
        Where the pixels are in the projection, shape (n,).
    cell
        The cell of each pixel, shape (n,); -1 for one without a place.
    pixels
        Number of pixels in each cell, shape (cells,).
    filled, filled_from
        Cells between pixels, and the cells whose value they show.
    """

    projection: Projection
    px: F8
    py: F8
    x: ScreenAxis
    y: ScreenAxis
    cell: I4
    pixels: I8
    filled: I8
    filled_from: I8

    def shown(self, counts: I8) -> F8:
        """The mean of the counts of each cell's pixels, shape (cells,); -1 where there is none."""
        sums = np.zeros(len(self.pixels))
        for part in _blocks(len(self.cell)):
            cell = self.cell[part]
            is_placed = cell >= 0
            sums += np.bincount(cell[is_placed], counts[part][is_placed], minlength=len(sums))
        means: F8 = np.where(self.pixels > 0, sums / np.maximum(self.pixels, 1), -1.0)
        means[self.filled] = means[self.filled_from]
        return means

    def box_around(self, rows: I8) -> list[float] | None:
        """The box ``[x0, y0, x1, y1]`` around some pixels, with half a cell to each side; None if none has a place."""
        px, py = self.px[rows], self.py[rows]
        placed = np.isfinite(px) & np.isfinite(py)
        if not placed.any():
            return None
        wide = (self.x.high - self.x.low) / self.x.cells / 2
        tall = (self.y.high - self.y.low) / self.y.cells / 2
        px, py = px[placed], py[placed]
        corners = px.min() - wide, py.min() - tall, px.max() + wide, py.max() + tall
        return [round(float(one), 6) for one in corners]

    def nearest(self, x: float, y: float) -> int:
        """Index of the pixel nearest to a place on the screen; -1 if none has a place."""
        wide = (self.x.high - self.x.low) / self.x.cells
        tall = (self.y.high - self.y.low) / self.y.cells
        distance = ((self.px - x) / wide) ** 2 + ((self.py - y) / tall) ** 2
        return int(np.nanargmin(distance)) if len(distance) and not np.isnan(distance).all() else -1


def lay_out(projection: Projection, px: F8, py: F8, aspect: float) -> ScreenLayout:
    """Lay pixels out on a screen.

    Parameters
    ----------
    aspect
        Width of a unit of x, as a multiple of a unit of y, as they are to be seen.
    """
    is_placed = np.isfinite(px) & np.isfinite(py)
    placed = (px, py) if is_placed.all() else (px[is_placed], py[is_placed])
    x, y = _axes(*placed, aspect)
    cell, pixels = np.full(len(px), -1, np.int32), np.zeros(x.cells * y.cells, np.int64)
    for part in _blocks(len(px)):
        found = y.cell_of(py[part]) * x.cells + x.cell_of(px[part])
        cell[part] = np.where(is_placed[part], found, -1)
        pixels += np.bincount(found[is_placed[part]], minlength=len(pixels))
    filled, filled_from = _gaps(*placed, x, y, (pixels > 0).reshape(y.cells, x.cells))
    return ScreenLayout(
        projection=projection, px=px, py=py, x=x, y=y, cell=cell, pixels=pixels, filled=filled, filled_from=filled_from
    )


def _blocks(size: int) -> Iterator[slice]:
    """Parts of many pixels: the largest detectors would not fit into memory as temporary arrays of all of them."""
    return (slice(start, start + BLOCK) for start in range(0, size, BLOCK))


def aspect_of(projection: Projection, out: F8 | None) -> float:
    """How much wider a unit of x is than one of y, where these are not alike."""
    if projection is not Projection.CYLINDER or out is None:
        return 1.0
    distance = np.nanmedian(np.linalg.norm(out, axis=1)) if len(out) else 1.0
    return float(np.radians(distance)) if np.isfinite(distance) and distance > 0 else 1.0


def _axes(x: F8, y: F8, aspect: float) -> tuple[ScreenAxis, ScreenAxis]:
    across, up = _steps(x), _steps(y)
    if across and up and across * up <= min(MOST_CELLS, 4 * max(len(x), 1)):
        return _aligned(x, across), _aligned(y, up)
    cells = min(MOST_CELLS, max(LEAST_CELLS, len(x)))
    wide, tall = max(_span(x) * aspect, 1e-9), max(_span(y), 1e-9)
    width = min(max(round(np.sqrt(cells * wide / tall)), 1), MOST_ALONG)
    height = min(max(cells // width, 1), MOST_ALONG)
    return _around(x, width), _around(y, height)


def _steps(values: F8) -> int:
    """Number of different values if they are evenly spaced; 0 if they are not, or too many."""
    if not len(values):
        return 1
    span = _span(values)
    if span == 0:
        return 1
    if len(values) > MANY:
        return 0
    found = np.unique(np.round((values - values.min()) / span * 1e5))
    if len(found) > MOST_ALONG:
        return 0
    even = np.abs(found - np.linspace(0, 1e5, len(found))).max() <= 0.25e5 / len(found)
    return len(found) if even else 0


def _span(values: F8) -> float:
    return float(values.max() - values.min()) if len(values) else 0.0


def _aligned(values: F8, steps: int) -> ScreenAxis:
    """Cells whose centers are the values."""
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)
    half = (high - low) / (steps - 1) / 2 if steps > 1 else 0.5
    return ScreenAxis(low=low - half, high=high + half, cells=steps)


def _around(values: F8, cells: int) -> ScreenAxis:
    low, high = float(values.min()), float(values.max())
    half = (high - low) / max(cells - 1, 1) / 2 or 0.5
    return ScreenAxis(low=low - half, high=high + half, cells=cells)


def _gaps(x: F8, y: F8, across: ScreenAxis, up: ScreenAxis, has: B1) -> tuple[I8, I8]:
    """Cells without a pixel that are as near to one as pixels are to each other; and the nearest that have one."""
    nothing = np.empty(0, np.int64)
    if has.all() or len(x) < LEAST_FILLED or len(x) > MANY:
        return nothing, nothing
    places = np.column_stack(
        [(x - across.low) / (across.high - across.low) * across.cells, (y - up.low) / (up.high - up.low) * up.cells]
    )
    wide, tall = _pitch(places)
    distance, (row, column) = distance_transform_edt(
        ~has, sampling=(1 / (tall / 2 + 0.5), 1 / (wide / 2 + 0.5)), return_indices=True
    )
    filled = np.flatnonzero((distance > 0) & (distance <= _REACH))
    return filled, (row * across.cells + column).ravel()[filled]


def _pitch(places: F8) -> tuple[float, float]:
    """How far pixels are apart, in cells: across and up, each to the nearest one about that way."""
    some = places[:: max(1, len(places) // MOST_ROWS_SEEN)]
    _, near = cKDTree(places).query(some, k=min(_NEIGHBOURS, len(places)))
    away = np.abs(places[near] - some[:, None])
    return _typical(away[..., 0], away[..., 1]), _typical(away[..., 1], away[..., 0])


def _typical(along: F8, aside: F8) -> float:
    """The distance to the nearest neighbor along an axis, which few exceed; that of one cell if there is none."""
    nearest = np.where((aside <= along / 2) & (along > 0), along, np.inf).min(axis=1)
    known = nearest[np.isfinite(nearest)]
    return min(float(np.percentile(known, 75)), MOST_PITCH) if len(known) else 1.0
