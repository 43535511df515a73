"""Algorithms that smooth spectra, or take a background from them."""

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from livereduce.engine.mantid_api.algorithms.spectra.cropping import extract_single_spectrum
from livereduce.engine.mantid_api.calling.registry import implements
from livereduce.engine.matrix.bins.filters import butterworth, moving_mean, smoothed, zeroing
from livereduce.engine.matrix.bins.flat_background import BackgroundRule, without_background
from livereduce.engine.matrix.bins.points import as_edges
from livereduce.engine.matrix.bins.widths import per_width, times_width
from livereduce.engine.matrix.conversion.flight import monitors_of
from livereduce.engine.matrix.matrix import Matrix
from livereduce.stream.items import F8, I8

EVEN_X = 1e-7
"""Relative difference of widths up to which X is equally spaced, as Mantid has it."""


@implements("FFTSmooth")
def fft_smooth(
    *,
    input_workspace: Matrix,
    workspace_index: int,
    filter: str,
    params: str,
    ignore_x_bins: bool,
    all_spectra: bool,
) -> Matrix:
    """Spectra without their high frequencies; errors are 0, as in Mantid."""
    matrix = input_workspace
    if not all_spectra:
        matrix = extract_single_spectrum(input_workspace=matrix, workspace_index=workspace_index)
    histograms = matrix.histograms
    if not ignore_x_bins:
        for row in range(1 if histograms.x.is_common else histograms.rows):
            _check_even(histograms.x.row(row))
    y = histograms.y_table()
    smooth = smoothed(y, _factors(filter, params, y.shape[1]))
    return matrix.with_histograms(histograms.with_values(smooth.ravel(), np.zeros(smooth.size)))


def _check_even(x: F8) -> None:
    step = np.diff(x)
    if len(step) and np.any(np.abs(step - step[0]) > EVEN_X * abs(step[0])):
        raise ValueError("X must be equally spaced; IgnoreXBins=True smooths it anyway")


def _factors(name: str, params: str, n: int) -> F8:
    given = [int(part) for part in re.findall(r"-?\d+", params)]
    if name == "Zeroing":
        return zeroing(n, _above_one(given[0] if given else 2))
    part, order = given if len(given) == 2 else (2, 2)
    if order < 1:
        raise ValueError(f"Params: the order of the Butterworth filter must be 1 or more, not {order}")
    return butterworth(n, _above_one(part), order)


def _above_one(part: int) -> int:
    if part <= 1:
        raise ValueError(f"Params must begin with an integer above 1, not {part}")
    return part


@implements("SmoothData")
def smooth_data(*, input_workspace: Matrix, n_points: Sequence[int], grouping_workspace: Matrix | None) -> Matrix:
    """The mean of neighbours; of as many for each group as its number says in the list."""
    histograms = input_workspace.histograms
    y, e = histograms.y_table(), histograms.e_table()
    if not n_points or min(n_points) < 3:
        raise ValueError("NPoints must be 3 or more")
    width = _widths(input_workspace, n_points, grouping_workspace)
    if int(width.max(initial=0)) >= y.shape[1]:
        raise IndexError(f"NPoints must be less than the {y.shape[1]} values of a spectrum")
    width += 1 - width % 2
    new_y, new_e = np.empty_like(y), np.empty_like(e)
    for one in np.unique(width):
        rows = width == one
        new_y[rows], new_e[rows] = moving_mean(y[rows], e[rows], int(one))
    return input_workspace.with_histograms(histograms.with_values(new_y.ravel(), new_e.ravel()))


def _widths(matrix: Matrix, n_points: Sequence[int], grouping: Matrix | None) -> I8:
    """Number of points for each spectrum; 3 for those that are in no group."""
    if grouping is None:
        return np.full(matrix.rows, n_points[0], np.int64)
    groups = grouping.histograms.y_table()[:, 0].astype(np.int64)
    group_of = {int(one): int(group) for row, group in enumerate(groups) for one in grouping.spectra.ids_of(row)}
    width = np.full(matrix.rows, 3, np.int64)
    for row in range(matrix.rows):
        found = {group_of.get(int(one), 0) for one in matrix.spectra.ids_of(row)}
        if len(found) == 1 and 0 < (group := found.pop()) <= len(n_points):
            width[row] = n_points[group - 1]
    return width


@implements("CalculateFlatBackground")
def calculate_flat_background(
    *,
    input_workspace: Matrix,
    start_x: float | None,
    end_x: float | None,
    workspace_index_list: Sequence[int],
    mode: str,
    output_mode: str,
    skip_monitors: bool,
    nullify_negative_values: bool,
    averaging_window_width: int | None,
) -> Matrix:
    """A background that is the same in all bins, per unit of x, subtracted or returned."""
    rule = BackgroundRule(
        mode=mode,
        start=start_x,
        end=end_x,
        window=averaging_window_width,
        is_subtracted=output_mode == "Subtract Background",
        is_cut_at_zero=nullify_negative_values,
    )
    rule.check()
    chosen = np.zeros(input_workspace.rows, np.bool_)
    chosen[list(workspace_index_list) or slice(None)] = True
    if skip_monitors:
        chosen &= ~monitors_of(input_workspace)
    histograms = as_edges(input_workspace.histograms)
    is_counts = not (input_workspace.is_distribution or input_workspace.histograms.is_points)
    heights = per_width(histograms) if is_counts else histograms
    made = without_background(heights, rule, chosen)
    made = times_width(made) if is_counts else made
    return replace(input_workspace, content=input_workspace.histograms.with_values(made.y, made.e))
