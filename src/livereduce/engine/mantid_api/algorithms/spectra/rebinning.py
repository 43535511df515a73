"""Algorithms that change bins."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from livereduce.engine.mantid_api.calling.registry import implements
from livereduce.engine.matrix.bins.edges import EdgeRules, edges_of
from livereduce.engine.matrix.bins.rebinning import rebinned
from livereduce.engine.matrix.bins.resampling import resampled_edges
from livereduce.engine.matrix.events.event_pass import counted, x_range
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.matrix import Matrix
from livereduce.stream.items import F8

MODES = {"Linear": (1, False), "Logarithmic": (-1, False), "ReverseLogarithmic": (-1, True), "Power": (1, False)}
"""BinningMode: the sign that it gives to the steps, and whether logarithmic bins begin at the upper limit."""


@implements("Rebin")
def rebin(
    *,
    input_workspace: Matrix,
    params: Sequence[float],
    preserve_events: bool,
    full_bins_only: bool,
    ignore_bin_errors: bool,
    use_reverse_logarithmic: bool,
    power: float | None,
    binning_mode: str,
) -> Matrix:
    """New bins; events stay events unless they are not to be preserved."""
    whole = with_limits(input_workspace, params)
    rules = EdgeRules(full_bins_only=full_bins_only, reverse_logarithmic=use_reverse_logarithmic, power=power)
    if binning_mode != "Default":
        sign, is_reverse = MODES[binning_mode]
        whole = tuple(sign * abs(value) if place % 2 else value for place, value in enumerate(whole))
        rules = replace(rules, reverse_logarithmic=is_reverse, power=_power(power) if binning_mode == "Power" else None)
    edges = Grid(edges_of(whole, rules))
    return in_bins(input_workspace, edges, preserve_events=preserve_events, ignore_bin_errors=ignore_bin_errors)


def _power(power: float | None) -> float:
    if power is None:
        raise ValueError("BinningMode Power needs the argument Power")
    return power


def in_bins(matrix: Matrix, edges: Grid, *, preserve_events: bool = True, ignore_bin_errors: bool = False) -> Matrix:
    """The spectra in these bins; of events only the edges change if they are preserved."""
    events = matrix.events
    if events is None:
        return matrix.with_histograms(
            matrix.by_parts(
                lambda part, _: rebinned(
                    part, edges, is_distribution=matrix.is_distribution, ignore_bin_errors=ignore_bin_errors
                )
            )
        )
    if preserve_events:
        return replace(matrix, content=replace(events, x=edges))
    return matrix.with_histograms(counted(events, edges))


def with_limits(matrix: Matrix, params: Sequence[float]) -> Sequence[float]:
    """Params with limits: one number alone is the step over the whole range of X, for events that of their edges.

    (Mantid's page says the range of the events; its source asks the workspace, which means the edges.)
    """
    if len(params) != 1:
        return params
    low, high = edges_range(matrix)
    return (low, params[0], high)


def edges_range(matrix: Matrix) -> tuple[float, float]:
    """Least and greatest X of all spectra that have finite ones."""
    values = matrix.content.x.values
    values = values[np.isfinite(values)]
    if not len(values):
        raise ValueError("the workspace has no finite X: give the limits")
    return float(values.min()), float(values.max())


@implements("RebinToWorkspace")
def rebin_to_workspace(
    *, workspace_to_rebin: Matrix, workspace_to_match: Matrix, preserve_events: bool, ignore_bin_errors: bool
) -> Matrix:
    """The bins of another workspace: those of its first spectrum, or each spectrum's own if they differ."""
    wanted = workspace_to_match.content.x
    if workspace_to_match.events is None and workspace_to_match.histograms.is_points:
        raise ValueError("WorkspaceToMatch must have bins, not points")
    if wanted.is_common or workspace_to_match.rows != workspace_to_rebin.rows:
        edges = Grid(wanted.row(0))
    else:
        edges = wanted
    return in_bins(workspace_to_rebin, edges, preserve_events=preserve_events, ignore_bin_errors=ignore_bin_errors)


@implements("ResampleX")
def resample_x(
    *,
    input_workspace: Matrix,
    x_min: Sequence[float],
    x_max: Sequence[float],
    number_bins: int,
    log_binning: bool,
    preserve_events: bool,
) -> Matrix:
    """A number of bins for each spectrum, between limits of its own."""
    if number_bins is None or number_bins < 1:
        raise ValueError("NumberBins must be 1 or more")
    low, high = _limits(input_workspace, "XMin", x_min, 0), _limits(input_workspace, "XMax", x_max, -1)
    return in_bins(
        input_workspace, resampled_grid(low, high, number_bins, log_binning), preserve_events=preserve_events
    )


def resampled_grid(low: F8, high: F8, bins: int, logarithmic: bool) -> Grid:
    """Edges of as many bins for each spectrum, between its limits; common if these are."""
    made: dict[tuple[float, float], F8] = {}
    rows = []
    for limits in zip(low.tolist(), high.tolist(), strict=True):
        if limits not in made:
            made[limits] = resampled_edges(*limits, bins, logarithmic=logarithmic)
        rows.append(made[limits])
    return Grid(rows[0]) if len(made) == 1 else Grid.ragged(rows)


def _limits(matrix: Matrix, name: str, given: Sequence[float], place: int) -> F8:
    """A limit of each spectrum: given, or the end of its own X (of all events where that is NaN)."""
    rows = matrix.rows
    if len(given) not in (0, 1, rows):
        raise ValueError(f"{name} has {len(given)} values for {rows} spectra; one, or one each, are needed")
    if given:
        return np.resize(np.array(given, np.float64), rows)
    limits = matrix.content.x.ends(rows)[place].copy()
    unknown = np.isnan(limits)
    if unknown.any():
        limits[unknown] = (x_range(matrix.events) if matrix.events is not None else edges_range(matrix))[place]
    return limits


@implements("RebinRagged")
def rebin_ragged(
    *,
    input_workspace: Matrix,
    x_min: Sequence[float],
    x_max: Sequence[float],
    delta: Sequence[float],
    preserve_events: bool,
    full_bins_only: bool,
) -> Matrix:
    """Bins of each spectrum's own: limits (own ends if not given or not finite) and step."""
    rows = input_workspace.rows
    low, high = _own_ends(input_workspace, "XMin", x_min, 0), _own_ends(input_workspace, "XMax", x_max, -1)
    if len(delta) not in (1, rows):
        raise ValueError(f"Delta has {len(delta)} values for {rows} spectra; one, or one each, are needed")
    steps = np.resize(np.array(delta, np.float64), rows)
    rules = EdgeRules(full_bins_only=full_bins_only)
    edges = [edges_of((a, step, b), rules) for a, step, b in zip(low, steps, high, strict=True)]
    return in_bins(input_workspace, Grid.ragged(edges), preserve_events=preserve_events)


def _own_ends(matrix: Matrix, name: str, given: Sequence[float], place: int) -> F8:
    if given and len(given) not in (1, matrix.rows):
        raise ValueError(f"{name} has {len(given)} values for {matrix.rows} spectra; one, or one each, are needed")
    wanted = np.resize(np.array(given or [np.nan], np.float64), matrix.rows)
    own = matrix.content.x.ends(matrix.rows)[place]
    return np.where(np.isfinite(wanted), wanted, own)
