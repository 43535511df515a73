"""What a stage of the way costs alone, in seconds of CPU."""

import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil

from livereduce.engine.counting.binning import Binning, make_edges_ns
from livereduce.engine.counting.histogram import Histogram
from livereduce.engine.counting.pixels import PixelTable
from livereduce.engine.workspaces.events import Events
from livereduce.stream.items import EventBatch
from serving import HERE, Server

sys.path.insert(0, str(HERE.parent / "test"))

BINS, FRAME_US = 100, 1e6 / 60
"""As a configuration has them that says nothing of bins."""
LEAST_S = 2.0


def counting_s_per_event(columns: Sequence[EventBatch], pixels: int) -> float:
    """What counting an event takes that is decoded already, all threads together."""
    events = Events(tuple(columns))
    table = PixelTable(np.arange(pixels, dtype=np.int32))
    histogram = Histogram(Binning(make_edges_ns(0.0, FRAME_US / BINS, FRAME_US)), table)
    histogram.add(events)
    counted, start_s = 0, time.process_time()
    while time.process_time() - start_s < LEAST_S:
        histogram.add(events)
        counted += sum(len(piece.tof_ns) for piece in columns)
    return (time.process_time() - start_s) / counted


def holding_cpu_s(server: Server, events: int) -> float:
    """What a receiver takes to receive, decode and hold a run, with a reader that only looks."""
    from helpers.receiving import receiving

    with (
        tempfile.TemporaryDirectory() as folder,
        receiving(f"adara://127.0.0.1:{server.port}", Path(folder)) as receiver,
    ):
        source, process = receiver.reader("a benchmark"), psutil.Process(receiver.process.pid)
        seen, before_s = 0, 0.0
        while seen < events:
            items = source.read(1.0)
            before_s = before_s or (_cpu_s(process) if items else 0.0)
            seen += sum(len(item.tof_ns) for item in items if isinstance(item, EventBatch))
        source.close()
        return _cpu_s(process) - before_s


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
