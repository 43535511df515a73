"""What this machine offers one process: cores, caches near them, memory. Standard library only.

Sizes of blocks and numbers of threads follow from these, so that nothing is tuned to one processor.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from livereduce.base.cgroups import ROOT, SELF, own_folders

CPUS = Path("/sys/devices/system/cpu")
_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


@dataclass(frozen=True, slots=True, kw_only=True)
class Caches:
    """Sizes of the data caches of one core, in bytes.

    The defaults are those of a small core, for a machine that does not say: blocks that fit there fit everywhere.

    Attributes
    ----------
    first_bytes, second_bytes
        Of the two nearest; shares, where cores share one.
    last_bytes
        A core's share of the farthest. A virtual machine may be told the size of its whole host.
    """

    first_bytes: int = 32 << 10
    second_bytes: int = 256 << 10
    last_bytes: int = 1 << 20


def read_caches(cpus: Path = CPUS) -> Caches:
    """The caches of the first core that this process may use (sysfs, Documentation/ABI: cpu*/cache/index*)."""
    core = min(os.sched_getaffinity(0))
    shares: dict[int, int] = {}
    for folder in sorted((cpus / f"cpu{core}" / "cache").glob("index*")):
        with suppress(OSError, ValueError, LookupError):
            if (folder / "type").read_text().strip() in ("Data", "Unified"):
                size = _size((folder / "size").read_text().strip())
                level = int((folder / "level").read_text())
                shares[level] = size // _number_of((folder / "shared_cpu_list").read_text().strip())
    default = Caches()
    return Caches(
        first_bytes=shares.get(1, default.first_bytes),
        second_bytes=shares.get(2, default.second_bytes),
        last_bytes=shares[max(shares)] if shares else default.last_bytes,
    )


def usable_cores(proc_self_cgroup: Path = SELF, root: Path = ROOT) -> int:
    """Cores that this process can keep busy: those it may run on, and no more than its CPU quota, rounded down."""
    allowed = len(os.sched_getaffinity(0))
    quota = cpu_quota(proc_self_cgroup, root)
    return allowed if quota is None else max(1, min(allowed, int(quota)))


def cpu_quota(proc_self_cgroup: Path = SELF, root: Path = ROOT) -> float | None:
    """The smallest CPU quota of our own cgroup and its parents, in cores (systemd's CPUQuota); None: no limit."""
    quotas = [
        quota
        for folders in own_folders("cpu", proc_self_cgroup, root)
        for folder in folders
        if (quota := _quota_of(folder)) is not None
    ]
    return min(quotas, default=None)


def usable_memory_bytes(proc_self_cgroup: Path = SELF, root: Path = ROOT) -> int:
    """RAM of this host, or the limit of our own cgroup where that is less."""
    ram = read_ram_bytes()
    return min(ram, read_cgroup_limit(proc_self_cgroup, root) or ram)


def read_ram_bytes() -> int:
    """RAM of this host."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def read_cgroup_limit(proc_self_cgroup: Path = SELF, root: Path = ROOT) -> int | None:
    """The smallest memory limit of our own cgroup and its parents; None if there is none."""
    folders = chain.from_iterable(own_folders("memory", proc_self_cgroup, root))
    return min((limit for folder in folders for limit in _memory_limits(folder)), default=None)


def _memory_limits(folder: Path) -> Iterator[int]:
    for name in ("memory.max", "memory.limit_in_bytes"):  # of both versions
        with suppress(OSError, ValueError):  # "max" is not a number
            limit = int((folder / name).read_text())
            if limit < 1 << 62:  # version 1 writes "no limit" as the largest number of whole pages
                yield limit


def _quota_of(folder: Path) -> float | None:
    with suppress(OSError, ValueError):  # version 2; "max" is not a number
        quota, period = (folder / "cpu.max").read_text().split()
        return int(quota) / int(period)
    with suppress(OSError, ValueError):  # version 1; -1: no limit
        quota_us = int((folder / "cpu.cfs_quota_us").read_text())
        return quota_us / int((folder / "cpu.cfs_period_us").read_text()) if quota_us > 0 else None
    return None


def _size(text: str) -> int:
    return int(text[:-1]) * _UNITS[text[-1]] if text[-1] in _UNITS else int(text)


def _number_of(cpu_list: str) -> int:
    """Number of CPUs in a list such as ``0-3,8``."""
    ends = [part.split("-") for part in cpu_list.split(",")]
    return sum(int(end[-1]) - int(end[0]) + 1 for end in ends)
