"""Memory for decoded events: blocks of 64 MiB that batches slice, and that are reused when no slice is left.

The blocks are big because an accumulation over hours keeps them by reference, and memory of this size gets huge pages.
They are reused because a reduction that histograms events at once would otherwise pay a page fault every 4 KiB.
"""

import platform
import sys
import sysconfig
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from livereduce.base.errors import OperatorError
from livereduce.base.machine import read_caches

T = TypeVar("T", np.int32, np.uint8)

BLOCK_EVENTS = 8 * 1024 * 1024
"""Two columns of 4 bytes: 64 MiB per block."""
MAX_SPARE = 4


def _references(blocks: list[NDArray[T]]) -> list[int]:
    """Number of references to each block; every slice of it adds one through its `base`."""
    return [sys.getrefcount(block) for block in blocks]


def references_when_free() -> int:
    """References of a block that has no slice: measured, because interpreters differ in what list, loop and call add.

    Raises
    ------
    OperatorError
        This interpreter does not count references exactly, so a block would be reused while a batch still slices it.
    """
    if sysconfig.get_config_var("Py_GIL_DISABLED"):  # it merges counts of other threads later, GIL or not
        raise _wrong_interpreter("is a free-threaded build")
    blocks = [np.empty(2, np.int32)]
    free = _references(blocks)[0]
    held = [blocks[0][:1]]
    with_one = _references(blocks)[0]
    held.append(held[0][:0])
    with_two = _references(blocks)[0]
    held.clear()
    after = _references(blocks)[0]
    if (with_one, with_two, after) != (free + 1, free + 2, free):
        raise _wrong_interpreter(
            f"counts {free}, {with_one}, {with_two}, {after} references to an array with 0, 1, 2, 0 slices"
        )
    return free


def _wrong_interpreter(why: str) -> OperatorError:
    return OperatorError(
        f"{platform.python_implementation()} {platform.python_version()} at {sys.executable} {why}: the builtin engine "
        "reuses event memory by exact reference counts, and would overwrite events that are still needed. Use a "
        "standard build of CPython"
    )


class Arena(Generic[T]):
    """Hands out memory for one column of events; slices of one block follow each other without a hole.

    Making one raises OperatorError on an interpreter that does not count references exactly.

    Parameters
    ----------
    block_events
        Events of a block: few, so that they stay in a cache, where batches do not live long.
    """

    def __init__(self, dtype: type[T], block_events: int = BLOCK_EVENTS) -> None:
        self._dtype: type[T] = dtype
        self._block_events = block_events
        self._free = references_when_free()
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

    def kept(self, newest: NDArray[T], events: int) -> NDArray[T]:
        """The front of the newest slice; what lies behind it is not needed, and is given out again."""
        self._used -= len(newest) - events
        return newest[:events]

    def _next(self, events: int) -> NDArray[T]:
        """A block without any slice left, or a new one; larger than a block if one pulse needs more."""
        # CPython counts references exactly, so this asks "does any batch still slice it?" and no release call can be
        # forgotten. When there are too many blocks, the oldest leaves the list and is never reused.
        for index, references in enumerate(_references(self._blocks)):
            if references == self._free and len(self._blocks[index]) >= events:
                return self._blocks[index]
        fresh = np.empty(max(events, self._block_events), self._dtype)
        del self._blocks[: max(0, len(self._blocks) - MAX_SPARE + 1)]
        self._blocks.append(fresh)
        return fresh


def scratch(dtype: type) -> Arena[Any]:
    """Memory for events that are written elsewhere at once: blocks of a quarter of the nearest large cache, used again.

    Two columns of them lie there beside the piece of the stream that is decoded.
    """
    quarter = read_caches().second_bytes // 4
    return Arena(dtype, quarter // np.dtype(np.int32).itemsize)
