"""Segments: written by one mapping, read-only for everybody else whatever they try, and gone without a trace."""

import ctypes
import errno
import mmap
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from livereduce.messages.receiver import SEGMENT_PREFIX
from livereduce.stream.held.segments import SegmentId, SegmentKind, SharedSegment, column_of, is_mapped, map_segment

ID = SegmentId(number=1, kind=SegmentKind.COLUMN, size=1 << 16)


@pytest.fixture
def segment() -> Iterator[SharedSegment]:
    made = SharedSegment(ID)
    made.write([b"\1\2", b"\3\4"], 0)
    yield made
    made.forget()


def test_a_reader_sees_what_is_written_later(segment: SharedSegment) -> None:
    memory = map_segment(ID, os.dup(segment.fd))
    segment.write([b"\x09"], 7)
    np.testing.assert_array_equal(memory[:8], [1, 2, 3, 4, 0, 0, 0, 9])


ATTEMPTS: dict[str, Callable[[int], object]] = {
    "write": lambda fd: os.pwrite(fd, b"x", 0),
    "shrink": lambda fd: os.ftruncate(fd, 0),
    "grow": lambda fd: os.ftruncate(fd, 1 << 20),
    "map": lambda fd: mmap.mmap(fd, ID.size),
    "punch a hole": lambda fd: _fallocate(fd),
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_nobody_can_write_when_it_is_sealed_however_it_is_opened(segment: SharedSegment, attempt: str) -> None:
    segment.seal()
    again = os.open(f"/proc/self/fd/{segment.fd}", os.O_RDWR)
    try:
        with pytest.raises(OSError, match="not permitted"):
            ATTEMPTS[attempt](again)
    finally:
        os.close(again)
    np.testing.assert_array_equal(map_segment(ID, os.dup(segment.fd))[:5], [1, 2, 3, 4, 0])


def test_the_descriptor_that_readers_are_given_is_for_reading(segment: SharedSegment) -> None:
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.pwrite(segment.fd, b"x", 0)
    with pytest.raises(PermissionError):
        mmap.mmap(segment.fd, ID.size)


def _fallocate(fd: int) -> None:
    keep_size, punch_hole = 1, 2
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.fallocate(fd, keep_size | punch_hole, ctypes.c_long(0), ctypes.c_long(4096)):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def test_a_mapping_cannot_be_made_writable_later(segment: SharedSegment) -> None:
    memory = map_segment(ID, os.dup(segment.fd))
    address = memory.__array_interface__["data"][0]
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.mprotect(ctypes.c_void_p(address), ctypes.c_size_t(ID.size), mmap.PROT_READ | mmap.PROT_WRITE) == -1
    assert ctypes.get_errno() == errno.EACCES


def test_a_reader_keeps_no_descriptor_that_could_be_opened_again(segment: SharedSegment) -> None:
    before = sorted(Path("/proc/self/fd").iterdir())
    memory = map_segment(ID, os.dup(segment.fd))
    assert sorted(Path("/proc/self/fd").iterdir()) == before
    assert memory[0] == 1
    assert os.fstat(segment.fd).st_mode & 0o777 == 0o400, "nor could anybody who had one"


def test_memory_that_nobody_refers_to_is_unmapped() -> None:
    alone = replace(ID, number=987_654)  # other tests of this process may have mapped segments with small numbers
    segment = SharedSegment(alone)
    last = column_of(map_segment(alone, os.dup(segment.fd)), np.int32)[1:2]
    name = f"{SEGMENT_PREFIX}column-987654"
    assert name in Path("/proc/self/maps").read_text()
    assert last[0] == 0
    del last
    assert name not in Path("/proc/self/maps").read_text()
    segment.forget()


def test_a_descriptor_of_something_else_is_refused_and_closed() -> None:
    reading, writing = os.pipe()
    with pytest.raises(ValueError, match="larger than what came with it"):
        map_segment(ID, reading)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(reading)
    os.close(writing)


def test_views_of_a_segment_are_told_from_memory_of_ones_own(segment: SharedSegment) -> None:
    memory = map_segment(ID, os.dup(segment.fd))
    column = column_of(memory, np.int32)
    assert is_mapped(memory)
    assert is_mapped(column[2:10:2])
    assert not is_mapped(column[2:10] + 1)
    assert not is_mapped(np.zeros(4)[1:])
    assert not is_mapped(np.frombuffer(b"12345678", np.int32))
