"""Algorithms that choose or join events."""

import math
from dataclasses import replace

import numpy as np

from livereduce.base.names import missing
from livereduce.base.times import NS_PER_S
from livereduce.engine.mantid_api.calling.registry import implements
from livereduce.engine.matrix.events import event_changes
from livereduce.engine.matrix.events.event_pass import EventContent, carried_out
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.selecting.compressing import Slices, compressed, in_cells
from livereduce.engine.selecting.pulses import in_spans, run_span, start_of_run
from livereduce.engine.values.date_and_time import ns_of
from livereduce.engine.workspaces.logs.log_property import LogProperty
from livereduce.engine.workspaces.runlogs import INTEGRATED_CHARGE, PROTON_CHARGE, RunLogs
from livereduce.engine.workspaces.time_spans import FOREVER_NS, joined_spans, spans_between, spans_of_good
from livereduce.stream.items import B1, F8, I8

CLOSE = 1e-9
"""Relative: an event at a limit of FilterByXValue is kept."""


def events_of(matrix: Matrix) -> EventContent:
    """The events of an input.

    Raises
    ------
    ValueError
        It holds histograms.
    """
    if matrix.events is None:
        raise ValueError("InputWorkspace must hold events; it holds histograms")
    return matrix.events


@implements("CompressEvents")
def compress_events(
    *,
    input_workspace: Matrix,
    tolerance: float,
    wall_clock_tolerance: float | None,
    start_time: str,
    binning_mode: str,
    sort_first: bool,
) -> Matrix:
    """Events that agree within the tolerance are one, with their weight."""
    events = events_of(input_workspace)
    is_logarithmic = binning_mode == "Logarithmic" or (binning_mode == "Default" and tolerance < 0)
    width = abs(tolerance)
    if not sort_first and wall_clock_tolerance is None:
        return replace(input_workspace, content=in_cells(carried_out(events), width, is_logarithmic=is_logarithmic))
    slices = None
    if wall_clock_tolerance is not None:
        if not wall_clock_tolerance > 0:
            raise ValueError(f"WallClockTolerance must be above 0, not {wall_clock_tolerance:g}")
        start_ns = ns_of(start_time) if start_time else _start_of_run(input_workspace.logs)
        slices = Slices(start_ns=start_ns, width_ns=round(wall_clock_tolerance * NS_PER_S))
    return replace(input_workspace, content=compressed(events, width, is_logarithmic=is_logarithmic, slices=slices))


def _start_of_run(logs: RunLogs) -> int:
    try:
        return start_of_run(logs)
    except RuntimeError:
        raise ValueError("StartTime is missing: no log says when the run started") from None


@implements("SortEvents")
def sort_events(*, input_workspace: Matrix, sort_by: str) -> tuple[()]:  # noqa: ARG001
    """Nothing to do: no result depends on the order of events."""
    events_of(input_workspace)
    return ()


@implements("FilterByLogValue")
def filter_by_log_value(
    *,
    input_workspace: Matrix,
    log_name: str,
    minimum_value: float | None,
    maximum_value: float | None,
    time_tolerance: float,
    log_boundary: str,
    pulse_filter: bool,
) -> Matrix:
    """The events of the times when the log is good."""
    events_of(input_workspace)
    if time_tolerance < 0:
        raise ValueError(f"TimeTolerance must not be negative: {time_tolerance:g}")
    least, most = _limits(minimum_value, maximum_value, "MinimumValue", "MaximumValue", may_be_equal=True)
    logs, tolerance_ns = input_workspace.logs, round(time_tolerance * NS_PER_S)
    times_ns, values = _series(logs, log_name, needs_numbers=not pulse_filter)
    if pulse_filter:
        return in_spans(input_workspace, spans_between(times_ns, tolerance_ns, run_span(logs)))
    good: B1 = (values >= least) & (values <= most)
    is_centred = log_boundary == "Centre"
    return in_spans(
        input_workspace,
        spans_of_good(times_ns, good, tolerance_ns, is_centred=is_centred, run_ns=run_span(logs)),
    )


