"""The peak of memory of an algorithm, in a process of its own: ``algorithm_memory.py NAME EVENTS`` prints it."""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from algorithm_bench import PLAIN_FOCUS, Bench, focused, rebinned_sum, store, sum_in_d, sum_of_good, sum_of_normalised


def peak_over_events(name: str, events: int) -> float:
    """The greatest memory that an algorithm's row needs beside what was there, and the events, over the events' own.

    Measured in a process of its own, where the kernel tells the peak.
    """
    command = [sys.executable, __file__, name, str(events)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(result.stdout.split()[-1])


def _peak(name: str, events: int, folder: str) -> float:
    bench = Bench(events, folder)
    workspace = bench.beam.workspace()
    PEAKS[name](bench, bench.beam.workspace("warm"))
    held = bench.beam.events.nbytes
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins again
    before = _status("VmHWM")
    PEAKS[name](bench, workspace)
    return (held + _status("VmHWM") - before) / held


def _status(name: str) -> int:
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name + ":"))
    return int(line.split()[1]) * 1024


PEAKS: dict[str, Callable[[Bench, Any], object]] = {
    "rebin": rebinned_sum,
    "filter": sum_of_good,
    "normalise": sum_of_normalised,
    "convert": sum_in_d,
    "compress": lambda bench, workspace: bench.api.CompressEvents(
        workspace, Tolerance=2000.0, OutputWorkspace="compressed"
    ),
    "focus": lambda bench, workspace: focused(bench, workspace, **PLAIN_FOCUS),
}
"""What is done while the peak of memory is measured, by the name of the row."""


if __name__ == "__main__":
    with store(), tempfile.TemporaryDirectory() as temporary:
        print(_peak(sys.argv[1], int(sys.argv[2]), temporary))
