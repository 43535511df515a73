"""Algorithms that say which detectors belong together, or are masked."""

import re
from collections.abc import Sequence

import numpy as np

from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.grouping.group_texts import WrittenGroup, of_mask, of_pattern
from livereduce.engine.mantid_api.algorithms.beamline.instruments import definition_of_file, definition_of_name
from livereduce.engine.mantid_api.algorithms.events.masking import mask_workspace
from livereduce.engine.mantid_api.algorithms.powder.calibration import (
    all_detectors,
    bare,
    detectors_in,
    grouping_workspace,
    groups_of_file,
)
from livereduce.engine.mantid_api.calling.registry import CallContext, implements
from livereduce.engine.mantid_api.files import finding
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.stream.items import I4

OF_INSTRUMENT = {
    ("SNAP", "Group"): ("East", "West"),
    ("POWGEN", "Group"): ("South", "North"),
    ("SNAP", "2_4Grouping"): tuple(f"Column{k}" for k in range(1, 7)),
}
"""Parts that a way of grouping means at an instrument; elsewhere those with a number behind the word."""
HIGHEST_NUMBER = 300


@implements("CreateGroupingWorkspace")
def create_grouping_workspace(
    *,
    input_workspace: Matrix | None,
    instrument_name: str,
    instrument_filename: str,
    old_cal_filename: str,
    group_names: str,
    group_detectors_by: str,
    max_recursion_depth: int,  # noqa: ARG001
    fixed_group_count: int,
    custom_grouping_string: str,
    component_name: str,
    context: CallContext,
) -> tuple[Matrix, int, int]:
    """The grouping, the number of detectors in groups, and that of groups."""
    source = _source(input_workspace, instrument_name, instrument_filename, context)
    instrument = source.instrument()
    if old_cal_filename:
        ids, group = groups_of_file(old_cal_filename, source)
    elif component_name and custom_grouping_string:
        ids, group = _by_pattern(_detectors_of(instrument, component_name), custom_grouping_string)
    elif component_name:
        ids, group = _evenly(instrument, component_name, fixed_group_count)
    else:
        ids, group = _of_parts(instrument, _names(instrument, group_names, group_detectors_by))
        if group_detectors_by == "2_4Grouping":
            group = np.where(group > 0, np.where(group < 5, 1, 2), 0).astype(np.int32)
    chosen = group > 0
    made = grouping_workspace(source, ids[chosen], group[chosen])
    return made, int(chosen.sum()), len(np.unique(group[chosen]))


def _source(workspace: Matrix | None, name: str, path: str, context: CallContext) -> Matrix:
    if sum((workspace is not None, bool(name), bool(path))) != 1:
        raise ValueError("give one of InputWorkspace, InstrumentName and InstrumentFilename")
    if workspace is not None:
        return workspace
    definition = definition_of_file(path) if path else definition_of_name(name, context.store)
    if definition is None:
        raise ValueError(f"InstrumentName: no definition of {name!r} is known here; give InstrumentFilename")
    return bare(definition)


def _names(instrument: InstrumentGeometry, names: str, way: str) -> list[str]:
    if names:
        return [part.strip() for part in re.split(r"[,/*]", names) if part.strip()]
    if way == "All":
        return [instrument.tree.names[0]]
    if known := OF_INSTRUMENT.get((instrument.name, way)):
        return list(known)
    if way == "2_4Grouping":
        raise ValueError("GroupDetectorsBy 2_4Grouping is for SNAP only")
    if not way:
        return []
    numbered = (f"{way}{number}" for number in range(HIGHEST_NUMBER))
    return [name for name in numbered if name in instrument.tree.by_name]


def _of_parts(instrument: InstrumentGeometry, names: Sequence[str]) -> tuple[I4, I4]:
    """Detectors and the number of the innermost part of these names that they are in, from 1; 0 for none."""
    number_of = {name: number for number, name in enumerate(names, start=1)}
    group = np.zeros(len(instrument.ids), np.int32)
    for component, name in enumerate(instrument.tree.names):
        if name in number_of:
            group[instrument.tree.detectors(component)] = number_of[name]
    group[instrument.is_monitor] = 0
    return instrument.ids, group


def _detectors_of(instrument: InstrumentGeometry, name: str) -> I4:
    component = next(instrument.tree.named(name), None)
    if component is None:
        raise ValueError(f"ComponentName: the instrument has no component {name!r}")
    return instrument.ids[instrument.tree.detectors(component)]


def _by_pattern(ids: I4, pattern: str) -> tuple[I4, I4]:
    """The detectors of a part, and the group in which a pattern of detector ids has them; 0 for none."""
    group = np.zeros(len(ids), np.int32)
    for number, members in enumerate(of_pattern(pattern), start=1):
        group[np.isin(ids, members)] = number
    return ids, group


def _evenly(instrument: InstrumentGeometry, name: str, count: int) -> tuple[I4, I4]:
    """The detectors of a part in as many groups of the same size; those that are left over in none."""
    ids = _detectors_of(instrument, name)
    if not 0 < count <= len(ids):
        raise ValueError(f"FixedGroupCount must be 1 to {len(ids)}, the number of detectors in {name}, not {count}")
    group = np.arange(len(ids)) // (len(ids) // count) + 1
    return ids, np.where(group <= count, group, 0).astype(np.int32)


@implements("LoadDetectorsGroupingFile")
def load_detectors_grouping_file(*, input_file: str, input_workspace: Matrix | None) -> Matrix:
    """The groups of a file; numbers of spectra and names of parts need a workspace."""
    source = input_workspace
    if source is None:
        raise ValueError("InputWorkspace is missing: it says which spectra and detectors there are")
    return grouping_workspace(source, *groups_of_file(input_file, source))


@implements("LoadMask")
def load_mask(*, instrument: str, input_file: str, ref_workspace: Matrix | None, context: CallContext) -> Matrix:
    """A mask workspace of all detectors; numbers of spectra are those of RefWorkspace, else they count detectors."""
    if ref_workspace is not None:
        source = ref_workspace
    elif not instrument:
        raise ValueError("Instrument is missing: a name, or the file of a definition")
    else:
        is_file = instrument.casefold().endswith(".xml")
        source = _source(None, "" if is_file else instrument, instrument if is_file else "", context)
    written = _read_mask(input_file)
    detectors = all_detectors(source, source.spectra.ids)
    spectra = source.spectra if ref_workspace is not None else SpectrumTable.of_pixels(detectors)
    named = detectors_in(written, source, spectra)
    return mask_workspace(bare(source.geometry), SpectrumTable.of_pixels(detectors), np.isin(detectors, named))


def _read_mask(path: str) -> WrittenGroup:
    try:
        return of_mask(finding.found(path).read_text(encoding="utf-8", errors="replace"))
    except ValueError as error:
        raise ValueError(f"InputFile: {path}: {error}") from None
