"""Events counted block by block of cells, by threads that share the blocks among them."""

from functools import partial
from itertools import pairwise

import numpy as np

from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.columns import Columns, Numbers, WithoutCell, shared
from livereduce.engine.counting.dense.helpers import together
from livereduce.engine.counting.dense.waiting import Layout, WaitingEvents
from livereduce.engine.counting.dense.widening import carried
from livereduce.engine.counting.kernels import COUNT_PLACED, SCRATCH, place
from livereduce.stream.items import I4, I8


class BlockCounting:
    """Events wait until a block is worth bringing into the cache.

    Attributes
    ----------
    placed, seconds
        Events since `settled`, and what they have cost.
    """

    def __init__(self, layout: Layout, threads: int) -> None:
        self._waiting = [WaitingEvents(layout) for _ in range(threads)]
        self._wrapped = [np.zeros(SCRATCH + 1, np.int64) for _ in range(threads)]
        self.placed, self.seconds = 0, 0.0

    @property
    def nbytes(self) -> int:
        """Memory of the events that wait, in bytes."""
        return sum(own.nbytes for own in self._waiting)

    def add(self, columns: list[Columns], offsets: I4, binning: Binning, flat: Numbers) -> tuple[Numbers, WithoutCell]:
        """Place events, and count those waiting where room is needed; the counts may come back in wider numbers."""
        missed = WithoutCell()
        for kernel in (place, COUNT_PLACED[flat.dtype]):
            kernel.compiled()  # before it is timed
        rest = shared(columns, len(self._waiting))
        while True:
            done = together(
                [
                    partial(own.place, share, offsets, binning.lookup)
                    for own, share in zip(self._waiting, rest, strict=True)
                ]
            )
            self.seconds += done.seconds
            self.placed += sum(each.events for each in done.results)
            missed = sum((each.missed for each in done.results), missed)
            rest = [each.rest for each in done.results]
            if not any(rest):
                break
            flat = self._counted(flat)
        return flat, missed

    def settled(self, flat: Numbers) -> Numbers:
        """The counts with all events in them."""
        return self._counted(flat)

    def _counted(self, flat: Numbers) -> Numbers:
        while (numbers := self._numbers()).any():
            shares = _fair_shares(numbers, len(self._waiting))
            done = together(
                [
                    partial(self._count, first, behind, flat, wrapped)
                    for (first, behind), wrapped in zip(shares, self._wrapped, strict=True)
                ]
            )
            self.seconds += done.seconds
            flat = carried(flat, self._wrapped)
        return flat

    def _numbers(self) -> I8:
        """Events that wait for each block."""
        numbers: I8 = np.sum([own.numbers() for own in self._waiting], axis=0)
        return numbers

    def _count(self, first: int, behind: int, flat: Numbers, wrapped: I8) -> None:
        """Count the events that all threads have placed in some blocks, or up to where a cell wraps to 0."""
        for own in self._waiting:
            own.count(first, behind, flat, wrapped)
            if wrapped[0]:
                break


def _fair_shares(numbers: I8, parts: int) -> list[tuple[int, int]]:
    """Blocks ``[first, behind)`` of each thread, with about as many events each."""
    done = np.cumsum(numbers)
    cuts = np.searchsorted(done, done[-1] * np.arange(1, parts) / parts) + 1
    return list(pairwise([0, *np.minimum(cuts, len(numbers)).tolist(), len(numbers)]))
