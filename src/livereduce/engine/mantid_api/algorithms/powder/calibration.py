"""Algorithms that read, write and use the calibration of a powder instrument."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from livereduce.engine.geometry.calibration import Calibration
from livereduce.engine.geometry.definition import Definition
from livereduce.engine.geometry.errors import GeometryError
from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.grouping.group_texts import WrittenGroup
from livereduce.engine.mantid_api.algorithms.beamline.instruments import definition_of_file
from livereduce.engine.mantid_api.algorithms.events.grouping import read_groups
from livereduce.engine.mantid_api.algorithms.events.masking import MASKED_ABOVE, detectors_below, mask_workspace
from livereduce.engine.mantid_api.calling.registry import CallContext, implements
from livereduce.engine.mantid_api.objects.table import TableWorkspace
from livereduce.engine.mantid_api.objects.wrapping import wrapped
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix, MatrixKind
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.engine.powder.calibrated import to_d
from livereduce.engine.powder.calibration import CalibrationFile, difc_of, tof_limits
from livereduce.engine.powder.calibration_files import read_hdf5, read_text, read_text_columns, write_hdf5
from livereduce.stream.items import B1, F8, I4

Geometry = Definition | InstrumentGeometry


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationWorkspaces:
    """The workspaces that LoadDiffCal makes; None where it was not asked for, or the file has nothing to make it of."""

    grouping: Matrix | None
    mask: Matrix | None
    table: TableWorkspace | None


@implements("LoadDiffCal")
def load_diff_cal(
    *,
    input_workspace: Matrix | None,
    instrument_name: str,  # noqa: ARG001
    instrument_filename: str,
    filename: str,
    group_filename: str,
    make_grouping_workspace: bool,
    make_cal_workspace: bool,
    make_mask_workspace: bool,
    workspace_name: str,
    tof_min: float,
    tof_max: float | None,
    fix_conversion_issues: bool,  # noqa: ARG001
    context: CallContext,
) -> tuple[Any, Any, Any]:
    """Leave ``<WorkspaceName>_group``, ``_mask`` and ``_cal`` in the store, and return them."""
    if not workspace_name:
        raise ValueError("WorkspaceName is missing: the names of what is made begin with it")
    geometry: Geometry = input_workspace.geometry if input_workspace is not None else Definition()
    if instrument_filename:
        geometry = definition_of_file(instrument_filename)
    source = replace(input_workspace, geometry=geometry) if input_workspace is not None else bare(geometry)
    made = workspaces_of(filename, source, group_filename=group_filename, tof_min=tof_min, tof_max=tof_max)
    results = (
        ("_group", made.grouping if make_grouping_workspace else None),
        ("_mask", made.mask if make_mask_workspace else None),
        ("_cal", made.table if make_cal_workspace else None),
    )
    stored = [left_in_store(context, workspace_name + ending, one) for ending, one in results]
    return stored[0], stored[1], stored[2]


def left_in_store(context: CallContext, name: str, made: Any) -> Any:
    """Put what was made into the store under a name; None stays None."""
    if made is None:
        return None
    held = wrapped(name, made, None)
    if isinstance(held, TableWorkspace):
        held.renamed(name)
    context.store[name] = held
    return held


def bare(geometry: Geometry) -> Matrix:
    """No spectra, with a geometry."""
    nothing = np.zeros((0, 1))
    return Matrix(
        content=Histograms.table(Grid(np.zeros(1)), nothing, nothing),
        spectra=SpectrumTable.without_detectors(0),
        geometry=geometry,
    )


def workspaces_of(
    path: str, source: Matrix, *, group_filename: str = "", tof_min: float = 0.0, tof_max: float | None = None
) -> CalibrationWorkspaces:
    """The contents of a calibration file as workspaces with the geometry of another."""
    contents = read_file(path, source)
    detectors = contents.constants.detector
    group = contents.group
    ids, groups = detectors, group
    if group_filename:
        ids, groups = groups_of_file(group_filename, source)
    return CalibrationWorkspaces(
        grouping=None if groups is None else grouping_workspace(source, ids, groups),
        mask=None if contents.is_used is None else _mask(source, detectors, contents.is_used),
        table=table_of(contents.constants, tof_min, tof_max),
    )


def read_file(path: str, source: Matrix) -> CalibrationFile:
    """A calibration file of either kind."""
    if path.casefold().endswith(".cal"):
        return read_text(path, source.instrument())
    return read_hdf5(path)


def groups_of_file(path: str, source: Matrix) -> tuple[I4, I4]:
    """Detectors and their groups, of an older calibration, a map file or an XML file."""
    if path.casefold().endswith(".cal"):
        detectors, _, selected, group = read_text_columns(path)
        return detectors, np.where(selected, group, 0).astype(np.int32)
    ids, numbers = [np.empty(0, np.int32)], [np.empty(0, np.int32)]
    for one in read_groups(path, "GroupFilename"):
        members = detectors_in(one, source, source.spectra)
        ids.append(members)
        numbers.append(np.full(len(members), one.number, np.int32))
    return np.concatenate(ids), np.concatenate(numbers)


def detectors_in(group: WrittenGroup, source: Matrix, spectra: SpectrumTable) -> I4:
    """Detectors that a file names: by their ids, by parts of the instrument, and by numbers of spectra."""
    below = detectors_below(source, group.components) if group.components else np.empty(0, np.int32)
    rows = np.flatnonzero(np.isin(spectra.number, np.asarray(group.spectra, np.int64)))
    ids = [np.array(group.detectors, np.int32), below, *(spectra.ids_of(int(row)) for row in rows)]
    return np.concatenate(ids).astype(np.int32)


def all_detectors(source: Matrix, known: I4) -> I4:
    """The detectors of the instrument, or, where it is not known, some that are; ascending."""
    try:
        instrument = source.instrument()
    except GeometryError:
        return np.unique(known).astype(np.int32)
    return instrument.ids[~instrument.is_monitor]


def grouping_workspace(source: Matrix, ids: I4, group: I4) -> Matrix:
    """A grouping workspace: one spectrum a detector, with its group as value, 0 for none."""
    detectors = all_detectors(source, ids)
    values = _spread(detectors, ids, np.maximum(group, 0).astype(np.float64))[:, None]
    content = Histograms.table(Grid(np.zeros(1)), values, np.zeros_like(values))
    spectra = SpectrumTable.of_pixels(detectors)
    return Matrix(
        content=content, spectra=spectra, geometry=source.geometry, unit="", y_unit="", kind=MatrixKind.GROUPING
    )


def _mask(source: Matrix, ids: I4, is_used: B1) -> Matrix:
    detectors = all_detectors(source, ids)
    masked = _spread(detectors, ids, (~is_used).astype(np.float64)) > MASKED_ABOVE
    return mask_workspace(bare(source.geometry), SpectrumTable.of_pixels(detectors), masked)


def _spread(detectors: I4, ids: I4, values: F8) -> F8:
    """Values of some detectors as a table of all, which ascend; 0 for the others."""
    table = np.zeros(len(detectors))
    if len(detectors):
        place = np.minimum(np.searchsorted(detectors, ids), len(detectors) - 1)
        known = detectors[place] == ids
        table[place[known]] = values[known]
    return table


def table_of(constants: Calibration, tof_min: float = 0.0, tof_max: float | None = None) -> TableWorkspace:
    """Mantid's calibration table."""
    low, high = tof_limits(constants, tof_min, tof_max)
    columns: dict[tuple[str, str], Any] = {
        ("int", "detid"): constants.detector.tolist(),
        ("double", "difc"): constants.difc.tolist(),
        ("double", "difa"): constants.difa.tolist(),
        ("double", "tzero"): constants.tzero.tolist(),
        ("double", "tofmin"): low.tolist(),
    }
    if high is not None:
        columns["double", "tofmax"] = high.tolist()
    return TableWorkspace.of_columns(columns)


