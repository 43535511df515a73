"""Scan the files of one instrument for changes since the last scan. Reads; decides nothing."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from livereduce.base.files import Mark
from livereduce.messages.status import Status
from livereduce.preflight.newest_status import SeenStatus, newest_status
from livereduce.seen.kept_regions import KeptRegions, look_at_regions
from livereduce.seen.locations import Location
from livereduce.seen.shelf import Shelf, look_at


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFiles:
    """Result of a scan of an instrument; `status` is None if there is none, and `problem` says why.

    Attributes
    ----------
    live, shadow
        Products of the scripts in use, and of those beside them.
    kept
        The regions of the detector that are kept.
    """

    status: Status | None = None
    problem: str = "not checked yet"
    down: str = ""
    status_file: Path | None = None
    live: Shelf = field(default_factory=Shelf)
    shadow: Shelf = field(default_factory=Shelf)
    kept: KeptRegions = field(default_factory=KeptRegions)
    marks: dict[Path, Mark] = field(default_factory=dict)


def scan(place: Location, before: SeenFiles, now: datetime) -> SeenFiles:
    """Scan again; unchanged files are not read again."""
    known = SeenStatus(status=before.status, file=before.status_file, marks=before.marks)
    seen = newest_status(place.status_files, place.configuration, known, now)
    status, marks = seen.status, dict(seen.marks)
    folder = status.products_dir if status and status.products_dir else before.live.folder
    return SeenFiles(
        status=status or before.status,
        problem=seen.problem,
        down=seen.down,
        status_file=seen.file or before.status_file,
        live=look_at(folder, before.live, before.marks, marks),
        shadow=look_at(_shadow_folder(status, before), before.shadow, before.marks, marks),
        kept=look_at_regions(folder, before.kept, before.marks, marks),
        marks=marks,
    )


def _shadow_folder(status: Status | None, before: SeenFiles) -> str:
    """Where the shadow's products are: while it does not run, where they were, as long as there may be one."""
    if status is None:
        return before.shadow.folder
    return (status.shadow.products_dir or before.shadow.folder) if status.shadow else ""
