"""Mantid's processed NeXus file: ``/mantid_workspace_<n>`` for each workspace.

An entry holds title and definition, ``instrument`` (name, definition as XML, and in ``detector`` the spectra's numbers
and detectors), ``sample``, ``logs``, ``process``, and the data: ``workspace/{values,errors,axis1,axis2}`` or
``event_workspace/{indices,tof,pulsetime,weight,error_squared,axis1,axis2}``. Pulse times are ns since 1990.
Source: Mantid Framework/Nexus/src/NexusFileIO.cpp, Framework/DataHandling/src/SaveNexusProcessed.cpp,
LoadNexusProcessed.cpp, Framework/API/src/Sample.cpp.
"""

from collections.abc import Sequence
from typing import Any

import h5py
import numpy as np

from livereduce.engine.geometry.definition import Definition
from livereduce.engine.mantid_api.files.hdf5_fields import new_group, put, put_text
from livereduce.engine.mantid_api.files.instrument_xml import xml_of
from livereduce.engine.mantid_api.files.processed_logs import write_logs
from livereduce.engine.matrix.events.event_pass import carried_out
from livereduce.engine.matrix.grid import Grid, is_like_common
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix, MatrixKind
from livereduce.stream.items import F8

ENTRY = "mantid_workspace_"
_DEFINITION = "Mantid Processed Workspace"
_GROUPS = {MatrixKind.MASK: "mask_workspace", MatrixKind.GROUPING: "grouping_workspace"}


def new_entry(file: h5py.File, name: str, title: str) -> h5py.Group:
    """The next entry of a file, with its heading."""
    taken = [key.removeprefix(ENTRY) for key in file if key.startswith(ENTRY)]
    number = 1 + max((int(key) for key in taken if key.isdecimal()), default=0)
    entry = new_group(file, f"{ENTRY}{number}", "NXentry")
    put_text(entry, "title", title)
    if name:
        put_text(entry, "workspace_name", name)
    address = "http://www.nexusformat.org/instruments/xml/NXprocessed.xml"
    put_text(entry, "definition", _DEFINITION, URL=address, Version="1.0")
    put_text(entry, "definition_local", _DEFINITION, URL="http://www.isis.rl.ac.uk/xml/IXmantid.xml", Version="1.0")
    return entry


def write_matrix(entry: h5py.Group, matrix: Matrix, *, preserve_events: bool = True, compress: bool = False) -> None:
    """Write spectra, their detectors and logs into an entry."""
    _write_instrument(entry, matrix)
    _write_sample(entry)
    write_logs(entry, matrix.logs)
    new_group(entry, "process", "NXprocess")
    if matrix.events is not None and preserve_events:
        _write_events(entry, matrix, compress=compress)
    else:
        _write_histograms(entry, matrix)


def _write_instrument(entry: h5py.Group, matrix: Matrix) -> None:
    xml = matrix.geometry.xml if isinstance(matrix.geometry, Definition) else xml_of(matrix.geometry)
    group = new_group(entry, "instrument", "NXinstrument", version=np.int32(1))
    put_text(group, "name", matrix.instrument_name)
    note = new_group(group, "instrument_xml", "NXnote")
    put_text(note, "data", xml)
    put_text(note, "type", "text/xml")
    put_text(note, "description", "XML contents of the instrument IDF file.")
    parameters = new_group(group, "instrument_parameter_map", "NXnote")
    put_text(parameters, "data", mask_parameters(matrix))
    put_text(parameters, "type", "text/plain")
    detector = new_group(group, "detector", "NXdetector", version=np.int32(1))
    spectra = matrix.spectra
    put(detector, "detector_index", spectra.first[:-1].astype(np.int32))
    put(detector, "detector_count", np.diff(spectra.first).astype(np.int32))
    put(detector, "detector_list", spectra.ids.astype(np.int32))
    put(detector, "spectra", spectra.number.astype(np.int32))


