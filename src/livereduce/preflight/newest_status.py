"""The newest snapshot among the places where a configuration's daemon may write it; for whoever only reads files."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from livereduce.base.files import Mark, mark_of
from livereduce.config.file import DEFAULT_PATH
from livereduce.messages.status import Status, holder_beside, is_down, read_status


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenStatus:
    """What a look has found; `status` is None if there is no snapshot, and `problem` says why.

    Attributes
    ----------
    down
        Why the daemon is down; empty if it is up.
    marks
        Identity of each snapshot that was read: one that is the same at the next look is not read again.
    """

    status: Status | None = None
    file: Path | None = None
    problem: str = "not checked yet"
    down: str = ""
    marks: dict[Path, Mark] = field(default_factory=dict)


def newest_status(files: Sequence[Path], configuration: Path | None, before: SeenStatus, now: datetime) -> SeenStatus:
    """Look at the snapshots again: that of a daemon that is up, else the first that exists.

    Parameters
    ----------
    files
        Possible paths, the likeliest first, as `livereduce.preflight.status_files.find_statuses` gives them.
    configuration
        Its path; None for the default one. A snapshot of another configuration counts only in the likeliest place.
    """
    marks: dict[Path, Mark] = {}
    found: list[tuple[str, Status, Path]] = []
    missing = []
    for path in files:
        try:
            mark = mark_of(path)
            if before.status and path == before.file and before.marks.get(path) == mark:
                status = before.status
            else:
                status = read_status(path)
        except (OSError, ValueError) as error:
            missing.append(f"{path}: {getattr(error, 'strerror', None) or error}")
        else:
            marks[path] = mark
            if path == files[0] or status.configuration == str((configuration or DEFAULT_PATH).absolute()):
                found.append((is_down(status, now, holder_beside(path)), status, path))
            else:
                missing.append(f"{path}: of another configuration, {status.configuration}")
    if not found:
        problem = f"no daemon status found ({'; '.join(missing)})"
        return SeenStatus(problem=problem, down=problem, marks=marks)
    down, status, path = min(found, key=lambda one: bool(one[0]))
    return SeenStatus(status=status, file=path, problem="", down=down, marks=marks)
