"""Algorithms that change bins."""

from collections.abc import Sequence
from dataclasses import replace

from livereduce.engine.mantid_api.calling.registry import implements
from livereduce.engine.matrix.edges import EdgeRules, edges_of
from livereduce.engine.matrix.event_pass import counted, x_range
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.matrix.rebinning import rebinned


@implements("Rebin")
def rebin(
    *,
    input_workspace: Matrix,
    params: Sequence[float],
    preserve_events: bool,
    full_bins_only: bool,
    ignore_bin_errors: bool,  # noqa: ARG001
    use_reverse_logarithmic: bool,
    power: float | None,
    binning_mode: str,  # noqa: ARG001
) -> Matrix:
    """New bins; events stay events unless they are not to be preserved."""
    rules = EdgeRules(full_bins_only=full_bins_only, reverse_logarithmic=use_reverse_logarithmic, power=power)
    edges = Grid(edges_of(_whole(input_workspace, params), rules))
    events = input_workspace.events
    if events is None:
        histograms = rebinned(input_workspace.histograms, edges, is_distribution=input_workspace.is_distribution)
        return input_workspace.with_histograms(histograms)
    if preserve_events:
        return replace(input_workspace, content=replace(events, x=edges))
    return input_workspace.with_histograms(counted(events, edges))


def _whole(matrix: Matrix, params: Sequence[float]) -> Sequence[float]:
    """Params with limits: one number alone is the step over the whole range of x."""
    if len(params) != 1:
        return params
    low, high = x_range(matrix.events) if matrix.events is not None else _edges_range(matrix)
    return (low, params[0], high)


def _edges_range(matrix: Matrix) -> tuple[float, float]:
    values = matrix.histograms.x.values
    return float(values.min()), float(values.max())
