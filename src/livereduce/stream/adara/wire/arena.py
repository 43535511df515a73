"""Where decoded events lie: blocks of 64 MiB that batches slice and that are used again when nobody holds a slice.

Big blocks, because an accumulation over hours keeps them by reference and memory of this size gets huge pages; used
again, because a reduction that turns events into histograms at once would otherwise pay a page fault every 4 KiB.
"""

import sys
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T", np.int32, np.uint8)

BLOCK_EVENTS = 8 * 1024 * 1024
"""Two columns of 4 bytes: 64 MiB a block."""
MAX_SPARE = 4


def _references(blocks: list[NDArray[T]]) -> list[int]:
    """How often each block is referred to; every slice of it adds one through its `base`."""
    return [sys.getrefcount(block) for block in blocks]


_REFERENCES_OF_A_FREE_BLOCK = _references([np.empty(0, np.int32)])[0]
"""Measured, not known: interpreters differ in what the list, the loop and the call itself add."""


class Arena(Generic[T]):
    """Hands out room for one column of events; slices of one block follow each other without a hole."""

    def __init__(self, dtype: type[T]) -> None:
        self._dtype: type[T] = dtype
        self._blocks: list[NDArray[T]] = []
        self._block: NDArray[T] = np.empty(0, dtype)
        self._used = 0

    def room(self, events: int) -> NDArray[T]:
        """A writable slice of the length wanted."""
        if self._used + events > len(self._block):
            self._block = np.empty(0, self._dtype)
            self._block, self._used = self._next(events), 0
        start, self._used = self._used, self._used + events
        return self._block[start : self._used]

    def _next(self, events: int) -> NDArray[T]:
        """A block nobody points into any more, else a new one; more than a block if one pulse wants more."""
        # CPython counts references exactly, so this asks "does any batch still slice it?" without a release call that
        # somebody could forget. The oldest block leaves the list when there are too many: it is kept for good.
        for index, references in enumerate(_references(self._blocks)):
            if references == _REFERENCES_OF_A_FREE_BLOCK and len(self._blocks[index]) >= events:
                return self._blocks[index]
        fresh = np.empty(max(events, BLOCK_EVENTS), self._dtype)
        del self._blocks[: max(0, len(self._blocks) - MAX_SPARE + 1)]
        self._blocks.append(fresh)
        return fresh
