"""Scan the files of one instrument for changes since the last scan. Reads; decides nothing."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from livereduce.config.file import DEFAULT_PATH
from livereduce.messages.status import Status, holder_beside, is_down, read_status
from livereduce.web.state.kept_regions import KeptRegions, look_at_regions
from livereduce.web.state.locations import Location
from livereduce.web.state.shelf import Mark, Shelf, look_at, mark_of


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
    marks: dict[Path, Mark] = {}
    status, file, problem = _newest(place, before, marks, now)
    folder = status.products_dir if status and status.products_dir else before.live.folder
    return SeenFiles(
        status=status or before.status,
        problem=problem,
        down=problem if status is None or file is None else is_down(status, now, holder_beside(file)),
        status_file=file or before.status_file,
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


def _newest(
    place: Location, before: SeenFiles, marks: dict[Path, Mark], now: datetime
) -> tuple[Status | None, Path | None, str]:
    """The snapshot of a daemon that is up, else the first that exists, with its file; or why there is none."""
    found: list[tuple[bool, Status, Path]] = []
    missing = []
    for path in place.status_files:
        try:
            mark = mark_of(path)
            if before.status and path == before.status_file and before.marks.get(path) == mark:
                status = before.status
            else:
                status = read_status(path)
        except (OSError, ValueError) as error:
            missing.append(f"{path}: {getattr(error, 'strerror', None) or error}")
        else:
            marks[path] = mark
            if path == place.status_files[0] or _is_of(place, status):
                found.append((bool(is_down(status, now, holder_beside(path))), status, path))
            else:
                missing.append(f"{path}: of another configuration, {status.configuration}")
    if not found:
        return None, None, f"no daemon status found ({'; '.join(missing)})"
    _, status, path = min(found, key=lambda one: one[0])
    return status, path, ""


def _is_of(place: Location, status: Status) -> bool:
    """True if a snapshot in the host service's directory is of this configuration and not of another."""
    return status.configuration == str((place.configuration or DEFAULT_PATH).absolute())
