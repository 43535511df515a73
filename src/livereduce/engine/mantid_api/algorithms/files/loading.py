"""Algorithms that read files."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from livereduce.catalog.declaration import snake
from livereduce.catalog.declared import declared
from livereduce.engine.mantid_api.calling.registry import CallContext, function_of, implements
from livereduce.engine.mantid_api.files import ascii_read, finding
from livereduce.engine.mantid_api.files.ascii_read import AsciiSpectra, read_ascii
from livereduce.engine.mantid_api.files.ascii_tables import read_ascii_table
from livereduce.engine.mantid_api.files.finding import FileHints
from livereduce.engine.mantid_api.files.processed_read import entry_names, read_processed
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.mantid_api.objects.workspace_group import WorkspaceGroup
from livereduce.engine.mantid_api.objects.wrapping import wrapped
from livereduce.engine.matrix.adding import added
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix, VerticalAxis
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.stream.items import F8


@implements("LoadNexusProcessed")
def load_nexus_processed(
    *,
    filename: str,
    context: CallContext,
    spectrum_min: int,
    spectrum_max: int | None,
    spectrum_list: Sequence[int],
    entry_number: int,
) -> Any:
    """The workspace of a file, or of one of its entries; of several a group."""
    path = finding.found(filename, FileHints(endings=(".nxs", ".nx5")))
    entries = read_processed(path, entry_number)
    made = [
        _chosen(one.made, spectrum_min, spectrum_max, spectrum_list) if isinstance(one.made, Matrix) else one.made
        for one in entries
    ]
    if len(made) == 1:
        return made[0]
    return _group(made, _member_names([one.name for one in entries], context), context)


def _member_names(said: Sequence[str], context: CallContext) -> list[str]:
    """The names of the file, if there is one for each and no two are alike; else that of the group with a number.

    A name that is taken gets a number, as in Mantid.
    """
    group = context.names["OutputWorkspace"]
    if not all(said) or len(set(said)) < len(said):
        return [f"{group}_{at}" for at in range(1, len(said) + 1)]
    return _free_names(said, context)


def _free_names(said: Sequence[str], context: CallContext) -> list[str]:
    names: list[str] = []
    for name in said:
        number = 0
        while (wanted := f"{name}_{number}" if number else name) in context.store or wanted in names:
            number += 1
        names.append(wanted)
    return names


def _group(made: Sequence[Any], names: Sequence[str], context: CallContext) -> WorkspaceGroup:
    """A group of what was read; each member is in the store."""
    members = [wrapped(name, one, None) for name, one in zip(names, made, strict=True)]
    for name, one in zip(names, members, strict=True):
        one.renamed(name)
        context.store[name] = one
    return WorkspaceGroup(context.names["OutputWorkspace"], members)


def _chosen(matrix: Matrix, least: int, greatest: int | None, listed: Sequence[int]) -> Matrix:
    """Spectra by their place, counted from 1, as Mantid's loader does."""
    if least <= 1 and greatest is None and not listed:
        return matrix
    span = range(least, (greatest or matrix.rows) + 1) if least > 1 or greatest is not None else ()
    rows = np.array(sorted({*span, *listed}), np.int64) - 1
    wrong = rows[(rows < 0) | (rows >= matrix.rows)]
    if wrong.size:
        raise IndexError(f"spectrum {int(wrong[0]) + 1} was asked for; the file has 1 to {matrix.rows}")
    return matrix.taken(rows)


@implements("LoadAscii")
def load_ascii(
    *,
    filename: str,
    separator: str,
    custom_separator: str,
    comment_indicator: str,
    unit: str,
    skip_num_lines: int | None,
    force_distribution_true: bool,
) -> Any:
    """Spectra of points, or a table."""
    path = finding.found(filename, FileHints(endings=finding.TEXT_ENDINGS))
    chosen = custom_separator or ascii_read.SEPARATORS.get(separator, ascii_read.SEPARATORS["Automatic"])
    table = read_ascii_table(path, chosen, comment_indicator)
    if table is not None:
        return table
    read = read_ascii(path, chosen, comment_indicator, skip_num_lines)
    made = _of_text(read, "" if unit in ("Dimensionless", "Empty") else unit)
    return replace(made, is_distribution=True) if force_distribution_true else made