def mask_parameters(matrix: Matrix) -> str:
    """Masks as Mantid's map of parameters has them: one for each detector of the masked spectra."""
    rows = np.flatnonzero(matrix.is_masked)
    ids = [number for row in rows for number in matrix.spectra.ids_of(int(row)).tolist()]
    return "|".join(f"detID:{number};bool;masked;1" for number in ids)


def _write_sample(entry: h5py.Group) -> None:
    """An empty sample: without one Mantid reads neither logs nor instrument."""
    sample = new_group(entry, "sample", "NXsample", name="", version=np.int32(1), shape_xml="")
    material = new_group(sample, "material", "NXdata", name="", version=np.int32(2), formulaStyle="empty")
    for name in ("number_density", "temperature", "pressure"):
        put(material, name, np.zeros(1))
    for name in ("num_other_samples", "num_oriented_lattice", "geom_id"):
        put(sample, name, np.zeros(1, np.int32))
    for name in ("geom_thickness", "geom_height", "geom_width"):
        put(sample, name, np.zeros(1))


def _write_histograms(entry: h5py.Group, matrix: Matrix) -> None:
    histograms = matrix.histograms
    group = new_group(entry, _GROUPS.get(matrix.kind, "workspace"), "NXdata")
    label = _labels(matrix)
    put(group, "values", _table(histograms, histograms.y), signal=np.int32(1), axes="axis2,axis1", **label)
    put(group, "errors", _table(histograms, histograms.e))
    _write_axes(group, matrix, histograms.x)


def _labels(matrix: Matrix) -> dict[str, Any]:
    return {"units": matrix.y_unit, "unit_label": matrix.y_label or matrix.y_unit}


def _table(histograms: Histograms, flat: F8) -> F8:
    """Values as (rows, values); spectra with fewer are filled up with NaN."""
    if histograms.is_even:
        return flat.reshape(histograms.rows, -1)
    return _filled([flat[a:b] for a, b in zip(histograms.first[:-1], histograms.first[1:], strict=True)])


def _filled(rows: Sequence[F8]) -> F8:
    table = np.full((len(rows), max(len(row) for row in rows)), np.nan)
    for line, row in zip(table, rows, strict=True):
        line[: len(row)] = row
    return table


def _write_axes(group: h5py.Group, matrix: Matrix, x: Grid) -> None:
    common = is_like_common(x, matrix.rows, tolerance=0.0)
    edges = x.row(0) if common else _filled(x.rows(matrix.rows))
    put(group, "axis1", edges, units=matrix.unit or "Empty", distribution="1" if matrix.is_distribution else "0")
    vertical = matrix.vertical
    if vertical is None:
        put(group, "axis2", matrix.spectra.number.astype(np.float64), units="spectraNumber")
    else:
        named: dict[str, Any] = {"caption": vertical.caption, "label": ""} if vertical.unit == "Label" else {}
        put(group, "axis2", vertical.values, units=vertical.unit or "Empty", **named)


def _write_events(entry: h5py.Group, matrix: Matrix, *, compress: bool) -> None:
    assert matrix.events is not None
    lists = carried_out(matrix.events)
    group = new_group(entry, "event_workspace", "NXdata")
    _write_axes(group, matrix, lists.x)
    label = _labels(matrix)
    put(group, "indices", lists.first.astype(np.int64), compress=compress, **label)
    put(group, "tof", lists.x_of, compress=compress)
    if lists.pulse_ns is not None:
        put(group, "pulsetime", lists.pulse_ns, compress=compress)
    if lists.weight is not None or lists.pulse_ns is None:  # without pulse times Mantid has weighted events only
        ones = np.ones(len(lists.x_of), np.float32)
        weight = ones if lists.weight is None else lists.weight.astype(np.float32)
        variance = weight if lists.variance is None else lists.variance.astype(np.float32)
        put(group, "weight", weight, compress=compress)
        put(group, "error_squared", variance, compress=compress)
