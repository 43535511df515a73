"""A recorded run written as an SNS event file: the same pulses, events, beam monitors and logs."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import h5py
import numpy as np
from numpy.typing import NDArray

from helpers.event_files import put
from helpers.recorded import read_again
from livereduce.base.times import EPICS_EPOCH, NS_PER_S
from livereduce.stream.items import EventBatch, Geometry, Item, LogBatch, MonitorBatch, RunEnded, RunStarted
from livereduce.stream.stretches import starts_of

Array = NDArray[Any]
T = TypeVar("T")


def write_as_event_file(recording: Path, path: Path, pixels_a_bank: int) -> Path:
    """Write the run of a recording; banks are numbered from 1, and have so many pixels each."""
    items = read_again(recording)
    (started,), (ended,) = of(items, RunStarted), of(items, RunEnded)
    run, start_ns = started.run, started.time_ns
    with h5py.File(path, "w") as file:
        entry = file.create_group("entry")
        put(entry, "start_time", [_moment(start_ns).encode()])
        put(entry, "end_time", [_moment(ended.time_ns).encode()])
        put(entry, "run_number", [str(run).encode()])
        _write_geometry(entry, [one for one in of(items, Geometry) if one.run == run])
        _write_events(entry, [one for one in of(items, EventBatch) if one.run == run], start_ns, pixels_a_bank)
        monitors = [one for one in of(items, MonitorBatch) if one.run == run]
        for number in sorted({one.monitor for one in monitors}):
            _write_monitor(entry, number, [one for one in monitors if one.monitor == number], start_ns)
        logs = [one for one in of(items, LogBatch) if one.run == run]
        for name in sorted({one.name for one in logs}):
            _write_log(entry, name, [one for one in logs if one.name == name], start_ns)
    return path


def of(items: Sequence[Item], kind: type[T]) -> list[T]:
    """The items of one kind."""
    return [one for one in items if isinstance(one, kind)]


def _moment(ns: int) -> str:
    whole_us, rest = divmod(ns, 1000)
    assert not rest, "the texts of event files have whole microseconds"
    return (EPICS_EPOCH + timedelta(microseconds=whole_us)).isoformat()


def _write_geometry(entry: h5py.Group, found: list[Geometry]) -> None:
    for path, values in (
        ("title", [one.title for one in found]),
        ("experiment_identifier", [one.proposal for one in found]),
        ("instrument/name", [one.instrument for one in found]),
        ("instrument/instrument_xml/data", [one.definition_xml for one in found]),
    ):
        put(entry, path, [next((one for one in reversed(values) if one), "").encode()])


def _write_events(entry: h5py.Group, batches: list[EventBatch], start_ns: int, pixels_a_bank: int) -> None:
    pulse_ns = np.concatenate([one.pulse_ns for one in batches])
    pixel, tof_ns = (np.concatenate([getattr(one, name) for one in batches]) for name in ("pixel", "tof_ns"))
    pulse = np.repeat(np.arange(len(pulse_ns)), np.concatenate([np.diff(one.first) for one in batches]))
    assert not any(one.unmapped or one.erroneous for one in batches), "what such files cannot tell"
    for bank, (begin, end) in enumerate(pairwise(range(0, int(pixel.max()) + 1 + pixels_a_bank, pixels_a_bank)), 1):
        inside = (pixel >= begin) & (pixel < end)
        counts = np.bincount(pulse[inside], minlength=len(pulse_ns))
        group = entry.create_group(f"bank{bank}_events")
        put(group, "event_id", pixel[inside].astype(np.uint32))
        _write_times(group, tof_ns[inside], starts_of(counts)[:-1], pulse_ns, start_ns)
        put(group, "pixel_id", np.arange(begin, end, dtype=np.uint32))
    charge = np.concatenate([one.charge_pc for one in batches])
    _write_series(entry, "proton_charge", charge, pulse_ns, start_ns, "picoCoulombs")


def _write_monitor(entry: h5py.Group, number: int, batches: list[MonitorBatch], start_ns: int) -> None:
    counts = np.concatenate([np.diff(one.first) for one in batches])
    tof_ns, pulse_ns = (np.concatenate([getattr(one, name) for one in batches]) for name in ("tof_ns", "pulse_ns"))
    _write_times(entry.create_group(f"monitor{number}"), tof_ns, starts_of(counts)[:-1], pulse_ns, start_ns)


def _write_times(group: h5py.Group, tof_ns: Array, first: Array, pulse_ns: Array, start_ns: int) -> None:
    put(group, "event_time_offset", (tof_ns / 1000).astype(np.float32), units="microsecond")
    put(group, "event_index", first.astype(np.uint64))
    seconds = (pulse_ns - start_ns) / NS_PER_S
    put(group, "event_time_zero", seconds, offset=_moment(start_ns), units="second")


def _write_log(entry: h5py.Group, name: str, batches: list[LogBatch], start_ns: int) -> None:
    """Each value once: a stream says more than once what holds at the start of a run."""
    values = {time: value for one in batches for time, value in zip(one.time_ns.tolist(), list(one.value), strict=True)}
    times = np.array(sorted(values), np.int64)
    found: list[Any] = [values[time] for time in times.tolist()]
    column = [one.encode() for one in found] if isinstance(found[0], str) else np.array(found, np.float64)
    _write_series(entry, name, column, times, start_ns, batches[0].units)


def _write_series(entry: h5py.Group, name: str, values: Any, time_ns: Array, start_ns: int, units: str) -> None:
    put(entry, f"DASlogs/{name}/value", values, units=units)
    put(entry, f"DASlogs/{name}/time", (time_ns - start_ns) / NS_PER_S, start=_moment(start_ns), units="second")
