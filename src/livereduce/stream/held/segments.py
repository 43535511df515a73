"""Segments: shared memory without a name, which one process writes and others can only map read-only.

A segment is a memfd (memfd_create(2)). It vanishes with the last process that has it: nothing is left behind,
whatever is killed. F_SEAL_FUTURE_WRITE (Linux 5.1) makes every later mapping read-only for good, also for `mprotect`,
and refuses `write` and holes. Readers are given a descriptor that was opened for reading, for kernels without it.
"""

import fcntl
import mmap
import os
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livereduce.stream.items import U1

SEGMENT_BYTES = 64 * 1024 * 1024
_SEAL_FUTURE_WRITE = 0x0010
_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW


class SegmentKind(StrEnum):
    """What lies in a segment."""

    COLUMN = "column"
    JOURNAL = "journal"


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentId:
    """What a reader must know of a segment besides its descriptor.

    Attributes
    ----------
    start
        Of a journal segment, the place of its first byte.
    """

    number: int
    kind: SegmentKind
    size: int
    start: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class SharedSegment:
    """A segment of the process that writes it.

    Attributes
    ----------
    fd
        Open for reading only: what readers are given. `forget` closes it.
    memory
        All of it, shape (size,), writable.
    """

    id: SegmentId
    fd: int
    memory: U1 = field(repr=False)

    def forget(self) -> None:
        """Close the descriptor; the memory goes when no array and no reader has it any more."""
        os.close(self.fd)


def make_segment(segment: SegmentId) -> SharedSegment:
    """Make a segment, all zeros; its pages take memory when they are first written.

    Raises
    ------
    OSError
        The process has too many descriptors, or there is no memory.
    """
    writable = os.memfd_create(f"livereduce-{segment.kind}-{segment.number}", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(writable, segment.size)
        memory = mmap.mmap(writable, segment.size)
        fcntl.fcntl(writable, fcntl.F_ADD_SEALS, _SEALS)
        with suppress(OSError):  # a kernel before 5.1
            fcntl.fcntl(writable, fcntl.F_ADD_SEALS, _SEAL_FUTURE_WRITE)
        fd = os.open(f"/proc/self/fd/{writable}", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(writable)
    with suppress(OSError):  # only some kernels have huge pages for shared memory
        memory.madvise(mmap.MADV_HUGEPAGE)
    return SharedSegment(segment, fd, np.frombuffer(memory, np.uint8))


def map_segment(segment: SegmentId, fd: int) -> U1:
    """Map a segment that another process writes, shape (size,), read-only. Takes over the descriptor.

    Raises
    ------
    OSError, ValueError
        The descriptor is not that of such a segment.
    """
    try:
        return np.frombuffer(mmap.mmap(fd, segment.size, prot=mmap.PROT_READ), np.uint8)
    finally:
        os.close(fd)


def column_of(memory: U1, dtype: Any) -> NDArray[Any]:
    """A segment's memory as numbers: the array that all batches in it slice, so make it once."""
    return np.frombuffer(memory.data, dtype)
