"""Scan the files of one instrument for changes since the last scan. Reads; decides nothing."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from livereduce.base.files import read_regular
from livereduce.config.file import DEFAULT_PATH
from livereduce.messages.status import Status, holder_beside, is_down, read_status
from livereduce.publish.products.index import INDEX, MAX_INDEX
from livereduce.web.state.index import Listed, ShownIndex, parse_index
from livereduce.web.state.locations import Location

Mark = tuple[int, int, int]
"""Identity of a file: time, size and inode, which a rename changes."""

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFiles:
    """Result of a scan of an instrument; `status` is None if there is none, and `problem` says why.

    Attributes
    ----------
    shapes
        Shapes of products by (run, name), as far as their files were read, which `scan` does not do; None for one that
        cannot be read.
    """

    status: Status | None = None
    problem: str = "not checked yet"
    down: str = ""
    status_file: Path | None = None
    products_dir: str = ""
    index: ShownIndex = field(default_factory=ShownIndex)
    shapes: dict[tuple[int, str], Shape | None] = field(default_factory=dict)
    marks: dict[Path, Mark] = field(default_factory=dict)


def scan(place: Location, before: SeenFiles, now: datetime) -> SeenFiles:
    """Scan again; unchanged files are not read again."""
    marks: dict[Path, Mark] = {}
    status, file, problem = _newest(place, before, marks, now)
    products_dir = status.products_dir if status and status.products_dir else before.products_dir
    index = _index(products_dir, before, marks)
    return SeenFiles(
        status=status or before.status,
        problem=problem,
        down=problem if status is None or file is None else is_down(status, now, holder_beside(file)),
        status_file=file or before.status_file,
        products_dir=products_dir,
        index=index,
        shapes=before.shapes if index is before.index else _still_known(index, before),
        marks=marks,
    )


def _newest(
    place: Location, before: SeenFiles, marks: dict[Path, Mark], now: datetime
) -> tuple[Status | None, Path | None, str]:
    """The snapshot of a daemon that is up, else the first that exists, with its file; or why there is none."""
    found: list[tuple[bool, Status, Path]] = []
    missing = []
    for path in place.status_files:
        try:
            mark = _mark(path)
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


def _index(products_dir: str, before: SeenFiles, marks: dict[Path, Mark]) -> ShownIndex:
    if not products_dir:
        return before.index
    path = Path(products_dir) / INDEX
    try:
        mark = _mark(path)
        marks[path] = mark
        if before.products_dir == products_dir and before.marks.get(path) == mark:
            return before.index
        return parse_index(read_regular(path, MAX_INDEX, follow_link=False).decode())
    except (OSError, ValueError):
        # The index does not exist before the first result; a broken one is replaced with the next result.
        return before.index if before.products_dir == products_dir else ShownIndex()


def unshaped(seen: SeenFiles) -> list[tuple[int, Listed]]:
    """The products whose shape is not known yet, with their runs."""
    listed = [(run.run, one) for run in seen.index.runs for one in run.products.values()]
    return [(run, one) for run, one in listed if (run, one.name) not in seen.shapes]


def _still_known(index: ShownIndex, before: SeenFiles) -> dict[tuple[int, str], Shape | None]:
    """The shapes of products that were not written again."""
    versions = {(run.run, name): one.version for run in before.index.runs for name, one in run.products.items()}
    now = {(run.run, name): one.version for run in index.runs for name, one in run.products.items()}
    return {key: shape for key, shape in before.shapes.items() if now.get(key) == versions.get(key)}


def _mark(path: Path) -> Mark:
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino
