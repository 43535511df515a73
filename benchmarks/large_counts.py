"""Counts of more cells than memory holds, in a process of its own: ``large_counts.py PIXELS BINS EVENTS`` prints it."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from livereduce.engine.counting.binning import Binning, make_edges_ns
from livereduce.engine.counting.histogram import Histogram
from livereduce.engine.counting.pixels import PixelTable
from livereduce.engine.workspaces.events import Events
from livereduce.stream.items import EventBatch
from measure import Row
from streams import FRAME_TICKS

EVENTS = 100_000_000
SHAPES = (1_000_000, 8000), (12_000_000, 1000)
"""Pixels and bins; the second as DREAM has them."""
_AT_ONCE = 1 << 22


def large_counts_rows() -> Iterator[Row]:
    """10⁸ events in any cell alike, the worst case: counting, and the memory at its peak."""
    for pixels, bins in SHAPES:
        command = [sys.executable, str(Path(__file__)), str(pixels), str(bins), str(EVENTS)]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        events, seconds, peak, held = map(float, said.split())
        yield Row(
            name=f"count {pixels} pixels x {bins} bins",
            events_per_pulse=None,
            events_per_s=events / seconds,
            reference="",
            ratio=None,
            more={"peak_GB": peak / 1e9, "held_GB": held / 1e9, "limit_GB": 4.0},
        )


def main() -> None:
    """Count, and print events, seconds, and bytes at the peak and held."""
    pixels, bins, events = map(int, sys.argv[1:])
    rng, frame_ns = np.random.default_rng(1), 100 * FRAME_TICKS
    pulses = np.array([0, _AT_ONCE], np.int64)
    some = Events(
        (
            EventBatch(
                run=1,
                tof_ns=rng.integers(0, frame_ns, _AT_ONCE, np.int32),
                pixel=rng.integers(0, pixels, _AT_ONCE, np.int32),
                state=None,
                first=pulses,
                pulse_ns=np.zeros(1, np.int64),
                charge_pc=np.zeros(1),
                flags=np.zeros(1, np.uint32),
                period=np.zeros(1, np.uint16),
            ),
        )
    )
    counted = Histogram(
        Binning(make_edges_ns(0.0, frame_ns / 1000 / bins, frame_ns / 1000)),
        PixelTable(np.arange(pixels, dtype=np.int32)),
    )
    calls = -(-events // _AT_ONCE)
    begun_s = time.perf_counter()
    for _ in range(calls):
        counted.add(some)
    held = counted.counts().counts
    seconds = time.perf_counter() - begun_s
    assert held.sum() == calls * _AT_ONCE
    print(calls * _AT_ONCE, seconds, _peak_bytes(), held.nbytes)


def _peak_bytes() -> int:
    """The most memory of this process. `getrusage` would count that of the parent it was forked from, too."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found
    return 1024 * int(found[1])


if __name__ == "__main__":
    main()
