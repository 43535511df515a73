"""Algorithms that take some spectra or bins, or put spectra together."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from livereduce.engine.mantid_api.algorithms.spectra.arithmetic import merged_logs
from livereduce.engine.mantid_api.algorithms.spectra.handling import forget
from livereduce.engine.mantid_api.calling.registry import CallContext, implements
from livereduce.engine.matrix.arithmetic.operation import has_same_x
from livereduce.engine.matrix.bins.cropping import cropped, span
from livereduce.engine.matrix.events.event_changes import within
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.matrix.stacking import numbered, stacked
from livereduce.stream.items import F8, I8


@implements("CropWorkspace")
def crop_workspace(
    *,
    input_workspace: Matrix,
    x_min: float | None,
    x_max: float | None,
    start_workspace_index: int | None,
    end_workspace_index: int | None,
) -> Matrix:
    """Whole bins between the limits, of a range of spectra."""
    rows = spectra_between(input_workspace.rows, start_workspace_index, end_workspace_index)
    return cropped(_of_rows(input_workspace, rows), x_min, x_max)


@implements("ExtractSpectra")
def extract_spectra(
    *,
    input_workspace: Matrix,
    x_min: float | None,
    x_max: float | None,
    start_workspace_index: int | None,
    end_workspace_index: int | None,
    workspace_index_list: Sequence[int],
    detector_list: Sequence[int],
) -> Matrix:
    """Spectra of detectors, else of a list, else of a range; whole bins between the limits."""
    if detector_list:
        owner = input_workspace.spectra.row_of_id()
        rows = np.array([owner[one] for one in detector_list if one in owner], np.int64)
        if not len(rows):
            raise ValueError("no spectrum has a detector of DetectorList")
    elif workspace_index_list:
        rows = _checked(workspace_index_list, input_workspace.rows, "WorkspaceIndexList")
    else:
        rows = spectra_between(input_workspace.rows, start_workspace_index, end_workspace_index)
    return cropped(_of_rows(input_workspace, rows), x_min, x_max)


@implements("ExtractSingleSpectrum")
def extract_single_spectrum(*, input_workspace: Matrix, workspace_index: int) -> Matrix:
    """One spectrum."""
    return _of_rows(input_workspace, _checked([workspace_index], input_workspace.rows, "WorkspaceIndex"))


def _checked(indices: Sequence[int], rows: int, name: str) -> I8:
    for index in indices:
        if not 0 <= index < rows:
            raise IndexError(f"{name}: {index} is not one of the {rows} spectra")
    return np.array(indices, np.int64)


def spectra_between(rows: int, start: int | None, end: int | None) -> I8:
    """Indices of a range, both ends included; None: from the first, to the last.

    Raises
    ------
    IndexError
        It is not within the workspace.
    """
    first, last = start or 0, rows - 1 if end is None else end
    if not 0 <= first <= last < rows:
        raise IndexError(
            f"StartWorkspaceIndex {first} to EndWorkspaceIndex {last} is not a range of the {rows} spectra"
        )
    return np.arange(first, last + 1)


def _of_rows(matrix: Matrix, rows: I8) -> Matrix:
    is_all = len(rows) == matrix.rows and np.array_equal(rows, np.arange(matrix.rows))
    return replace(matrix, logs=matrix.logs.copy()) if is_all else matrix.taken(rows)


@implements("CropWorkspaceRagged")
def crop_workspace_ragged(*, input_workspace: Matrix, x_min: Sequence[float], x_max: Sequence[float]) -> Matrix:
    """Bins of each spectrum between limits of its own; one limit is that of all."""
    low = _limits("XMin", x_min, input_workspace.rows, -np.inf)
    high = _limits("XMax", x_max, input_workspace.rows, np.inf)
    if np.any(low >= high):
        raise ValueError(f"XMin must be below XMax; it is not in spectrum {int(np.argmax(low >= high))}")
    x = [np.array(row) for row in input_workspace.content.x.rows(input_workspace.rows)]
    spans = [span(row, a, b) for row, a, b in zip(x, low, high, strict=True)]
    grid = Grid.ragged([row[first:end] for row, (first, end) in zip(x, spans, strict=True)])
    if input_workspace.events is not None:
        return replace(
            input_workspace, content=replace(within(input_workspace.events, low, high, is_closed=True), x=grid)
        )
    histograms = input_workspace.histograms
    edges = 0 if histograms.is_points else 1
    parts = [slice(first, max(end - edges, first)) for first, end in spans]
    y = [histograms.y_of(row)[part] for row, part in enumerate(parts)]
    e = [histograms.e_of(row)[part] for row, part in enumerate(parts)]
    return input_workspace.with_histograms(Histograms.ragged(grid, y, e))


def _limits(name: str, given: Sequence[float], rows: int, absent: float) -> F8:
    if len(given) not in (0, 1, rows):
        raise ValueError(f"{name} has {len(given)} values for {rows} spectra; one, or one each, are needed")
    limits = np.resize(np.array(given or [absent], np.float64), rows)
    return np.where(np.isnan(limits), absent, limits)


@implements("AppendSpectra")
def append_spectra(
    *,
    input_workspace_1: Matrix,
    input_workspace_2: Matrix,
    validate_inputs: bool,
    number: int,
    merge_logs: bool,
    append_y_axis_labels: bool,  # noqa: ARG001 (labels are kept where both sides have them)
) -> Matrix:
    """The spectra of both; numbers begin with 0 again where they overlap."""
    if number < 1:
        raise ValueError(f"Number must be 1 or more, not {number}")
    if validate_inputs:
        _check_alike(input_workspace_1, input_workspace_2)
    made = input_workspace_1
    for _ in range(number):
        made = stacked(made, input_workspace_2)
    overlaps = input_workspace_2.spectra.number.min() <= input_workspace_1.spectra.number.max()
    made = numbered(made, np.arange(made.rows, dtype=np.int32)) if overlaps or number > 1 else made
    logs = merged_logs(input_workspace_1.logs, input_workspace_2.logs) if merge_logs else input_workspace_1.logs.copy()
    return replace(made, logs=logs)


def _check_alike(one: Matrix, two: Matrix) -> None:
    if one.unit != two.unit:
        raise ValueError(f"X is in {one.unit or 'no unit'} in one workspace, in {two.unit or 'no unit'} in the other")
    if one.is_distribution != two.is_distribution:
        raise ValueError("one workspace is a distribution (values per unit of x) and the other is not")
    if not has_same_x(one.content.x.row(0), two.content.x.row(0)):
        raise ValueError("the bins of the two are not the same: RebinToWorkspace makes them so")


@implements("ConjoinWorkspaces")
def conjoin_workspaces(
    *,
    input_workspace_1: Matrix,
    input_workspace_2: Any,
    check_overlapping: bool,
    y_axis_label: str,
    y_axis_unit: str,
    check_matching_bins: bool,
    context: CallContext,
) -> Matrix:
    """The spectra of both under the name of the first; the second is deleted."""
    one, two = input_workspace_1, input_workspace_2.matrix
    if check_matching_bins:
        _check_alike(one, two)
    numbers = np.concatenate([one.spectra.number, two.spectra.number])
    if check_overlapping:
        _check_apart(one, two)
    elif len(np.unique(numbers)) < len(numbers):
        numbers[one.rows :] += one.spectra.number.max()
    made = numbered(stacked(one, two), numbers)
    forget(context.store, input_workspace_2)
    return replace(made, y_unit=y_axis_unit or made.y_unit, y_label=y_axis_label or made.y_label)


def _check_apart(one: Matrix, two: Matrix) -> None:
    if one.events is None and np.intersect1d(one.spectra.number, two.spectra.number).size:
        raise ValueError("the two workspaces have spectra of the same number; CheckOverlapping=False joins them anyway")
    if np.intersect1d(one.spectra.ids, two.spectra.ids).size:
        raise ValueError("the two workspaces have detectors in common; CheckOverlapping=False joins them anyway")
