"""How much memory attempts may take. Pure, but for `machine_limits`, which asks the machine."""

from dataclasses import dataclass

import psutil

from livereduce.base.machine import read_cgroup_limit, read_ram_bytes
from livereduce.daemon.memory.full import held_limit_bytes
from livereduce.daemon.memory.usage import limit_bytes

FREE_SHARE = 0.8
"""Of the memory that is free now; the rest is for the service and everybody else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TryLimits:
    """Most that an attempt with its run may take, and most that our receiver may hold of the run."""

    all_bytes: int
    held_bytes: int


def limits_of(percent: float, *, ram_bytes: int, cgroup_bytes: int | None, free_bytes: int) -> TryLimits:
    """The configuration's limit, within what is free now."""
    configured = limit_bytes(percent, ram_bytes, cgroup_bytes)
    free = int(free_bytes * FREE_SHARE)
    most = free if configured is None else min(configured, free)
    return TryLimits(all_bytes=most, held_bytes=held_limit_bytes(most, ram_bytes, cgroup_bytes))


def machine_limits(percent: float) -> TryLimits:
    """The limits on this machine, now."""
    return limits_of(
        percent,
        ram_bytes=read_ram_bytes(),
        cgroup_bytes=read_cgroup_limit(),
        free_bytes=int(psutil.virtual_memory().available),
    )
