"""Peaks at known places, fitted as Gaussians on a background and subtracted.

Source: Mantid Framework/Algorithms/src/StripPeaks.cpp and FindPeaks.cpp (the window of a fit, what a peak must be).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from livereduce.stream.items import F8

VANADIUM_D = (
    *(0.5044, 0.5191, 0.5350, 0.5526, 0.5936, 0.6178, 0.6453, 0.6768, 0.7134),
    *(0.7566, 0.8089, 0.8737, 0.9571, 1.0701, 1.2356, 1.5133, 2.1401),
)
"""d of vanadium's peaks in Å."""
WINDOW = 5
"""A fit reaches as many widths to either side."""
REACH = 5.0
"""A peak is subtracted over as many σ to either side."""
ROUNDING = 1e-6
"""A peak whose σ is one bin is not narrower than a bin because of the last digits of its fit."""
SIGMA_PER_FWHM = 1 / (2 * np.sqrt(2 * np.log(2)))


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakRules:
    """Rules for looking for peaks.

    Attributes
    ----------
    fwhm
        The width of a peak in bins, roughly.
    position_tolerance
        How far a peak may be from its place, in X; None: anywhere in its window.
    background_order
        1 linear, 2 quadratic.
    most_chi_square
        Of a fit, reduced; worse ones are left out.
    """

    fwhm: int = 7
    position_tolerance: float | None = None
    background_order: int = 1
    most_chi_square: float = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedPeak:
    """A Gaussian: height, centre, σ; and the reduced χ² of its fit."""

    height: float
    centre: float
    sigma: float
    chi_square: float

    def values(self, x: F8) -> F8:
        """The peak at some X."""
        shape: F8 = self.height * np.exp(-0.5 * ((x - self.centre) / self.sigma) ** 2)
        return shape


def without_peaks(x: F8, y: F8, e: F8, places: Sequence[float], rules: PeakRules) -> F8:
    """Values without the peaks at some places; what cannot be fitted stays. `x` are the centres of bins, ascending."""
    result = y.copy()
    for place in places:
        peak = fitted_peak(x, y, e, place, rules)
        if peak is not None:
            near = np.abs(x - peak.centre) <= REACH * peak.sigma
            result[near] -= peak.values(x[near])
    return result


def fitted_peak(x: F8, y: F8, e: F8, place: float, rules: PeakRules) -> FittedPeak | None:
    """The peak near a place; None if there is none worth the name."""
    if len(x) < 2 or not x[0] < place < x[-1]:
        return None
    middle = int(np.searchsorted(x, place))
    window = slice(max(0, middle - WINDOW * rules.fwhm), middle + WINDOW * rules.fwhm + 1)
    near, values, errors = x[window], y[window], e[window]
    usable = np.isfinite(values) & np.isfinite(errors)
    if usable.sum() < rules.background_order + 5:
        return None
    peak = _fit(near[usable], values[usable], errors[usable], place, rules)
    is_good = (
        peak is not None
        and peak.height > 0
        and peak.chi_square <= rules.most_chi_square
        and peak.sigma >= _bin_width(x, peak.centre) * (1 - ROUNDING)
        and (rules.position_tolerance is None or abs(peak.centre - place) <= rules.position_tolerance)
    )
    return peak if is_good else None


def _bin_width(x: F8, at: float) -> float:
    """Distance of the two centres of bins around a place."""
    right = min(max(int(np.searchsorted(x, at)), 1), len(x) - 1)
    return float(x[right] - x[right - 1])


def _fit(x: F8, y: F8, e: F8, place: float, rules: PeakRules) -> FittedPeak | None:
    weight = 1 / np.where(e > 0, e, 1.0)
    scale = float(np.ptp(x)) or 1.0
    at = (x - place) / scale
    order = rules.background_order
    sigma = rules.fwhm * SIGMA_PER_FWHM * float(np.median(np.diff(at)))
    is_aside = np.abs(at) > 2 * sigma
    if is_aside.sum() <= order + 1:
        return None
    background = np.polyfit(at[is_aside], y[is_aside], order)
    above = y - np.polyval(background, at)
    top = int(np.argmax(np.where(is_aside, -np.inf, above)))
    start = np.array([max(float(above[top]), 1e-12), at[top], sigma, *background])

    def residuals(p: F8) -> F8:
        model: F8 = p[0] * np.exp(-0.5 * ((at - p[1]) / p[2]) ** 2) + np.polyval(p[3:], at)
        return (model - y) * weight

    powers = np.stack([at**power for power in range(order, -1, -1)]) * weight

    def slopes(p: F8) -> F8:
        offset = (at - p[1]) / p[2]
        shape = np.exp(-0.5 * offset**2) * weight
        by_centre = p[0] * shape * offset / p[2]
        return np.stack([shape, by_centre, by_centre * offset, *powers], axis=1)

    try:
        found = least_squares(residuals, start, slopes, method="lm", x_scale="jac", max_nfev=400)
    except (ValueError, np.linalg.LinAlgError):
        return None
    freedom = max(1, len(x) - len(start))
    height, centre, width = found.x[0], found.x[1], abs(found.x[2])
    if not (at[0] < centre < at[-1] and 0 < width < 1):
        return None
    return FittedPeak(
        height=float(height),
        centre=float(place + centre * scale),
        sigma=float(width * scale),
        chi_square=float(2 * found.cost / freedom),
    )
