"""Algorithms for reflectometers."""

import math
from dataclasses import dataclass, replace

import numpy as np

from livereduce.engine.mantid_api.calling.registry import implements
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.stream.items import F8


@dataclass(frozen=True, slots=True, kw_only=True)
class _Region:
    """What is summed: pixels along the main axis, and across it."""

    along: slice
    across: slice
    is_one: bool


@implements("RefRoi")
def ref_roi(
    *,
    input_workspace: Matrix,
    nx_pixel: int,
    ny_pixel: int,
    x_pixel_min: int | None,
    x_pixel_max: int | None,
    y_pixel_min: int | None,
    y_pixel_max: int | None,
    sum_pixels: bool,
    normalize_sum: bool,
    average_over_integrated_axis: bool,
    error_weighting: bool,
    integrate_y: bool,
    convert_to_q: bool,
    scattering_angle: float,
) -> Matrix:
    """One spectrum for each pixel of one axis, or one in all; the pixel (x, y) is the spectrum ``NYPixel x + y``."""
    histograms = input_workspace.histograms
    x = np.array(histograms.common_x())
    if convert_to_q and input_workspace.unit != "Wavelength":
        raise ValueError(f"X must be Wavelength to be converted to Q, not {input_workspace.unit or 'without a unit'}")
    if histograms.rows < nx_pixel * ny_pixel:
        raise ValueError(f"{nx_pixel} × {ny_pixel} pixels need as many spectra; there are {histograms.rows}")
    x_limits, y_limits = _limits(x_pixel_min, x_pixel_max, nx_pixel), _limits(y_pixel_min, y_pixel_max, ny_pixel)
    region = _Region(
        along=(x_limits if integrate_y else y_limits) if sum_pixels else slice(None),
        across=y_limits if integrate_y else x_limits,
        is_one=sum_pixels,
    )
    pixels = [_pixels(table, nx_pixel, ny_pixel, integrate_y) for table in (histograms.y_table(), histograms.e_table())]
    is_weighted = sum_pixels and normalize_sum and error_weighting
    y, e = _summed(pixels[0], pixels[1] ** 2, region, is_weighted)
    if sum_pixels and normalize_sum:
        across = pixels[0][:, region.across].shape[1] if average_over_integrated_axis else 1
        along = 1 if error_weighting else pixels[0][region.along].shape[0]
        y, e = y / (along * across), e / (along * across)
    return _made(input_workspace, x, y, e, scattering_angle if convert_to_q else None, is_reversed_back=is_weighted)


def _limits(low: int | None, high: int | None, pixels: int) -> slice:
    """Pixels between the limits, both included, within the detector."""
    first = max(low or 0, 0)
    last = pixels - 1 if high is None else min(high, pixels - 1)
    if last < first:
        raise ValueError(f"the region from pixel {first} to {last} has no pixel of the {pixels}")
    return slice(first, last + 1)


def _pixels(table: F8, nx: int, ny: int, integrate_y: bool) -> F8:
    """Values as (main axis, integrated axis, bins)."""
    pixels = table[: nx * ny].reshape(nx, ny, -1)
    return pixels if integrate_y else pixels.transpose(1, 0, 2)


def _summed(y: F8, variance: F8, region: _Region, is_weighted: bool) -> tuple[F8, F8]:
    across_y = y[region.along, region.across].sum(axis=1)
    across_variance = variance[region.along, region.across].sum(axis=1)
    if is_weighted:
        known = np.where(across_variance == 0, 1.0, across_variance)
        weight = (1 / known).sum(axis=0, keepdims=True)
        return (across_y / known).sum(axis=0, keepdims=True) / weight, np.sqrt(1 / weight)
    if region.is_one:
        return across_y.sum(axis=0, keepdims=True), np.sqrt(across_variance.sum(axis=0, keepdims=True))
    return across_y, np.sqrt(across_variance)


def _made(source: Matrix, x: F8, y: F8, e: F8, angle_deg: float | None, *, is_reversed_back: bool) -> Matrix:
    """The result; for an angle with X as Q, so in the other order.

    With ErrorWeighting Mantid reverses the values twice, so they keep their order there; so they do here.
    """
    spectra = SpectrumTable.without_detectors(len(y))
    made = replace(source, spectra=spectra, masked=None, vertical=None, logs=source.logs.copy())
    if angle_deg is None:
        return replace(made, content=Histograms.table(Grid(x), y, e))
    with np.errstate(divide="ignore"):
        q = 4 * math.pi * math.sin(math.radians(angle_deg)) / x[::-1]
    if not is_reversed_back:
        y, e = y[:, ::-1], e[:, ::-1]
    content = Histograms.table(Grid(q), y, e)
    return replace(made, content=content, unit="MomentumTransfer", y_label="Reflectivity", is_distribution=True)
