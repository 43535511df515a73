"""Algorithms that fit functions."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from livereduce.engine.fitting.functions import FitFunction, function_of
from livereduce.engine.fitting.least_squares import Fitted, fitted
from livereduce.engine.mantid_api.algorithms.events.grouping import checked_rows
from livereduce.engine.mantid_api.algorithms.powder.calibration import left_in_store
from livereduce.engine.mantid_api.calling.registry import CallContext, implements
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.mantid_api.objects.table import TableWorkspace
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix, VerticalAxis
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.stream.items import F8


@implements("Fit")
def fit(
    *,
    function: Any,
    input_workspace: Any,
    workspace_index: int,
    start_x: float | None,
    end_x: float | None,
    normalise: bool,
    exclude: Sequence[float],
    ignore_invalid_data: bool,
    evaluation_type: str,
    ties: str,
    constraints: str,
    max_iterations: int,
    cost_function: str,
    create_output: bool,
    output: str,
    x_column: str,
    y_column: str,
    err_column: str,
    context: CallContext,
) -> tuple[str, float, Any, Any, Any, str]:
    """Status, χ² over degrees of freedom, two tables and the curves if they are asked for, and the function."""
    for name, wrong in (
        ("Constraints", constraints),
        ("Normalise", normalise),
        ("EvaluationType Histogram", evaluation_type == "Histogram"),
        (f"CostFunction {cost_function}", cost_function != "Least squares"),
    ):
        if wrong:
            raise ValueError(f"{name} is not there on the builtin engine")
    wanted = function_of(str(function), ties)
    matrix = _matrix(input_workspace, (x_column, y_column, err_column))
    row = int(checked_rows(matrix.spectra, [workspace_index], "WorkspaceIndex")[0])
    x, centres, y, e = _part(matrix.taken(np.array([row])), start_x, end_x)
    chosen = _chosen(centres, y, e, exclude, ignore_invalid_data)
    found = fitted(wanted, centres[chosen], y[chosen], e[chosen], max_iterations)
    title = wanted.text(found.values)
    base = output or ("fit" if create_output else "")
    if not base:
        return found.status, found.chi_square, None, None, None, title
    curves = _curves(matrix, x, y, e, wanted.at(centres, found.values))
    made = (
        ("NormalisedCovarianceMatrix", _covariance(wanted, found)),
        ("Parameters", _parameters(wanted, found)),
        ("Workspace", curves),
    )
    tables = [left_in_store(context, f"{base}_{ending}", one) for ending, one in made]
    return found.status, found.chi_square, tables[0], tables[1], tables[2], title


def _matrix(workspace: Any, columns: tuple[str, str, str]) -> Matrix:
    """The spectra of a workspace; the columns X, Y and error of a table as the points of one."""
    if isinstance(workspace, MatrixWorkspace):
        return workspace.matrix
    if not isinstance(workspace, TableWorkspace):
        raise ValueError(f"InputWorkspace must be a workspace of spectra or a table, not {type(workspace).__name__}")
    known = workspace.getColumnNames()
    chosen = [name or (known[place] if place < len(known) else "") for place, name in enumerate(columns)]
    if missing := [name for name in chosen[:2] if name not in known]:
        raise ValueError(f"XColumn, YColumn: the table has no column {missing[0]!r}; it has {', '.join(known)}")
    x, y = (np.array(workspace.column(name), np.float64) for name in chosen[:2])
    e = np.array(workspace.column(chosen[2]), np.float64) if chosen[2] in known else np.zeros(len(y))
    content = Histograms.table(x, y[None, :], e[None, :])
    return Matrix(content=content, spectra=SpectrumTable.without_detectors(1), unit="", y_unit="")


def _part(matrix: Matrix, low: float | None, high: float | None) -> tuple[F8, F8, F8, F8]:
    """X, centres, values and errors of the points, or of the bins whose lower edge lies between two X."""
    bins = matrix.histograms
    x, y, e = bins.x.row(0), bins.y_of(0), bins.e_of(0)
    first = 0 if low is None else int(np.searchsorted(x, low, side="left"))
    last = len(y) if high is None else min(len(y), int(np.searchsorted(x, high, side="right")))
    if last <= first:
        raise ValueError("there is no point between StartX and EndX")
    if bins.is_points:
        return x[first:last], x[first:last], y[first:last], e[first:last]
    edges = x[first : last + 1]
    return edges, (edges[1:] + edges[:-1]) / 2, y[first:last], e[first:last]


def _chosen(x: F8, y: F8, e: F8, exclude: Sequence[float], ignore_invalid: bool) -> Any:
    chosen = np.ones(len(x), np.bool_)
    for low, high in zip(exclude[::2], exclude[1::2], strict=False):
        chosen &= (x < low) | (x > high)
    valid = np.isfinite(y) & np.isfinite(e)
    if not ignore_invalid and not valid[chosen].all():
        raise ValueError("a value or error is infinite or not a number; IgnoreInvalidData leaves such points out")
    return chosen & valid & ((e > 0) if ignore_invalid else True)


def _parameters(function: FitFunction, found: Fitted) -> TableWorkspace:
    return TableWorkspace.of_columns(
        {
            ("str", "Name"): [*function.names, "Cost function value"],
            ("double", "Value"): [*found.values.tolist(), found.chi_square],
            ("double", "Error"): [*found.errors.tolist(), 0.0],
        }
    )


def _covariance(function: FitFunction, found: Fitted) -> TableWorkspace:
    """Correlations in percent of the parameters that are not held."""
    free = np.flatnonzero(~np.array(function.fixed, np.bool_))
    scale = np.where(found.errors > 0, found.errors, 1.0)
    percent = 100 * found.covariance / np.outer(scale, scale)
    names = [function.names[place] for place in free]
    columns: dict[tuple[str, str], Any] = {("str", "Name"): names}
    columns |= {("double", function.names[place]): percent[free, place].tolist() for place in free}
    return TableWorkspace.of_columns(columns)


def _curves(matrix: Matrix, x: F8, y: F8, e: F8, calculated: F8) -> Matrix:
    """Data, what was fitted, and the difference."""
    values, errors = np.stack([y, calculated, y - calculated]), np.stack([e, np.zeros(len(e)), e])
    return replace(
        matrix,
        content=Histograms.table(Grid(x), values, errors),
        spectra=SpectrumTable.without_detectors(3),
        vertical=VerticalAxis(values=np.arange(3.0), labels=("Data", "Calc", "Diff")),
        masked=None,
    )
