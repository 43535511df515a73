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
