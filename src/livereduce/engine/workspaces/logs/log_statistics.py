"""Statistics of a time series as Mantid computes them.

Source: Mantid Framework/Kernel/src/TimeSeriesProperty.cpp and test/TimeSeriesPropertyTest.h (6.7 and newer): a value
holds until the next; the last one as long as the one before it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from livereduce.stream.items import F8, I8


@dataclass(frozen=True, slots=True, kw_only=True)
class LogStatistics:
    """Of a log: of its values, and weighted with the time for which each holds; NaN for texts and without values.

    Attributes
    ----------
    duration
        In seconds.
    """

    minimum: float = np.nan
    maximum: float = np.nan
    mean: float = np.nan
    median: float = np.nan
    standard_deviation: float = np.nan
    time_mean: float = np.nan
    time_standard_deviation: float = np.nan
    duration: float = np.nan


def statistics_of(values: Any, times_ns: I8 | None) -> LogStatistics:
    """Statistics of a series, or of a plain value (whose duration is not known)."""
    numbers = as_numbers(values)
    if numbers is None or not len(numbers):
        return LogStatistics()
    mean, deviation = float(np.mean(numbers)), float(np.std(numbers))
    time_mean, time_deviation = (mean, 0.0) if deviation == 0 else time_weighted(numbers, times_ns)
    return LogStatistics(
        minimum=float(np.min(numbers)),
        maximum=float(np.max(numbers)),
        mean=mean,
        median=float(np.median(numbers)),
        standard_deviation=deviation,
        time_mean=time_mean,
        time_standard_deviation=time_deviation,
        duration=float("nan") if times_ns is None else float(held_s(times_ns).sum()),
    )


def as_numbers(values: Any) -> F8 | None:
    """Values as numbers, shape (n,); None if they are none."""
    try:
        numbers: F8 = np.atleast_1d(np.asarray(values, np.float64))
    except (TypeError, ValueError):
        return None
    return numbers if numbers.ndim == 1 and not isinstance(values, str) else None


def time_weighted(numbers: F8, times_ns: I8 | None) -> tuple[float, float]:
    """Mean and standard deviation, each value weighted with the time for which it holds."""
    seconds = np.zeros(len(numbers)) if times_ns is None else held_s(times_ns)
    if not seconds.sum() > 0:  # all at one moment
        return float(np.mean(numbers)), float(np.std(numbers))
    mean = float(np.average(numbers, weights=seconds))
    return mean, float(np.sqrt(np.average((numbers - mean) ** 2, weights=seconds)))


def held_s(times_ns: I8) -> F8:
    """Seconds for which each value of a series holds, shape (n,), in the order of the series."""
    order = np.argsort(times_ns, kind="stable")
    steps = np.diff(times_ns[order])
    positive = steps[steps > 0]
    seconds = np.empty(len(times_ns))
    seconds[order] = np.append(steps, positive[-1] if len(positive) else 0) / 1e9
    return seconds
