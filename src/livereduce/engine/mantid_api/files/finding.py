"""Which file a script means: a path, or a run such as ``NOM_12345``, looked for where Mantid's FileFinder would.

Source: Mantid docs/source/concepts/FileFinding (rules), Framework/API/src/FileFinder.cpp, MultipleFileProperty.cpp.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from livereduce.engine.mantid_api.modules.kernel.config_service import SAVE, config

EVENT_ENDINGS = (".nxs.h5", "_event.nxs", ".nxs")
TEXT_ENDINGS = (".dat", ".txt", ".csv")
_RUN = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z]+)*)_?(?P<digits>\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileHints:
    """Hints for finding a file that is named without its folder or ending.

    Attributes
    ----------
    folders
        Beside the working folder and those of Mantid's settings.
    endings
        Those that a name may lack.
    """

    folders: tuple[Path, ...] = ()
    endings: tuple[str, ...] = EVENT_ENDINGS


ANY_EVENT_FILE = FileHints()


def found(wanted: str, hints: FileHints = ANY_EVENT_FILE) -> Path:
    """The file that a script means.

    Raises
    ------
    OSError
        There is none; the text names it, and the places.
    """
    asked = Path(wanted.strip()).expanduser()
    for place in _places(asked, hints):
        if place.is_file():
            return place
    folders = "" if asked.is_absolute() else f" in {', '.join(map(str, _folders(hints)))}"
    also = f" (also with {', '.join(hints.endings)})" if hints.endings and not asked.suffix else ""
    what = "is a folder" if asked.is_dir() else "no such file"
    raise FileNotFoundError(f"{wanted}: {what}{folders}{also}")


def _folders(hints: FileHints) -> list[Path]:
    """The working folder, and those of Mantid's settings."""
    named = [one for one in (*config.getDataSearchDirs(), config[SAVE]) if one]
    return list(dict.fromkeys((Path.cwd(), *hints.folders, *(Path(one).expanduser() for one in named))))


def _places(asked: Path, hints: FileHints) -> Iterator[Path]:
    folders = [Path()] if asked.is_absolute() else _folders(hints)
    for folder in folders:
        yield folder / asked
        for name in _names(asked.name):
            yield from (folder / asked.parent / f"{name}{ending}" for ending in hints.endings)


def _names(name: str) -> Iterator[str]:
    """The name itself, and the spellings of a run: ``NOM_12345``, ``NOM12345``."""
    yield name
    if run := _RUN.fullmatch(name):
        yield f"{run['name']}_{run['digits']}"
        yield f"{run['name']}{run['digits']}"


def several(wanted: str, hints: FileHints = ANY_EVENT_FILE) -> list[list[Path]]:
    """Files of ``a+b, c``: the sum of the first two, and the third; each group is one workspace.

    Raises
    ------
    OSError
        One of them is not found.
    """
    if _is_one(wanted, hints):
        return [[found(wanted, hints)]]
    return [[found(part, hints) for part in group.split("+")] for group in wanted.split(",") if group.strip()]


def _is_one(wanted: str, hints: FileHints) -> bool:
    return not re.search(r"[+,]", wanted) or any(place.is_file() for place in _places(Path(wanted), hints))


def writable(wanted: str) -> Path:
    """The path of a file to be written: in the folder of Mantid's settings if it is named without one.

    Raises
    ------
    OSError
        Its folder does not exist, or it is a folder itself.
    """
    path = Path(config[SAVE]).expanduser() / Path(wanted.strip()).expanduser()
    if path.is_dir():
        raise IsADirectoryError(f"{path}: is a folder; the name of a file was expected")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path}: cannot be written, the folder {path.parent.absolute()} does not exist")
    return path


def in_words(paths: Sequence[Path]) -> str:
    """Files for a line of the log."""
    return " + ".join(map(str, paths))