def constants_of(table: Any) -> Calibration:
    """The constants in a calibration table.

    Raises
    ------
    TypeError
        It is no table.
    ValueError
        It has no column for the detectors or DIFC.
    """
    if not isinstance(table, TableWorkspace):
        raise TypeError("CalibrationWorkspace must be a table with the columns detid, difc, difa, tzero")
    names = table.getColumnNames()
    if "detid" not in names or "difc" not in names:
        raise ValueError(f"CalibrationWorkspace has no column {'detid' if 'detid' not in names else 'difc'}")
    detector = np.array(table.column("detid"), np.int32)
    zeros = np.zeros(len(detector))
    difa, tzero = (np.array(table.column(name), np.float64) if name in names else zeros for name in ("difa", "tzero"))
    return Calibration(detector=detector, difc=np.array(table.column("difc"), np.float64), difa=difa, tzero=tzero)


@implements("SaveDiffCal")
def save_diff_cal(
    *, calibration_workspace: Any, grouping_workspace: Matrix | None, mask_workspace: Matrix | None, filename: str
) -> tuple[()]:
    """Write the file; what is not given counts as group 1 and as used."""
    if calibration_workspace is None:
        raise ValueError("CalibrationWorkspace is missing: a calibration table")
    constants = constants_of(calibration_workspace)
    group = None if grouping_workspace is None else _values_at(grouping_workspace, constants.detector).astype(np.int32)
    used = None if mask_workspace is None else _values_at(mask_workspace, constants.detector) <= MASKED_ABOVE
    source = grouping_workspace if grouping_workspace is not None else mask_workspace
    write_hdf5(filename, CalibrationFile(constants=constants, group=group, is_used=used), _name(source))
    return ()


