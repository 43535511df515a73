"""Algorithms that find and subtract peaks."""

from collections.abc import Sequence

from livereduce.engine.fitting.peaks import VANADIUM_D, PeakRules, without_peaks
from livereduce.engine.mantid_api.algorithms.events.grouping import checked_rows
from livereduce.engine.mantid_api.calling.registry import implements
from livereduce.engine.matrix.matrix import Matrix


@implements("StripPeaks")
def strip_peaks(
    *,
    input_workspace: Matrix,
    fwhm: int,
    tolerance: int,  # noqa: ARG001
    peak_positions: Sequence[float],
    peak_position_tolerance: float,
    background_type: str,
    high_background: bool,  # noqa: ARG001
    workspace_index: int | None,
    maximum_chisq: float,
) -> Matrix:
    """Values without the peaks; events become histograms, errors stay."""
    if not peak_positions:
        raise ValueError("PeakPositions is missing: peaks are not searched for on the builtin engine")
    if fwhm < 1:
        raise ValueError(f"FWHM must be 1 bin or more, not {fwhm}")
    rules = PeakRules(
        fwhm=fwhm,
        position_tolerance=peak_position_tolerance if peak_position_tolerance > 0 else None,
        background_order=2 if background_type == "Quadratic" else 1,
        most_chi_square=maximum_chisq,
    )
    bins = input_workspace.histograms
    rows = range(bins.rows) if workspace_index is None else _row(input_workspace, workspace_index)
    y = bins.y.copy()
    for row in rows:
        x = bins.x.row(row)
        centres = x if bins.is_points else (x[1:] + x[:-1]) / 2
        cells = slice(bins.first[row], bins.first[row + 1])
        y[cells] = without_peaks(centres, bins.y_of(row), bins.e_of(row), peak_positions, rules)
    return input_workspace.with_histograms(bins.with_values(y, bins.e))


def _row(matrix: Matrix, index: int) -> Sequence[int]:
    rows: list[int] = checked_rows(matrix.spectra, [index], "WorkspaceIndex").tolist()
    return rows


@implements("StripVanadiumPeaks")
def strip_vanadium_peaks(
    *,
    input_workspace: Matrix,
    fwhm: int,
    tolerance: int,
    background_type: str,
    high_background: bool,
    peak_position_tolerance: float,
    workspace_index: int | None,
) -> Matrix:
    """Values without the peaks of vanadium."""
    if input_workspace.unit != "dSpacing":
        raise ValueError(f"InputWorkspace must be in dSpacing, not in {input_workspace.unit or 'no unit'}")
    return strip_peaks(
        input_workspace=input_workspace,
        fwhm=fwhm,
        tolerance=tolerance,
        peak_positions=VANADIUM_D,
        peak_position_tolerance=peak_position_tolerance,
        background_type=background_type,
        high_background=high_background,
        workspace_index=workspace_index,
        maximum_chisq=100.0,
    )
