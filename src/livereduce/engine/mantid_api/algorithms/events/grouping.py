"""Algorithms that put spectra together."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from livereduce.engine.grouping.group import Group, grouped
from livereduce.engine.grouping.group_texts import WrittenGroup, of_map, of_pattern, of_xml
from livereduce.engine.mantid_api.calling.registry import implements
from livereduce.engine.matrix.matrix import Matrix, MatrixKind
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.stream.items import I4, I8


@implements("GroupDetectors")
def group_detectors(
    *,
    input_workspace: Matrix,
    map_file: str,
    ignore_group_number: bool,
    grouping_pattern: str,
    spectra_list: Sequence[int],
    detector_list: Sequence[int],
    workspace_index_list: Sequence[int],
    keep_ungrouped_spectra: bool,
    behaviour: str,
    preserve_events: bool,
    copy_grouping_from_workspace: Matrix | None,
) -> Matrix:
    """The groups of the first argument that is given, in the order of their numbers."""
    spectra = input_workspace.spectra
    if copy_grouping_from_workspace is not None:
        groups = _copied(spectra, copy_grouping_from_workspace)
    elif map_file:
        groups = _of_file(spectra, map_file, ignore_group_number)
    elif grouping_pattern:
        groups = _of_pattern(spectra, grouping_pattern)
    else:
        rows = _of_lists(spectra, spectra_list, detector_list, workspace_index_list)
        groups = [Group(number=0, rows=rows)]
    if keep_ungrouped_spectra:
        groups += _left_over(spectra, groups)
    if not preserve_events:
        input_workspace = input_workspace.with_histograms(input_workspace.histograms)
    return grouped(input_workspace, groups, is_average=behaviour == "Average")


def _of_lists(spectra: SpectrumTable, numbers: Sequence[int], detectors: Sequence[int], indices: Sequence[int]) -> I8:
    """Rows of the first list that is given."""
    if numbers:
        return rows_of_numbers(spectra, numbers, "SpectraList")
    if detectors:
        return rows_of_detectors(spectra, detectors, "DetectorList")
    if indices:
        return checked_rows(spectra, indices, "WorkspaceIndexList")
    raise ValueError(
        "nothing says which spectra belong together: give MapFile, GroupingPattern, SpectraList, DetectorList, "
        "WorkspaceIndexList or CopyGroupingFromWorkspace"
    )


def checked_rows(spectra: SpectrumTable, indices: Sequence[int], argument: str) -> I8:
    """Workspace indices, each once, in order.

    Raises
    ------
    ValueError
        There is no such spectrum.
    """
    rows = np.unique(np.asarray(indices, np.int64))
    if len(rows) and (rows[0] < 0 or rows[-1] >= spectra.rows):
        wrong = rows[0] if rows[0] < 0 else rows[-1]
        raise ValueError(f"{argument}: there is no spectrum of index {wrong}; they are 0 to {spectra.rows - 1}")
    return rows


def rows_of_numbers(spectra: SpectrumTable, numbers: Sequence[int], argument: str) -> I8:
    """Rows of spectra by their numbers, in order.

    Raises
    ------
    ValueError
        One of the numbers is not there.
    """
    wanted = np.unique(np.asarray(numbers, np.int64))
    unknown = wanted[~np.isin(wanted, spectra.number)]
    if len(unknown):
        raise ValueError(f"{argument}: no spectrum has the number {unknown[0]}")
    return np.flatnonzero(np.isin(spectra.number, wanted))


def rows_of_detectors(spectra: SpectrumTable, ids: Sequence[int], argument: str) -> I8:
    """Rows of the spectra of detectors, in order.

    Raises
    ------
    ValueError
        One of them belongs to no spectrum.
    """
    wanted = np.unique(np.asarray(ids, np.int64))
    unknown = wanted[~np.isin(wanted, spectra.ids)]
    if len(unknown):
        raise ValueError(f"{argument}: no spectrum has detector {unknown[0]}")
    return rows_with(spectra, wanted)


def rows_with(spectra: SpectrumTable, ids: I4 | I8) -> I8:
    """Rows that have one of these detectors, in order; unknown ids are passed over."""
    return np.unique(spectra.owner[np.isin(spectra.ids, ids)])


def _of_pattern(spectra: SpectrumTable, pattern: str) -> list[Group]:
    try:
        groups = of_pattern(pattern)
    except ValueError as error:
        raise ValueError(f"GroupingPattern: {error}") from None
    return [
        Group(number=place, rows=checked_rows(spectra, members, "GroupingPattern"))
        for place, members in enumerate(groups, start=1)
    ]


def read_groups(path: str, argument: str) -> list[WrittenGroup]:
    """The groups of an XML file or a map file.

    Raises
    ------
    ValueError
        The file is neither.
    """
    text = Path(path).read_text(encoding="utf-8", errors="replace")
    try:
        return of_xml(text) if text.lstrip().startswith("<") else of_map(text)
    except ValueError as error:
        raise ValueError(f"{argument}: {path}: {error}") from None


def _of_file(spectra: SpectrumTable, path: str, ignore_numbers: bool) -> list[Group]:
    written = read_groups(path, "MapFile")
    groups = [Group(number=one.number, rows=_rows(spectra, one)) for one in written]
    groups.sort(key=lambda group: group.number)
    if ignore_numbers:
        return [Group(number=place, rows=group.rows) for place, group in enumerate(groups, start=1)]
    return groups


def _rows(spectra: SpectrumTable, group: WrittenGroup) -> I8:
    if group.components:
        raise ValueError(f"MapFile: group {group.number} names components; numbers of spectra or detectors are needed")
    rows = rows_of_numbers(spectra, group.spectra, f"MapFile, group {group.number}")
    return np.union1d(rows, rows_with(spectra, np.asarray(group.detectors, np.int64)))


def _copied(spectra: SpectrumTable, source: Matrix) -> list[Group]:
    """The groups of a grouping workspace, or those that the spectra of another workspace are made of."""
    if source.kind is MatrixKind.GROUPING:
        number_of_row = source.histograms.y_table()[:, 0].astype(np.int64)
        owner = np.repeat(number_of_row, np.diff(source.spectra.first))
        numbers = np.unique(owner[owner > 0])
        return [
            Group(number=int(number), rows=rows_with(spectra, source.spectra.ids[owner == number]))
            for number in numbers
        ]
    return [
        Group(number=int(source.spectra.number[row]), rows=rows_with(spectra, source.spectra.ids_of(row)))
        for row in range(source.rows)
    ]


def _left_over(spectra: SpectrumTable, groups: Sequence[Group]) -> list[Group]:
    taken = np.zeros(spectra.rows, np.bool_)
    for group in groups:
        taken[group.rows] = True
    return [Group(number=int(spectra.number[row]), rows=np.array([row])) for row in np.flatnonzero(~taken)]
