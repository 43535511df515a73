"""What the scripts of a configuration ask for and will not find: Mantid's names, algorithms, methods, and modules.

`livereduce check` tells it before the first chunk does. The readings are those of `scripting/reading`.
"""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from livereduce.catalog.mantid_names import HELPERS
from livereduce.catalog.wording import no_site_module
from livereduce.scripting.files import ScriptFile
from livereduce.scripting.imports import ModuleFile
from livereduce.scripting.reading.findings import ForeignImport, Obstacle, ScriptReading
from livereduce.scripting.script_set import ScriptSet
from livereduce.scripting.syntax import Name, Parse

Absent = Callable[[tuple[str, ...]], frozenset[str]]
"""Tells which modules the environment of the worker does not have, of these top names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileObstacles:
    """The obstacles in a script, or in a module that scripts import, by line; at least one.

    Attributes
    ----------
    is_always_run
        Every call of a script runs the file.
    """

    path: Path
    is_always_run: bool
    found: tuple[Obstacle, ...]

    @property
    def end(self) -> Obstacle | None:
        """The first that every call of a script ends at; None if there is none."""
        if not self.is_always_run:
            return None
        return next((one for one in self.found if one.always and not one.handled), None)


def script_obstacles(
    scripts: ScriptSet, script_dir: Path, engine: str, parse: Parse, absent: Absent
) -> tuple[FileObstacles, ...]:
    """The obstacles for an engine, file by file."""
    readings = [(file, parse(file.text, file.path, _package(file)).reading) for file in scripts.files]
    folders = [folder for _, reading in readings for folder in reading.folders]
    tops = {_top(one) for _, reading in readings for one in reading.imports}
    places = [script_dir, *map(Path, filter(None, folders))]
    unknown = tuple(sorted(top for top in tops if not _is_there(top, engine, places)))
    gone = absent(unknown) if unknown else frozenset()
    found = []
    always = _always_imported(readings)
    for file, reading in readings:
        missing = [_missing(one, folders) for one in reading.imports if _top(one) in gone]
        obstacles = sorted([*_of_engine(reading, engine), *missing], key=lambda one: one.line)
        if obstacles:
            is_always_run = not isinstance(file, ModuleFile) or file.name in always
            found.append(FileObstacles(path=file.path, is_always_run=is_always_run, found=tuple(obstacles)))
    return tuple(found)


def _always_imported(readings: Iterable[tuple[ScriptFile | ModuleFile, ScriptReading]]) -> set[Name]:
    """Names of the modules that every call of a script imports, directly or through one another."""
    imports = {file.name if isinstance(file, ModuleFile) else file.path: reading.imports for file, reading in readings}
    waiting: list[Name | Path] = [start for start in imports if isinstance(start, Path)]
    found: set[Name] = set()
    while waiting:
        for one in imports.get(waiting.pop(), ()):
            parts = tuple(one.module.split("."))
            names = {parts[:depth] for depth in range(1, len(parts) + 1)} if one.always and not one.handled else set()
            waiting += names - found
            found |= names
    return found


def _package(file: ScriptFile | ModuleFile) -> Name | None:
    return file.package if isinstance(file, ModuleFile) else None


def _top(one: ForeignImport) -> str:
    return one.module.partition(".")[0]


def _of_engine(reading: ScriptReading, engine: str) -> Iterable[Obstacle]:
    """With Mantid, only what Mantid does not have either; and it may be newer than what is known of it here."""
    if engine == "builtin":
        return reading.obstacles
    return [replace(one, always=False) for one in reading.obstacles if one.everywhere]


def _is_there(top: str, engine: str, folders: Iterable[Path]) -> bool:
    if top in sys.stdlib_module_names or top == "livereduce" or (engine == "builtin" and top in HELPERS):
        return True
    return any(_exists(folder / f"{top}.py") or _exists(folder / top) for folder in folders)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _missing(one: ForeignImport, folders: list[str]) -> Obstacle:
    """An import that will fail; not surely, if the scripts compute where to look."""
    known = list(dict.fromkeys(filter(None, folders)))
    return Obstacle(
        line=one.line,
        text=no_site_module(_top(one), known),
        everywhere=True,
        always=one.always and "" not in folders,
        handled=one.handled,
    )
