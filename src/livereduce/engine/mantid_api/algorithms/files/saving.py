"""Algorithms that write files; each file is replaced as a whole, so that nobody reads half of one."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from livereduce.base.files import replace_file, replacing
from livereduce.engine.mantid_api.calling.registry import implements
from livereduce.engine.mantid_api.files import ascii_write
from livereduce.engine.mantid_api.files.ascii_write import AsciiStyle
from livereduce.engine.mantid_api.files.finding import writable
from livereduce.engine.mantid_api.files.processed_tables import write_table
from livereduce.engine.mantid_api.files.processed_write import new_entry, write_matrix
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.mantid_api.objects.members import members_of
from livereduce.engine.mantid_api.objects.table import TableWorkspace
from livereduce.engine.matrix.matrix import Matrix
from livereduce.stream.items import I8


@implements("SaveNexus")
def save_nexus(**arguments: Any) -> None:
    """As SaveNexusProcessed, which does it."""
    save_nexus_processed(**arguments, preserve_events=True, compress_nexus=False)


@implements("SaveNexusProcessed")
def save_nexus_processed(
    *,
    input_workspace: Any,
    filename: str,
    title: str,
    workspace_index_min: int,
    workspace_index_max: int | None,
    workspace_index_list: Sequence[int],
    append: bool,
    preserve_events: bool,
    compress_nexus: bool,
) -> None:
    """One entry for each workspace; with Append behind those that are there."""
    path = writable(filename)
    members = members_of(input_workspace)
    with replacing(path) as fresh:
        more = append and path.exists()
        if more:
            shutil.copyfile(path, fresh)
        with h5py.File(fresh, "r+" if more else "x") as file:
            for member in members:
                if isinstance(member, TableWorkspace):
                    write_table(new_entry(file, member.name(), title or member.getTitle()), member)
                    continue
                if not isinstance(member, MatrixWorkspace):
                    raise TypeError(f"{member} is a {type(member).__name__}, which cannot be written to a NeXus file")
                matrix = member.matrix
                rows = _rows(matrix, workspace_index_min, workspace_index_max, workspace_index_list)
                chosen = matrix if rows is None else matrix.taken(rows)
                entry = new_entry(file, member.name(), title or member.getTitle())
                write_matrix(entry, chosen, preserve_events=preserve_events, compress=compress_nexus)


def _rows(matrix: Matrix, least: int | None, greatest: int | None, listed: Sequence[int]) -> I8 | None:
    """Indices of an interval and a list; None for all.

    Raises
    ------
    IndexError
        There is no such spectrum.
    """
    if greatest is None and not listed:
        return None
    span = () if greatest is None else range(least or 0, greatest + 1)
    rows = list(dict.fromkeys((*span, *listed)))
    wrong = [row for row in rows if not 0 <= row < matrix.rows]
    if wrong or not rows:
        asked = wrong[0] if wrong else f"from {least} to {greatest}"
        raise IndexError(f"workspace index {asked} was asked for; the workspace has 0 to {matrix.rows - 1}")
    return np.array(rows, np.int64)


@implements("SaveAscii")
def save_ascii(
    *,
    input_workspace: Any,
    filename: str,
    workspace_index_min: int | None,
    workspace_index_max: int | None,
    spectrum_list: Sequence[int],
    precision: int | None,
    scientific_format: bool,
    write_spectrum_id: bool,
    comment_indicator: str,
    separator: str,
    custom_separator: str,
    column_header: bool,
    spectrum_meta_data: str,
    append_to_file: bool,
    write_spectrum_axis_value: bool,
    log_list: Sequence[str],
    one_spectrum_per_file: bool,
) -> None:
    """Columns X, Y and E, spectrum after spectrum; in one file, or one for each."""
    path = writable(filename)
    style = ascii_write.style_of(
        separator,
        custom_separator,
        comment_indicator,
        precision=precision,
        scientific=scientific_format,
        header=column_header,
    )
    if not isinstance(input_workspace, MatrixWorkspace):
        _write(path, _table_text(input_workspace, style), append=append_to_file)
        return
    matrix = input_workspace.matrix
    rows = _rows(matrix, workspace_index_min, workspace_index_max, spectrum_list)
    chosen = range(matrix.rows) if rows is None else sorted(rows.tolist())
    if not chosen:
        raise ValueError(f"workspace {input_workspace.name()!r} is empty")
    top = _log_lines(matrix, log_list, style) + ascii_write.heading(matrix, style)
    counted = matrix.with_histograms(matrix.histograms)  # events are counted once, not for each spectrum

    def heading(row: int) -> str:
        if write_spectrum_axis_value:
            return style.number(_vertical_value(matrix, row))
        return _heading_of(matrix, row, spectrum_meta_data, write_spectrum_id, style)

    spectra = {row: "".join(ascii_write.spectrum_lines(counted, row, heading(row), style)) for row in chosen}
    together = {path: "".join(spectra.values())}
    files = {_of_spectrum(path, matrix, row): text for row, text in spectra.items()}
    for file, text in (files if one_spectrum_per_file else together).items():
        _write(file, top + text, append=append_to_file)


def _write(path: Path, text: str, *, append: bool) -> None:
    before = path.read_bytes() if append and path.exists() else b""
    replace_file(path, before + text.encode())


def _table_text(table: Any, style: AsciiStyle) -> str:
    if not isinstance(table, TableWorkspace):
        raise TypeError(f"{table} is a {type(table).__name__}, which cannot be written as text")
    names = list(table.getColumnNames())
    types = list(table.columnTypes())
    rows = [list(table.row(row).values()) for row in range(table.rowCount())]
    return ascii_write.table_text(names, types, rows, style)


def _heading_of(matrix: Matrix, row: int, listed: str, with_number: bool, style: AsciiStyle) -> str:
    """What stands above a spectrum: its number, and what SpectrumMetaData names."""
    wanted = [word.strip().casefold() for word in listed.split(",") if word.strip()]
    if with_number and "spectrumnumber" not in wanted:
        wanted.insert(0, "spectrumnumber")
    return f" {style.separator} ".join(_meta(matrix, row, word) for word in wanted)


def _meta(matrix: Matrix, row: int, word: str) -> str:
    if word == "spectrumnumber":
        return str(int(matrix.spectra.number[row]))
    if word == "angle":
        instrument = matrix.instrument()
        index = instrument.index_of(matrix.spectra.ids_of(row))
        return f"{float(np.degrees(instrument.two_theta[index].mean())):.15g}"
    raise ValueError(f"SpectrumMetaData: {word!r} is not there; SpectrumNumber and Angle are")


def _vertical_value(matrix: Matrix, row: int) -> float:
    if matrix.vertical is None:
        return float(matrix.spectra.number[row])
    return float(ascii_write.points(matrix.vertical.values, matrix.rows)[row])


def _log_lines(matrix: Matrix, names: Sequence[str], style: AsciiStyle) -> str:
    """A line for each log: its name, value and units."""
    lines = []
    for name in names:
        known = name in matrix.logs
        log = matrix.logs.getProperty(name) if known else None
        words = (name, "Not defined" if log is None else str(log.lastValue()), "" if log is None else log.units)
        lines.append(style.separator.join(words) + "\n")
    return "".join(lines)


def _of_spectrum(path: Path, matrix: Matrix, row: int) -> Path:
    """``name_<index>.ext``; with a numeric vertical axis also its value."""
    value = "" if matrix.vertical is None else f"_{matrix.vertical.values[row]:g}"
    return path.with_name(f"{path.stem}_{row}{value}{path.suffix}")
