"""A background that is the same in all bins of a spectrum.

Source: Mantid Framework/Algorithms/src/CalculateFlatBackground.cpp. Values are heights (per unit of x).
"""

from dataclasses import dataclass

import numpy as np

from livereduce.engine.matrix.bins.points import centres
from livereduce.engine.matrix.histograms import Histograms
from livereduce.stream.items import B1, F8


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundRule:
    """How the background is found, and what is done with it; see Mantid's arguments of like names."""

    mode: str
    start: float | None
    end: float | None
    window: int | None
    is_subtracted: bool
    is_cut_at_zero: bool

    def check(self) -> None:
        """Refuse a rule that lacks what its mode needs.

        Raises
        ------
        ValueError
            It does.
        """
        if self.mode == "Moving Average":
            if self.window is None or self.window < 1:
                raise ValueError("the mode Moving Average needs an AveragingWindowWidth of 1 or more")
        elif self.start is None or self.end is None or self.start > self.end:
            raise ValueError(f"the mode {self.mode} needs StartX, and an EndX that is not below it")


def without_background(heights: Histograms, rule: BackgroundRule, chosen: B1) -> Histograms:
    """Spectra less their background, or the background itself; those that are not chosen keep their values."""
    y, e = heights.y.copy(), heights.e.copy()
    for row in range(heights.rows):
        if rule.is_subtracted and not chosen[row]:
            continue
        part = slice(int(heights.first[row]), int(heights.first[row + 1]))
        old_y, old_e = heights.y[part], heights.e[part]
        level, variance = background_of(heights.x.row(row), old_y, old_e, rule) if chosen[row] else (0.0, 0.0)
        y[part], e[part] = _applied(old_y, old_e, level, variance, rule)
    return heights.with_values(y, e)


def _applied(y: F8, e: F8, level: float, variance: float, rule: BackgroundRule) -> tuple[F8, F8]:
    raised = np.maximum(e, level)
    if rule.is_subtracted:
        if level < 0:  # a background cannot be negative: the spectrum is left as it is
            return y, e
        is_cut = rule.is_cut_at_zero & (y < level)
        return np.where(is_cut, 0.0, y - level), np.where(is_cut, raised, np.sqrt(e * e + variance))
    if level < 0:
        return np.zeros_like(y), np.zeros_like(e)
    is_cut = rule.is_cut_at_zero & (y < level)
    return np.where(is_cut, y, level), np.where(is_cut, raised, np.sqrt(variance))


def background_of(x: F8, y: F8, e: F8, rule: BackgroundRule) -> tuple[float, float]:
    """Level and squared error of the background of one spectrum.

    Raises
    ------
    IndexError
        The limits are outside of X, or the window is wider than the spectrum.
    """
    if rule.mode == "Moving Average":
        return _least_mean(y, e, rule.window or 1)
    assert rule.start is not None
    assert rule.end is not None
    if rule.mode == "Mean":
        return _mean(x, y, e, rule.start, rule.end)
    return _fitted(x, y, e, rule.start, rule.end), 0.0


def _mean(x: F8, y: F8, e: F8, start: float, end: float) -> tuple[float, float]:
    if end > x[-1] or start < x[0]:
        raise IndexError(f"StartX {start:g} and EndX {end:g} must be within X, {x[0]:g} to {x[-1]:g}")
    first = max(int(np.searchsorted(x, start)) - 1, 0)
    last = int(np.searchsorted(x, end)) - 1
    if last < first:
        raise IndexError(f"EndX {end:g} must be above the least X {x[0]:g}")
    bins = slice(first, last + 1)
    count = last + 1 - first
    return float(y[bins].sum()) / count, float((e[bins] ** 2).sum()) / count**2


def _fitted(x: F8, y: F8, e: F8, start: float, end: float) -> float:
    """The value at the middle of the limits of a line through the values, weighted with 1/E²."""
    middle = centres(x)
    used = (middle >= start) & (middle <= end) & np.isfinite(y)
    if used.sum() < 2:
        return -1.0
    weight = np.where(e[used] > 0, 1 / np.where(e[used] > 0, e[used], 1.0), 1.0)
    line = np.polynomial.Polynomial.fit(middle[used], y[used], 1, w=weight)
    return float(line((start + end) / 2))


def _least_mean(y: F8, e: F8, window: int) -> tuple[float, float]:
    """The least mean over neighbours, where the end goes over into the beginning."""
    if window > len(y):
        raise IndexError(f"AveragingWindowWidth {window} is more than the {len(y)} bins")
    wrapped, squares = np.concatenate([y, y[: window - 1]]), np.concatenate([e, e[: window - 1]]) ** 2
    means = np.convolve(wrapped, np.full(window, 1.0), "valid") / window
    place = int(np.argmin(means))
    return float(means[place]), float(squares[place : place + window].sum()) / window**2
