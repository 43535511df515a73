"""Algorithms that change what values and X mean: events, bins, points, distributions, axes."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from livereduce.engine.mantid_api.calling.registry import implements
from livereduce.engine.matrix.bins.points import as_edges, as_points
from livereduce.engine.matrix.bins.widths import per_width, times_width
from livereduce.engine.matrix.conversion.units import caption_of
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix, MatrixKind, VerticalAxis
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.stream.items import B1, F8


@implements("ConvertToMatrixWorkspace")
def convert_to_matrix_workspace(*, input_workspace: Matrix) -> Matrix:
    """Events counted in their bins; a histogram stays as it is."""
    return replace(input_workspace, content=input_workspace.histograms, logs=input_workspace.logs.copy())


@implements("ConvertToHistogram")
def convert_to_histogram(*, input_workspace: Matrix) -> Matrix:
    """Bins around points, with edges half way between them."""
    if input_workspace.events is not None:
        return input_workspace
    return input_workspace.with_histograms(as_edges(input_workspace.histograms))


@implements("ConvertToPointData")
def convert_to_point_data(*, input_workspace: Matrix) -> Matrix:
    """Points at the middles of bins."""
    return input_workspace.with_histograms(as_points(input_workspace.histograms))


@implements("ConvertToDistribution")
def convert_to_distribution(*, workspace: Matrix) -> Matrix:
    """Values per unit of x."""
    _check_counts(workspace)
    if workspace.is_distribution:
        raise RuntimeError("the workspace is a distribution already")
    return replace(workspace, content=per_width(workspace.histograms), is_distribution=True)


@implements("ConvertFromDistribution")
def convert_from_distribution(*, workspace: Matrix) -> Matrix:
    """Values of bins again."""
    _check_counts(workspace)
    if not workspace.is_distribution:
        raise RuntimeError("the workspace is no distribution")
    return replace(workspace, content=times_width(workspace.histograms), is_distribution=False)


def _check_counts(matrix: Matrix) -> None:
    if matrix.events is not None:
        raise ValueError("the workspace has events, not counts: ConvertToMatrixWorkspace first")
    if matrix.histograms.is_points:
        raise ValueError("the workspace has points, not bins: ConvertToHistogram first")


@implements("Transpose")
def transpose(*, input_workspace: Matrix) -> Matrix:
    """Spectra as bins and bins as spectra: X is the old vertical axis, and the vertical axis the old X."""
    histograms = input_workspace.histograms
    common_x = histograms.common_x()
    axis = input_workspace.vertical
    if axis is not None and axis.labels:
        raise ValueError("a vertical axis of texts cannot become X")
    y, e = histograms.y_table().T, histograms.e_table().T
    x = input_workspace.spectra.number.astype(np.float64) if axis is None else axis.values
    unit = input_workspace.unit
    return replace(
        input_workspace,
        content=Histograms.table(Grid(x), y, e),
        spectra=SpectrumTable.without_detectors(len(y)),
        unit="Label" if axis is None else axis.unit,
        x_label=("Spectrum", "") if axis is None else (axis.caption, axis.symbol),
        vertical=VerticalAxis(values=np.array(common_x), unit=unit, caption=caption_of(unit)),
        masked=None,
        kind=MatrixKind.PLAIN,
    )


@dataclass(frozen=True, slots=True)
class _Replacement:
    """What stands for values that a test finds."""

    value: float
    error: float


@implements("ReplaceSpecialValues")
def replace_special_values(*, input_workspace: Matrix, check_error_axis: bool, **given: Any) -> Matrix:
    """Values that are NaN, infinite, too large or too small replaced; the first test that finds one counts."""
    histograms = input_workspace.histograms
    y, e = histograms.y.copy(), histograms.e.copy()
    open_ones = np.ones(len(y), np.bool_)
    tests = _tests(given)
    if not tests:
        raise ValueError("give NaNValue, InfinityValue, BigNumberThreshold or SmallNumberThreshold")
    for test, put in tests:
        found = test(histograms.y)
        if check_error_axis:
            found |= test(histograms.e)
        found &= open_ones
        y[found], e[found] = put.value, put.error
        open_ones &= ~found
    return input_workspace.with_histograms(histograms.with_values(y, e))


def _tests(given: dict[str, Any]) -> list[tuple[Any, _Replacement]]:
    """The tests that were asked for, in Mantid's order, each with what it puts."""
    tests: list[tuple[Any, _Replacement]] = []
    if given["na_n_value"] is not None:
        tests.append((np.isnan, _Replacement(given["na_n_value"], given["na_n_error"])))
    if given["infinity_value"] is not None:
        tests.append((np.isinf, _Replacement(given["infinity_value"], given["infinity_error"])))
    if (big := given["big_number_threshold"]) is not None:
        put = _Replacement(given["big_number_value"], given["big_number_error"])
        tests.append((lambda values: _beyond(values, big), put))
    if (small := given["small_number_threshold"]) is not None:
        put = _Replacement(given["small_number_value"], given["small_number_error"])
        tests.append((lambda values: np.abs(values) < small, put))
    return tests


def _beyond(values: F8, limit: float) -> B1:
    beyond: B1 = np.abs(values) > limit
    return beyond
