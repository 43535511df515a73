"""Algorithms that make powder patterns of pixels."""

from collections.abc import Sequence

import numpy as np

from livereduce.engine.grouping.focus import FocusBins, focussed, groups_of_rows
from livereduce.engine.mantid_api.algorithms.events.masking import without_range
from livereduce.engine.mantid_api.calling.registry import implements
from livereduce.engine.matrix.events.event_pass import x_range
from livereduce.engine.matrix.matrix import Matrix, MatrixKind
from livereduce.engine.powder.calibration_files import read_text_columns
from livereduce.engine.powder.prompt_pulse import FREQUENCY_LOGS, frequency_of, prompt_pulses
from livereduce.stream.items import I4


@implements("DiffractionFocussing")
def diffraction_focussing(
    *,
    input_workspace: Matrix,
    grouping_file_name: str,
    grouping_workspace: Matrix | None,
    preserve_events: bool,
    d_min: Sequence[float],
    d_max: Sequence[float],
    delta: Sequence[float],
    full_bins_only: bool,
) -> Matrix:
    """The groups of a file or a workspace, in bins of their own."""
    if bool(grouping_file_name) == (grouping_workspace is not None):
        raise ValueError("give either GroupingFileName or GroupingWorkspace")
    if input_workspace.unit not in ("dSpacing", "MomentumTransfer", "TOF"):
        raise ValueError(f"InputWorkspace must be in dSpacing or MomentumTransfer, not in {input_workspace.unit!r}")
    if grouping_workspace is not None:
        ids, group = groups_in(grouping_workspace)
    else:
        ids, _, selected, group = read_text_columns(grouping_file_name)
        group = np.where(selected, group, 0).astype(np.int32)
    rows = groups_of_rows(input_workspace.spectra, ids, group)
    bins = _bins(d_min, d_max, delta, full_bins_only)
    return focussed(input_workspace, rows, preserve_events=preserve_events, bins=bins)


def _bins(low: Sequence[float], high: Sequence[float], step: Sequence[float], full: bool) -> FocusBins | None:
    given = [bool(low), bool(high), bool(step)]
    if not any(given):
        return None
    if not all(given):
        raise ValueError("give DMin, DMax and Delta, or none of them")
    return FocusBins(low=low, high=high, step=step, full_bins_only=full)


def groups_in(grouping: Matrix) -> tuple[I4, I4]:
    """Detectors and their groups in a grouping workspace.

    Raises
    ------
    ValueError
        It is another kind of workspace.
    """
    if grouping.kind is not MatrixKind.GROUPING:
        raise ValueError("GroupingWorkspace must be one that LoadDiffCal or CreateGroupingWorkspace has made")
    values = grouping.histograms.y_table()[:, 0]
    return grouping.spectra.ids, values[grouping.spectra.owner].astype(np.int32)


@implements("RemovePromptPulse")
def remove_prompt_pulse(
    *,
    input_workspace: Matrix,
    width: float | None,
    frequency: float | None,
    t_min: float | None,
    t_max: float | None,
) -> Matrix:
    """No counts from the arrival of each prompt pulse to `width` µs later."""
    if width is None:
        raise RuntimeError("Width is missing: µs to be left out after each prompt pulse")
    if input_workspace.unit != "TOF":
        raise ValueError(f"InputWorkspace must be in TOF, not in {input_workspace.unit or 'no unit'}")
    return without_prompt_pulse(input_workspace, width, frequency, (t_min, t_max))


def without_prompt_pulse(
    matrix: Matrix, width_us: float, frequency_hz: float | None, span_us: tuple[float | None, float | None]
) -> Matrix:
    """Spectra without the time of flight of prompt pulses; the range of the data is looked up where it is not given."""
    if width_us <= 0:
        return matrix
    frequency_hz = frequency_of(matrix.logs) if frequency_hz is None else frequency_hz
    if not frequency_hz or frequency_hz < 0:
        raise RuntimeError(f"Frequency is missing, and no log gives it ({', '.join(FREQUENCY_LOGS)})")
    low, high = span_us
    if low is None or high is None:
        least, most = tof_range(matrix)
        low, high = least if low is None else low, most if high is None else high
    if not (np.isfinite(low) and np.isfinite(high)):
        return matrix  # there are no events
    for start in prompt_pulses(low, high, 1e6 / frequency_hz):
        matrix = without_range(matrix, start, start + width_us)
    return matrix


def tof_range(matrix: Matrix) -> tuple[float, float]:
    """Least and greatest x of the events, or of the bins of histograms."""
    if matrix.events is not None:
        return x_range(matrix.events)
    values = matrix.histograms.x.values
    return float(values.min()), float(values.max())
