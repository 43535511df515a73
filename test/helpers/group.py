"""A process group seen from outside: its members held by pidfd, so that waiting needs neither clock nor luck."""

import os
import select
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

LIMIT_S = 20.0


def members(group: int) -> set[int]:
    """The living processes of a group (not those that have ended and wait for somebody to notice)."""
    found = set()
    for process in psutil.process_iter():
        with suppress(ProcessLookupError, psutil.NoSuchProcess):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.add(process.pid)
    return found


@contextmanager
def held(pids: set[int]) -> Iterator[dict[int, int]]:
    """pidfd of each process; readable when it has ended, whoever its parent is."""
    fds = {pid: os.pidfd_open(pid) for pid in pids}
    try:
        yield fds
    finally:
        for fd in fds.values():
            os.close(fd)


def wait_for_ends(fds: dict[int, int]) -> None:
    """Wait until all of them have ended."""
    for pid, fd in fds.items():
        assert select.select([fd], [], [], LIMIT_S)[0], f"process {pid} lives on"
