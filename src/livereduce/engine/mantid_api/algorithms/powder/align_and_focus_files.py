"""AlignAndFocusPowderFromFiles: the powder patterns of event files."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from livereduce.catalog.declaration import snake
from livereduce.catalog.declared import declared
from livereduce.catalog.families.powder.align_and_focus import ALIGN_AND_FOCUS_POWDER
from livereduce.engine.mantid_api.algorithms.events.event_filters import filter_bad_pulses
from livereduce.engine.mantid_api.algorithms.files.event_files import load_event_nexus
from livereduce.engine.mantid_api.algorithms.powder.align_and_focus import align_and_focus_powder
from livereduce.engine.mantid_api.algorithms.powder.characterizations import pd_determine_characterizations
from livereduce.engine.mantid_api.algorithms.spectra.arithmetic import plus
from livereduce.engine.mantid_api.calling.registry import CallContext, implements
from livereduce.engine.matrix.matrix import Matrix

logger = logging.getLogger("livereduce.engine")


@implements("AlignAndFocusPowderFromFiles")
def align_and_focus_powder_from_files(
    *,
    filename: Sequence[str],
    filter_bad_pulses: float,
    absorption_workspace: Matrix | None,
    log_allow_list: Sequence[str],
    log_block_list: Sequence[str],
    context: CallContext,
    **given: Any,
) -> Matrix:
    """The sum of the patterns of all files."""
    if absorption_workspace is not None:
        logger.warning("AlignAndFocusPowderFromFiles: AbsorptionWorkspace has no effect on the builtin engine")
    settings = {snake(one.name): given[snake(one.name)] for one in ALIGN_AND_FOCUS_POWDER.arguments[2:]}
    total: Matrix | None = None
    for path in (part.strip() for one in filename for part in one.split("+")):
        matrix = _loaded(path, context, allow_list=log_allow_list, block_list=log_block_list)
        if filter_bad_pulses > 0:
            matrix = _without_bad_pulses(matrix, filter_bad_pulses)
        if given["characterizations"] is not None:
            _determined(matrix, given)
        made = align_and_focus_powder(input_workspace=matrix, context=context, **settings)
        total = made if total is None else plus(lhs_workspace=total, rhs_workspace=made)
    if total is None:
        raise ValueError("Filename is missing: the files to be read")
    return total


def _loaded(path: str, context: CallContext, **options: Any) -> Matrix:
    """The events of a file, in one bin."""
    defaults = {
        snake(one.name): one.default
        for one in declared()["LoadEventNexus"].arguments
        if one.is_input and not one.ignored
    }
    defaults |= {"filename": path, "number_of_bins": 1, **options}
    return load_event_nexus(**defaults, context=replace(context, names={"OutputWorkspace": path})).matrix


def _without_bad_pulses(matrix: Matrix, cutoff: float) -> Matrix:
    return filter_bad_pulses(input_workspace=matrix, lower_cutoff=cutoff)


def _determined(matrix: Matrix, given: dict[str, Any]) -> None:
    runs = ("back_run", "norm_run", "norm_back_run", "empty_env", "empty_instr")
    values: dict[str, Any] = dict.fromkeys(runs, (0,))
    names = ("characterizations", "reduction_properties", "frequency_log_names", "wave_length_log_names")
    pd_determine_characterizations(input_workspace=matrix, **values, **{name: given[name] for name in names})
