"""Read the worker's memory and its limit from `/proc` and the cgroup. Decides nothing."""

import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from livereduce.base.cgroups import ROOT, SELF, own_folders
from livereduce.daemon.memory.facts import Weighed
from livereduce.daemon.memory.mappings import held_pss_bytes, read_mappings

PROC = Path("/proc")
MAX_PROCESSES = 4096
"""A fork bomb must not hold up the daemon; it is over any limit long before."""
PSS_SHARE = 20
"""Reading PSS walks the page tables, seconds for 100 GB in small pages: spend at most a twentieth of the time on it."""


def limit_bytes(percent: float, ram_bytes: int, cgroup_bytes: int | None) -> int | None:
    """Limit of the worker: a share of the smaller of RAM and the service's own limit; None if 0 % turns it off."""
    if not percent:
        return None
    return int(min(ram_bytes, ram_bytes if cgroup_bytes is None else cgroup_bytes) * percent / 100)


def read_oom_kills(proc_self_cgroup: Path = SELF, root: Path = ROOT) -> int | None:
    """Number of processes in our cgroup that the out-of-memory killer has ended; None if the kernel does not count."""
    for own, *_ in own_folders("memory", proc_self_cgroup, root):
        for name in ("memory.events", "memory.oom_control"):
            with suppress(OSError, ValueError):
                found = re.search(r"^oom_kill (\d+)$", (own / name).read_text(), re.MULTILINE)
                if found:
                    return int(found[1])
    return None


@dataclass(frozen=True, slots=True)
class _Resident:
    anonymous: int = 0
    shared: int = 0

    @property
    def bytes(self) -> int:
        return self.anonymous + self.shared


class MemoryUsage:
    """Measures a worker with all it has started; reads PSS only if it can decide something, and not too often."""

    def __init__(self, proc: Path = PROC) -> None:
        self._proc = proc
        self._pss_due = float("-inf")

    def weigh(
        self,
        pid: int,
        *,
        worker: int,
        run: int,
        limit_bytes: int | None,
        now: float,
        receiver: int | None = None,
        receiver_says_bytes: int = 0,
        held_bytes: int = 0,
        spare: int | None = None,
        shadow: int | None = None,
        recorder: int | None = None,
        ring_bytes: int = 0,
    ) -> Weighed:
        """Memory of a worker and of the processes beside it (process ids), as a fact for `step`.

        Parameters
        ----------
        receiver_says_bytes
            What the receiver says of its own memory, for where /proc hides a process that refuses debuggers (hidepid).
        held_bytes
            What the receiver says it holds: it maps nothing of it, so no figure of its process has it.
        ring_bytes
            What the receiver says of the ring that it fills; the recorder maps it, but may hang before it reads.
        """
        pids = _tree(pid, self._proc)
        residents = [_resident(each, self._proc) for each in pids]
        own = [one.shared for one in residents] if receiver is None else self._own_shared(pids, residents)
        # what the receiver has given up is there until the worker unmaps it
        held_bytes = max([held_bytes, *(one.shared - kept for one, kept in zip(residents, own, strict=True))])
        receiver_bytes = 0 if receiver is None else _resident(receiver, self._proc).bytes or receiver_says_bytes
        spare_bytes = 0 if spare is None else tree_bytes(spare, self._proc)
        shadow_bytes = 0 if shadow is None else self._own_bytes(shadow)
        sizes = [one.anonymous + shared for one, shared in zip(residents, own, strict=True)]
        recorder_bytes = self._with_ring(recorder, ring_bytes)
        beside = held_bytes + receiver_bytes + spare_bytes + shadow_bytes + recorder_bytes
        total = sum(sizes) + beside
        exact = len(pids) == 1 and (receiver is None or not own[0])  # no page that others have too, all told apart
        return Weighed(
            worker=worker,
            run=run,
            bytes=total,
            confirmed_bytes=total if exact else self._confirmed(pids, total, beside, limit_bytes, now),
            started_bytes=sum(sizes[1:]),
            receiver_bytes=receiver_bytes,
            run_bytes=held_bytes,
            spare_bytes=spare_bytes,
            shadow_bytes=shadow_bytes,
            recorder_bytes=recorder_bytes,
        )

    def _own_shared(self, pids: tuple[int, ...], residents: list[_Resident]) -> list[int]:
        """Shared memory of each process without what the receiver holds."""
        return [
            read_mappings(each, self._proc).own_bytes(one.shared) if one.shared else 0
            for each, one in zip(pids, residents, strict=True)
        ]

    def _with_ring(self, recorder: int | None, ring_bytes: int) -> int:
        seen = _Resident() if recorder is None else _resident(recorder, self._proc)
        return seen.anonymous + max(seen.shared, ring_bytes)

    def _own_bytes(self, pid: int) -> int:
        """Memory of a process and its descendants without what the receiver holds."""
        pids = _tree(pid, self._proc)
        residents = [_resident(each, self._proc) for each in pids]
        return sum(one.anonymous for one in residents) + sum(self._own_shared(pids, residents))

    def _confirmed(
        self, pids: tuple[int, ...], total: int, beside: int, limit_bytes: int | None, now: float
    ) -> int | None:
        """All memory, with each page of these processes counted once; `total` if it cannot matter, None if not now."""
        if limit_bytes is None or total < limit_bytes:
            return total
        if now < self._pss_due:
            return None
        begun_s = time.perf_counter()
        held = sum(_pss_bytes(pid, self._proc) for pid in pids)
        self._pss_due = now + PSS_SHARE * (time.perf_counter() - begun_s)
        return held + beside


