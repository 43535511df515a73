"""Which file holds the definition of an instrument: ``NOM_Definition_2022-05-05.xml`` in some folders."""

import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from livereduce.engine.geometry.reading.elements import text_of

_VALID = re.compile(r"""valid-(from|to)\s*=\s*["']\s*([0-9-]+)[T ]?([0-9:]*)""")
HEAD_CHARACTERS = 4000


def definition_file(name: str, folders: Iterable[Path], at: datetime | None = None) -> Path | None:
    """Of the definitions of an instrument that are valid at a time, the newest; None if there is none.

    Parameters
    ----------
    at
        Now if not given.
    """
    return _newest(f"{re.escape(name)}_Definition", folders, at)


def parameter_file(name: str, folders: Iterable[Path], at: datetime | None = None) -> Path | None:
    """Mantid's file of further parameters of an instrument, as `definition_file`."""
    return _newest(f"{re.escape(name)}_Parameters", folders, at)


def script_folders() -> tuple[Path, ...]:
    """The folders of the scripts, which are on the path of imports."""
    return tuple(Path(entry) for entry in sys.path if entry and "site-packages" not in entry)


def _newest(start: str, folders: Iterable[Path], at: datetime | None) -> Path | None:
    moment = at or datetime.now(tz=UTC)
    known = [(period, path) for path in _candidates(start, folders) if (period := _valid(path)) is not None]
    valid = [(since, path) for (since, end), path in known if since <= moment <= end]
    return max(valid)[1] if valid else None


def _candidates(start: str, folders: Iterable[Path]) -> list[Path]:
    wanted = re.compile(rf"{start}[^/]*\.xml", re.IGNORECASE)
    found: list[Path] = []
    for folder in dict.fromkeys(folders):
        try:
            found += sorted(path for path in folder.iterdir() if wanted.fullmatch(path.name))
        except OSError:
            continue
    return found


def _valid(path: Path) -> tuple[datetime, datetime] | None:
    """From when to when; without a mark always. None if it cannot be read."""
    try:
        with path.open("rb") as file:
            head = text_of(file.read(HEAD_CHARACTERS))
        said = {
            end: datetime.fromisoformat(f"{day}T{time or '00:00:00'}+00:00") for end, day, time in _VALID.findall(head)
        }
    except (OSError, ValueError):
        return None
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    return said.get("from", first), said.get("to", last)
