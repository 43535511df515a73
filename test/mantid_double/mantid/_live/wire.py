"""What comes out of a stream's description: items in order, and the events and pulses of a chunk, always the same."""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mantid._double.stream import Chunk, Dimensions, Item, Plan
from mantid.kernel.times import EPOCH_1990_S

PULSE_NS = 1_000_000_000 // 60
PIECES = {"chunk", "forever", "silence", "not_yet", "uninitialised"}
"""Items of which one extraction takes at most one."""


class Wire:
    """The items that have not been read, and the counters that make their content deterministic."""

    needs_geometry = False
    """Whether the stream says by itself when a workspace can be made."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.dimensions = plan.dimensions
        self._items = list(plan.items)
        self._events = 0
        self._last_pulse_ns = 0

    def peek(self) -> Item | None:
        """The next item; None is silence: the list has ended, or its next item waits for a file."""
        if self._items and self._items[0].kind == "wait_for" and Path(self._items[0].value).exists():
            self._items.pop(0)
            return self.peek()
        if not self._items or self._items[0].kind == "wait_for":
            return None
        return self._items[0]

    def begin(self, start_ns: int) -> None:
        """Reading starts."""

    def close(self) -> None:
        """Reading has ended."""

    def pop(self) -> Item:
        """Take the next item; `forever` stays, `silence` and `not_yet` count down."""
        item = self._items[0]
        if item.kind in ("silence", "not_yet") and item.value > 1:
            self._items[0] = Item(item.kind, item.value - 1)
        elif item.kind != "forever":
            self._items.pop(0)
        return item

    def events(self, chunk: Chunk, dimensions: Dimensions) -> tuple[np.ndarray, np.ndarray]:
        """Times of flight (µs) and workspace indices, spread over all spectra and the range of the frame."""
        number = np.arange(self._events, self._events + chunk.events)
        self._events += chunk.events
        low, high = dimensions.tof_us
        return low + (number * 7919 % 10007) / 10007 * (high - low), number % dimensions.spectra

    def pulses(self, chunk: Chunk) -> Iterator[tuple[int, float]]:
        """Times (ns since 1990) and charges (pC) of the pulses, the newest `age_s` ago, always later than before."""
        newest = time.time_ns() - EPOCH_1990_S * 10**9 - int(chunk.age_s * 1e9)
        for back in range(chunk.pulses - 1, -1, -1):
            self._last_pulse_ns = max(self._last_pulse_ns + 1, newest - back * PULSE_NS)
            yield self._last_pulse_ns, chunk.charge_pc
