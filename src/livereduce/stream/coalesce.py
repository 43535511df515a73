"""Join the many small batches of an interval into a few: a live stream comes pulse by pulse, scripts want long arrays.

Events are not copied where a source has put them next to each other in memory. Per-pulse arrays and logs are small and
are copied.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from livereduce.stream.items import B1, I8, EventBatch, Geometry, LogBatch, MonitorBatch

Array = TypeVar("Array", bound=NDArray[Any])

SMALL_EVENTS = 2**16
"""Batches that are not neighbours in memory are copied together up to this size, to keep the number of pieces low."""


def coalesce_events(batches: Sequence[EventBatch]) -> tuple[EventBatch, ...]:
    """Return the same pulses in fewer batches; all of one run."""
    groups: list[_Group] = []
    for batch in batches:
        if not (groups and groups[-1].takes(batch)):
            groups.append(_Group())
        groups[-1].append(batch)
    return tuple(group.merged() for group in groups)


class _Group:
    """Batches that become one: neighbours in memory, or few enough events to copy."""

    def __init__(self) -> None:
        self.batches: list[EventBatch] = []
        self.with_events: list[EventBatch] = []
        self.n = 0
        self.neighbours = True

    def takes(self, batch: EventBatch) -> bool:
        if not (len(batch.tof_ns) and self.n):
            return True
        if (batch.state is None) != (self.with_events[-1].state is None):
            return False
        small = self.n + len(batch.tof_ns) <= SMALL_EVENTS
        return small or (self.neighbours and _are_neighbours(self.with_events[-1], batch))

    def append(self, batch: EventBatch) -> None:
        if len(batch.tof_ns):
            if self.with_events and self.neighbours:
                self.neighbours = _are_neighbours(self.with_events[-1], batch)
            self.with_events.append(batch)
            self.n += len(batch.tof_ns)
        self.batches.append(batch)

    def merged(self) -> EventBatch:
        if len(self.batches) == 1:
            return self.batches[0]
        join = _span if self.neighbours else joined
        events = self.with_events or self.batches[:1]
        states = [batch.state for batch in events if batch.state is not None]
        return EventBatch(
            run=self.batches[0].run,
            tof_ns=join([batch.tof_ns for batch in events]),
            pixel=join([batch.pixel for batch in events]),
            state=join(states) if states else None,
            first=joined_first([batch.first for batch in self.batches]),
            pulse_ns=joined([batch.pulse_ns for batch in self.batches]),
            charge_pc=joined([batch.charge_pc for batch in self.batches]),
            flags=joined([batch.flags for batch in self.batches]),
            period=joined([batch.period for batch in self.batches]),
            unmapped=sum(batch.unmapped for batch in self.batches),
            erroneous=sum(batch.erroneous for batch in self.batches),
        )


def _are_neighbours(one: EventBatch, next_one: EventBatch) -> bool:
    pairs: list[tuple[NDArray[Any], NDArray[Any]]] = [(one.tof_ns, next_one.tof_ns), (one.pixel, next_one.pixel)]
    if one.state is not None and next_one.state is not None:
        pairs.append((one.state, next_one.state))
    return all(_follows(before, after) for before, after in pairs)


def _follows(before: NDArray[Any], after: NDArray[Any]) -> bool:
    """True if both arrays are slices of one base and the second starts where the first ends."""
    base = before.base
    return (
        isinstance(base, np.ndarray)
        and base is after.base
        and base.ndim == 1
        and base.dtype == before.dtype == after.dtype
        and base.flags.c_contiguous
        and _address(after) == _address(before) + before.nbytes
    )


def _address(array: NDArray[Any]) -> int:
    address: int = array.__array_interface__["data"][0]
    return address


def _span(parts: Sequence[Array]) -> Array:
    """One slice of the base array that covers all parts."""
    if len(parts) == 1:
        return parts[0]
    base = parts[0].base
    assert isinstance(base, np.ndarray)
    start = (_address(parts[0]) - _address(base)) // base.itemsize
    return _read_only(base[start : start + sum(map(len, parts))])  # type: ignore[return-value]


def joined(parts: Sequence[Array]) -> Array:
    """Concatenate arrays, read-only; a single array is returned as it is."""
    return parts[0] if len(parts) == 1 else _read_only(np.concatenate(parts))  # type: ignore[return-value]


def joined_first(parts: Sequence[I8]) -> I8:
    """Concatenate pulse offsets, shape (p + 1,) each, into offsets of the joined events."""
    if len(parts) == 1:
        return parts[0]
    offsets = np.cumsum([0, *(int(part[-1]) for part in parts)])
    shifted = [part[:-1] + offset for part, offset in zip(parts, offsets[:-1], strict=True)]
    return _read_only(np.concatenate([*shifted, offsets[-1:]]))


def _read_only(array: Array) -> Array:
    array.flags.writeable = False
    return array


def coalesce_monitors(batches: Sequence[MonitorBatch]) -> tuple[MonitorBatch, ...]:
    """One batch per monitor, in the order of first appearance."""
    by_monitor: dict[int, list[MonitorBatch]] = {}
    for batch in batches:
        by_monitor.setdefault(batch.monitor, []).append(batch)
    return tuple(
        MonitorBatch(
            run=group[0].run,
            monitor=monitor,
            tof_ns=joined([batch.tof_ns for batch in group]),
            first=joined_first([batch.first for batch in group]),
            pulse_ns=joined([batch.pulse_ns for batch in group]),
        )
        for monitor, group in by_monitor.items()
    )


def coalesce_logs(batches: Sequence[LogBatch]) -> tuple[LogBatch, ...]:
    """One batch per variable, in the order of first appearance."""
    by_variable: dict[tuple[str, str, bool], list[LogBatch]] = {}
    for batch in batches:
        key = (batch.name, batch.units, isinstance(batch.value, tuple))
        by_variable.setdefault(key, []).append(batch)
    return tuple(group[0] if len(group) == 1 else _merged_log(group) for group in by_variable.values())


def _merged_log(group: Sequence[LogBatch]) -> LogBatch:
    value: Any
    if isinstance(group[0].value, tuple):
        value = tuple(one for batch in group for one in batch.value)
    else:
        value = joined([batch.value for batch in group if not isinstance(batch.value, tuple)])
    invalid = joined_invalid([(batch.invalid, len(batch.time_ns)) for batch in group])
    return replace(group[0], time_ns=joined([batch.time_ns for batch in group]), value=value, invalid=invalid)


def joined_invalid(parts: Sequence[tuple[B1 | None, int]]) -> B1 | None:
    """Join the masks of invalid values of several batches, given with their lengths; None if no value is invalid."""
    if all(invalid is None for invalid, _ in parts):
        return None
    return joined([np.zeros(size, np.bool_) if invalid is None else invalid for invalid, size in parts])


def coalesce_geometry(said: Sequence[Geometry]) -> Geometry | None:
    """Merge geometry items: the latest value of every field."""
    if not said:
        return None
    latest = said[0]
    for geometry in said[1:]:
        latest = Geometry(
            run=geometry.run,
            time_ns=geometry.time_ns,
            instrument=geometry.instrument or latest.instrument,
            definition_xml=geometry.definition_xml or latest.definition_xml,
            title=geometry.title or latest.title,
            proposal=geometry.proposal or latest.proposal,
            pixels=latest.pixels if geometry.pixels is None else geometry.pixels,
        )
    return latest