def _name(source: Matrix | None) -> str:
    try:
        return "" if source is None else source.instrument().name
    except GeometryError:
        return ""


def _values_at(matrix: Matrix, ids: I4) -> F8:
    """The value of the spectrum of each detector, 0 without one."""
    row_of_id = matrix.spectra.row_of_id()
    rows = np.array([row_of_id.get(one, -1) for one in ids.tolist()], np.int64)
    values = matrix.histograms.y_table()[:, 0] if matrix.rows else np.zeros(1)
    return np.where(rows >= 0, values[np.maximum(rows, 0)], 0.0)


def _constants(source: Matrix, path: str, table: Any, offsets: Matrix | None) -> Calibration:
    """The constants of the one of three arguments that is given."""
    given = [one for one in (path, table, offsets) if one is not None and not (isinstance(one, str) and one == "")]
    if len(given) != 1:
        raise ValueError("give one of CalibrationFile, CalibrationWorkspace and OffsetsWorkspace")
    if path:
        return read_file(path, source).constants
    return constants_of(table) if offsets is None else of_offsets(offsets)


def of_offsets(offsets: Matrix) -> Calibration:
    """Constants of relative offsets, one a detector: DIFC of the position / (1 + offset)."""
    instrument = offsets.instrument()
    each = _values_at(offsets, instrument.ids)
    chosen = ~instrument.is_monitor
    difc = (difc_of(instrument) / (1 + each))[chosen]
    zeros = np.zeros(len(difc))
    return Calibration(detector=instrument.ids[chosen], difc=difc, difa=zeros, tzero=zeros)


@implements("ApplyDiffCal")
def apply_diff_cal(
    *,
    instrument_workspace: Matrix,
    calibration_file: str,
    calibration_workspace: Any,
    offsets_workspace: Matrix | None,
    clear_calibration: bool,
) -> Matrix:
    """Set the constants, or take them away; nothing is masked."""
    if clear_calibration:
        return replace(instrument_workspace, constants=None)
    constants = _constants(instrument_workspace, calibration_file, calibration_workspace, offsets_workspace)
    return replace(instrument_workspace, constants=constants)


@implements("AlignDetectors")
def align_detectors(
    *, input_workspace: Matrix, calibration_file: str, calibration_workspace: Any, offsets_workspace: Matrix | None
) -> Matrix:
    """Time of flight as d, by the constants."""
    constants = _constants(input_workspace, calibration_file, calibration_workspace, offsets_workspace)
    return to_d(input_workspace, constants)


@implements("ConvertDiffCal")
def convert_diff_cal(
    *, offsets_workspace: Matrix, offset_mode: str, bin_width: float | None, previous_calibration: Any
) -> TableWorkspace:
    """A table of relative offsets."""
    if offset_mode != "Relative" or bin_width is not None or previous_calibration is not None:
        raise ValueError("only relative offsets can be converted, without BinWidth and PreviousCalibration")
    return table_of(of_offsets(offsets_workspace))
