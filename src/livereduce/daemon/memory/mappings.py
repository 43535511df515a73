"""Tell the stream that the receiver holds from all other shared memory of a process, by its mappings (proc(5), maps).

A worker maps what the receiver holds, and processes that scripts fork inherit the mappings: `RssShmem` of each has the
same pages again. Reading the mappings costs a millisecond; PSS would tell too, but walks the page tables.

What a forked process keeps of runs that the receiver has given up is in nobody's figures, but in the cgroup's.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from livereduce.messages.receiver import SEGMENT_PREFIX

_MAPPING = re.compile(
    rb"^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \d+ +"
    rb"(?:(/memfd:" + re.escape(SEGMENT_PREFIX.encode()) + rb")|/memfd:|/dev/shm/|/dev/zero|/SYSV)",
    re.MULTILINE,
)
"""Files in memory: memfd, POSIX and System V shared memory, and ``/dev/zero`` for shared memory without a name."""


_HELD_PSS = re.compile(
    rb"/memfd:" + re.escape(SEGMENT_PREFIX.encode()) + rb"[^\n]*\n(?:[A-Z][^\n]*\n)*?Pss: +(\d+) kB$", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Mappings:
    """Bytes of the shared memory that a process maps, resident or not: the receiver's segments, and all other."""

    held: int = 0
    other: int = 0

    def own_bytes(self, resident: int) -> int:
        """Most of its resident shared memory that is not the receiver's; exact if it maps only one of the two."""
        return min(resident, self.other) if self.held else resident


def read_mappings(pid: int, proc: Path) -> Mappings:
    """The shared memory that a process maps; none if it has ended."""
    try:
        text = (proc / str(pid) / "maps").read_bytes()
    except OSError:
        return Mappings()
    sizes = {True: 0, False: 0}
    for begin, end, segment in _MAPPING.findall(text):
        sizes[bool(segment)] += int(end, 16) - int(begin, 16)
    return Mappings(held=sizes[True], other=sizes[False])


def held_pss_bytes(pid: int, proc: Path) -> int:
    """The part of PSS that is the receiver's segments, by a walk through the page tables; 0 if it has ended."""
    try:
        text = (proc / str(pid) / "smaps").read_bytes()
    except OSError:
        return 0
    return sum(map(int, _HELD_PSS.findall(text))) * 1024
