"""Where pixels lie in a projection: around the sample, on a plane, or by number. Pure.

Directions are seen from the sample: the beam goes forward, and across is to the left of it, as in Mantid's frame (y up,
z along the beam, x across).
"""

from dataclasses import dataclass

import numpy as np

from livereduce.messages.regions import Projection
from livereduce.stream.items import F8, I4

FLATNESS = 0.02
"""Most thickness of a plane, as a part of its smaller extent."""
STEEP_DEG = 35.0
"""If a tenth of the pixels is steeper than this above or below, they are on a sphere rather than on a cylinder."""
MANY = 1 << 21
LOOKED_AT = 20_000
"""Pixels that are looked at to find out how they lie."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlacedPixels:
    """Pixels, and where they are.

    Attributes
    ----------
    pixel
        Their numbers, shape (n,).
    out
        From the sample, m, shape (n, 3); NaN for those without a place. None: there is no geometry.
    beam, up
        Unit vectors, shape (3,).
    """

    pixel: I4
    out: F8 | None
    beam: F8
    up: F8


@dataclass(frozen=True, slots=True)
class AxisTold:
    """An axis of a projection, for people."""

    name: str
    units: str


AXES = {
    Projection.CYLINDER: (AxisTold("angle around the vertical", "deg"), AxisTold("height", "m")),
    Projection.SPHERE: (AxisTold("angle around the vertical", "deg"), AxisTold("elevation", "deg")),
    Projection.FLAT: (AxisTold("across", "m"), AxisTold("up", "m")),
    Projection.MAP: (AxisTold("pixel in its row", ""), AxisTold("row of pixels", "")),
}


def possible(pixels: PlacedPixels) -> tuple[Projection, ...]:
    """The projections that these pixels have, the one that suits them first."""
    if pixels.out is None or not np.isfinite(pixels.out).all(axis=1).any():
        return (Projection.MAP,)
    best = _suits(pixels)
    return best, *(one for one in Projection if one is not best)


def project(pixels: PlacedPixels, projection: Projection) -> tuple[F8, F8]:
    """Places of the pixels, shape (n,) each; NaN for those without one."""
    if projection is Projection.MAP:
        return on_map(pixels.pixel)
    if pixels.out is None:
        nowhere = np.full(len(pixels.pixel), np.nan)
        return nowhere, nowhere
    match projection:
        case Projection.CYLINDER:
            return _around(pixels), pixels.out @ pixels.up
        case Projection.SPHERE:
            return _around(pixels), _elevation(pixels)
        case Projection.FLAT:
            across, upward = _plane(pixels)
            return pixels.out @ across, pixels.out @ upward


def row_length(pixel: I4) -> int:
    """Pixels in a row of the map: a power of two, so that rows of detectors stay together."""
    return 1 << ((int(pixel.max()).bit_length() + 1) // 2) if len(pixel) else 1


def on_map(pixel: I4) -> tuple[F8, F8]:
    """Places by number: row after row."""
    width = row_length(pixel)
    kind = np.float32 if len(pixel) > MANY else np.float64  # exact, too, and half of the memory
    return (pixel % width).astype(kind), (pixel // width).astype(kind)


def _suits(pixels: PlacedPixels) -> Projection:
    found = _some(pixels)
    middle = found.mean(axis=0)
    extents = (
        np.sqrt(np.maximum(np.linalg.eigvalsh(np.cov((found - middle).T)), 0.0)) if len(found) > 2 else np.zeros(3)
    )
    if extents[0] <= FLATNESS * extents[1] and abs(middle @ _normal(found)) > extents[1]:
        return Projection.FLAT
    steep = np.degrees(np.arcsin(np.clip(found @ pixels.up / np.linalg.norm(found, axis=1), -1, 1)))
    return Projection.SPHERE if np.percentile(np.abs(steep), 90) > STEEP_DEG else Projection.CYLINDER


def _some(pixels: PlacedPixels) -> F8:
    """The places of some pixels, those that have one."""
    assert pixels.out is not None
    found = pixels.out[:: max(1, len(pixels.out) // LOOKED_AT)]
    some: F8 = found[np.isfinite(found).all(axis=1) & (np.linalg.norm(found, axis=1) > 0)]
    return some if len(some) else np.zeros((1, 3)) + pixels.beam


def _normal(places: F8) -> F8:
    """Unit vector across a plane, away from the sample."""
    middle = places.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov((places - middle).T)) if len(places) > 1 else (None, np.eye(3))
    normal: F8 = vectors[:, 0]
    return normal if normal @ middle >= 0 else -normal


def _plane(pixels: PlacedPixels) -> tuple[F8, F8]:
    """Unit vectors across and up, in the plane in which most pixels lie, as seen from the sample."""
    normal = _normal(_some(pixels))
    upward = pixels.up - (pixels.up @ normal) * normal
    if np.linalg.norm(upward) < 0.1:  # it lies on the floor
        upward = pixels.beam - (pixels.beam @ normal) * normal
    upward /= np.linalg.norm(upward) or 1.0
    return np.cross(upward, normal), upward


def _around(pixels: PlacedPixels) -> F8:
    """Angle around the vertical from the beam, in degrees."""
    assert pixels.out is not None
    across = np.cross(pixels.up, pixels.beam)
    angle: F8 = np.degrees(np.arctan2(pixels.out @ across, pixels.out @ np.cross(across, pixels.up)))
    return angle


def _elevation(pixels: PlacedPixels) -> F8:
    """Angle above the horizontal plane, in degrees."""
    assert pixels.out is not None
    upward = pixels.out @ pixels.up
    flat = np.linalg.norm(pixels.out - upward[:, None] * pixels.up, axis=1)
    angle: F8 = np.degrees(np.arctan2(upward, flat))
    return angle