def _of_text(read: AsciiSpectra, unit: str) -> Matrix:
    """Numbers of spectra are whole; other numbers above them are a vertical axis."""
    columns = [one.columns for one in read.spectra]
    numbers = np.array([k + 1 if one.number is None else one.number for k, one in enumerate(read.spectra)])
    is_axis = bool(np.any(numbers != np.rint(numbers)))
    own = np.arange(1, len(numbers) + 1) if is_axis else numbers
    return Matrix(
        content=Histograms.table(_points(columns), _column(columns, 1), _column(columns, 2)),
        spectra=SpectrumTable.of_groups(own.astype(np.int32), [np.empty(0, np.int32)] * len(columns)),
        unit=unit,
        y_unit="",
        is_distribution=read.is_distribution,
        vertical=VerticalAxis(values=numbers) if is_axis else None,
    )


def _points(columns: list[F8]) -> Grid:
    rows = [one[:, 0] for one in columns]
    return Grid(rows[0]) if all(np.array_equal(row, rows[0]) for row in rows) else Grid.ragged(rows)


def _column(columns: list[F8], at: int) -> F8:
    table: F8 = np.array([one[:, at] if one.shape[1] > at else np.zeros(len(one)) for one in columns])
    return table


@implements("LoadNexus")
def load_nexus(
    *,
    filename: str,
    context: CallContext,
    spectrum_min: int,
    spectrum_max: int | None,
    spectrum_list: Sequence[int],
    entry_number: int,
) -> Any:
    """A processed file, or an event file."""
    path = finding.found(filename)
    loader = _loader_of(path)
    if loader == "LoadAscii":
        raise ValueError(f"{path} is not a NeXus file")
    options = {"spectrum_max": spectrum_max, "spectrum_list": spectrum_list or None}
    if spectrum_min > 1:
        options["spectrum_min"] = spectrum_min
    return _loaded(loader, path, context, {**options, "entry_number": entry_number})


@implements("Load")
def load(*, filename: str, context: CallContext, **options: Any) -> Any:
    """A file by its contents; several with + between are added."""
    groups = finding.several(filename, FileHints(endings=(*finding.EVENT_ENDINGS, *finding.TEXT_ENDINGS)))
    if len(groups) > 1:
        loaded = [_sum_of(paths, context, options) for paths in groups]
        names = _free_names([paths[0].name.partition(".")[0] for paths in groups], context)
        return _group([one.matrix if isinstance(one, MatrixWorkspace) else one for one in loaded], names, context)
    return _sum_of(groups[0], context, options)


def _sum_of(paths: Sequence[Path], context: CallContext, options: Mapping[str, Any]) -> Any:
    first, *others = paths
    made = _loaded(_loader_of(first), first, context, options)
    for path in others:
        _add(made, _loaded(_loader_of(path), path, context, options))
    return made


def _loader_of(path: Path) -> str:
    """The loader for what is in a file.

    Raises
    ------
    ValueError
        No loader knows it.
    """
    if not h5py.is_hdf5(path):
        return "LoadAscii"
    with h5py.File(path, "r") as file:
        if entry_names(file):
            return "LoadNexusProcessed"
        if "entry" in file:
            return "LoadEventNexus"
        held = ", ".join(file) or "nothing"
    raise ValueError(f"{path} is neither a processed NeXus file nor an event file: at its top is {held}")


def _loaded(loader: str, path: Path, context: CallContext, options: Mapping[str, Any]) -> Any:
    """What a loader makes, as a workspace; options that are None have the loader's defaults."""
    algorithm = declared()[loader]
    wanted = {
        snake(one.name): one.default if options.get(snake(one.name)) is None else options[snake(one.name)]
        for one in algorithm.parameters
    }
    function = function_of(algorithm)
    if "context" in inspect.signature(function).parameters:
        wanted["context"] = context
    made = function(**wanted | {"filename": str(path)})
    return wrapped(context.names["OutputWorkspace"], made, None)


def _add(total: Any, more: Any) -> None:
    """Add spectra and logs of a second file to the workspace of the first."""
    logs = total.matrix.logs.copy()
    logs.merge(more.matrix.logs)
    total.matrix = replace(added(total.matrix, more.matrix), logs=logs)
