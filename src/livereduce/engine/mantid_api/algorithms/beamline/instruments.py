"""Algorithms on instruments: where the pixels are."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from livereduce.base.names import missing
from livereduce.config.instrument import lookup
from livereduce.engine.geometry import edited
from livereduce.engine.geometry.definition import Definition
from livereduce.engine.geometry.finding import definition_file, script_folders
from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.geometry.reading.elements import text_of
from livereduce.engine.mantid_api.calling.registry import CallContext, implements
from livereduce.engine.mantid_api.files import finding
from livereduce.engine.mantid_api.files.finding import FileHints
from livereduce.engine.mantid_api.modules.kernel.config_service import config
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.matrix.events.event_lists import EventLists
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.engine.workspaces.mtd import WorkspaceStore
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.stream.nexus.definition import definition_in

logger = logging.getLogger(__name__)


@implements("LoadEmptyInstrument")
def load_empty_instrument(
    *,
    filename: str,
    instrument_name: str,
    detector_value: float,
    monitor_value: float,
    make_event_workspace: bool,
    context: CallContext,
) -> Matrix:
    """A spectrum for each detector and monitor, with one bin of a value, or without events."""
    if not filename and not instrument_name:
        raise ValueError("Filename or InstrumentName must be given")
    definition = definition_of_file(filename) if filename else definition_of_name(instrument_name, context.store)
    if definition is None:
        return _without_positions(instrument_name, detector_value)
    instrument = definition.instrument()
    values = np.where(instrument.is_monitor, monitor_value, detector_value)[:, None]
    made = Matrix(
        content=Histograms.table(np.array([0.0, 1.0]), values, np.sqrt(values)),
        spectra=SpectrumTable.of_pixels(instrument.ids),
        logs=_named(instrument.name),
        geometry=definition,
    )
    return replace(made, content=_no_events(made.rows)) if make_event_workspace else made


def definition_of_file(filename: str) -> Definition:
    """The definition in a file, which is looked for beside the scripts and in Mantid's folders."""
    folders = (
        *script_folders(),
        *map(Path, config.getInstrumentDirectories()),
        *map(Path, config.getDataSearchDirs()),
    )
    path = finding.found(filename, FileHints(folders=tuple(folders), endings=(".xml",)))
    if path.name.casefold().endswith((".nxs", ".nxs.h5", ".h5", ".hdf5")):
        return Definition(definition_in(path), str(path))
    return _read(path)


def _read(path: Path) -> Definition:
    return Definition(text_of(path.read_bytes()), str(path), folders=(path.parent, *script_folders()))


def definition_of_name(name: str, store: WorkspaceStore) -> Definition | None:
    """The definition of an instrument: a file beside the scripts, one of Mantid's folder, or that of the stream."""
    names = _spellings(name)
    folders = [*script_folders(), *map(Path, config.getInstrumentDirectories())]
    for one in names:
        if (path := definition_file(one, folders)) is not None:
            return _read(path)
    for workspace in store.values():
        geometry = getattr(workspace, "geometry", None)
        if isinstance(geometry, Definition) and geometry.xml and _is_of(workspace, geometry, names):
            return geometry
    return None


def _is_of(workspace: MatrixWorkspace, definition: Definition, names: Sequence[str]) -> bool:
    """True if a definition is that of an instrument of these names, or of the beamline that sends it."""
    said = [definition.name]
    if "instrument_name" in workspace.logs:
        said.append(str(workspace.logs["instrument_name"].value))
    return not {one.casefold() for one in said}.isdisjoint(one.casefold() for one in names)


def _spellings(name: str) -> list[str]:
    """The name of an instrument, and how the facility table has it: EQSANS is EQ-SANS, PG3 is POWGEN."""
    known = lookup(name)
    return list(dict.fromkeys([name] if known is None else [name, known.name, known.short_name]))


def _without_positions(name: str, value: float) -> Matrix:
    """One spectrum, so that a script goes on that only wants a workspace."""
    logger.warning("LoadEmptyInstrument: %s. The workspace has one spectrum and no positions.", _no_definition(name))
    table = np.full((1, 1), value)
    return Matrix(
        content=Histograms.table(np.array([0.0, 1.0]), table, np.sqrt(table)),
        spectra=SpectrumTable.without_detectors(1),
        logs=_named(name),
        geometry=Definition(origin=f"LoadEmptyInstrument for {name}"),
    )


def _no_definition(name: str) -> str:
    return (
        f"no definition of instrument {name} is at hand: none beside the scripts ({name}_Definition*.xml),"
        f" in instrumentDefinition.directory ({config.getInstrumentDirectory() or 'not set'}), or in the stream"
    )


def _named(instrument: str) -> RunLogs:
    logs = RunLogs()
    logs.set_plain("instrument_name", instrument)
    return logs


