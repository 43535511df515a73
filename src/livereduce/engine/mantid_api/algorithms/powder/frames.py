"""Algorithms on the time of flight at which a frame begins."""

from dataclasses import replace

import numpy as np

from livereduce.engine.mantid_api.algorithms.powder.focussing import tof_range
from livereduce.engine.mantid_api.calling.registry import CallContext, implements
from livereduce.engine.matrix.conversion.flight import FlightPaths, flight_paths
from livereduce.engine.matrix.conversion.units import A_US_PER_M
from livereduce.engine.matrix.events import event_changes
from livereduce.engine.matrix.events.event_pass import carried_out
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix
from livereduce.stream.items import F8

US_PER_M_ANGSTROM = 1 / A_US_PER_M
"""Time of flight in µs of 1 Å over 1 m."""


@implements("RemoveLowResTOF")
def remove_low_res_tof(
    *,
    input_workspace: Matrix,
    reference_difc: float | None,
    k: float,
    tmin: float | None,
    min_wavelength: float | None,
    context: CallContext,
) -> tuple[Matrix, Matrix | None]:
    """The events that are late enough, and, if they are asked for, those that are not."""
    _check_tof(input_workspace)
    start = _start(input_workspace, reference_difc, k, tmin, min_wavelength)
    if input_workspace.events is None:
        return input_workspace.with_histograms(_zeroed(input_workspace.histograms, start)), None
    unknown = np.isnan(start)
    known = replace(input_workspace, content=event_changes.masked(input_workspace.events, unknown))
    assert known.events is not None
    above = np.where(start > 0, np.nextafter(start, np.inf), -np.inf)
    late = replace(known, content=event_changes.within(known.events, above, np.nan))
    if not context.names.get("LowResTOFWorkspace"):
        return late, None
    below = np.where(start > 0, start, -np.inf)
    return late, replace(known, content=event_changes.within(known.events, np.nan, below))


def _check_tof(matrix: Matrix) -> None:
    if matrix.unit != "TOF":
        raise ValueError(f"InputWorkspace must be in TOF, not in {matrix.unit!r}")


def _start(matrix: Matrix, difc: float | None, k: float, tmin: float | None, min_wavelength: float | None) -> F8:
    """The time of flight in µs at which the good part of each spectrum begins; NaN where it has none."""
    paths = flight_paths(matrix)
    if min_wavelength is not None:
        shortest: F8 = US_PER_M_ANGSTROM * (paths.l1 + paths.l2) * min_wavelength
        return shortest
    if difc is None or not difc > 0:
        raise ValueError("ReferenceDIFC or MinWavelength is missing")
    first = tof_range(matrix)[0] if tmin is None else tmin
    if first < 0:
        raise RuntimeError(f"times of flight below 0: {first:g} µs")
    own = 2 * US_PER_M_ANGSTROM * (paths.l1 + paths.l2) * np.sin(paths.two_theta / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        per_difc = 1 / own
        root = np.sqrt(first / difc) + k * np.log10(per_difc * difc)
        start: F8 = np.where(root <= 0, 0.0, root * root / per_difc)
    return start


def _zeroed(histograms: Histograms, start: F8) -> Histograms:
    """0 in the bins that begin before the start, by the edges of the first spectrum."""
    y, e = histograms.y.copy(), histograms.e.copy()
    edges = histograms.x.row(0)
    for row, end in enumerate(np.minimum(np.searchsorted(edges, start), len(edges) - 1).tolist()):
        cells = slice(int(histograms.first[row]), min(int(histograms.first[row]) + end, int(histograms.first[row + 1])))
        y[cells] = e[cells] = 0.0
    return histograms.with_values(y, e)


@implements("UnwrapSNS")
def unwrap_sns(*, input_workspace: Matrix, l_ref: float, tmin: float | None, tmax: float | None) -> Matrix:
    """Times before the earliest possible one are of the frame before."""
    _check_tof(input_workspace)
    if not l_ref > 0:
        raise ValueError("LRef must be above 0")
    low, high = tof_range(input_workspace) if tmin is None or tmax is None else (tmin, tmax)
    first, last = low if tmin is None else tmin, high if tmax is None else tmax
    if first < 0 or first > last:
        raise RuntimeError(f"Tmin must be above 0 and not above Tmax: {first:g}, {last:g}")
    paths = flight_paths(input_workspace)
    earliest = np.where(paths.is_known, first * (paths.l1 + paths.l2) / l_ref, -np.inf)
    if input_workspace.events is None:
        return _turned(input_workspace, earliest, last - first, paths)
    lists = carried_out(input_workspace.events)
    x = _edges(lists.x, input_workspace.rows, earliest, last - first)
    late = np.where(lists.x_of < earliest[lists.row_of], lists.x_of + (last - first), lists.x_of)
    return replace(input_workspace, content=replace(lists, x_of=late, x=x))


def _edges(x: Grid, rows: int, earliest: F8, width: float) -> Grid:
    """The edges of each spectrum, those that come too early moved behind the others; those of one bin stay."""
    old = [x.row(row) for row in range(rows)]
    if all(len(edges) <= 2 or edges[0] >= earliest[row] for row, edges in enumerate(old)):
        return x
    new = [edges if len(edges) <= 2 else _behind(edges, earliest[row], width) for row, edges in enumerate(old)]
    return Grid.ragged(new)


def _behind(edges: F8, earliest: float, width: float) -> F8:
    is_early = edges < earliest
    return np.concatenate([edges[~is_early], edges[is_early] + width])


def _turned(matrix: Matrix, earliest: F8, width: float, paths: FlightPaths) -> Matrix:
    histograms = matrix.histograms
    x = [histograms.x.row(row) for row in range(matrix.rows)]
    early = [int(np.sum(edges < earliest[row])) for row, edges in enumerate(x)]
    y, e = (
        [np.roll(values[histograms.first[row] : histograms.first[row + 1]], -early[row]) for row in range(matrix.rows)]
        for values in (histograms.y, histograms.e)
    )
    grid = Grid.ragged([_behind(edges, earliest[row], width) for row, edges in enumerate(x)])
    return matrix.with_histograms(Histograms.ragged(grid, y, e)).with_mask(~paths.is_known)
