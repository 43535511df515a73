"""Algorithms that take spectra or bins out of the data."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from livereduce.engine.geometry.edited import component_of
from livereduce.engine.mantid_api.algorithms.events.grouping import checked_rows, rows_of_numbers, rows_with
from livereduce.engine.mantid_api.calling.registry import implements
from livereduce.engine.matrix.events import event_changes
from livereduce.engine.matrix.events.event_pass import carried_out
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix, MatrixKind
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.stream.items import B1, I4, I8

MASKED_ABOVE = 0.5
"""A value of a mask workspace above this masks."""


@implements("MaskDetectors")
def mask_detectors(
    *,
    workspace: Matrix,
    spectra_list: Sequence[int],
    detector_list: Sequence[int],
    workspace_index_list: Sequence[int],
    masked_workspace: Matrix | None,
    force_instrument_masking: bool,
    start_workspace_index: int,
    end_workspace_index: int | None,
    component_list: Sequence[str],
) -> Matrix:
    """Mask what any of the arguments names; a range alone masks all of it, with others it limits them."""
    if spectra_list and workspace_index_list:
        raise ValueError("give SpectraList or WorkspaceIndexList, not both")
    spectra = workspace.spectra
    is_masked = np.zeros(spectra.rows, np.bool_)
    is_masked |= np.isin(spectra.number, np.asarray(spectra_list, np.int64))
    is_masked[rows_with(spectra, np.asarray(detector_list, np.int64))] = True
    is_masked[checked_rows(spectra, workspace_index_list, "WorkspaceIndexList")] = True
    if masked_workspace is not None:
        is_masked |= masked_like(spectra, masked_workspace, by_detectors=force_instrument_masking)
    if component_list:
        is_masked[rows_with(spectra, detectors_below(workspace, component_list))] = True
    others = (spectra_list, detector_list, workspace_index_list, component_list)
    if start_workspace_index or end_workspace_index is not None:
        row = np.arange(spectra.rows)
        last = spectra.rows - 1 if end_workspace_index is None else end_workspace_index
        in_range = (row >= start_workspace_index) & (row <= last)
        is_masked = is_masked & in_range if any(others) or masked_workspace is not None else in_range
    return workspace.with_mask(is_masked)


def masked_like(spectra: SpectrumTable, mask: Matrix, *, by_detectors: bool = False) -> B1:
    """The spectra that another workspace masks: the same ones if it has as many, else those of its masked detectors."""
    masked = _is_masked(mask)
    if by_detectors or mask.rows != spectra.rows:
        owner = np.repeat(masked, np.diff(mask.spectra.first))
        found = np.zeros(spectra.rows, np.bool_)
        found[rows_with(spectra, mask.spectra.ids[owner].astype(np.int64))] = True
        return found
    if mask.kind is MatrixKind.MASK:
        return np.isin(spectra.number, mask.spectra.number[masked])
    return masked


def _is_masked(mask: Matrix) -> B1:
    if mask.kind is not MatrixKind.MASK:
        return mask.is_masked
    flags: B1 = mask.histograms.y_table()[:, 0] > MASKED_ABOVE
    return flags


def mask_workspace(source: Matrix, spectra: SpectrumTable, is_masked: B1) -> Matrix:
    """A mask workspace of these spectra, with the geometry of another."""
    flags = is_masked.astype(np.float64)[:, None]
    content = Histograms.table(Grid(np.zeros(1)), flags, np.zeros_like(flags))
    return replace(
        source,
        content=content,
        spectra=spectra,
        unit="",
        y_unit="",
        kind=MatrixKind.MASK,
        masked=is_masked.copy(),
        vertical=None,
        is_distribution=False,
    )


def detectors_below(matrix: Matrix, names: Sequence[str]) -> I4:
    """Ids of the detectors in parts of the instrument; of several parts of a name the first is meant."""
    instrument = matrix.instrument()
    components = [component_of(instrument, name.strip(), -1) for name in names]
    below = [instrument.ids[instrument.tree.detectors(component)] for component in components]
    return np.concatenate([np.empty(0, np.int32), *below])


@implements("MaskBins")
def mask_bins(
    *,
    input_workspace: Matrix,
    x_min: float | None,
    x_max: float | None,
    spectra_list: Sequence[int],
    input_workspace_index_type: str,
    input_workspace_index_set: Sequence[int],
) -> Matrix:
    """0 in every bin that the range touches; events in it, its limits included, are dropped."""
    if x_min is None or x_max is None:
        raise ValueError("XMin and XMax are needed")
    if x_min > x_max:
        raise ValueError(f"XMin must not be above XMax: {x_min:g}, {x_max:g}")
    rows = checked_rows(input_workspace.spectra, spectra_list, "SpectraList") if spectra_list else None
    if input_workspace_index_set:
        argument = "InputWorkspaceIndexSet"
        by_number = input_workspace_index_type == "SpectrumNumber"
        choose = rows_of_numbers if by_number else checked_rows
        rows = choose(input_workspace.spectra, input_workspace_index_set, argument)
    return without_range(input_workspace, x_min, x_max, rows)


def without_range(matrix: Matrix, x_min: float, x_max: float, rows: I8 | None = None) -> Matrix:
    """No counts from `x_min` to `x_max` in some spectra; None: in all."""
    content = matrix.events
    if content is None:
        return matrix.with_histograms(_zeroed(matrix.histograms, x_min, x_max, rows))
    if rows is None:
        return replace(matrix, content=event_changes.without(content, [(x_min, np.nextafter(x_max, np.inf))]))
    lists = carried_out(content)
    keep = ~np.isin(lists.row_of, rows) | (lists.x_of < x_min) | (lists.x_of > x_max)
    return replace(matrix, content=lists.where(keep))


def _zeroed(histograms: Histograms, x_min: float, x_max: float, rows: I8 | None) -> Histograms:
    y, e = histograms.y.copy(), histograms.e.copy()
    for row in range(histograms.rows) if rows is None else rows.tolist():
        x = histograms.x.row(row)
        start = max(0, int(np.searchsorted(x, x_min, side="right")) - 1)
        end = min(int(np.searchsorted(x, x_max, side="left")), len(x) - 1)
        cells = slice(histograms.first[row] + start, histograms.first[row] + max(start, end))
        y[cells] = e[cells] = 0.0
    return histograms.with_values(y, e)


@implements("ClearMaskFlag")
def clear_mask_flag(*, workspace: Matrix, component_name: str) -> Matrix:
    """No spectrum is marked any more, or none below a component."""
    if not component_name:
        return replace(workspace, masked=None)
    masked = workspace.is_masked.copy()
    masked[rows_with(workspace.spectra, detectors_below(workspace, [component_name]))] = False
    return replace(workspace, masked=masked)


@implements("ExtractMask")
def extract_mask(*, input_workspace: Matrix, ungroup_detectors: bool) -> tuple[Matrix, I4]:
    """A mask workspace, and the ids of the masked detectors."""
    masked, spectra = _is_masked(input_workspace), input_workspace.spectra
    each = np.repeat(masked, np.diff(spectra.first))
    ids = np.sort(spectra.ids[each])
    if ungroup_detectors:
        order = np.argsort(spectra.ids, kind="stable")
        return mask_workspace(input_workspace, SpectrumTable.of_pixels(spectra.ids[order]), each[order]), ids
    return mask_workspace(input_workspace, spectra, masked), ids
