"""Where decoded events lie: blocks of 64 MiB that batches slice and that are used again when nobody holds a slice.

Big blocks, because an accumulation over hours keeps them by reference and memory of this size gets huge pages; used
again, because a reduction that turns events into histograms at once would otherwise pay a page fault every 4 KiB.
"""

import sys

import numpy as np

from livereduce.stream.model import I4, U1

BLOCK_EVENTS = 8 * 1024 * 1024
"""Two columns of 4 bytes: 64 MiB a block."""
MOST_SPARE = 4
_REFERENCES_OF_A_FREE_BLOCK = 3
"""The list, the loop variable and getrefcount's own argument; every slice adds one through its `base`."""


class Arena:
    """Hands out room for one column of events; slices of one block follow each other without a hole."""

    def __init__(self, dtype: type[np.int32] | type[np.uint8]) -> None:
        self._dtype = dtype
        self._blocks: list[I4 | U1] = []
        self._block: I4 | U1 = np.empty(0, dtype)
        self._used = 0

    def room(self, events: int) -> I4 | U1:
        """A writable slice of the length wanted; more than a block long only if that many are asked for at once."""
        if self._used + events > len(self._block):
            self._block, self._used = self._next(events), 0
        start, self._used = self._used, self._used + events
        return self._block[start : self._used]

    def _next(self, events: int) -> I4 | U1:
        if events > BLOCK_EVENTS:
            return np.empty(events, self._dtype)
        self._block = np.empty(0, self._dtype)
        # CPython counts references exactly, so this asks "does any batch still point here?" without a release call
        # that somebody could forget. A block given away for good (kept events) leaves the list.
        spare = None
        for block in self._blocks:
            if sys.getrefcount(block) == _REFERENCES_OF_A_FREE_BLOCK:
                spare = block
                break
        if spare is None:
            spare = np.empty(BLOCK_EVENTS, self._dtype)
            self._blocks = [*self._blocks[-(MOST_SPARE - 1) :], spare]
        return spare
