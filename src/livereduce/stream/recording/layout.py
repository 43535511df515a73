"""How recordings lie in their directory: a folder a run, in it files of ADARA packets and one index.

::

    <directory>/PG3_12345/PG3_12345_0001.adara    a segment: ADARA packets, decodable on its own
                          PG3_12345_0002.adara    the next, after a gap or another connection
                          index.jsonl             what is in them, what is missing (`index.py`)

Another run of the same number (a server that was started again may count from 1 again) is ``PG3_12345-2``.
"""

import re
from pathlib import Path

INDEX = "index.jsonl"
SUFFIX = ".adara"
UNNAMED = "stream"
"""The instrument's part of names, where the instrument is not known."""

_FOLDER = re.compile(r"(?P<instrument>\w[\w.-]{0,99})_(?P<run>[1-9]\d{0,9})(?:-(?P<again>[1-9]\d{0,3}))?")
_SEGMENT = re.compile(r"\w[\w.-]{0,120}_(?P<number>\d{4,9})\.adara")


def folder_name(instrument: str, run: int, again: int = 1) -> str:
    """Name of a run's folder; `again` counts runs of the same number from 1."""
    return f"{instrument or UNNAMED}_{run}" + (f"-{again}" if again > 1 else "")


def run_of_folder(name: str) -> tuple[str, int] | None:
    """Instrument and run of a folder's name; None if it is not the name of a recording."""
    found = _FOLDER.fullmatch(name)
    return (found["instrument"], int(found["run"])) if found else None


def segment_name(folder: str, number: int) -> str:
    """Name of a segment's file."""
    return f"{folder}_{number:04d}{SUFFIX}"


def segment_number(name: str) -> int | None:
    """The number in the name of a segment's file; None if it is another file."""
    found = _SEGMENT.fullmatch(name)
    return int(found["number"]) if found else None


def segment_files(folder: Path) -> list[Path]:
    """The segments of a run, by number; empty if there is no such folder.

    Raises
    ------
    OSError
        The folder cannot be read.
    """
    numbered = ((segment_number(path.name), path) for path in folder.iterdir())
    return [path for _, path in sorted((number, path) for number, path in numbered if number is not None)]
