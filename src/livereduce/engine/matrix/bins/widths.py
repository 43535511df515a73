"""Values per unit of x and back, by the widths of the bins."""

import numpy as np

from livereduce.engine.matrix.histograms import Histograms
from livereduce.stream.items import F8


def widths_of(histograms: Histograms) -> F8:
    """Width of each bin, in the order of the values."""
    if histograms.x.is_common:
        return np.tile(np.abs(np.diff(histograms.x.row(0))), histograms.rows)
    last = np.cumsum(histograms.x.sizes(histograms.rows))[:-1] - 1
    widths: F8 = np.abs(np.delete(np.diff(histograms.x.values), last))
    return widths


def times_width(histograms: Histograms) -> Histograms:
    """Values and errors × the width of their bin."""
    widths = widths_of(histograms)
    return histograms.with_values(histograms.y * widths, histograms.e * widths)


def per_width(histograms: Histograms) -> Histograms:
    """Values and errors ÷ the width of their bin."""
    widths = widths_of(histograms)
    return histograms.with_values(histograms.y / widths, histograms.e / widths)
