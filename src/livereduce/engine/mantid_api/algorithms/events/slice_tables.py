"""GenerateEventsFilter: which times belong to which slice, by lengths of time or by the values of a log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from livereduce.base.names import missing
from livereduce.base.times import NS_PER_S
from livereduce.engine.mantid_api.calling.registry import implements
from livereduce.engine.mantid_api.objects.splitters import SplittersWorkspace
from livereduce.engine.mantid_api.objects.table import TableWorkspace
from livereduce.engine.matrix.events.event_pass import EventContent
from livereduce.engine.matrix.events.pending_events import PendingEvents
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.engine.selecting import slices
from livereduce.engine.selecting.pulses import start_of_run
from livereduce.engine.selecting.slices import ChangeDirection, Span
from livereduce.engine.selecting.time_splitter import splitter_of
from livereduce.engine.values.date_and_time import DateAndTime, ns_of
from livereduce.engine.workspaces.runlogs import PROTON_CHARGE, RunLogs
from livereduce.stream.items import F8, I8

TENTH_NS = NS_PER_S // 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SlicedTime:
    """The times that are put into slices, in ns.

    Attributes
    ----------
    run_start, run_end
        Of the run; the end one pulse after the last.
    last
        The end without that pulse.
    unit
        ns of the unit in which the call gives times.
    """

    start: int
    stop: int
    run_start: int
    run_end: int
    last: int
    unit: float


@implements("GenerateEventsFilter")
def generate_events_filter(
    *,
    input_workspace: Matrix,
    fast_log: bool,
    title_of_splitters: str,
    use_parallel_processing: str,
    log_name: str,
    **given: Any,
) -> tuple[SplittersWorkspace | Matrix, TableWorkspace]:
    """The spans of the slices, and what each slice is."""
    window = _window(input_workspace, given["start_time"], given["stop_time"], given["unit_of_time"])
    if log_name:
        spans, info = _by_log(input_workspace.logs, log_name, window, given)
    else:
        spans, info = _by_time(window, given["time_interval"], is_reversed=given["use_reverse_logarithmic"])
    title = title_of_splitters or "Splitters"
    table = TableWorkspace.of_columns(
        {("int", "workspacegroup"): [one for one, _ in info], ("str", "title"): [text for _, text in info]}
    )
    table.setTitle(title)
    if fast_log or use_parallel_processing == "Parallel":
        return _as_matrix(spans), table
    return SplittersWorkspace.of_spans(spans, title), table


def _window(matrix: Matrix, start: str, stop: str, unit: str) -> SlicedTime:
    run_start, last = start_of_run(matrix.logs), _last_pulse(matrix)
    run_end = last + _between_pulses(matrix.logs)
    unit_ns = {"Seconds": 1e9, "Nanoseconds": 1.0, "Percent": 0.01 * (run_end - run_start)}[unit]

    def moment(text: str) -> int:
        if ":" in text:
            return ns_of(text)
        if float(text) < 0:
            raise ValueError(f"StartTime and StopTime must not be negative: {text}")
        return run_start + int(float(text) * unit_ns)

    begin, end = moment(start) if start else run_start, moment(stop) if stop else run_end
    if begin >= end:
        raise RuntimeError(f"StartTime {DateAndTime(begin)} is not before StopTime {DateAndTime(end)}")
    return SlicedTime(start=begin, stop=end, run_start=run_start, run_end=run_end, last=last, unit=unit_ns)


def _last_pulse(matrix: Matrix) -> int:
    """The end of the run; while it goes on, its last pulse with events."""
    try:
        return matrix.logs.endTime().totalNanoseconds()
    except RuntimeError:
        found = _newest(matrix.events) if matrix.events is not None else None
        if found is None:
            raise RuntimeError("no log says when the run ended, and there are no events") from None
        return found


def _newest(content: EventContent) -> int | None:
    if isinstance(content, PendingEvents):
        pulses = [piece.pulse_ns[np.diff(piece.first) > 0] for piece in content.events.pieces]
        return max((int(one.max()) for one in pulses if len(one)), default=None)
    return None if content.pulse_ns is None or not len(content.pulse_ns) else int(content.pulse_ns.max())


def _between_pulses(logs: RunLogs) -> int:
    times = logs[PROTON_CHARGE].times_ns if PROTON_CHARGE in logs else None
    return TENTH_NS if times is None or len(times) < 2 else int(times[1] - times[0])


Info = list[tuple[int, str]]
"""The number of each slice, and what it is."""


def _by_time(window: SlicedTime, intervals: Sequence[float], *, is_reversed: bool) -> tuple[list[Span], Info]:
    if not intervals:
        text = f"Time.Interval.From.{_simple(window.start)}.To.{_simple(window.stop)}"
        return [(window.start, window.stop, 0)], [(0, text)]
    if len(intervals) == 1 and intervals[0] < 0:
        growth = slices.of_shrinking_lengths if is_reversed else slices.of_growing_lengths
        spans = growth(window.start, window.stop, window.run_start, -intervals[0])
    else:
        lengths = [int(interval * window.unit) for interval in intervals]
        spans = slices.of_equal_lengths(window.start, window.stop, lengths)
    return spans, [(one, f"Time.Interval.From.{_simple(start)}.to.{_simple(stop)}") for start, stop, one in spans]


def _simple(time_ns: int) -> str:
    """A time as Mantid writes it: ``2010-Jan-01 00:10:00``, with its ns if there are some."""
    moment = np.datetime64("1990-01-01T00:00:00", "ns") + np.timedelta64(time_ns, "ns")
    text, rest = moment.astype("datetime64[s]").item().strftime("%Y-%b-%d %H:%M:%S"), time_ns % NS_PER_S
    return f"{text}.{rest:09d}" if rest else text


def _by_log(logs: RunLogs, name: str, window: SlicedTime, given: Mapping[str, Any]) -> tuple[list[Span], Info]:
    if name not in logs:
        raise ValueError(f"LogName: {missing('log', name, logs)}")
    times_ns, values = _series(logs, name)
    direction = given["filter_log_value_by_changing_direction"]
    way = ChangeDirection(rising=direction != "Decrease", falling=direction != "Increase")
    if np.issubdtype(values.dtype, np.integer):
        times_ns, values = _until(times_ns, values, window.run_end)
        return _of_whole_numbers(name, times_ns, values, window, given, way)
    if window.run_end > times_ns[-1]:
        times_ns, values = _until(times_ns, values, window.run_end)
    low = float(np.min(values)) if given["minimum_log_value"] is None else given["minimum_log_value"]
    high = float(np.max(values)) if given["maximum_log_value"] is None else given["maximum_log_value"]
    _check_limits(low, high)
    ways = "both" if way.is_any else direction.lower()
    is_centred = given["log_boundary"] == "Centre"
    if given["log_value_interval"] is None:
        spans = slices.of_one_range(times_ns, values, low, high, (window.start, window.stop), way)
        info = [(0, f"Log.{name}.From.{low:g}.To.{high:g}.Value-change-direction:{ways}")]
        return slices.shifted(spans, int(given["time_tolerance"] * window.unit) if is_centred else 0), info
    ranges = _ranges(low, high, given["log_value_interval"], given["log_value_tolerance"])
    spans = slices.of_ranges(times_ns, values, ranges, window.stop, way)
    texts = [f"Log.{name}.From.{one:g}.To.{two:g}.Value-change-direction:{ways}" for one, two in ranges]
    tolerance_ns = int(given["time_tolerance"] * NS_PER_S) if is_centred else 0
    return slices.shifted(spans, tolerance_ns), list(enumerate(texts))


def _series(logs: RunLogs, name: str) -> tuple[I8, Any]:
    """Times and values of a log in the order of time; of several at a time the last."""
    log = logs[name]
    values = np.asarray(log.value)
    if log.times_ns is None or values.dtype.kind not in "iufb" or values.ndim != 1 or not len(values):
        raise RuntimeError(f"LogName: {name!r} is not a time series of numbers")
    if values.dtype.kind in "ub":
        values = values.astype(np.int64)
    order = np.argsort(log.times_ns, kind="stable")
    times_ns, values = log.times_ns[order], values[order]
    is_last = np.append(np.diff(times_ns) > 0, True)
    return times_ns[is_last], values[is_last]


def _until(times_ns: I8, values: Any, end_ns: int) -> tuple[I8, Any]:
    """The log with a 0 at the end of the run, as Mantid adds it."""
    place = int(np.searchsorted(times_ns, end_ns, side="left"))
    there = place < len(times_ns) and times_ns[place] == end_ns
    if there:
        values = values.copy()
        values[place] = 0
        return times_ns, values
    return np.insert(times_ns, place, end_ns), np.insert(values, place, 0)


def _check_limits(low: float, high: float) -> None:
    if low > high:
        raise RuntimeError(f"MinimumLogValue {low:g} is above MaximumLogValue {high:g}")


def _ranges(low: float, high: float, step: float, below: float | None) -> F8:
    if step <= 0:
        raise ValueError(f"LogValueInterval must be above 0, not {step:g}")
    if below is not None and below < 0:
        raise RuntimeError(f"LogValueTolerance must not be negative: {below:g}")
    return slices.value_ranges(low, high, step, 0.5 * step if below is None else below)


def _of_whole_numbers(
    name: str, times_ns: I8, values: I8, window: SlicedTime, given: Mapping[str, Any], way: ChangeDirection
) -> tuple[list[Span], Info]:
    wanted = given["minimum_log_value"], given["maximum_log_value"], given["log_value_interval"]
    low = int(values.min()) if wanted[0] is None else slices.rounded(wanted[0])
    high = int(values.max()) if wanted[1] is None else slices.rounded(wanted[1])
    _check_limits(low if wanted[0] is None else wanted[0], high if wanted[1] is None else wanted[1])
    step = high - low + 1 if wanted[2] is None or low == high else slices.rounded(wanted[2])
    spans = slices.of_whole_numbers(times_ns, values, low, high, step, window.last, way)
    spans = slices.shifted(spans, int(given["time_tolerance"] * window.unit))
    if low == high:
        return spans, [(0, f"{name} = {low}")]
    ways = "Both" if way.is_any else "Increasing" if way.rising else "Decreasing"
    texts = [f"{name}=[{one},{one + step - 1}]" if step > 1 else f"{name}={one}" for one in range(low, high + 1, step)]
    return spans, [(one, f"{text}.Value change direction:{ways}") for one, text in enumerate(texts)]


def _as_matrix(spans: Sequence[Span]) -> Matrix:
    """Edges in seconds since 1990, and the slice of each bin, -1 in gaps."""
    splitter = splitter_of(spans)
    y = splitter.number[:-1].astype(np.float64)[None, :]
    content = Histograms.table(Grid(splitter.times_ns * np.float64(1e-9)), y, np.zeros_like(y))
    return Matrix(content=content, spectra=SpectrumTable.without_detectors(1), unit="", y_unit="")
