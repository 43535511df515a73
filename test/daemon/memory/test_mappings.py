"""Mappings of a process as the kernel lists them."""

import mmap
import os
import sys
from pathlib import Path

import pytest

from livereduce.daemon.memory.mappings import Mappings, read_mappings

MIB = 1 << 20
LISTED = """\
55d0c0a00000-55d0c0b00000 r-xp 00000000 fd:01 1311                       /usr/bin/python3.11
7f0000000000-7f0004000000 r--s 00000000 00:01 150                        /memfd:livereduce-column-7 (deleted)
7f0004000000-7f0008000000 rw-s 00000000 00:01 151                        /memfd:livereduce-journal-8 (deleted)
7f0008000000-7f0008100000 rw-s 00000000 00:01 152                        /dev/zero (deleted)
7f0008100000-7f0008300000 rw-s 00000000 00:1a 9                          /dev/shm/psm_7f0a
7f0008300000-7f0008700000 rw-s 00000000 00:01 3                          /SYSV00000000 (deleted)
7f0008700000-7f0008f00000 rw-s 00000000 00:01 153                        /memfd:mine (deleted)
7f0009000000-7f0019000000 r--s 00000000 00:2f 77                         /SNS/PG3/nexus/PG3_1.nxs.h5
7f0020000000-7f0030000000 rw-p 00000000 00:00 0
7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0                          [stack]
"""


def test_the_segments_of_the_receiver_are_told_from_all_other_shared_memory(tmp_path: Path) -> None:
    (tmp_path / "10").mkdir()
    (tmp_path / "10" / "maps").write_text(LISTED)
    assert read_mappings(10, tmp_path) == Mappings(held=128 * MIB, other=15 * MIB)


def test_a_process_that_is_gone_maps_nothing(tmp_path: Path) -> None:
    assert read_mappings(10, tmp_path) == Mappings()


@pytest.mark.parametrize(
    ("mapped", "resident", "own"),
    [
        pytest.param(Mappings(held=900), 700, 0, id="nothing of its own"),
        pytest.param(Mappings(held=900, other=50), 700, 50, id="at most what it maps"),
        pytest.param(Mappings(held=900, other=5000), 700, 700, id="at most what is resident"),
        pytest.param(Mappings(other=50), 700, 700, id="without segments all is its own"),
    ],
)
def test_what_is_not_the_receivers_is_the_processes_own(mapped: Mappings, resident: int, own: int) -> None:
    assert mapped.own_bytes(resident) == own


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's own")
def test_the_kernel_lists_them_so() -> None:
    before = read_mappings(os.getpid(), Path("/proc"))
    segment = os.memfd_create("livereduce-column-1")
    os.truncate(segment, MIB)
    with mmap.mmap(segment, MIB), mmap.mmap(-1, 2 * MIB):
        os.close(segment)
        after = read_mappings(os.getpid(), Path("/proc"))
    assert (after.held - before.held, after.other - before.other) == (MIB, 2 * MIB)
