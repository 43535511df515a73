"""Events that wait for their block of cells, so that a block is in the nearest caches when its events are counted."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livereduce.engine.counting.binning import Lookup
from livereduce.engine.counting.columns import Columns, Numbers, WithoutCell, number_of_events
from livereduce.engine.counting.kernels import COUNT_PLACED, SCRATCH, place
from livereduce.stream.items import I4, I8

_LINE_CELLS = 16
"""Indices in a line of the cache."""
MOST_BLOCKS = 512
"""More at a time are slower to write than a block out of the caches is to count."""
LEAST_WAITING, MOST_WAITING = 1 << 20, 1 << 24
"""Events: 4 to 64 MiB wait. A block is worth bringing into the cache for several events of each of its lines."""
_NOT_CELLS = 2
"""Blocks of events whose time is outside, and whose pixel is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the events of each block wait.

    Attributes
    ----------
    shift
        A block has ``1 << shift`` cells.
    blocks
        Number of blocks.
    stride
        Room of a block, of each thread.
    """

    shift: int
    blocks: int
    stride: int

    @classmethod
    def of(cls, cells: int, cell_bytes: int, threads: int, block_bytes: int) -> "Layout":
        """For so many cells, in blocks of about `block_bytes`."""
        shift = max((block_bytes // cell_bytes).bit_length() - 1, (cells // MOST_BLOCKS).bit_length())
        blocks = (cells >> shift) + 1
        events = min(max(cells // 2, LEAST_WAITING), MOST_WAITING) // (threads * blocks)
        # An odd number of lines, so that the blocks' ends do not all fall into the same set of the cache.
        lines = max(events, 2 * SCRATCH) // _LINE_CELLS | 1
        return cls(shift=shift, blocks=blocks, stride=lines * _LINE_CELLS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What became of some events.

    Attributes
    ----------
    events
        How many wait, or are missed.
    rest
        Those that found no room.
    """

    events: int
    missed: WithoutCell
    rest: list[Columns]


class WaitingEvents:
    """The flat cells of events that one thread has placed."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        blocks = layout.blocks + _NOT_CELLS
        self._cells: NDArray[np.uint32] = np.empty(blocks * layout.stride, np.uint32)
        self._begin: I8 = np.arange(blocks, dtype=np.int64) * layout.stride
        self._end = self._begin.copy()
        self._scratch: I4 = np.empty(SCRATCH, np.int32)

    @property
    def nbytes(self) -> int:
        """Memory of the cells in bytes."""
        return self._cells.nbytes

    def numbers(self) -> I8:
        """Events of each block, shape (blocks,)."""
        numbers: I8 = (self._end - self._begin)[:-_NOT_CELLS]
        return numbers

    def place(self, columns: list[Columns], offsets: I4, lookup: Lookup) -> Placed:
        """Place events up to where a block has no room for more."""
        missed = np.zeros(_NOT_CELLS, np.int64)
        for k, (tof_ns, pixel) in enumerate(columns):
            done = self._place(tof_ns, pixel, offsets, lookup, missed)
            if done < len(tof_ns):
                rest = [(tof_ns[done:], pixel[done:]), *columns[k + 1 :]]
                break
        else:
            rest = []
        return Placed(
            events=number_of_events(columns) - number_of_events(rest),
            missed=WithoutCell(outside_tof=int(missed[0]), unknown_pixel=int(missed[1])),
            rest=rest,
        )

    def _place(self, tof_ns: I4, pixel: I4, offsets: I4, lookup: Lookup, missed: I8) -> int:
        """Place events of one column; return how many."""
        shift, stride = self._layout.shift, self._layout.stride
        done, placed = 0, 1
        while placed and done < len(tof_ns):
            columns = tof_ns[done:], pixel[done:]
            placed = place(*columns, offsets, *lookup, shift, stride, self._scratch, self._cells, self._end)
            done += placed
            missed += (self._end - self._begin)[-_NOT_CELLS:]
            self._end[-_NOT_CELLS:] = self._begin[-_NOT_CELLS:]
        return done

    def count(self, first: int, behind: int, flat: Numbers, wrapped: I8) -> None:
        """Count the events of blocks ``[first, behind)``, or up to the first piece that makes a cell wrap to 0."""
        kernel = COUNT_PLACED[flat.dtype]
        kernel(self._cells, self._layout.stride, self._begin, self._end, first, behind, flat, wrapped)
