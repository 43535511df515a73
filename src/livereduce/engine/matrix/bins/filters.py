"""Spectra without their high frequencies.

Source: Mantid Framework/Algorithms/src/FFTSmooth2.cpp: a spectrum of n values is mirrored to 2n before its first value,
transformed, its n + 1 coefficients multiplied, and transformed back; the second half is the result.
"""

import numpy as np

from livereduce.stream.items import F8


def mirrored(y: F8) -> F8:
    """Spectra with their mirror image before them, shape (rows, 2 n)."""
    before = np.concatenate([y[:, -1:], y[:, :0:-1]], axis=1)
    return np.concatenate([before, y], axis=1)


def smoothed(y: F8, factor: F8) -> F8:
    """Spectra, shape (rows, n), whose coefficients are multiplied by a factor each, shape (n + 1,)."""
    n = y.shape[1]
    both = np.fft.irfft(np.fft.rfft(mirrored(y), axis=1) * factor, n=2 * n, axis=1)
    smooth: F8 = both[:, n:]
    return smooth


def zeroing(n: int, part: int) -> F8:
    """Factors that leave the first 1/part of the frequencies."""
    return (np.arange(n + 1) < _cutoff(n, part)).astype(np.float64)


def butterworth(n: int, part: int, order: int) -> F8:
    """Factors that fall softly at 1/part of the frequencies."""
    return 1 / (1 + (np.arange(n + 1) / _cutoff(n, part)) ** (2.0 * order))


def _cutoff(n: int, part: int) -> int:
    return max(1, (n + 1) // part)


def moving_mean(y: F8, e: F8, width: int) -> tuple[F8, F8]:
    """Means over `width` (odd) centred values of spectra, over fewer at their ends, and errors; NaN counts as 0."""
    half, n = width // 2, y.shape[1]
    low, high = np.maximum(np.arange(n) - half, 0), np.minimum(np.arange(n) + half + 1, n)
    total = _running(np.where(np.isnan(y), 0.0, y))
    variance = _running(e * e)
    count = high - low
    mean: F8 = (total[:, high] - total[:, low]) / count
    error: F8 = np.sqrt(np.abs(variance[:, high] - variance[:, low])) / count
    return mean, error


def _running(values: F8) -> F8:
    return np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
