"""Read Mantid's processed NeXus files, written by Mantid or by us; the layout is in `processed_write.py`."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from livereduce.engine.geometry.definition import Definition
from livereduce.engine.mantid_api.files.hdf5_fields import attribute_text, text_at
from livereduce.engine.mantid_api.files.processed_logs import read_logs
from livereduce.engine.mantid_api.files.processed_tables import GROUP, read_table
from livereduce.engine.mantid_api.files.processed_write import ENTRY
from livereduce.engine.mantid_api.objects.table import TableWorkspace
from livereduce.engine.matrix.events.event_lists import EventLists
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix, MatrixKind, VerticalAxis
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.stream.items import B1, F8, I4, I8
from livereduce.stream.stretches import starts_of

_KINDS = {"mask_workspace": MatrixKind.MASK, "grouping_workspace": MatrixKind.GROUPING}
_OTHERS = ("peaks_workspace", "offsets_workspace")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessedEntry:
    """An entry of a processed file: the name that its workspace had (empty: not known), and what it was."""

    name: str
    made: Matrix | TableWorkspace


def entry_names(file: h5py.File) -> list[str]:
    """The entries of a processed file, in the order of their numbers; empty if it is none."""
    found = {int(m[1]): key for key in file if (m := re.fullmatch(rf"{ENTRY}(\d+)", key))}
    return [found[number] for number in sorted(found)]


def read_processed(path: Path, number: int = 0) -> list[ProcessedEntry]:
    """All entries of a file, or the one of a number.

    Raises
    ------
    ValueError
        There is no such entry, or it holds something that cannot be read; the text names the file.
    OSError
        The file cannot be opened as HDF5.
    """
    with _opened(path) as file:
        names = entry_names(file)
        if not names:
            raise ValueError(f"{path} is not a processed NeXus file: it has no /{ENTRY}1")
        if number > len(names):
            raise ValueError(f"{path} has {len(names)} entries, not {number}")
        chosen = names if number == 0 else [names[number - 1]]
        return [_entry(path, file[name]) for name in chosen]


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    """The open file; what is wrong with it is told with its name.

    Raises
    ------
    OSError, ValueError
        It cannot be opened; its fields do not fit together.
    """
    try:
        with h5py.File(path, "r") as file:
            yield file
    except OSError as error:
        raise OSError(f"{path}: cannot be read as a NeXus file: {error}") from None
    except (ValueError, KeyError, IndexError, TypeError) as error:
        text = str(error.args[0]) if error.args else type(error).__name__
        raise ValueError(text if str(path) in text else f"{path}: cannot be read: {text}") from None


def _entry(path: Path, entry: h5py.Group) -> ProcessedEntry:
    name = text_at(entry, "workspace_name")
    if isinstance(entry.get(GROUP), h5py.Group):
        return ProcessedEntry(name=name, made=read_table(entry[GROUP]))
    for group in ("event_workspace", "workspace", *_KINDS):
        if isinstance(entry.get(group), h5py.Group):
            return ProcessedEntry(name=name, made=_matrix(path, entry, entry[group], group))
    held = next((other for other in _OTHERS if other in entry), "no workspace that is known")
    raise ValueError(f"{path}: {entry.name} holds {held}; spectra, events and tables can be read")


def _matrix(path: Path, entry: h5py.Group, group: h5py.Group, kind: str) -> Matrix:
    for field in ("axis1", *(("indices", "tof") if kind == "event_workspace" else ("values", "errors"))):
        if not isinstance(group.get(field), h5py.Dataset):
            raise ValueError(f"{path}: {group.name}/{field} is missing")
    content = _events(group) if kind == "event_workspace" else _histograms(group)
    axis1, counts = group["axis1"], group["indices" if kind == "event_workspace" else "values"]
    vertical = _vertical(group)
    spectra = _spectra(entry, content.rows, group)
    masked = _masked(spectra, text_at(entry, "instrument/instrument_parameter_map/data"))
    unit = attribute_text(axis1, "units")
    y_unit = attribute_text(counts, "units")
    label = attribute_text(counts, "unit_label")
    return Matrix(
        content=content,
        spectra=spectra,
        logs=read_logs(entry),
        unit="" if unit in ("Empty", "unknown") else unit,
        y_unit=y_unit,
        y_label="" if label == y_unit else label,
        is_distribution=attribute_text(axis1, "distribution") == "1",
        vertical=vertical,
        geometry=Definition(xml=text_at(entry, "instrument/instrument_xml/data"), origin=str(path)),
        masked=masked,
        title=text_at(entry, "title"),
        kind=_KINDS.get(kind, MatrixKind.PLAIN),
    )


_MASK = re.compile(r"detID:(-?\d+);bool;masked;(?:1|true)\b", re.IGNORECASE)


def _masked(spectra: SpectrumTable, parameters: str) -> B1 | None:
    """Spectra all of whose detectors are masked, by Mantid's map of parameters; None if there are none."""
    ids = np.array([int(number) for number in _MASK.findall(parameters)], np.int64)
    if not ids.size:
        return None
    hidden = starts_of(np.isin(spectra.ids, ids))
    count = np.diff(spectra.first)
    masked: B1 = (count > 0) & (hidden[spectra.first[1:]] - hidden[spectra.first[:-1]] == count)
    return masked


