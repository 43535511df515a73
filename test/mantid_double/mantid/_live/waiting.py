"""Waits that notice cancelling; all of them are stretched by one factor (`LIVEREDUCE_DOUBLE_TIME_SCALE`)."""

import time
from collections.abc import Callable

from mantid._double.stream import time_scale

TICK_S = 0.05
"""MonitorLiveData's look at the clock."""
RETRY_S, RETRY_SLICE_S = 10.0, 0.25
"""The wait after NotYet, and how often it looks for a cancel."""
INITIALISATION_S, INITIALISATION_SLICE_S = 10.0, 0.1
"""How long `extract` waits for a workspace."""
RECEIVE_S, JOIN_S = 30.0, 60.0
"""A blocking receive, and the longest wait for the thread that may sit in it."""
ISIS_SILENCE_S = 30.0
"""Silence in a header wait that ends the ISIS event listener's thread."""


def sleep(seconds: float) -> None:
    """Sleep for Mantid's seconds."""
    time.sleep(max(seconds * time_scale(), 0.001))


def wait_in_slices(seconds: float, slice_s: float, check: Callable[[], None]) -> None:
    """Wait for Mantid's seconds, checking after each slice."""
    for _ in range(round(seconds / slice_s)):
        sleep(slice_s)
        check()
