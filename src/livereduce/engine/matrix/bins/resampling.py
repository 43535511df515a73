"""Edges of a wanted number of bins.

Source: Mantid Framework/Algorithms/src/ResampleX.cpp. Logarithmic: the step begins at ln(high / low) / bins, and is
changed by a tenth, later by less, until Rebin's rule makes this number of bins up to high + step; the last edge is
high. Where that finds no increasing edges the bins have equal ratios.
"""

import math

import numpy as np

from livereduce.engine.matrix.bins.edges import edges_of
from livereduce.stream.items import F8

MOST_TRIES = 100


def resampled_edges(low: float, high: float, bins: int, *, logarithmic: bool) -> F8:
    """Edges of `bins` bins from low to high, shape (bins + 1,).

    Raises
    ------
    ValueError
        The limits do not increase, or are not positive for logarithmic bins.
    """
    if not low < high:
        raise ValueError(f"XMin {low:g} must be below XMax {high:g}")
    if not logarithmic:
        return edges_of((low, (high - low) / bins, high))
    if low <= 0:
        raise ValueError(f"logarithmic bins need an XMin above 0, not {low:g}")
    step, shift, before = math.log(high / low) / bins, 0.1, 0
    for _ in range(MOST_TRIES):
        edges = edges_of((low, -step, high + step))
        if len(edges) == bins + 1:
            break
        direction = 1 if len(edges) > bins + 1 else -1
        step *= 1 + direction * shift
        if direction == -before:
            shift *= 0.9
        before = direction
    edges[-1] = high
    if len(edges) != bins + 1 or not edges[-2] < high:  # no step fits: Mantid has no bins to offer then
        return np.asarray(np.append(low * (high / low) ** (np.arange(bins) / bins), high))
    return np.asarray(edges)