def _numbers(data: h5py.Dataset) -> F8:
    values: F8 = np.asarray(data[()], np.float64)
    return values


def _grid(group: h5py.Group) -> Grid:
    edges = _numbers(group["axis1"])
    if edges.ndim == 1:
        return Grid(edges)
    return Grid.ragged([row[np.isfinite(row)] for row in edges])


def _histograms(group: h5py.Group) -> Histograms:
    y, e, x = _numbers(group["values"]), _numbers(group["errors"]), _grid(group)
    if x.first is None:
        return Histograms.table(x, y, e)
    width = group["axis1"].shape[1] - y.shape[1]  # 1 for edges, 0 for points
    sizes = [len(row) - width for row in x.rows(len(y))]
    return Histograms.ragged(
        x,
        [row[:size] for row, size in zip(y, sizes, strict=True)],
        [row[:size] for row, size in zip(e, sizes, strict=True)],
    )


def _events(group: h5py.Group) -> EventLists:
    first: I8 = np.asarray(group["indices"][()], np.int64)
    if first.size < 1 or first[-1] != group["tof"].size or first[0] != 0 or (np.diff(first) < 0).any():
        told = first[-1] if first.size else "no"
        raise ValueError(f"{group.name}/indices tells of {told} events, and tof has {group['tof'].size}")
    times, weight, variance = (group.get(name) for name in ("pulsetime", "weight", "error_squared"))
    return EventLists(
        x_of=_numbers(group["tof"]),
        first=first,
        x=_grid(group),
        weight=None if weight is None else _numbers(weight),
        variance=None if variance is None else _numbers(variance),
        pulse_ns=None if times is None else np.asarray(times[()], np.int64),
    )


def _vertical(group: h5py.Group) -> VerticalAxis | None:
    axis = group.get("axis2")
    if not isinstance(axis, h5py.Dataset) or axis.dtype.kind not in "iuf":
        return None
    unit = attribute_text(axis, "units")
    if unit == "spectraNumber":
        return None
    return VerticalAxis(values=_numbers(axis), unit="" if unit == "Empty" else unit)


def _spectra(entry: h5py.Group, rows: int, group: h5py.Group) -> SpectrumTable:
    detector = entry.get("instrument/detector")
    fields = {}
    if isinstance(detector, h5py.Group):
        fields = {key: _whole(value) for key, value in detector.items() if isinstance(value, h5py.Dataset)}
    number = fields.get("spectra")
    if number is None or len(number) != rows:
        axis = group.get("axis2")
        listed = _whole(axis) if isinstance(axis, h5py.Dataset) and axis.size == rows else None
        number = listed if listed is not None else np.arange(1, rows + 1, dtype=np.int32)
    count, ids = fields.get("detector_count"), fields.get("detector_list")
    if count is None or ids is None or len(count) != rows:
        return SpectrumTable(number, np.empty(0, np.int32), np.zeros(rows + 1, np.int64))
    first = starts_of(count)
    return SpectrumTable(number, ids[: first[-1]], first)


def _whole(data: h5py.Dataset) -> I4:
    values: I4 = np.asarray(data[()]).ravel().astype(np.int32) if data.dtype.kind in "iuf" else np.empty(0, np.int32)
    return values
