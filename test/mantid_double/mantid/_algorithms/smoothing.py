"""FFTSmooth, StripVanadiumPeaks."""

import numpy as np
from scipy.optimize import curve_fit

from mantid._algorithms.base import OneToOne, in_out, matrix
from mantid.api.factory import subscribe
from mantid.api.properties import Property
from mantid.api.workspaces import Workspace, Workspace2D

VANADIUM_D = [0.5044, 0.5191, 0.5350, 0.5526, 0.5936, 0.6178, 0.6453, 0.6768, 0.7134]
VANADIUM_D += [0.7566, 0.8089, 0.8737, 0.9571, 1.0701, 1.2356, 1.5133, 2.1401]
FWHM_BINS, WIDTHS = 7, 5


@subscribe
class FFTSmooth(OneToOne):
    """A Butterworth filter of each spectrum mirrored; without errors afterwards."""

    def declare(self) -> list[Property]:
        flags = [Property(name, "bool", False) for name in ("IgnoreXBins", "AllSpectra")]
        return [*in_out(), Property("Filter", allowed=["Butterworth"], mandatory=True), Property("Params"), *flags]

    def compute(self, workspace: Workspace) -> Workspace:
        given = matrix(workspace, self)
        if not self.getProperty("AllSpectra").value or not self.getProperty("IgnoreXBins").value:
            raise RuntimeError("FFTSmooth: the double smooths all spectra, whatever their bins")
        limit, order = (int(word) for word in str(self.getProperty("Params").value or "2,2").split(","))
        y = np.array([_smoothed(row, limit, order) for row in given.extractY()])
        return Workspace2D(given.extractX(), y, np.zeros_like(y)).take_over(given)


def _smoothed(y: np.ndarray, limit: int, order: int) -> np.ndarray:
    n = len(y)
    mirrored = np.concatenate([y[:1] * 0 + y[-1], y[:0:-1], y])
    coefficients = np.fft.rfft(mirrored)
    cut = max(1, len(coefficients) // limit)
    coefficients /= 1 + (np.arange(len(coefficients)) / cut) ** (2 * order)
    back: np.ndarray = np.fft.irfft(coefficients, 2 * n)[n:]
    return back


@subscribe
class StripVanadiumPeaks(OneToOne):
    """A Gaussian on a quadratic background is fitted at each place, and subtracted where it is a peak."""

    def declare(self) -> list[Property]:
        return [
            *in_out(),
            Property("BackgroundType", allowed=["Quadratic"], mandatory=True),
            Property("PeakPositionTolerance", "float", 0.01),
        ]

    def compute(self, workspace: Workspace) -> Workspace:
        given = matrix(workspace, self)
        x, y, e = given.extractX(), given.extractY(), given.extractE()
        centres = (x[:, 1:] + x[:, :-1]) / 2
        for row in range(len(y)):
            for place in VANADIUM_D:
                self._strip(centres[row], y[row], e[row], place)
        return Workspace2D(x, y, e).take_over(given)

    def _strip(self, x: np.ndarray, y: np.ndarray, e: np.ndarray, place: float) -> None:
        fitted = _fit(x, y, e, place)
        if fitted is None:
            return
        (height, centre, sigma), chi_square, width = fitted
        far = abs(centre - place) > self.getProperty("PeakPositionTolerance").value
        if height > 0 and chi_square <= 100 and sigma >= width and not far:
            near = np.abs(x - centre) <= 5 * sigma
            y[near] -= height * np.exp(-0.5 * ((x[near] - centre) / sigma) ** 2)


def _fit(
    x: np.ndarray, y: np.ndarray, e: np.ndarray, place: float
) -> tuple[tuple[float, float, float], float, float] | None:
    """Height, centre, σ; reduced χ²; and the width of a bin there."""
    if not x[0] < place < x[-1]:
        return None
    middle = int(np.searchsorted(x, place))
    window = slice(max(0, middle - WIDTHS * FWHM_BINS), middle + WIDTHS * FWHM_BINS + 1)
    x, y, e = x[window], y[window], np.where(e[window] > 0, e[window], 1.0)
    scale = float(np.ptp(x))
    at = (x - place) / scale

    def model(at: np.ndarray, *p: float) -> np.ndarray:
        values: np.ndarray = p[0] * np.exp(-0.5 * ((at - p[1]) / p[2]) ** 2) + p[3] + at * (p[4] + at * p[5])
        return values

    width = FWHM_BINS / 2.3548 * float(np.median(np.diff(at)))
    aside = np.abs(at) > 2 * width
    ground = np.polyfit(at[aside], y[aside], 2)
    above = np.where(aside, -np.inf, y - np.polyval(ground, at))
    top = int(np.argmax(above))
    start = [max(float(above[top]), 1e-12), at[top], width, *ground[::-1]]
    try:
        found, _ = curve_fit(model, at, y, start, sigma=e, xtol=1e-14, ftol=1e-14, maxfev=4000)
    except RuntimeError:
        return None
    if not (at[0] < found[1] < at[-1] and 0 < abs(found[2]) < 1):
        return None
    chi_square = float((((model(at, *found) - y) / e) ** 2).sum()) / max(1, len(x) - 6)
    return (float(found[0]), place + found[1] * scale, abs(found[2]) * scale), chi_square, float(x[1] - x[0])
