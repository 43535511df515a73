"""Memory that is there when a worker asks for it, so that the program is measured and not the host of a machine.

A virtual machine that reports free pages to its host gets them back at the first touch only, at 0.4 GB/s where this
was found (20 ns an event, on memory that costs 1 ns elsewhere). Memory touched once and freed stays fast for about a
second. So the benchmark holds as much as the worker will need, touched, and frees it little by little, just ahead. It
is touched before the service starts: that takes as long as the service's first results.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

BLOCK_BYTES = 64 << 20
AHEAD_BYTES = 256 << 20
EMPTY_SERVICE_BYTES = 200 << 20
"""What a service takes that has no events yet: nothing is freed before it begins to grow."""
LOOK_EVERY_S = 0.01


@contextmanager
def warm_memory(size: int, taken: Callable[[], int]) -> Iterator[None]:
    """Hold `size` bytes, and free them as what is taken by the service grows."""
    held = [np.full(BLOCK_BYTES, 1, np.uint8) for _ in range(-(-size // BLOCK_BYTES))]
    over = threading.Event()
    thread = threading.Thread(target=_free_ahead, args=(held, taken, over))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _free_ahead(held: list[NDArray[np.uint8]], taken: Callable[[], int], over: threading.Event) -> None:
    freed = 0
    while held and not over.wait(LOOK_EVERY_S):
        grown = taken() - EMPTY_SERVICE_BYTES
        while held and grown > 0 and freed < grown + AHEAD_BYTES:
            held.pop()
            freed += BLOCK_BYTES
    held.clear()