def _limits(
    low: float | None, high: float | None, low_name: str, high_name: str, *, may_be_equal: bool
) -> tuple[float, float]:
    least, most = -math.inf if low is None else low, math.inf if high is None else high
    if least > most or (least == most and not may_be_equal):
        raise ValueError(f"{low_name} must not be above {high_name}: {least:g}, {most:g}")
    return least, most


def _series(logs: RunLogs, name: str, *, needs_numbers: bool) -> tuple[I8, F8]:
    """Times and values of a log, in the order of time."""
    if name not in logs:
        raise ValueError(f"LogName: {missing('log', name, logs)}")
    log: LogProperty = logs[name]
    if log.times_ns is None:
        raise ValueError(f"LogName: {name!r} is a plain value, not a time series")
    values = np.zeros(len(log.times_ns))
    if needs_numbers:
        try:
            values = np.asarray(log.value, np.float64)
        except (TypeError, ValueError):
            raise ValueError(f"LogName: the values of {name!r} are not numbers") from None
    order = np.argsort(log.times_ns, kind="stable")
    return log.times_ns[order], values[order]


@implements("FilterByTime")
def filter_by_time(
    *,
    input_workspace: Matrix,
    start_time: float,
    stop_time: float,
    absolute_start_time: str,
    absolute_stop_time: str,
) -> Matrix:
    """The events from the start to before the stop; without a stop to the end."""
    events_of(input_workspace)
    for relative, absolute, name in (
        (start_time, absolute_start_time, "StartTime"),
        (stop_time, absolute_stop_time, "StopTime"),
    ):
        if relative and absolute:
            raise ValueError(f"give {name} or Absolute{name}, not both")
    start = ns_of(absolute_start_time) if absolute_start_time else _after_first_pulse(input_workspace, start_time)
    stop = FOREVER_NS
    if absolute_stop_time:
        stop = ns_of(absolute_stop_time)
    elif stop_time:
        stop = _after_first_pulse(input_workspace, stop_time)
    if stop <= start:
        raise ValueError("the stop must be later than the start")
    return in_spans(input_workspace, joined_spans([(start, stop)]))


def _after_first_pulse(matrix: Matrix, seconds: float) -> int:
    span = run_span(matrix.logs)
    if span is None:
        raise ValueError(f"times from the start of the run need the log {PROTON_CHARGE}, which is not there")
    return span[0] + round(seconds * NS_PER_S)


@implements("FilterBadPulses")
def filter_bad_pulses(*, input_workspace: Matrix, lower_cutoff: float) -> Matrix:
    """The events of pulses whose charge is at least this share of the mean, in percent."""
    events_of(input_workspace)
    if not 0 <= lower_cutoff <= 100:
        raise ValueError(f"LowerCutoff is in percent, from 0 to 100, not {lower_cutoff:g}")
    logs = input_workspace.logs
    if PROTON_CHARGE not in logs:
        raise RuntimeError(f"the log {PROTON_CHARGE} is missing")
    if INTEGRATED_CHARGE in logs and not logs.getProtonCharge() > 0:
        raise RuntimeError("the proton charge of the run is 0")
    times_ns, charge = _series(logs, PROTON_CHARGE, needs_numbers=True)
    if not charge.max() > 0:
        raise RuntimeError(f"no pulse has a charge above 0 in {PROTON_CHARGE}")
    good: B1 = charge >= charge.mean() * lower_cutoff / 100
    return in_spans(input_workspace, spans_of_good(times_ns, good, 0, is_centred=True, run_ns=run_span(logs)))


@implements("FilterByXValue")
def filter_by_x_value(*, input_workspace: Matrix, x_min: float | None, x_max: float | None) -> Matrix:
    """The events between two x, those at the limits too; bins stay."""
    if x_min is None and x_max is None:
        raise ValueError("XMin and XMax are missing; at least one is needed")
    least, most = _limits(x_min, x_max, "XMin", "XMax", may_be_equal=False)
    content = events_of(input_workspace)
    kept = event_changes.within(content, least * (1 - CLOSE), most * (1 + CLOSE), is_closed=True)
    return replace(input_workspace, content=kept)