def tree_bytes(pid: int, proc: Path = PROC) -> int:
    """Anonymous and shared memory of a process and all its descendants; 0 if it is gone.

    Memory that a process shares with its children counts for each of them. A descendant whose parent has ended no
    longer belongs to the tree; it is still in the service's cgroup.
    """
    return sum(_resident(each, proc).bytes for each in _tree(pid, proc))


def tree_pss_bytes(pid: int, proc: Path = PROC) -> int:
    """The same with each page counted once, at the cost of a walk through the page tables."""
    return sum(_pss_bytes(each, proc) for each in _tree(pid, proc))


def _tree(pid: int, proc: Path) -> tuple[int, ...]:
    """A process and its descendants, by ``task/*/children`` (proc(5)), without a scan of all processes of the host."""
    found, unvisited = {pid: None}, [pid]
    while unvisited and len(found) < MAX_PROCESSES:
        children = [child for child in _children(unvisited.pop(), proc) if child not in found]
        found |= dict.fromkeys(children)
        unvisited += children
    return tuple(found)[:MAX_PROCESSES]


def _children(pid: int, proc: Path) -> Iterator[int]:
    tasks = proc / str(pid) / "task"
    names: list[str] = []
    with suppress(OSError):  # the process has ended meanwhile
        names = os.listdir(tasks)  # noqa: PTH208  a hundred threads every second: no Path for each
    for name in names:
        with suppress(OSError, ValueError), open(f"{tasks}/{name}/children", "rb") as file:  # noqa: PTH123
            yield from map(int, file.read().split())


_RSS = re.compile(rb"^(RssAnon|RssShmem):\s*(\d+) kB$", re.MULTILINE)
_PSS = re.compile(rb"^(?:Pss_Anon|Pss_Shmem):\s*(\d+) kB$", re.MULTILINE)


def _resident(pid: int, proc: Path) -> _Resident:
    sizes = {name: int(number) * 1024 for name, number in _fields(proc / str(pid) / "status", _RSS)}
    return _Resident(sizes.get(b"RssAnon", 0), sizes.get(b"RssShmem", 0))


def _pss_bytes(pid: int, proc: Path) -> int:
    """PSS of a process without the receiver's segments, or all its own memory if PSS is not available."""
    fields = _fields(proc / str(pid) / "smaps_rollup", _PSS)
    mapped = read_mappings(pid, proc)
    if not fields:
        resident = _resident(pid, proc)
        return resident.anonymous + mapped.own_bytes(resident.shared)
    return sum(map(int, fields)) * 1024 - (held_pss_bytes(pid, proc) if mapped.held else 0)


def _fields(path: Path, pattern: re.Pattern[bytes]) -> list[Any]:
    """What a pattern finds in a file of /proc; nothing if the process has ended, even before it is waited for."""
    try:
        return pattern.findall(path.read_bytes())
    except OSError:
        return []
