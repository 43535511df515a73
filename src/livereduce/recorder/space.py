"""Which recordings are deleted, and when nothing more may be written: pure, from sizes and the free space."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

LEAST_FREE = 0.10
"""Part of the file system that stays free."""
GB = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepRules:
    """How much is kept; None: no limit of that kind."""

    runs: int | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRun:
    """A recording in the directory: its folder, its size, and when it began (Unix seconds)."""

    folder: Path
    bytes: int
    began: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskSpace:
    """Of the file system: its size, and what this user may still write."""

    total: int
    free: int

    @property
    def lacks(self) -> int:
        """Bytes that have to be freed so that enough is free; 0 if enough is."""
        return max(0, int(LEAST_FREE * self.total) - self.free)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceVerdict:
    """Folders to be deleted, the oldest first, and why nothing may be written all the same (empty: it may)."""

    delete: tuple[Path, ...] = ()
    refuse: str = ""


def judge_space(
    runs: Sequence[KeptRun], current: Path | None, disk: DiskSpace, rules: KeepRules, coming: int = 0
) -> SpaceVerdict:
    """What has to go so that the current run can go on.

    Parameters
    ----------
    runs
        All recordings, the current one included.
    current
        Folder of the run that is being recorded, which is never deleted; None before it is made.
    coming
        Runs that are about to be recorded and are not there yet.
    """
    left = sorted(runs, key=lambda one: one.began)
    delete: list[Path] = []
    freed = 0
    while why := _too_much(left, freed, disk, rules, coming):
        oldest = next((one for one in left if one.folder != current), None)
        if oldest is None:
            return SpaceVerdict(delete=tuple(delete), refuse="" if why.startswith("record.keep_runs") else why)
        left.remove(oldest)
        delete.append(oldest.folder)
        freed += oldest.bytes
    return SpaceVerdict(delete=tuple(delete))


def _too_much(left: Sequence[KeptRun], freed: int, disk: DiskSpace, rules: KeepRules, coming: int) -> str:
    """Which limit is passed; empty if none is."""
    if disk.lacks > freed:
        return f"less than {LEAST_FREE:.0%} of its file system is free"
    size = sum(one.bytes for one in left)
    if rules.bytes is not None and size > rules.bytes:
        return f"the run has more than record.keep_gb allows ({rules.bytes / GB:g} GB)"
    if rules.runs is not None and len(left) + coming > rules.runs:
        return f"record.keep_runs allows {rules.runs}"
    return ""
