"""What a stage of the way costs alone, in seconds of CPU."""

import time
from collections.abc import Sequence

import numpy as np

from livereduce.engine.counting.binning import Binning, make_edges_ns
from livereduce.engine.counting.histogram import Histogram
from livereduce.engine.counting.pixels import PixelTable
from livereduce.engine.workspaces.events import Events
from livereduce.stream.items import EventBatch

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
