"""Part a stream by the time of its pulses, not by the clock. Pure.

Data of a file come as fast as they can be read. To be reduced in the chunks that they would have made while they were
measured, they are parted every `every_ns` of beam time, counted from the first pulse of the run. Where that is does not
depend on how the data are divided into batches. Monitors and logs may come before the pulses they belong to: what is
of a later interval waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from livereduce.stream.items import EventBatch, HistogramSnapshot, Item, RunEnded, RunStarted
from livereduce.stream.splitting import Timed, place_at, split


@dataclass(frozen=True, slots=True)
class IntervalOver:
    """An interval of beam time is over: what came before this is a chunk."""


Parted = Sequence[Item | IntervalOver]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """Where the stream is parted.

    Attributes
    ----------
    run
        The run of the newest data.
    end_ns
        The end of the present interval; None before the run's first pulse.
    later
        Values and monitor pulses of later intervals.
    """

    every_ns: int
    run: int = 0
    end_ns: int | None = None
    later: tuple[Timed, ...] = ()


def part(intervals: Intervals, item: Item) -> tuple[Intervals, Parted]:
    """Return the next state, and the item with the ends of intervals in it."""
    if isinstance(item, RunEnded) or item.run != intervals.run:
        before, waited = flushed(intervals)
        run = 0 if isinstance(item, RunEnded) else item.run
        after = replace(before, run=run, end_ns=None)
        if isinstance(item, RunEnded | RunStarted | HistogramSnapshot):
            return after, (*waited, item)
        after, parts = part(after, item)
        return after, (*waited, *parts)
    if isinstance(item, EventBatch) and len(item.pulse_ns):
        return _pulses(intervals, item)
    if isinstance(item, Timed) and intervals.end_ns is not None:
        return _waiting(intervals, (item,), intervals.end_ns)
    return intervals, (item,)


def flushed(intervals: Intervals) -> tuple[Intervals, Sequence[Timed]]:
    """Give out what waits for later pulses: none will come."""
    return replace(intervals, later=()), intervals.later


def _pulses(intervals: Intervals, batch: EventBatch) -> tuple[Intervals, Parted]:
    parts: list[Item | IntervalOver] = []
    left: EventBatch | None = batch
    end_ns = intervals.end_ns
    if end_ns is None:
        end_ns = int(batch.pulse_ns[0]) + intervals.every_ns
    while left is not None:
        early, left = split(left, place_at(left, end_ns))
        parts += [early] if early is not None else []
        if left is not None:
            parts.append(IntervalOver())
            end_ns += (int(left.pulse_ns[0]) - end_ns) // intervals.every_ns * intervals.every_ns + intervals.every_ns
            intervals, waited = flushed(intervals)
            intervals, due = _waiting(intervals, waited, end_ns)
            parts += due
    return replace(intervals, end_ns=end_ns), parts


def _waiting(intervals: Intervals, items: Sequence[Timed], end_ns: int) -> tuple[Intervals, Sequence[Timed]]:
    """Let what is not before a time wait; the rest is returned."""
    halves = [split(item, place_at(item, end_ns)) for item in items]
    late = tuple(half for _, half in halves if half is not None)
    return replace(intervals, later=(*intervals.later, *late)), [half for half, _ in halves if half is not None]
