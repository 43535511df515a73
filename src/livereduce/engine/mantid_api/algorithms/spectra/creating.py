"""Algorithms that make workspaces of numbers."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from livereduce.engine.mantid_api.calling.registry import implements
from livereduce.engine.matrix.events.event_lists import EventLists
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix, MatrixKind, VerticalAxis, single_value
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.stream.items import F8
from livereduce.stream.stretches import starts_of


@implements("CreateWorkspace")
def create_workspace(
    *,
    data_x: Sequence[float],
    data_y: Sequence[float],
    data_e: Sequence[float],
    n_spec: int,
    unit_x: str,
    vertical_axis_unit: str,
    vertical_axis_values: Sequence[str],
    distribution: bool,
    y_unit_label: str,
    workspace_title: str,
    parent_workspace: Matrix | None,
) -> Matrix:
    """Spectra of X, Y and E in a row; X common to all, or of each; E is 0 if not given."""
    y = _spectra("DataY", data_y, n_spec)
    if data_e and len(data_e) != len(data_y):
        raise ValueError(
            f"DataE has {len(data_e)} values and DataY {len(data_y)}: they must be alike, or DataE left out"
        )
    e = _spectra("DataE", data_e, n_spec) if data_e else np.zeros_like(y)
    x = _x(data_x, y.shape[1], n_spec)
    vertical = _vertical(vertical_axis_unit, vertical_axis_values, n_spec)
    content = Histograms.table(x, y, e)
    if parent_workspace is None:
        spectra = SpectrumTable.without_detectors(n_spec)
        made = Matrix(content=content, spectra=spectra, y_unit="", y_label=y_unit_label, title=workspace_title)
    else:
        spectra = (
            parent_workspace.spectra if parent_workspace.rows == n_spec else SpectrumTable.without_detectors(n_spec)
        )
        made = replace(
            parent_workspace,
            content=content,
            spectra=spectra,
            masked=None,
            logs=parent_workspace.logs.copy(),
            y_label=y_unit_label or parent_workspace.y_label,
            title=workspace_title or parent_workspace.title,
            kind=MatrixKind.PLAIN,
        )
    return replace(made, unit=unit_x, is_distribution=distribution, vertical=vertical)


def _spectra(name: str, values: Sequence[float], rows: int) -> F8:
    if rows < 1 or len(values) % rows:
        raise ValueError(f"{name} has {len(values)} values, which are not {rows} spectra (NSpec) of one length")
    return np.array(values, np.float64).reshape(rows, -1)


def _x(values: Sequence[float], size: int, rows: int) -> Grid:
    if len(values) in (size, size + 1):
        return Grid(np.array(values, np.float64))
    table = _spectra("DataX", values, rows)
    if table.shape[1] not in (size, size + 1):
        raise ValueError(
            f"DataX has {table.shape[1]} values a spectrum; {size} (points) or {size + 1} (edges) are needed"
        )
    return Grid.ragged(list(table))


def _vertical(unit: str, values: Sequence[str], rows: int) -> VerticalAxis | None:
    if unit == "SpectraNumber":
        if values:
            raise ValueError("VerticalAxisValues need a VerticalAxisUnit that is not SpectraNumber")
        return None
    if len(values) not in (rows, rows + 1):
        raise ValueError(f"VerticalAxisValues has {len(values)} values for {rows} spectra")
    if unit == "Text":
        return VerticalAxis(values=np.arange(rows, dtype=np.float64), unit="Text", labels=tuple(values))
    return VerticalAxis(values=np.array([float(value) for value in values]), unit=unit)


@implements("CreateSingleValuedWorkspace")
def create_single_valued_workspace(*, data_value: float, error_value: float) -> Matrix:
    """One number with its error."""
    return single_value(data_value, error_value)


@implements("ConvertToEventWorkspace")
def convert_to_event_workspace(
    *, input_workspace: Matrix, generate_zeros: bool, generate_multiple_events: bool, max_events_per_bin: int
) -> Matrix:
    """Events at the middle of the bins (or spread evenly over them) that count to the same Y and E."""
    histograms = input_workspace.histograms
    y, e = histograms.y, histograms.e
    left, width = _left_and_width(histograms)
    chosen = np.isfinite(y) & np.isfinite(e)
    if not generate_zeros:
        chosen &= y != 0
    count = np.where(chosen, 1, 0)
    if generate_multiple_events:
        with np.errstate(divide="ignore", invalid="ignore"):
            wanted = np.nan_to_num((y / e) ** 2 + 0.5, nan=0, posinf=max_events_per_bin)
        count *= np.clip(np.floor(wanted), 1, max_events_per_bin).astype(np.int64)
    bins = np.repeat(np.arange(len(y)), count)
    place = np.arange(len(bins)) - np.repeat(np.cumsum(count) - count, count)
    first = starts_of(count)[histograms.first]
    lists = EventLists(
        x_of=left[bins] + width[bins] * (place + 0.5) / count[bins],
        first=first,
        x=histograms.x,
        weight=y[bins] / count[bins],
        variance=e[bins] ** 2 / count[bins],
        pulse_ns=np.zeros(len(bins), np.int64),
    )
    return replace(input_workspace, content=lists)


def _left_and_width(histograms: Histograms) -> tuple[F8, F8]:
    """Lower edge and width of each bin, in the order of the values."""
    if histograms.is_points:
        raise ValueError("points have no bins to make events of: ConvertToHistogram first")
    rows = [histograms.x.row(row) for row in range(1 if histograms.x.is_common else histograms.rows)]
    repeat = histograms.rows if histograms.x.is_common else 1
    return np.tile(np.concatenate([row[:-1] for row in rows]), repeat), np.tile(
        np.concatenate([np.diff(row) for row in rows]), repeat
    )