def _no_events(rows: int) -> EventLists:
    x = Grid(np.array([0.0, 1.0]))
    return EventLists(x_of=np.empty(0), first=np.zeros(rows + 1, np.int64), x=x, pulse_ns=np.empty(0, np.int64))


@implements("LoadInstrument")
def load_instrument(
    *,
    workspace: Matrix,
    filename: str,
    instrument_name: str,
    instrument_xml: str,
    rewrite_spectra_map: bool,
    context: CallContext,
) -> tuple[Matrix, list[int]]:
    """The same spectra in another instrument, and the ids of its monitors."""
    if instrument_xml:
        definition: Definition | None = Definition(instrument_xml, "InstrumentXML")
    elif filename:
        definition = definition_of_file(filename)
    elif instrument_name:
        definition = definition_of_name(instrument_name, context.store)
    else:
        raise ValueError("Filename, InstrumentXML or InstrumentName must be given")
    if definition is None:
        raise ValueError(_no_definition(instrument_name))
    instrument = definition.instrument()
    spectra = _rewritten(workspace.rows, instrument) if rewrite_spectra_map else workspace.spectra
    return replace(workspace, geometry=definition, spectra=spectra), instrument.ids[instrument.is_monitor].tolist()


def _rewritten(rows: int, instrument: InstrumentGeometry) -> SpectrumTable:
    """Numbers from 1, and the detectors and monitors in the order of their ids, as far as there are spectra."""
    ids = instrument.ids[:rows]
    groups = [ids[k : k + 1] for k in range(rows)]
    return SpectrumTable.of_groups(np.arange(1, rows + 1, dtype=np.int32), groups)


@implements("EditInstrumentGeometry")
def edit_instrument_geometry(
    *,
    workspace: Matrix,
    primary_flight_path: float | None,
    spectrum_ids: Sequence[int],
    l_2: Sequence[float],
    polar: Sequence[float],
    azimuthal: Sequence[float],
    detector_ids: Sequence[int],
    instrument_name: str,
) -> Matrix:
    """One detector for each spectrum, at its flight path and angles in degrees."""
    rows = workspace.rows
    for name, given in (("SpectrumIDs", spectrum_ids), ("Azimuthal", azimuthal), ("DetectorIDs", detector_ids)):
        if given and len(given) != rows:
            raise ValueError(f"{name} has {len(given)} values; the workspace has {rows} spectra")
    for name, needed in (("L2", l_2), ("Polar", polar)):
        if len(needed) != rows:
            raise ValueError(f"{name} has {len(needed)} values; the workspace has {rows} spectra")
    order = _row_order(workspace.spectra.number.tolist(), spectrum_ids)
    ids = [detector_ids[k] for k in order] if detector_ids else [100 + row for row in range(rows)]
    phi = azimuthal or [0.0] * rows
    instrument = edited.of_angles(
        instrument_name or workspace.instrument_name,
        workspace.instrument().l1 if primary_flight_path is None else primary_flight_path,
        ids,
        [l_2[k] for k in order],
        [polar[k] for k in order],
        [phi[k] for k in order],
    )
    groups = [np.array([number], np.int32) for number in ids]
    return replace(workspace, geometry=instrument, spectra=SpectrumTable.of_groups(workspace.spectra.number, groups))


def _row_order(numbers: Sequence[int], given: Sequence[int]) -> list[int]:
    """Place in the lists of the values of each row."""
    if not given:
        return list(range(len(numbers)))
    place = {number: k for k, number in enumerate(given)}
    known = set(numbers)
    for number in given:
        if number not in known:
            raise ValueError(f"SpectrumIDs: {missing('spectrum', str(number), map(str, numbers))}")
    if len(place) < len(given):
        raise ValueError("SpectrumIDs: a spectrum is given twice")
    return [place[number] for number in numbers]


@implements("MoveInstrumentComponent")
def move_instrument_component(
    *,
    workspace: Matrix,
    component_name: str,
    detector_id: int,
    x: float,
    y: float,
    z: float,
    relative_position: bool,
) -> Matrix:
    """A component, and all below it, at another place or moved by a step (m, in the frame of the instrument)."""
    instrument = workspace.instrument()
    component = edited.component_of(instrument, component_name, detector_id)
    moved = edited.moved_component(instrument, component, np.array([x, y, z]), by=relative_position)
    return replace(workspace, geometry=moved)


@implements("RotateInstrumentComponent")
def rotate_instrument_component(
    *,
    workspace: Matrix,
    component_name: str,
    detector_id: int,
    x: float,
    y: float,
    z: float,
    angle: float,
    relative_rotation: bool,
) -> Matrix:
    """A component, and all below it, turned by an angle in degrees."""
    instrument = workspace.instrument()
    component = edited.component_of(instrument, component_name, detector_id)
    turned = edited.turned_component(instrument, component, (x, y, z), angle, by=relative_rotation)
    return replace(workspace, geometry=turned)
