"""Memory for decoded events: blocks of 64 MiB that batches slice, and that are reused when no slice is left.

The blocks are big because an accumulation over hours keeps them by reference, and memory of this size gets huge pages.
They are reused because a reduction that histograms events at once would otherwise pay a page fault every 4 KiB.
"""

import sys
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T", np.int32, np.uint8)

BLOCK_EVENTS = 8 * 1024 * 1024
"""Two columns of 4 bytes: 64 MiB per block."""
MAX_SPARE = 4


def _references(blocks: list[NDArray[T]]) -> list[int]:
    """How often each block is referred to; every slice of it adds one through its `base`."""
    return [sys.getrefcount(block) for block in blocks]


_REFERENCES_OF_A_FREE_BLOCK = _references([np.empty(0, np.int32)])[0]
"""Measured, not known: interpreters differ in what the list, the loop and the call itself add."""


class Arena(Generic[T]):
    """Hands out memory for one column of events; slices of one block follow each other without a hole."""

    def __init__(self, dtype: type[T]) -> None:
        self._dtype: type[T] = dtype
        self._blocks: list[NDArray[T]] = []
        self._block: NDArray[T] = np.empty(0, dtype)
        self._used = 0

    def room(self, events: int) -> NDArray[T]:
        """A writable slice of this length."""
        if self._used + events > len(self._block):
            self._block = np.empty(0, self._dtype)
            self._block, self._used = self._next(events), 0
        start, self._used = self._used, self._used + events
        return self._block[start : self._used]

    def _next(self, events: int) -> NDArray[T]:
        """A block without any slice left, or a new one; larger than a block if one pulse needs more."""
        # CPython counts references exactly, so this asks "does any batch still slice it?" and no release call can be
        # forgotten. When there are too many blocks, the oldest leaves the list and is never reused.
        for index, references in enumerate(_references(self._blocks)):
            if references == _REFERENCES_OF_A_FREE_BLOCK and len(self._blocks[index]) >= events:
                return self._blocks[index]
        fresh = np.empty(max(events, BLOCK_EVENTS), self._dtype)
        del self._blocks[: max(0, len(self._blocks) - MAX_SPARE + 1)]
        self._blocks.append(fresh)
        return fresh
