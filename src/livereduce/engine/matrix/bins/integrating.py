"""Sums of the bins of spectra between limits.

Source: Mantid Framework/Algorithms/src/Integration.cpp. Only bins that lie wholly between the limits count; a partial
one at either end adds its share f: f·Y to the value, and (f·E)² to the variance.
"""

from dataclasses import dataclass

import numpy as np

from livereduce.engine.matrix.bins.points import as_edges
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.stream.items import F8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IntegrationLimits:
    """Limits of each spectrum, shape (rows,); NaN for none."""

    lower: F8
    upper: F8
    with_partial_bins: bool = False

    @property
    def is_same(self) -> bool:
        """True if all spectra have the same."""
        return _is_one(self.lower) and _is_one(self.upper)


def _is_one(limit: F8) -> bool:
    return bool(np.all(limit == limit[:1])) or bool(np.isnan(limit).all())


def integrated(histograms: Histograms, limits: IntegrationLimits, *, is_distribution: bool = False) -> Histograms:
    """One bin for each spectrum; 0 where the limits leave no bin. Points are heights of bins around them."""
    is_distribution |= histograms.is_points
    bins = as_edges(histograms)
    if bins.x.is_common and bins.is_even and limits.is_same and bins.rows:
        x, y, e = _row(bins.x.row(0), bins.y_table(), bins.e_table(), limits, 0, is_distribution)
        return Histograms.table(x, y[:, None], e[:, None])
    rows = [
        _row(x, bins.y_of(row)[None, :], bins.e_of(row)[None, :], limits, row, is_distribution)
        for row, x in enumerate(bins.x.rows(bins.rows))
    ]
    return Histograms.ragged(Grid.ragged([x for x, _, _ in rows]), [y for _, y, _ in rows], [e for _, _, e in rows])


def _row(x: F8, y: F8, e: F8, limits: IntegrationLimits, row: int, is_distribution: bool) -> tuple[F8, F8, F8]:
    """X (two edges), Y and E of spectra that share their bins; y and e of shape (spectra, bins)."""
    lower, upper = _within(x, limits.lower[row], limits.upper[row])
    if is_distribution:
        y, e = y * np.diff(x), e * np.diff(x)
    first, last = int(np.searchsorted(x, _below(lower))), int(np.searchsorted(x, _above(upper), side="right")) - 1
    asked = np.array([lower, upper])
    if lower > upper or first == len(x) or last < 0:
        return (asked if limits.with_partial_bins else np.zeros(2)), np.zeros(len(y)), np.zeros(len(y))
    whole = slice(first, max(last, first))
    total, variance = y[:, whole].sum(axis=1), (e[:, whole] ** 2).sum(axis=1)
    if not limits.with_partial_bins:
        return x[[first, last]], total, np.sqrt(variance)
    for place, share in _parts(x, lower, upper, first, last):
        total, variance = total + share * y[:, place], variance + (share * e[:, place]) ** 2
    return asked, total, np.sqrt(variance)


def _within(x: F8, lower: float, upper: float) -> tuple[float, float]:
    """Limits as numbers: the ends of X for none."""
    low = x[0] if np.isnan(lower) else lower
    high = x[-1] if np.isnan(upper) else upper
    return float(low), float(high)


def _below(value: float) -> float:
    return float(np.nextafter(value, -np.inf))


def _above(value: float) -> float:
    return float(np.nextafter(value, np.inf))


def _parts(x: F8, lower: float, upper: float, first: int, last: int) -> list[tuple[int, float]]:
    """Bins that are partly between the limits, and which share of them is."""
    if last < first:  # both limits are in one bin
        return [(last, (upper - lower) / (x[last + 1] - x[last]))]
    parts = []
    if first > 0:
        parts.append((first - 1, (x[first] - lower) / (x[first] - x[first - 1])))
    if last < len(x) - 1:
        parts.append((last, (upper - x[last]) / (x[last + 1] - x[last])))
    return parts
