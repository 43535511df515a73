"""Segments: shared memory without a name, which one process writes and others can only map read-only.

A segment is a memfd (memfd_create(2)). It vanishes with the last process that has it: nothing is left behind,
whatever is killed. It is written with `pwrite`, since memory that is new costs half of what it costs by page faults
(benchmarks/fresh_memory.py), and sealed for good when it is full. Readers are given a descriptor that was opened for
reading, and close it when they have mapped it: neither `mprotect` nor /proc then gives a script a way to write.
"""

import ctypes
import fcntl
import mmap
import os
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livereduce.messages.receiver import SEGMENT_PREFIX
from livereduce.stream.items import U1

SEGMENT_BYTES = 64 * 1024 * 1024
_SIZE_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW


_FLAGS = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
_MAX_PARTS = 1024
"""Of one call (IOV_MAX, limits.h)."""
Part = bytes | memoryview

_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.mmap.restype = ctypes.c_void_p
_LIBC.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long)
_LIBC.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
_FAILED = ctypes.c_void_p(-1).value


class SegmentKind(StrEnum):
    """What lies in a segment."""

    COLUMN = "column"
    JOURNAL = "journal"
    RING = "ring"


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


class SharedSegment:
    """A segment of the process that writes it, all zeros at first; its pages take memory when they are written.

    Raises
    ------
    OSError
        The process has too many descriptors.

    Attributes
    ----------
    fd
        Open for reading only: what readers are given. `forget` closes it.
    """

    def __init__(self, segment: SegmentId) -> None:
        self.id = segment
        self._writing = os.memfd_create(f"{SEGMENT_PREFIX}{segment.kind}-{segment.number}", _FLAGS)
        try:
            os.ftruncate(self._writing, segment.size)
            fcntl.fcntl(self._writing, fcntl.F_ADD_SEALS, _SIZE_SEALS)
            os.fchmod(self._writing, 0o400)  # who has a descriptor cannot open it again for writing
            self.fd = os.open(f"/proc/self/fd/{self._writing}", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            os.close(self._writing)
            raise

    @property
    def resident_bytes(self) -> int:
        """Memory of the pages that were written, until it is forgotten."""
        return 512 * os.fstat(self.fd).st_blocks

    def write(self, parts: Sequence[Part], offset: int) -> None:
        """Write parts one after the other, from an offset on.

        Raises
        ------
        OSError
            There is no memory.
        """
        for first in range(0, len(parts), _MAX_PARTS):
            offset = self._write_some(parts[first : first + _MAX_PARTS], offset)

    def _write_some(self, parts: Sequence[Part], offset: int) -> int:
        size = sum(memoryview(part).nbytes for part in parts)
        written = os.pwritev(self._writing, parts, offset)
        while written < size:  # a signal came in between
            rest = b"".join(memoryview(part).cast("B") for part in parts)[written:]
            written += os.pwrite(self._writing, rest, offset + written)
        return offset + size

    def seal(self) -> None:
        """Nobody writes to it any more, this process included."""
        if self._writing >= 0:
            fcntl.fcntl(self._writing, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL)
            os.close(self._writing)
            self._writing = -1

    def forget(self) -> None:
        """Close the descriptors; the memory goes when no reader has it any more."""
        os.close(self.fd)
        if self._writing >= 0:
            os.close(self._writing)


def map_segment(segment: SegmentId, fd: int) -> U1:
    """Map a segment that another process writes, shape (size,), read-only. Takes over the descriptor.

    Raises
    ------
    OSError, ValueError
        The descriptor is not that of such a segment.
    """
    try:
        if os.fstat(fd).st_size < segment.size:
            raise ValueError(f"{segment} is larger than what came with it")
        memory = _mapped(fd, segment.size)
    finally:
        os.close(fd)
    return np.frombuffer(memoryview(memory).toreadonly(), np.uint8)


def _mapped(fd: int, size: int) -> ctypes.Array[ctypes.c_ubyte]:
    """By hand: `mmap.mmap` keeps a copy of the descriptor, which a script could open again through /proc."""
    address = _LIBC.mmap(None, size, mmap.PROT_READ, mmap.MAP_SHARED, fd, 0)
    if address in (None, _FAILED):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    memory = (ctypes.c_ubyte * size).from_address(address)
    weakref.finalize(memory, _LIBC.munmap, address, size).atexit = False
    return memory


def is_mapped(array: NDArray[Any]) -> bool:
    """True if an array is a view of mapped memory, so that dropping it frees nothing here."""
    owner: object = array
    while isinstance(owner, np.ndarray | memoryview):
        owner = owner.base if isinstance(owner, np.ndarray) else owner.obj
    return isinstance(owner, mmap.mmap | ctypes.Array)


def column_of(memory: U1, dtype: Any) -> NDArray[Any]:
    """A segment's memory as numbers: the array that all batches in it slice, so make it once."""
    return np.frombuffer(memory.data, dtype)
