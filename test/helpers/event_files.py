"""SNS event files that tests make: a plain one, which each test spoils in its own way."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np

START = "2024-03-01T12:00:00-05:00"
PULSES = 12
PER_PULSE = 4
"""Events that each bank has in each pulse."""
CHARGE_PC = 1000.0


def put(entry: h5py.Group, path: str, values: Any, **attributes: Any) -> None:
    """A dataset in place of what is there."""
    if path in entry:
        del entry[path]
    entry[path] = values
    entry[path].attrs.update(attributes)


def event_file(path: Path, spoil: Callable[[h5py.Group], object] = lambda entry: None) -> Path:
    """Two banks, twelve pulses at 60 Hz, a log; `spoil` is given ``/entry`` before the file is closed."""
    times = np.arange(PULSES) / 60
    with h5py.File(path, "w") as file:
        entry = file.create_group("entry")
        for name, text in (
            ("start_time", START),
            ("run_number", "4711"),
            ("title", "plain"),
            ("instrument/name", "TEST"),
        ):
            put(entry, name, [text.encode()])
        for bank in (1, 2):
            put(entry, f"bank{bank}_events/event_id", np.arange(PULSES * PER_PULSE, dtype=np.uint32) % 8 + 8 * bank)
            put(entry, f"bank{bank}_events/event_index", np.arange(PULSES, dtype=np.uint64) * PER_PULSE)
            offsets = np.arange(PULSES * PER_PULSE, dtype=np.float32) * 10 + bank
            put(entry, f"bank{bank}_events/event_time_offset", offsets, units="microsecond")
            put(entry, f"bank{bank}_events/event_time_zero", times, offset=START, units="second")
        put(entry, "DASlogs/proton_charge/time", times, start=START, units="second")
        put(entry, "DASlogs/proton_charge/value", np.full(PULSES, CHARGE_PC), units="picoCoulombs")
        put(entry, "DASlogs/temp/time", [0.0, 0.1], start=START, units="second")
        put(entry, "DASlogs/temp/value", [10.0, 20.0], units="K")
        spoil(entry)
    return path


def irregular_file(path: Path) -> Path:
    """Three banks, empty pulses, times on bin edges and beyond all bins."""
    rng, pulses = np.random.default_rng(3), 90
    with h5py.File(path, "w") as file:
        entry = file.create_group("entry")
        for name, text in (("start_time", "2020-01-01T00:00:00-05:00"), ("run_number", "4711"), ("title", "small")):
            entry[name] = [text.encode()]
        entry["instrument/name"] = [b"SMALL"]
        times_s = 5 + np.arange(pulses) / 60
        for bank in (1, 2, 7):
            counts = rng.poisson(8, pulses) * (rng.random(pulses) > 0.3)
            n = int(counts.sum())
            tof_us = rng.integers(0, 180_000, n) / 10
            tof_us[::7] = rng.integers(0, 19, len(tof_us[::7])) * 1000
            group = entry.create_group(f"bank{bank}_events")
            group["event_id"] = rng.integers(100 * bank, 100 * bank + 20, n).astype(np.uint32)
            group["event_time_offset"] = tof_us.astype(np.float32)
            group["event_index"] = (np.cumsum(counts) - counts).astype(np.uint64)
            group["event_time_zero"] = times_s
            group["event_time_zero"].attrs["offset"] = "2020-01-01T00:00:00-05:00"
        entry["DASlogs/proton_charge/time"] = times_s
        entry["DASlogs/proton_charge/value"] = rng.uniform(0, 2e7, pulses)
    return path


UNIX_START_S = 1_709_294_400
"""Noon UTC of that day: files of ISIS name no time zone."""


def isis_file(path: Path, spoil: Callable[[h5py.Group], object] = lambda entry: None) -> Path:
    """One detector bank, periods 1 and 2 in turn; `spoil` is given ``/raw_data_1``."""
    times, start = np.arange(PULSES) / 60, "2024-03-01T12:00:00"
    with h5py.File(path, "w") as file:
        entry = file.create_group("raw_data_1")
        for name, text in (
            ("start_time", start),
            ("name", "LOQ"),
            ("title", "a run"),
            ("experiment_identifier", "RB42"),
        ):
            put(entry, name, [text.encode()])
        put(entry, "run_number", np.array([4711], np.int32))
        put(entry, "good_frames", np.array([PULSES], np.int32))
        events = PULSES * PER_PULSE
        put(entry, "detector_1_events/event_id", np.arange(events, dtype=np.int32) % 8 + 3)
        put(entry, "detector_1_events/event_index", np.arange(PULSES, dtype=np.uint64) * PER_PULSE)
        offsets = np.arange(events, dtype=np.float32) * 10
        put(entry, "detector_1_events/event_time_offset", offsets, units="microsecond")
        put(entry, "detector_1_events/event_time_zero", times, offset=start, units="second")
        put(entry, "detector_1_events/total_counts", events)
        put(entry, "detector_1/spectrum_index", np.arange(3, 20, dtype=np.int32))
        put(entry, "isis_vms_compat/SPEC", np.arange(20, dtype=np.int32))
        put(entry, "monitor_1/data", np.zeros((1, 1, 10)))
        put(entry, "framelog/proton_charge/time", times, start=start)
        put(entry, "framelog/proton_charge/value", np.full(PULSES, 1e-6, np.float32), units="uAh")
        put(entry, "framelog/period_log/time", times, start=start)
        put(entry, "framelog/period_log/value", np.arange(PULSES) % 2 + 1)
        put(entry, "selog/temp/value_log/time", [0.0, 0.1], start=start)
        put(entry, "selog/temp/value_log/value", [280.0, 281.0], units="K")
        put(entry, "runlog/run_status/time", [0.0, 0.1], start=start)
        put(entry, "runlog/run_status/value", [1, 2])
        spoil(entry)
    return path


def ess_file(path: Path, spoil: Callable[[h5py.Group], object] = lambda entry: None) -> Path:
    """Two detectors and a monitor, whole nanoseconds since 1970; `spoil` is given ``/entry``."""
    pulse_ns = UNIX_START_S * 10**9 + np.rint(np.arange(PULSES) / 60 * 1e9).astype(np.int64)

    def of_class(entry: h5py.Group, name: str, kind: str) -> h5py.Group:
        group = entry.require_group(name)
        group.attrs["NX_class"] = kind
        return group

    def events(owner: h5py.Group, ids: Any, per_pulse: int) -> None:
        group = of_class(owner, "events", "NXevent_data")
        put(group, "event_id", np.asarray(ids, np.int32))
        put(group, "event_index", np.arange(PULSES, dtype=np.int64) * per_pulse)
        put(group, "event_time_offset", np.arange(PULSES * per_pulse, dtype=np.int32) * 1000, units="ns")
        put(group, "event_time_zero", pulse_ns, units="ns")

    with h5py.File(path, "w") as file:
        entry = of_class(file, "entry", "NXentry")
        put(entry, "start_time", "2024-03-01T12:00:00.000Z")
        put(entry, "title", "dream run")
        put(entry, "entry_identifier", "77")
        of_class(entry, "instrument", "NXinstrument")
        put(entry, "instrument/name", "DREAM")
        for number, first in ((1, 1), (2, 101)):
            detector = of_class(entry, f"instrument/det{number}", "NXdetector")
            put(detector, "detector_number", np.arange(first, first + 8).reshape(2, 4))
            events(detector, np.arange(PULSES * PER_PULSE) % PER_PULSE + first, PER_PULSE)
        events(of_class(entry, "instrument/monitor", "NXmonitor"), np.zeros(PULSES), 1)
        for name, where in (("temperature", "sample/temperature"), ("speed", "instrument/chopper/speed/value_log")):
            log = of_class(entry, where, "NXlog")
            put(log, "time", pulse_ns[:2], units="ns", **({"start": "1970-01-01T00:00:00Z"} if name == "speed" else {}))
            put(log, "value", [1.0, 2.0], units="K")
        spoil(entry)
    return path
