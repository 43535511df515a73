"""What processes leave behind when they are killed: others that live on, and shared memory that is still held."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

Memory = tuple[int, int]
"""Device and inode of a file in memory."""


class Remembered:
    """Processes and the files in memory that they held, whenever they were looked at."""

    def __init__(self) -> None:
        self._processes: set[psutil.Process] = set()
        self._memory: set[Memory] = set()

    def look(self, pid: int) -> None:
        """Take in a process and all that it has started."""
        with suppress(psutil.NoSuchProcess):
            top = psutil.Process(pid)
            family = [top, *top.children(recursive=True)]
            self._processes |= set(family)
            self._memory |= {memory for each in family for memory in _memory_of(each.pid)}

    def left(self) -> str:
        """What of it is still there, for people; empty if nothing."""
        living = [f"process {each.pid}" for each in self._processes if _lives(each)]
        held = [
            f"shared memory in process {pid}" for pid in psutil.pids() if self._memory.intersection(_memory_of(pid))
        ]
        return ", ".join(sorted(living) + sorted(held))


def _lives(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _memory_of(pid: int) -> Iterator[Memory]:
    """Of all files in memory that a process has open or mapped."""
    for line in _mappings(pid):
        _, _, _, device, inode, *name = line.split(maxsplit=5)
        if name and name[0].startswith("/memfd:"):
            major, minor = device.split(":")
            yield os.makedev(int(major, 16), int(minor, 16)), int(inode)
    for link in _links(Path(f"/proc/{pid}/fd")):
        with suppress(OSError):
            if os.fspath(link.readlink()).startswith("/memfd:"):
                stat = link.stat()
                yield stat.st_dev, stat.st_ino


def _mappings(pid: int) -> Iterable[str]:
    with suppress(OSError):
        return Path(f"/proc/{pid}/maps").read_text(errors="replace").splitlines()
    return ()


def _links(folder: Path) -> Iterable[Path]:
    with suppress(OSError):
        return list(folder.iterdir())
    return ()
