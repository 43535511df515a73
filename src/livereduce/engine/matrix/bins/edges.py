"""Bin edges of Mantid's Params, and those of what is to be rebinned.

Source: Mantid docs/source/algorithms/Rebin-v1.rst and Framework/Kernel/src/VectorHelper.cpp.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from livereduce.stream.items import F8

MAX_BINS = 100_000_000
"""More are a slip in Params, and would take the memory of the worker."""
MAX_POWER_BINS = 10_000
"""Mantid's limit for bins that get narrower by a power."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeRules:
    """How Params are read beside their numbers; see Rebin's arguments of the same names."""

    full_bins_only: bool = False
    reverse_logarithmic: bool = False
    power: float | None = None


def edges_of(params: Sequence[float], rules: EdgeRules = EdgeRules()) -> F8:
    """Edges of ``x1, Δ1, x2, Δ2, x3 …``: a negative Δ makes logarithmic bins.

    A last bin of less than a quarter of the step joins the one before.

    Raises
    ------
    ValueError
        Params are not such a list.
    """
    _check(params, rules)
    edges: list[float] = [float(params[0])]
    steps_done = 0
    for start, step, end in zip(params[:-2:2], params[1::2], params[2::2], strict=True):
        if step < 0 and rules.reverse_logarithmic:
            part = _reversed(start, abs(step), end)
        else:
            part, steps_done = _forward(edges[-1], step, end, rules, steps_done)
        edges.extend(part)
    return np.array(edges)


def _check(params: Sequence[float], rules: EdgeRules) -> None:
    shown = ",".join(f"{value:g}" for value in params)
    if len(params) < 3 or len(params) % 2 == 0:
        raise ValueError(
            f"Params must be x1,step,x2[,step,x3 …]: 3, 5, 7 … numbers; got {len(params)}: {shown or 'none'}"
        )
    bounds, steps = np.array(params[::2], float), np.array(params[1::2], float)
    if not np.all(np.isfinite(params)):
        raise ValueError(f"Params must be finite numbers, not {shown}")
    if np.any(steps == 0):
        raise ValueError(f"a step in Params is 0: {shown}")
    if np.any(np.diff(bounds) <= 0):
        raise ValueError(f"the limits in Params must increase: {shown}")
    if np.any(bounds[:-1][steps < 0] <= 0):
        raise ValueError(f"logarithmic bins (a negative step) need a lower limit above 0: {shown}")
    if rules.power is not None and not 0 < rules.power <= 1:
        raise ValueError(f"Power must be above 0 and at most 1, not {rules.power:g}")
    if rules.power is not None:
        _check_power(np.diff(bounds) / steps, rules.power, shown)
    count = np.where(steps > 0, np.diff(bounds) / np.abs(steps), np.inf)
    with np.errstate(all="ignore"):
        count = np.where(steps < 0, np.log(bounds[1:] / np.abs(bounds[:-1])) / np.log1p(np.abs(steps)), count)
    if rules.power is None and count.sum() > MAX_BINS:
        raise ValueError(f"Params {shown} make {count.sum():.3g} bins; at most {MAX_BINS:.3g} are possible")


def _check_power(lengths: F8, power: float, shown: str) -> None:
    """Bins that get narrower may never reach the limit; `lengths` are ranges in units of their steps."""
    if np.any(lengths < 0):
        raise ValueError(f"with Power the steps in Params must be positive: {shown}")
    with np.errstate(over="ignore"):
        if power == 1:
            count = np.exp(lengths - np.euler_gamma)
        else:
            count = (lengths * (1 - power) + 1) ** (1 / (1 - power))
    if count.sum() > MAX_POWER_BINS:
        raise ValueError(
            f"Params {shown} with Power {power:g} make {count.sum():.3g} bins; at most {MAX_POWER_BINS} are possible"
        )


def _forward(start: float, step: float, end: float, rules: EdgeRules, steps_done: int) -> tuple[list[float], int]:
    edges: list[float] = []
    current, spare = start, 1.0 if rules.full_bins_only else 0.25
    while True:
        steps_done += 1
        if step < 0:
            width = current * -step
        else:
            width = step if rules.power is None else step / steps_done**rules.power
        if current + (1 + spare) * width > end:
            break
        _check_width(current, width)
        current += width
        edges.append(current)
    is_full = rules.full_bins_only and not rules.reverse_logarithmic
    edges.append(current + width if is_full else end)
    return edges, steps_done


def _check_width(edge: float, width: float) -> None:
    """Refuse a width that a float of the size of the edge does not feel: the edges would never reach the limit."""
    if edge + width == edge:
        raise ValueError(f"a step in Params is too small: bins of {abs(width):g} at X = {edge:g}")


def _reversed(start: float, step: float, end: float) -> list[float]:
    """Logarithmic bins from the upper limit downwards; the edges above `start`, ascending."""
    edges, current = [end], end
    while True:
        width = (current - start - end) * step
        if current + 2 * width < start:
            break
        _check_width(current, width)
        current += width
        edges.append(current)
    return sorted(edges)
