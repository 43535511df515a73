"""Events counted straight into cells; by several threads each into cells of its own."""

from functools import partial

import numpy as np

from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.columns import Columns, Numbers, WithoutCell, shared
from livereduce.engine.counting.dense.helpers import together
from livereduce.engine.counting.dense.widening import carried, summed
from livereduce.engine.counting.kernels import ADD_EVENTS, OUTSIDE_TOF, SCRATCH, UNKNOWN_PIXEL
from livereduce.stream.items import I4, I8


class DirectCounter:
    """A thread's scratch arrays."""

    def __init__(self) -> None:
        self.wrapped: I8 = np.zeros(SCRATCH + 1, np.int64)
        self._scratch: I4 = np.empty(SCRATCH, np.int32)

    def count(self, columns: list[Columns], offsets: I4, binning: Binning, flat: Numbers) -> list[Columns]:
        """Count events; return those that are left after a cell has wrapped to 0."""
        for k, (tof_ns, pixel) in enumerate(columns):
            kernel = ADD_EVENTS[flat.dtype]
            done = kernel(tof_ns, pixel, offsets, *binning.lookup, flat, self._scratch, self.wrapped)
            if self.wrapped[0]:
                return [(tof_ns[done:], pixel[done:]), *columns[k + 1 :]]
        return []


class DirectCounting:
    """Counts events into cells, and into copies of these for further threads.

    Attributes
    ----------
    seconds
        What all events have cost.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._counters = [DirectCounter()]
        self._copies: list[Numbers] = []

    @property
    def nbytes(self) -> int:
        """Memory of the copies in bytes."""
        return sum(copy.nbytes for copy in self._copies)

    def add(
        self, columns: list[Columns], offsets: I4, binning: Binning, flat: Numbers, threads: int
    ) -> tuple[Numbers, WithoutCell]:
        """Count events; the counts may come back in wider numbers, and copies wait for `settled`."""
        cells = [flat, *self._copies_for(threads, flat)]
        self._counters += [DirectCounter() for _ in cells[len(self._counters) :]]
        for own in cells:
            ADD_EVENTS[own.dtype].compiled()  # before it is timed
        rest = shared(columns, len(cells))
        counters = self._counters[: len(cells)]
        while any(rest):
            done = together(
                [
                    partial(counter.count, share, offsets, binning, own)
                    for counter, share, own in zip(counters, rest, cells, strict=True)
                ]
            )
            rest = done.results
            self.seconds += done.seconds
            cells = [carried(own, [counter.wrapped]) for counter, own in zip(counters, cells, strict=True)]
        missed = WithoutCell(
            outside_tof=int(sum(own[OUTSIDE_TOF] for own in cells)),
            unknown_pixel=int(sum(own[UNKNOWN_PIXEL] for own in cells)),
        )
        for own in cells:
            own[OUTSIDE_TOF:] = 0
        self._copies[: threads - 1] = cells[1:]
        return cells[0], missed

    def settled(self, flat: Numbers) -> Numbers:
        """The counts with those of all threads in them."""
        for copy in self._copies:
            narrow, wide = sorted((flat, copy), key=lambda counts: counts.itemsize)
            flat = summed(wide, narrow.astype(wide.dtype))
        self._copies = []
        return flat

    def _copies_for(self, threads: int, flat: Numbers) -> list[Numbers]:
        self._copies += [np.zeros_like(flat) for _ in range(threads - 1 - len(self._copies))]
        return self._copies[: threads - 1]
