"""A `Matrix` as a scipp array, for scripts that go on with scipp."""

from typing import TYPE_CHECKING

import numpy as np

from livereduce.engine.matrix.conversion.units import DIMENSIONS, SCIPP_UNITS
from livereduce.engine.matrix.grid import is_like_common
from livereduce.engine.matrix.matrix import Matrix

if TYPE_CHECKING:
    import scipp as sc


def to_scipp(matrix: Matrix) -> "sc.DataArray":
    """Values with variances, of dimensions ``spectrum`` and that of x; events are counted in their current edges.

    Raises
    ------
    RuntimeError
        The spectra have different bins: there is no such array.
    """
    import scipp as sc

    histograms = matrix.histograms
    if not is_like_common(histograms.x, histograms.rows):
        raise RuntimeError("the spectra have different bins (ragged): rebin them to common bins first")
    dim = DIMENSIONS.get(matrix.unit, "x")
    y, e = histograms.y_table(), histograms.e_table()
    unit = "counts" if matrix.y_unit == "Counts" and not matrix.is_distribution else None
    data = sc.array(dims=["spectrum", dim], values=y, variances=e * e, unit=unit)
    x = sc.array(dims=[dim], values=np.array(histograms.x.row(0)), unit=SCIPP_UNITS.get(matrix.unit))
    numbers = sc.array(dims=["spectrum"], values=matrix.spectra.number, unit=None, dtype="int32")
    return sc.DataArray(data, coords={dim: x, "spectrum": numbers})
