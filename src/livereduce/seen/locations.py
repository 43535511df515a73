"""Instruments of a page and the places of their snapshots, from the configurations named on the command line."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from livereduce.config.file import DEFAULT_PATH, read_file
from livereduce.preflight.host import look_at_host
from livereduce.preflight.resolve import instrument_of
from livereduce.preflight.services import usual_configuration
from livereduce.preflight.status_files import find_statuses


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """An instrument of this host.

    Attributes
    ----------
    id
        For addresses: the short name in lower case, with a number if several configurations have the same instrument.
    configuration
        None for the default one.
    status_files
        Possible paths of its snapshot, the likeliest first.
    """

    id: str
    name: str
    configuration: Path | None
    status_files: tuple[Path, ...]


def find_places(configurations: Sequence[Path | None], environ: Mapping[str, str], cwd: Path) -> list[Location]:
    """One location per configuration, even one that cannot run: its daemon reports why it is parked."""
    places: list[Location] = []
    for path in configurations:
        name, files = look(path, environ, cwd)
        taken = {place.id for place in places}
        places.append(Location(id=_id(name, taken), name=name, configuration=path, status_files=files))
    return places


def look(path: Path | None, environ: Mapping[str, str], cwd: Path) -> tuple[str, tuple[Path, ...]]:
    """Name of the instrument of a configuration, and the possible paths of its snapshot."""
    path = usual_configuration(path, environ)
    reading = read_file(path)
    instrument = instrument_of(reading.config, look_at_host(environ, cwd), reading.bad_keys)
    name = instrument.short_name if instrument else (path or DEFAULT_PATH).stem
    return name, tuple(find_statuses(path, environ, cwd))


def _id(name: str, taken: set[str]) -> str:
    base = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-")[:40] or "instrument"
    number = 1
    while (wanted := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return wanted
