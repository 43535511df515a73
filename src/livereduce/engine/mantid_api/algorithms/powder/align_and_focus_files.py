"""AlignAndFocusPowderFromFiles: the powder patterns of event files."""

import logging
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py

from livereduce.catalog.declaration import snake
from livereduce.catalog.declared import declared
from livereduce.catalog.families.powder.align_and_focus import ALIGN_AND_FOCUS_POWDER
from livereduce.engine.geometry.definition import Definition
from livereduce.engine.mantid_api.algorithms.events.event_filters import filter_bad_pulses
from livereduce.engine.mantid_api.algorithms.files.event_files import load_event_nexus
from livereduce.engine.mantid_api.algorithms.powder.align_and_focus import align_and_focus_powder, manager_values
from livereduce.engine.mantid_api.algorithms.powder.characterizations import pd_determine_characterizations
from livereduce.engine.mantid_api.algorithms.powder.pattern_cache import cache_name, cached_pattern, keep_pattern
from livereduce.engine.mantid_api.algorithms.spectra.arithmetic import plus
from livereduce.engine.mantid_api.calling.registry import CallContext, implements
from livereduce.engine.mantid_api.files import finding
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.workspaces.runlogs import RunLogs

logger = logging.getLogger("livereduce.engine")


BYTES_PER_GB = 2**30
BANK = re.compile(r"bank\d+_events")


@implements("AlignAndFocusPowderFromFiles")
def align_and_focus_powder_from_files(
    *,
    filename: Sequence[str],
    max_chunk_size: float,
    cache_dir: str,
    absorption_workspace: Matrix | None,
    context: CallContext,
    **given: Any,
) -> Matrix:
    """The sum of the patterns of all files."""
    if absorption_workspace is not None:
        logger.warning("AlignAndFocusPowderFromFiles: AbsorptionWorkspace has no effect on the builtin engine")
    folders = [Path(part.strip()) for part in cache_dir.split(",") if part.strip()]
    total: Matrix | None = None
    for path in (part.strip() for one in filename for part in one.split("+")):
        made = _pattern_of_file(path, max_chunk_size, folders, context, given)
        total = made if total is None else plus(lhs_workspace=total, rhs_workspace=made)
    if total is None:
        raise ValueError("Filename is missing: the files to be read")
    return total


def _pattern_of_file(
    path: str, max_chunk_gb: float, folders: Sequence[Path], context: CallContext, given: dict[str, Any]
) -> Matrix:
    """The pattern of a file: one that is cached, or made of the parts of the file, and cached then."""
    settings = {snake(one.name): given[snake(one.name)] for one in ALIGN_AND_FOCUS_POWDER.arguments[2:]}
    options = {"allow_list": given["log_allow_list"], "block_list": given["log_block_list"]}
    run = _loaded(path, context, meta_data_only=True, **options)
    if given["characterizations"] is not None:
        _determined(run, given)
    name = ""
    if folders and not settings["unfocussed_workspace"]:
        told = settings | options | {"filter_bad_pulses": given["filter_bad_pulses"]}
        told |= {f"property {key}": value for key, value in manager_values(settings["reduction_properties"]).items()}
        name = cache_name(finding.found(path), told)
        if (known := cached_pattern(folders, name)) is not None:
            return known
    total: Matrix | None = None
    is_known = isinstance(run.geometry, Definition) and bool(run.geometry.xml)
    for banks in _parts_of(finding.found(path), max_chunk_gb if is_known else 0.0, settings):
        matrix = _loaded(path, context, bank_name=banks, single_bank_pixels_only=False, **options)
        if given["filter_bad_pulses"] > 0:
            matrix = filter_bad_pulses(input_workspace=matrix, lower_cutoff=given["filter_bad_pulses"])
        made = align_and_focus_powder(input_workspace=matrix, context=context, **settings)
        # every part has the logs of the whole run, which count once
        total = made if total is None else plus(lhs_workspace=total, rhs_workspace=replace(made, logs=RunLogs()))
    assert total is not None
    if name:
        keep_pattern(folders, name, total)
    return total


def _parts_of(path: Path, max_chunk_gb: float, settings: dict[str, Any]) -> list[tuple[str, ...]]:
    """The banks that are read at a time, none for all of them: as many parts as the size of the file needs.

    Parts must have the same bins, so these must not depend on the events; and the same spectra, those of a definition.
    """
    if not max_chunk_gb > 0 or settings["unfocussed_workspace"]:
        return [()]
    is_fixed = (
        len(settings["params"]) > 1 if not settings["resample_x"] else bool(settings["d_min"] and settings["d_max"])
    )
    count = math.ceil(path.stat().st_size / (max_chunk_gb * BYTES_PER_GB))
    if count < 2 or not is_fixed:
        return [()]
    with h5py.File(path, "r") as file:
        names = [key for entry in file if entry.startswith("entry") for key in file[entry]]
    banks = sorted({name.removesuffix("_events") for name in names if BANK.fullmatch(name)})
    per_part = math.ceil(len(banks) / min(count, len(banks) or 1))
    return [tuple(banks[at : at + per_part]) for at in range(0, len(banks), per_part)] or [()]


def _loaded(path: str, context: CallContext, **options: Any) -> Matrix:
    """The events of a file, in one bin."""
    defaults = {snake(one.name): one.default for one in declared()["LoadEventNexus"].parameters}
    defaults |= {"filename": path, "number_of_bins": 1, **options}
    return load_event_nexus(**defaults, context=replace(context, names={"OutputWorkspace": path})).matrix


def _determined(matrix: Matrix, given: dict[str, Any]) -> None:
    runs = ("back_run", "norm_run", "norm_back_run", "empty_env", "empty_instr")
    values: dict[str, Any] = dict.fromkeys(runs, (0,))
    names = ("characterizations", "reduction_properties", "frequency_log_names", "wave_length_log_names")
    pd_determine_characterizations(input_workspace=matrix, **values, **{name: given[name] for name in names})
