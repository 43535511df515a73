"""What memory costs that is written for the first time: pages of 4 KiB of a memfd, by fault, by populating, by pwrite.

The stream that is held lies in such memory. Figures are CPU time, so that they mean something on a busy machine.
Run it: ``python benchmarks/fresh_memory.py``.
"""

import mmap
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from livereduce.stream.items import U1

SIZE = 64 << 20
PIECE = 256 << 10
"""A decoded piece: it is in the nearest large cache when it is written."""
RUNS = 9
MADV_POPULATE_WRITE = 23
"""From Linux 5.14; the module `mmap` does not name it."""
EVENT_BYTES = 8


@contextmanager
def memfd() -> Iterator[int]:
    """A fresh memfd."""
    descriptor = os.memfd_create("fresh", os.MFD_CLOEXEC)
    try:
        os.ftruncate(descriptor, SIZE)
        yield descriptor
    finally:
        os.close(descriptor)


def fill(memory: U1, piece: U1) -> None:
    """Copy the piece over all of the memory."""
    for start in range(0, SIZE, PIECE):
        np.copyto(memory[start : start + PIECE], piece)


def cpu_ms(act: Callable[[], object]) -> float:
    """CPU time of one call in this thread."""
    start = time.thread_time()
    act()
    return 1e3 * (time.thread_time() - start)


def measured(piece: U1, warm: U1) -> dict[str, float]:
    """CPU milliseconds of each way to write 64 MiB once."""
    found = {"memory used before": cpu_ms(lambda: fill(warm, piece))}
    with mmap.mmap(-1, SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as mapped:
        mapped.madvise(mmap.MADV_HUGEPAGE)
        found["anonymous, huge pages"] = cpu_ms(lambda: fill(np.frombuffer(mapped, np.uint8), piece))
    with memfd() as descriptor, mmap.mmap(descriptor, SIZE) as mapped:
        found["memfd, a fault each page"] = cpu_ms(lambda: fill(np.frombuffer(mapped, np.uint8), piece))
    with memfd() as descriptor, mmap.mmap(descriptor, SIZE) as mapped:
        found["memfd, MADV_POPULATE_WRITE alone"] = cpu_ms(lambda: mapped.madvise(MADV_POPULATE_WRITE))
    with memfd() as descriptor:
        found["memfd, pwrite (not mapped)"] = cpu_ms(
            lambda: [os.pwrite(descriptor, piece.data, start) for start in range(0, SIZE, PIECE)]
        )
        with mmap.mmap(descriptor, SIZE, prot=mmap.PROT_READ) as mapped:
            found["a reader maps that and looks at every page"] = cpu_ms(
                lambda: np.frombuffer(mapped, np.uint8)[::4096].sum()
            )
    return found


def main() -> int:
    """Print CPU time per 64 MiB and per event of 8 bytes, medians."""
    # A virtual machine may get memory from its host only when it is first used: that is not what is measured here.
    blocks = [np.full(SIZE, 1, np.uint8) for _ in range(8)]
    blocks.clear()
    piece, warm = np.ones(PIECE, np.uint8), np.ones(SIZE, np.uint8)
    rows = [measured(piece, warm) for _ in range(RUNS)]
    for name in rows[0]:
        median = statistics.median(row[name] for row in rows)
        print(f"{name:<46} {median:7.2f} ms of CPU per 64 MiB  {1e6 * median / (SIZE / EVENT_BYTES):6.2f} ns an event")
    return 0


if __name__ == "__main__":
    sys.exit(main())
