"""Diffraction focussing: the spectra of a group added in bins of the group's own.

Source: Mantid docs/source/algorithms/DiffractionFocussing-v2.rst, Framework/Algorithms/src/DiffractionFocussing2.cpp.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from livereduce.engine.matrix.bins.edges import EdgeRules, edges_of
from livereduce.engine.matrix.bins.rebinning import rebinned
from livereduce.engine.matrix.events.event_changes import regrouped
from livereduce.engine.matrix.events.event_pass import EventContent, counted
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.stream.items import F8, I4, I8
from livereduce.stream.stretches import by_owner

ROUNDING = 1e-9
"""A bin that reaches as much beyond the data does so by rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FocusBins:
    """Bins for the groups: one value for all or one for each; a negative step is logarithmic."""

    low: Sequence[float]
    high: Sequence[float]
    step: Sequence[float]
    full_bins_only: bool = False


def groups_of_rows(spectra: SpectrumTable, ids: I4, group: I4) -> I8:
    """Group of each spectrum, -1 for none, from those of detectors: all of its detectors must be in the same."""
    order = np.argsort(ids, kind="stable")
    known = ids[order]
    result = np.full(spectra.rows, -1, np.int64)
    if not len(known) or not len(spectra.ids):
        return result
    place = np.minimum(np.searchsorted(known, spectra.ids), len(known) - 1)
    own = np.where(known[place] == spectra.ids, group[order[place]], -1).astype(np.int64)
    filled = np.diff(spectra.first) > 0
    starts = spectra.first[:-1][filled]
    least, most = np.minimum.reduceat(own, starts), np.maximum.reduceat(own, starts)
    result[filled] = np.where((least == most) & (least > 0), least, -1)
    return result


def focussed(
    matrix: Matrix, group_of_row: I8, *, preserve_events: bool = True, bins: FocusBins | None = None
) -> Matrix:
    """One spectrum for each group that has a spectrum which is not masked, in the order of the groups.

    Parameters
    ----------
    group_of_row
        Shape (rows,), 0 or less for spectra that are left out.
    bins
        None: as many logarithmic bins as the input has, from the least to the greatest X of the members.

    Raises
    ------
    ValueError
        No spectrum is in a group, or the bins do not fit.
    """
    wanted = np.where((group_of_row > 0) & ~matrix.is_masked, group_of_row, -1)
    numbers = np.unique(wanted[wanted > 0])
    if not len(numbers):
        raise ValueError("no spectrum that is not masked belongs to a group")
    new_row = np.where(wanted > 0, np.searchsorted(numbers, wanted), -1)
    low, high = matrix.content.x.ends(matrix.rows)
    grid = _given_bins(bins, len(numbers)) if bins is not None else _own_bins(matrix, new_row, len(numbers), low, high)
    content: EventContent | Histograms
    if matrix.events is None:
        content = _added(matrix.histograms, new_row, grid, low, high)
    else:
        content = regrouped(matrix.events, new_row, len(numbers), grid)
        if not preserve_events:
            content = _filled_up(counted(content), float(low.min()), float(high.max()))
    spectra = _spectra(matrix.spectra, new_row, numbers)
    return replace(matrix, content=content, spectra=spectra, masked=None, vertical=None)


def _given_bins(bins: FocusBins, groups: int) -> Grid:
    columns = []
    for name, values in (("DMin", bins.low), ("DMax", bins.high), ("Delta", bins.step)):
        if len(values) not in (1, groups):
            raise ValueError(f"{name} must have one value or one for each of the {groups} groups, not {len(values)}")
        columns.append(list(values) * (groups // len(values)))
    rules = EdgeRules(full_bins_only=bins.full_bins_only)
    return Grid.ragged([edges_of((low, step, high), rules) for low, high, step in zip(*columns, strict=True)])


def _own_bins(matrix: Matrix, new_row: I8, groups: int, low: F8, high: F8) -> Grid:
    size = len(matrix.content.x.row(0)) - 1
    if size < 1:
        raise ValueError("the spectra have no bins")
    edges = []
    for group in range(groups):
        member = new_row == group
        least, most = float(low[member].min()), float(high[member].max())
        least = least if least > 0 else most / size
        least = least if least > 0 else 1.0
        least = most / 2 if least == most else least
        if most < least:
            raise ValueError(f"X of a group ends at {most:g}, and logarithmic bins cannot reach it")
        edges.append(least * (most / least) ** (np.arange(size + 1) / size))
    is_one = all(np.array_equal(row, edges[0]) for row in edges[1:])
    return Grid(edges[0]) if is_one else Grid.ragged(edges)


def _spectra(spectra: SpectrumTable, new_row: I8, numbers: I8) -> SpectrumTable:
    order, first = by_owner(new_row[spectra.owner], len(numbers))
    return SpectrumTable(numbers.astype(np.int32), spectra.ids[order], first)


def _added(histograms: Histograms, new_row: I8, grid: Grid, low: F8, high: F8) -> Histograms:
    """Members rebinned and added; where some do not reach, scaled up by how many do."""
    y, e = [], []
    for group in range(int(new_row.max()) + 1):
        edges = grid.row(group)
        members = np.flatnonzero(new_row == group)
        each = rebinned(histograms.taken(members), Grid(edges))
        spans, count = np.unique(np.stack([low[members], high[members]]), axis=1, return_counts=True)
        reach = sum(n * _reach(edges, start, end) for (start, end), n in zip(spans.T, count, strict=True))
        factor = _factor(np.asarray(reach) / len(members))
        y.append(each.y_table().sum(axis=0) * factor)
        e.append(np.sqrt((each.e_table() ** 2).sum(axis=0)) * factor)
    return Histograms.ragged(grid, y, e)


def _filled_up(histograms: Histograms, low: float, high: float) -> Histograms:
    """Counts of bins that reach beyond the range of the data, as if they did not."""
    if not (low > 0 and high > 0):
        return histograms
    edges = [histograms.x.row(row) for row in range(histograms.rows)]
    factor = np.concatenate([_factor(_reach(row, low, high)) for row in edges])
    return histograms.with_values(histograms.y * factor, histograms.e * factor)


def _reach(edges: F8, low: float, high: float) -> F8:
    """The part of each bin that lies between two X."""
    inside = np.minimum(edges[1:], high) - np.maximum(edges[:-1], low)
    part: F8 = np.clip(inside, 0.0, None) / np.diff(edges)
    return part


def _factor(reach: F8) -> F8:
    """What the counts are divided by to be as if all was reached; NaN where nothing is."""
    whole = np.where(np.abs(reach - 1) < ROUNDING, 1.0, reach)
    with np.errstate(divide="ignore"):
        return np.where(whole > 0, 1 / whole, np.nan)
