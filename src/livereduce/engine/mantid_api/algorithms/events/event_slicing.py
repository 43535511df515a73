"""FilterEvents: the events of slices of time in workspaces of their own."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from livereduce.base.times import NS_PER_S
from livereduce.engine.mantid_api.algorithms.events.event_filters import events_of
from livereduce.engine.mantid_api.algorithms.powder.calibration import left_in_store
from livereduce.engine.mantid_api.calling.outputs import NamedResults
from livereduce.engine.mantid_api.calling.registry import CallContext, implements
from livereduce.engine.mantid_api.objects.splitters import SplittersWorkspace
from livereduce.engine.mantid_api.objects.table import TableWorkspace
from livereduce.engine.mantid_api.objects.workspace_group import WorkspaceGroup
from livereduce.engine.matrix.events import event_changes
from livereduce.engine.matrix.events.event_pass import EventContent
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.selecting import sample_times
from livereduce.engine.selecting.splitting import TimeAtSample, split_by_pulse, split_by_time
from livereduce.engine.selecting.time_splitter import NO_SLICE, TimeSplitter, splitter_of

UNFILTERED = "unfiltered"


@implements("FilterEvents")
def filter_events(
    *,
    input_workspace: Matrix,
    splitter_workspace: Any,
    information_workspace: Any,
    output_workspace_base_name: str,
    group_workspaces: bool,
    filter_by_pulse_time: bool,
    output_unfiltered_events: bool,
    context: CallContext,
    **given: Any,
) -> tuple[Matrix, int, list[str], NamedResults]:
    """A workspace for each slice, in the store."""
    is_asked = given["relative_time"] or given["descriptive_output_names"]
    base = sample_times.origin(input_workspace.logs, given["filter_start_time"]) if is_asked else 0
    splitter = _splitter(splitter_workspace, base if given["relative_time"] else 0)
    numbers = [NO_SLICE, *splitter.slices] if output_unfiltered_events else splitter.slices
    at_sample = _at_sample(input_workspace, given)
    content = _with_detectors(input_workspace, given["spectrum_without_detector"], has_times=at_sample is not None)
    split = (
        split_by_pulse(content, splitter, numbers)
        if filter_by_pulse_time
        else split_by_time(content, splitter, numbers, at_sample)
    )
    titles = _titles(information_workspace)
    names = _names(splitter, output_workspace_base_name, titles, base, given)
    objects = {
        one: left_in_store(context, names[one], _slice(input_workspace, split[one], splitter, one, titles))
        for one in numbers
    }
    made = list(objects.values())
    correction = sample_times.as_matrix(input_workspace, at_sample)
    if group_workspaces:
        group = WorkspaceGroup(output_workspace_base_name, made)
        context.store[output_workspace_base_name] = group
        return correction, len(made), [names[one] for one in numbers], NamedResults(OutputWorkspace=group)
    results = {f"OutputWorkspace_{UNFILTERED if one == NO_SLICE else one}": held for one, held in objects.items()}
    return correction, len(made), [names[one] for one in numbers], NamedResults(results)


def _slice(
    matrix: Matrix, content: EventContent, splitter: TimeSplitter, number: int, titles: Mapping[int, str] | None
) -> Matrix:
    spans = splitter.spans_of(number)
    made = replace(matrix, content=content, logs=matrix.logs.during(spans))
    if number != NO_SLICE:
        made.logs.set_plain("duration", float(np.diff(spans).sum()) / NS_PER_S, "second")
    if titles is None:
        return made
    known = "Events that are in no slice" if number == NO_SLICE else "This slice has no information"
    text = titles.get(number, known)
    return replace(made, title=text, comment=text)


def _titles(table: Any) -> Mapping[int, str] | None:
    if table is None:
        return None
    if not isinstance(table, TableWorkspace) or table.columnCount() < 2:
        raise TypeError("InformationWorkspace must be a table: number of slice, title")
    return {int(number): str(text) for number, text in zip(table.column(0), table.column(1), strict=True)}


def _names(
    splitter: TimeSplitter, base_name: str, titles: Mapping[int, str] | None, base_ns: int, given: Mapping[str, Any]
) -> dict[int, str]:
    """The names of what is made: the base name, and the slice behind it."""
    numbers = splitter.slices
    endings = {one: splitter.names[one] for one in numbers}
    if given["descriptive_output_names"]:
        by_log = titles is not None and "Log" in titles.get(0, "")
        for one in numbers:
            if by_log and titles is not None:
                endings[one] = "".join(titles.get(one, endings[one]).split())
            else:
                seconds = (splitter.spans_of(one) - base_ns).ravel() / NS_PER_S
                endings[one] = "_".join(f"{second:g}" for second in seconds)
    elif given["output_workspace_indexed_from_1"] and numbers:
        if any(endings[one] != str(one) for one in numbers):
            raise RuntimeError("OutputWorkspaceIndexedFrom1 needs slices that are numbered, not named")
        endings = {one: str(one + 1 - numbers[0]) for one in numbers}
    return {one: f"{base_name}_{ending}" for one, ending in (endings | {NO_SLICE: UNFILTERED}).items()}


def _at_sample(matrix: Matrix, given: Mapping[str, Any]) -> TimeAtSample | None:
    return sample_times.correction(
        matrix, given["correction_to_sample"], given["detector_tof_correction_workspace"], given["incident_energy"]
    )


def _with_detectors(matrix: Matrix, wanted: str, *, has_times: bool) -> EventContent:
    """The events; without those of spectra that have no detector, if these are to be skipped."""
    content, has_none = events_of(matrix), np.diff(matrix.spectra.first) == 0
    if not has_none.any() or (wanted != "Skip" and not has_times):
        return content
    return event_changes.masked(content, has_none)


def _splitter(workspace: Any, base_ns: int) -> TimeSplitter:
    """The slices of a splitters workspace (ns), of a table, or of a histogram (s after the base)."""
    if isinstance(workspace, TableWorkspace):
        if not workspace.rowCount():
            raise ValueError("SplitterWorkspace must have rows")
        if workspace.columnCount() != 3:
            raise ValueError("SplitterWorkspace must have 3 columns: start, stop, target")
        columns = [workspace.column(place) for place in range(3)]
        if isinstance(workspace, SplittersWorkspace):
            return splitter_of(zip(*columns, strict=True))
        return _of_table(base_ns, *columns)
    matrix = getattr(workspace, "matrix", None)
    if not isinstance(matrix, Matrix):
        raise TypeError(f"SplitterWorkspace must be a table or a histogram, not a {type(workspace).__name__}")
    histograms = matrix.histograms
    x, y = histograms.x.row(0), histograms.y
    if histograms.rows != 1 or len(x) != len(y) + 1:
        raise ValueError("SplitterWorkspace must have one spectrum, with one edge more than values")
    edges = [base_ns + _ns(second) for second in x]
    return splitter_of(zip(edges[:-1], edges[1:], y.astype(np.int64), strict=True))


def _of_table(base_ns: int, starts: Sequence[float], stops: Sequence[float], targets: Sequence[Any]) -> TimeSplitter:
    names = [str(target) for target in targets]
    is_number = {name: name.strip().lstrip("+-").isdecimal() for name in names}
    named = [name for name in dict.fromkeys(names) if not is_number[name]]
    if named and any(is_number[name] and int(name) != NO_SLICE for name in names):
        raise RuntimeError("SplitterWorkspace: targets must be numbers or names, not both")
    number = {name: int(name) if is_number[name] else named.index(name) for name in names}
    if min((*starts, *stops)) < 0:
        raise RuntimeError("SplitterWorkspace: times must not be negative")
    spans = [
        (base_ns + _ns(start), base_ns + _ns(stop), number[name])
        for start, stop, name in zip(starts, stops, names, strict=True)
    ]
    return splitter_of(spans, {one: name for name, one in number.items()})


def _ns(seconds: float) -> int:
    """Seconds in whole ns, cut as Mantid does: whole seconds and the rest apart."""
    return int(seconds) * NS_PER_S + int((float(seconds) % 1.0) * 1e9)
