"""Algorithms that calculate with the values of workspaces."""

import logging
from dataclasses import replace

import numpy as np

from livereduce.engine.mantid_api.calling.registry import implements
from livereduce.engine.matrix.arithmetic.operation import combined, has_same_x
from livereduce.engine.matrix.arithmetic.rules import Operation
from livereduce.engine.matrix.events.event_changes import scaled
from livereduce.engine.matrix.matrix import Matrix, MatrixKind, single_value
from livereduce.engine.workspaces.runlogs import SUMS, RunLogs

logger = logging.getLogger("livereduce.engine")


@implements("Plus")
def plus(*, lhs_workspace: Matrix, rhs_workspace: Matrix, allow_different_number_spectra: bool = False) -> Matrix:
    """The sum; time series of both are merged, and charges and counts of the run added."""
    made = combined(Operation.PLUS, lhs_workspace, rhs_workspace, by_detectors=allow_different_number_spectra)
    return replace(made, logs=merged_logs(lhs_workspace.logs, rhs_workspace.logs))


def merged_logs(left: RunLogs, right: RunLogs) -> RunLogs:
    """Logs of both; states of the run stay those of the left side."""
    logs = left.copy()
    logs.merge(right)
    for name in left:
        log = left[name]
        if log.times_ns is None and name not in SUMS and name in right and logs[name].value != log.value:
            logs.set_plain(name, log.value, log.units)
    return logs


@implements("Minus")
def minus(*, lhs_workspace: Matrix, rhs_workspace: Matrix, allow_different_number_spectra: bool = False) -> Matrix:
    """The difference; a number less a workspace is -workspace + number."""
    if _is_single(lhs_workspace) and not _is_single(rhs_workspace):
        negative = combined(Operation.MULTIPLY, rhs_workspace, single_value(-1.0))
        return combined(Operation.PLUS, negative, lhs_workspace)
    return combined(Operation.MINUS, lhs_workspace, rhs_workspace, by_detectors=allow_different_number_spectra)


@implements("Multiply")
def multiply(*, lhs_workspace: Matrix, rhs_workspace: Matrix, allow_different_number_spectra: bool = False) -> Matrix:
    """The product; events keep to be events, with weights."""
    made = combined(Operation.MULTIPLY, lhs_workspace, rhs_workspace, by_detectors=allow_different_number_spectra)
    return replace(made, is_distribution=lhs_workspace.is_distribution and rhs_workspace.is_distribution)


@implements("Divide")
def divide(
    *,
    lhs_workspace: Matrix,
    rhs_workspace: Matrix,
    allow_different_number_spectra: bool = False,
    warn_on_zero_divide: bool = True,
    is_distribution: bool | None = None,
) -> Matrix:
    """The quotient; a number divided by a workspace is workspace to the power -1, times the number."""
    if _is_single(lhs_workspace) and not _is_single(rhs_workspace):
        inverse = power(input_workspace=rhs_workspace, exponent=-1.0)
        return combined(Operation.MULTIPLY, inverse, lhs_workspace)
    made = combined(Operation.DIVIDE, lhs_workspace, rhs_workspace, by_detectors=allow_different_number_spectra)
    if warn_on_zero_divide and lhs_workspace.events is None and np.any(rhs_workspace.histograms.y == 0):
        logger.warning("Divide: a value of the right side is 0: the result has infinite values or NaN there")
    made = _with_quotient_unit(made, lhs_workspace, rhs_workspace)
    return made if is_distribution is None else replace(made, is_distribution=is_distribution)


def _with_quotient_unit(made: Matrix, left: Matrix, right: Matrix) -> Matrix:
    """The unit of the values: none for a quotient of like ones, which is a distribution."""
    one, two = left.content.x, right.content.x
    if not right.y_unit or not has_same_x(one.row(0), two.row(0)):
        return made
    if left.y_unit == right.y_unit and len(two.row(0)) > 2:
        return replace(made, y_unit="", y_label="", is_distribution=True)
    return replace(made, y_unit=f"{left.y_unit or '1'}/{right.y_unit}", y_label="")


def _is_single(matrix: Matrix) -> bool:
    return matrix.kind is MatrixKind.SINGLE


@implements("LessThan")
def less_than(*, lhs_workspace: Matrix, rhs_workspace: Matrix, allow_different_number_spectra: bool = False) -> Matrix:
    """1 where the left side is less, else 0; a number on the left is compared with all values."""
    return _compared(Operation.LESS_THAN, lhs_workspace, rhs_workspace, allow_different_number_spectra)


@implements("GreaterThan")
def greater_than(
    *, lhs_workspace: Matrix, rhs_workspace: Matrix, allow_different_number_spectra: bool = False
) -> Matrix:
    """1 where the left side is greater, else 0; a number on the left is compared with all values."""
    return _compared(Operation.GREATER_THAN, lhs_workspace, rhs_workspace, allow_different_number_spectra)


def _compared(operation: Operation, left: Matrix, right: Matrix, by_detectors: bool) -> Matrix:
    if _is_single(left) and not _is_single(right):
        other = Operation.GREATER_THAN if operation is Operation.LESS_THAN else Operation.LESS_THAN
        left, right, operation = right, left, other
    return combined(operation, left, right, by_detectors=by_detectors)


@implements("Scale")
def scale(*, input_workspace: Matrix, factor: float, operation: str) -> Matrix:
    """Values × a factor, and errors × its size; or values + a number."""
    if operation == "Add":
        histograms = input_workspace.histograms
        return input_workspace.with_histograms(histograms.with_values(histograms.y + factor, histograms.e))
    if input_workspace.events is not None:
        return replace(input_workspace, content=scaled(input_workspace.events, factor))
    histograms = input_workspace.histograms
    return input_workspace.with_histograms(histograms.with_values(histograms.y * factor, histograms.e * abs(factor)))


@implements("Power")
def power(*, input_workspace: Matrix, exponent: float) -> Matrix:
    """Values to a power, errors |exponent · Y^(exponent - 1)| · E; events are counted in their bins."""
    histograms = input_workspace.histograms
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        y = histograms.y**exponent
        e = np.abs(exponent * histograms.y ** (exponent - 1)) * histograms.e
    return input_workspace.with_histograms(histograms.with_values(y, e))
