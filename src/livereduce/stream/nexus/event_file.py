"""Read an event file: `index_of` everything but the events, `read_event_file` these too.

Whose layout it is, `layouts/` knows.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import h5py

from livereduce.base.errors import OperatorError
from livereduce.stream.nexus.contents import EventFile, FilePart, IndexedFile
from livereduce.stream.nexus.events import EventColumns, read_columns
from livereduce.stream.nexus.fields import Notes, attribute, child, printable
from livereduce.stream.nexus.layouts import ess, isis, sns

WHOLE = FilePart()


class FileLayout(Protocol):
    """What each module of `layouts` has."""

    def fits(self, entry: h5py.Group) -> bool:
        """True if a group at the top of a file has events in this layout."""

    def index(self, entry: h5py.Group, notes: Notes, part: FilePart) -> IndexedFile:
        """Everything but the events."""


LAYOUTS: tuple[FileLayout, ...] = (sns, isis, ess)


def read_event_file(path: Path, part: FilePart = WHOLE) -> EventFile:
    """Read everything in the file that can be used.

    Raises
    ------
    OperatorError
        The file cannot be read, is no event file, or a required field has a bad value; the text names file,
        path, index, what was expected and what was found.
    """
    try:
        with h5py.File(path, "r") as file:
            return _with_events(index_of(file, part), part)
    except (OSError, RuntimeError) as error:
        raise unreadable(path, error) from None


def unreadable(path: Path, error: Exception) -> OperatorError:
    """The error of a file that HDF5 cannot read."""
    return OperatorError(f"{path}: cannot be read as a NeXus file: {error}")


def index_of(file: h5py.File, part: FilePart = WHOLE) -> IndexedFile:
    """Read everything but the events; they can be read as long as the file is open.

    Raises
    ------
    OperatorError
        As `read_event_file`.
    OSError, RuntimeError
        HDF5 cannot read it.
    """
    chosen = part.entry or (isis.ENTRY if isis.ENTRY in file and "entry" not in file else "entry")
    entry = child(file, chosen)
    if not isinstance(entry, h5py.Group):
        raise OperatorError(f"{file.filename}: expected a group /{chosen}, found {', '.join(file) or 'nothing'}")
    notes = Notes()
    for name in file:
        if name != chosen and isinstance(other := child(file, name), h5py.Group) and _is_entry(other):
            notes.add(f"left out: only /{chosen} is played", printable(name))
    layout = next((one for one in LAYOUTS if one.fits(entry)), sns)
    return layout.index(entry, notes, part)


def _is_entry(group: h5py.Group) -> bool:
    """True if a group at the top of a file holds events of its own, such as those of another spin state."""
    return attribute(group, "NX_class") == "NXentry" or any(layout.fits(group) for layout in LAYOUTS)


def _with_events(file: IndexedFile, part: FilePart) -> EventFile:
    banks: list[EventColumns] = []
    for at, rows in enumerate(file.banks):
        part.tell(at, len(file.banks))
        columns = read_columns(rows)
        if part.take is None:
            banks.append(columns)
        else:
            part.take(file.start, columns)
    contents: Any = file
    read: EventFile = replace(contents, banks=tuple(banks), monitors=tuple(map(read_columns, file.monitors)))
    return read
