"""Algorithms that add bins or spectra of one workspace."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from livereduce.engine.mantid_api.calling.registry import implements
from livereduce.engine.matrix.bins.integrating import IntegrationLimits, integrated
from livereduce.engine.matrix.conversion.flight import monitors_of
from livereduce.engine.matrix.events.event_changes import regrouped
from livereduce.engine.matrix.events.event_lists import EventLists
from livereduce.engine.matrix.events.event_pass import counted, x_range
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.matrix.sparse_histograms import SparseHistograms
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.stream.items import B1, F8, I8

logger = logging.getLogger("livereduce.engine")


@implements("SumSpectra")
def sum_spectra(
    *,
    input_workspace: Matrix,
    start_workspace_index: int | None,
    end_workspace_index: int | None,
    list_of_workspace_indices: Sequence[int],
    include_monitors: bool,
    weighted_sum: bool,
    multiply_by_spectra: bool,
    remove_special_values: bool,
) -> Matrix:
    """One spectrum: the sum of those that are chosen, not masked, and no monitors where these are left out."""
    chosen = _chosen(input_workspace.rows, start_workspace_index, end_workspace_index, list_of_workspace_indices)
    wanted = chosen if include_monitors else chosen[~monitors_of(input_workspace)[chosen]]
    used = wanted[~input_workspace.is_masked[wanted]]
    logs = input_workspace.logs.copy()
    logs.set_plain("NumAllSpectra", len(used))
    logs.set_plain("NumMaskSpectra", len(wanted) - len(used))
    spectra = _joined_ids(input_workspace.spectra, used, int(input_workspace.spectra.number[chosen].min()))
    one = replace(input_workspace, spectra=spectra, logs=logs, masked=None, vertical=None)
    if input_workspace.events is not None:
        events = input_workspace.events
        if isinstance(events, EventLists):
            logs.set_plain("NumZeroSpectra", int(np.count_nonzero(np.diff(events.first)[used] == 0)))
        new_row = np.full(input_workspace.rows, -1, np.int64)
        new_row[used] = 0
        return replace(one, content=regrouped(events, new_row, 1, Grid(np.array(events.x.row(0)))))
    content = input_workspace.content
    if isinstance(content, SparseHistograms) and not weighted_sum:
        logs.set_plain("NumZeroSpectra", 0)
        counts = content.total(used)[None, :]
        return replace(one, content=Histograms.table(content.x, counts, np.sqrt(counts)))
    histograms = input_workspace.histograms
    x, y, e = _common_rows(histograms, used, remove_special_values)
    if weighted_sum:
        total, variance, zeros = _weighted(y, e, multiply_by_spectra)
    else:
        total, variance, zeros = y.sum(axis=0), np.einsum("ij,ij->j", e, e), 0
    logs.set_plain("NumZeroSpectra", zeros)
    return replace(one, content=Histograms.table(x, total[None, :], np.sqrt(variance)[None, :]))


def _chosen(rows: int, start: int | None, end: int | None, listed: Sequence[int]) -> I8:
    """Indices in the range and in the list, ascending and once each; all without both."""
    first = start or 0
    if first < 0 or first >= rows:
        raise ValueError(f"StartWorkspaceIndex {first} is not one of the {rows} spectra")
    if end is not None and (end >= rows or end < first):
        if end < first:
            raise ValueError(f"EndWorkspaceIndex {end} is below StartWorkspaceIndex {first}")
        logger.warning("SumSpectra: EndWorkspaceIndex %d is beyond the last of %d spectra; the last is used", end, rows)
        end = rows - 1
    outside = [index for index in listed if not 0 <= index < rows]
    if outside:
        raise IndexError(f"ListOfWorkspaceIndices: {outside[0]} is not one of the {rows} spectra")
    has_range = not listed or end is not None or first > 0
    ranged = np.arange(first, rows if end is None else end + 1) if has_range else np.empty(0, np.int64)
    return np.union1d(ranged, np.asarray(listed, np.int64)) if listed else ranged


def _joined_ids(table: SpectrumTable, rows: I8, number: int) -> SpectrumTable:
    ids = table.taken(rows).ids if len(rows) else table.ids[:0]
    ascends = bool(np.all(ids[1:] > ids[:-1]))  # as for a whole instrument, where sorting 100 000 ids would be felt
    return SpectrumTable.of_groups(np.array([number], np.int32), [ids if ascends else np.unique(ids)])


def _common_rows(histograms: Histograms, rows: I8, is_cleaned: bool) -> tuple[Grid, F8, F8]:
    """X, and Y and E of some spectra, shape (rows, bins); special values as 0 if they are to be removed."""
    x = np.array(histograms.common_x())
    y, e = histograms.y_table(), histograms.e_table()
    if len(rows) < len(y):
        y, e = y[rows], e[rows]
    if is_cleaned:
        y, e = np.where(np.isfinite(y), y, 0), np.where(np.isfinite(e), e, 0)
    return Grid(x), y, e


def _weighted(y: F8, e: F8, is_multiplied: bool) -> tuple[F8, F8, int]:
    """Mean weighted with 1/E² (times the number of spectra that have an error), ΣE², and how many bins have none."""
    has = e != 0
    variance = np.where(has, e * e, 1.0)
    weight = np.where(has, 1 / variance, 0.0).sum(axis=0)
    total = np.where(has, y / variance, 0.0).sum(axis=0)
    count = has.sum(axis=0)
    mean = np.divide(total, weight, out=np.zeros_like(total), where=weight > 0)
    return (mean * count if is_multiplied else mean), np.where(has, e * e, 0.0).sum(axis=0), int((~has).sum())


@implements("Integration")
def integration(
    *,
    input_workspace: Matrix,
    range_lower: float | None,
    range_upper: float | None,
    start_workspace_index: int | None,
    end_workspace_index: int | None,
    include_partial_bins: bool,
    range_lower_list: Sequence[float],
    range_upper_list: Sequence[float],
) -> Matrix:
    """One bin for each spectrum: whole bins within the limits, parts of others if they are included."""
    rows = _span(input_workspace.rows, start_workspace_index, end_workspace_index)
    matrix = input_workspace if len(rows) == input_workspace.rows else input_workspace.taken(rows)
    lower = _limit("RangeLowerList", range_lower, range_lower_list, matrix.rows, np.fmax)
    upper = _limit("RangeUpperList", range_upper, range_upper_list, matrix.rows, np.fmin)
    _warn_of_order(lower, upper)
    if matrix.events is not None:
        if range_lower_list or range_upper_list:
            raise RuntimeError("range lists are not possible with events: convert them to a histogram first")
        return _integrated_events(matrix, float(lower[0]), float(upper[0]))

    def of_part(part: Histograms, rows: slice) -> Histograms:
        limits = IntegrationLimits(lower=lower[rows], upper=upper[rows], with_partial_bins=include_partial_bins)
        return integrated(part, limits, is_distribution=matrix.is_distribution)

    if isinstance(matrix.content, SparseHistograms) and not (range_lower_list or range_upper_list):
        return replace(matrix, content=matrix.by_parts(of_part))
    content = of_part(matrix.histograms, slice(0, matrix.rows))
    return replace(matrix, content=content, is_distribution=matrix.is_distribution or matrix.histograms.is_points)


def _span(rows: int, start: int | None, end: int | None) -> I8:
    """Workspace indices; as in Mantid one that is not possible only warns."""
    first, last = start or 0, rows - 1 if end is None else end
    if first < 0:
        raise ValueError(f"StartWorkspaceIndex must be 0 or more, not {first}")
    if first >= rows:
        logger.warning("Integration: StartWorkspaceIndex %d is not one of %d spectra; 0 is used", first, rows)
        first = 0
    if not first <= last < rows:
        logger.warning("Integration: EndWorkspaceIndex %d is not one of spectra %d to %d", last, first, rows - 1)
        last = rows - 1
    return np.arange(first, last + 1)


def _limit(name: str, one: float | None, each: Sequence[float], rows: int, stricter: Any) -> F8:
    """A limit of each spectrum: the stricter of the value and the list; NaN: none."""
    if each and len(each) != rows:
        raise ValueError(f"{name} has {len(each)} values for {rows} spectra")
    limit: F8 = np.full(rows, np.nan if one is None else one)
    return stricter(limit, np.array(each, np.float64)) if each else limit


def _warn_of_order(lower: F8, upper: F8) -> None:
    wrong: B1 = upper < lower
    if wrong.any():
        logger.warning("Integration: the upper limit is below the lower one in %d spectra, which become 0", wrong.sum())


def _integrated_events(matrix: Matrix, lower: float, upper: float) -> Matrix:
    """Events of [lower, upper) of each spectrum, whatever the bins; without an upper limit to the last event, included.

    Mantid hands the x of the last event on as a text of six digits, so that it is counted there by chance.
    """
    assert matrix.events is not None
    if np.isnan(lower) or np.isnan(upper):
        least, most = x_range(matrix.events)
        if not np.isfinite(least):
            least, most = 0.0, 0.0
        behind = float(np.nextafter(most, np.inf))
        lower, upper = least if np.isnan(lower) else lower, behind if np.isnan(upper) else upper
    if upper <= lower:
        zero = np.zeros((matrix.rows, 1))
        return matrix.with_histograms(Histograms.table(np.array([lower, lower]), zero, zero))
    return matrix.with_histograms(counted(matrix.events, Grid(np.array([lower, upper]))))
