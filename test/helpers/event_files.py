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
