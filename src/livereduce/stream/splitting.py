"""Split batches of pulses or values at a time, without copying events."""

from dataclasses import replace
from typing import Any, TypeVar, cast

import numpy as np

from livereduce.stream.items import I8, EventBatch, LogBatch, MonitorBatch

Timed = EventBatch | MonitorBatch | LogBatch
"""Items whose contents have times of their own."""
Batch = TypeVar("Batch", bound=Timed)


def times_of(item: Timed) -> I8:
    """Times of the pulses or values of an item."""
    return item.time_ns if isinstance(item, LogBatch) else item.pulse_ns


def place_at(item: Timed, time_ns: int) -> int:
    """Index of the first pulse or value that is not before a time; the number of all if there is none."""
    late = times_of(item) >= time_ns
    return int(late.argmax()) if late.any() else len(late)


def split(item: Batch, place: int) -> tuple[Batch | None, Batch | None]:
    """The pulses or values before a place and those from it on; None for a part without any.

    Events without a pixel stay with the first part.
    """
    if place <= 0:
        return None, item
    if place >= len(times_of(item)):
        return item, None
    early, late = stretch(item, 0, place), stretch(item, place, None)
    if isinstance(late, EventBatch):
        late = replace(late, unmapped=0, erroneous=0)
    return early, late


def stretch(item: Batch, start: int, stop: int | None) -> Batch:
    """Some consecutive pulses or values of an item."""
    some: Timed
    if isinstance(item, EventBatch):
        some = _pulses(item, start, stop)
    else:
        some = _values(item, slice(start, stop)) if isinstance(item, LogBatch) else _counts(item, start, stop)
    return cast(Batch, some)


def _pulses(item: EventBatch, start: int, stop: int | None) -> EventBatch:
    first, events, pulses = _span(item.first, start, stop)
    return replace(
        item,
        tof_ns=item.tof_ns[events],
        pixel=item.pixel[events],
        state=None if item.state is None else item.state[events],
        first=first,
        pulse_ns=item.pulse_ns[pulses],
        charge_pc=item.charge_pc[pulses],
        flags=item.flags[pulses],
        period=item.period[pulses],
    )


def _counts(item: MonitorBatch, start: int, stop: int | None) -> MonitorBatch:
    first, events, pulses = _span(item.first, start, stop)
    return replace(item, tof_ns=item.tof_ns[events], first=first, pulse_ns=item.pulse_ns[pulses])


def _span(first: I8, start: int, stop: int | None) -> tuple[I8, slice, slice]:
    """Offsets of some pulses counted from their first event, and the slices of their events and of themselves."""
    here = first[start : len(first) if stop is None else stop + 1]
    shifted: I8 = here - here[0]
    shifted.setflags(write=False)
    return shifted, slice(int(here[0]), int(here[-1])), slice(start, stop)


def _values(item: LogBatch, part: slice) -> LogBatch:
    value: Any = item.value[part]
    invalid = None if item.invalid is None else item.invalid[part]
    if invalid is not None and not np.any(invalid):
        invalid = None
    return replace(item, time_ns=item.time_ns[part], value=value, invalid=invalid)
