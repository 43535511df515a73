"""Slices by lengths of time, or by the values of a log: spans (start, stop, slice), in ns.

Source: Mantid Framework/Algorithms/src/GenerateEventsFilter.cpp.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from livereduce.engine.selecting.time_splitter import NO_SLICE
from livereduce.stream.items import B1, F8, I8

Span = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDirection:
    """Which changes of a log count: those to greater values, to lesser ones, or both."""

    rising: bool
    falling: bool

    @property
    def is_any(self) -> bool:
        """Both count."""
        return self.rising and self.falling


def of_equal_lengths(start_ns: int, stop_ns: int, lengths_ns: Sequence[int]) -> list[Span]:
    """Slices of these lengths, over and over, from the start to the stop."""
    if not any(length > 0 for length in lengths_ns) or min(lengths_ns) < 0:
        raise ValueError("TimeInterval must be above 0")
    spans: list[Span] = []
    at = start_ns
    while at < stop_ns:
        end = min(at + lengths_ns[len(spans) % len(lengths_ns)], stop_ns)
        spans.append((at, end, len(spans)))
        at = end
    return spans


def of_growing_lengths(start_ns: int, stop_ns: int, run_start_ns: int, factor: float) -> list[Span]:
    """Slices whose lengths grow: each ends (1 + factor) times as long after the start of the run as it begins."""
    _check_growth(start_ns, run_start_ns)
    spans: list[Span] = []
    at = start_ns - run_start_ns
    while at + run_start_ns < stop_ns:
        end = min(max(int(at * (1 + factor)), at + 1), stop_ns - run_start_ns)
        spans.append((at + run_start_ns, end + run_start_ns, len(spans)))
        at = end
    return spans


def of_shrinking_lengths(start_ns: int, stop_ns: int, run_start_ns: int, factor: float) -> list[Span]:
    """The same from the stop backwards; the first slice is never shorter than the second."""
    _check_growth(start_ns, run_start_ns)
    ends = [stop_ns]
    while ends[-1] > start_ns:
        step = max(int((start_ns - run_start_ns + stop_ns - ends[-1]) * factor), 1)
        begin = ends[-1] - step
        ends.append(start_ns if begin - step < start_ns else begin)
    edges = ends[::-1]
    return [(edges[one], edges[one + 1], one) for one in range(len(edges) - 1)]


def _check_growth(start_ns: int, run_start_ns: int) -> None:
    if start_ns <= run_start_ns:
        raise RuntimeError("lengths of time that grow need a StartTime after the start of the run")


def of_one_range(
    times_ns: I8, values: F8, low: float, high: float, window_ns: tuple[int, int], direction: ChangeDirection
) -> list[Span]:
    """One slice: the times of values with ``low <= value < high`` that begin in a window of time."""
    good = (values >= low) & (values < high) & (times_ns >= window_ns[0]) & (times_ns < window_ns[1])
    if not direction.is_any and len(values) > 1:
        change = np.append(np.diff(values), values[-1] - values[-2])
        good = _carried(good, change, direction)
    return _runs(times_ns, np.where(good, 0, NO_SLICE), int(times_ns[-1]) if len(times_ns) else 0)


def _carried(good: B1, change: F8, direction: ChangeDirection) -> B1:
    """Without the values of the other direction; a value that does not change is as the one before."""
    right = good & (((change > 0) & direction.rising) | ((change < 0) & direction.falling))
    for place in np.flatnonzero(good & (change == 0)).tolist():
        right[place] = place > 0 and right[place - 1]
    return right


def value_ranges(low: float, high: float, step: float, below: float) -> F8:
    """Ranges of a log for slices, shape (n, 2): each as wide as the step, the first from `below` under the lowest."""
    ranges: list[tuple[float, float]] = []
    value = low
    while value - below < high:
        ranges.append((value - below, value + step - below))
        value += step
    return np.array(ranges).reshape(-1, 2)


def of_ranges(times_ns: I8, values: F8, ranges: F8, stop_ns: int, direction: ChangeDirection) -> list[Span]:
    """A slice for each range of values, the lower limit in it and the upper one not.

    The last stretch ends with the first value after the stop, or with the last value.
    """
    flat = ranges.ravel()
    if not len(flat) or not len(times_ns):
        return []
    at = np.searchsorted(flat, values, side="left")
    odd = at % 2 == 1
    on_edge = odd & (values == flat[np.minimum(at, len(flat) - 1)])
    at = np.where(on_edge, at + 1, np.where(odd, at - 1, at))
    outside = (values < flat[0]) | (values > flat[-1]) | (at >= len(flat)) | np.isnan(values)
    number = np.where(outside, NO_SLICE, at // 2)
    if not direction.is_any:
        way = _ways(values)
        number = np.where(((way > 0) & direction.rising) | ((way < 0) & direction.falling), number, NO_SLICE)
    last = min(int(np.searchsorted(times_ns, stop_ns, side="right")), len(times_ns) - 1)
    return _runs(times_ns[: last + 1], number[: last + 1], int(times_ns[last]))


def _ways(values: F8) -> F8:
    """1 where a log rises to the next value, -1 where it falls; where it does not change as before."""
    change = np.sign(np.diff(values))
    steps = np.flatnonzero(change)
    if not len(steps):
        raise RuntimeError("the log does not change; FilterLogValueByChangingDirection must be Both")
    known = np.searchsorted(steps, np.arange(len(values)), side="right") - 1
    ways: F8 = change[steps[np.maximum(known, 0)]]
    return ways


def of_whole_numbers(
    times_ns: I8, values: I8, low: int, high: int, step: int, end_ns: int, direction: ChangeDirection
) -> list[Span]:
    """Slices of a log of whole numbers: `step` values each, both limits in it; the last one lasts to the end."""
    if step <= 0:
        raise RuntimeError("LogValueInterval must be 1 or more for a log of whole numbers")
    change = np.diff(values, prepend=values[:1])
    right = ((change >= 0) & direction.rising) | ((change <= 0) & direction.falling)
    right[:1] = True
    number = np.where((values >= low) & (values <= high) & right, (values - low) // step, NO_SLICE)
    return _runs(times_ns, number, end_ns)


def _runs(times_ns: I8, number: I8, end_ns: int) -> list[Span]:
    """Stretches of one slice, each to the time at which the next begins."""
    starts = np.flatnonzero(np.diff(number, prepend=-2))
    edges = [*times_ns[starts].tolist(), end_ns]
    slices = number[starts].tolist()
    spans = zip(edges[:-1], edges[1:], slices, strict=True)
    return [(start, stop, one) for start, stop, one in spans if one > NO_SLICE and stop > start]


def shifted(spans: Sequence[Span], by_ns: int) -> list[Span]:
    """All spans earlier by a time."""
    return [(start - by_ns, stop - by_ns, one) for start, stop, one in spans]


def rounded(value: float) -> int:
    """The nearest whole number, halves away from 0, as Mantid rounds limits of such logs."""
    return int(math.copysign(math.floor(abs(value) + 0.5), value))
