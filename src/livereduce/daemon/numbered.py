"""Folders with numbers that count up: one for each process that was started, of which the newest are kept."""

import shutil
from pathlib import Path

KEPT = 5
"""Folders kept for debugging; of a worker's, the newest also holds the last good scripts."""


def new_folder(parent: Path) -> tuple[int, Path]:
    """Make the next folder; return its number and its path.

    Raises
    ------
    OSError
        It cannot be made.
    """
    parent.mkdir(parents=True, exist_ok=True)
    number = max(_numbers(parent), default=0) + 1
    folder = _folder(parent, number)
    folder.mkdir()
    return number, folder


def delete_oldest(parent: Path) -> None:
    """Delete all folders but the newest `KEPT`."""
    for number in sorted(_numbers(parent))[:-KEPT]:
        shutil.rmtree(_folder(parent, number), ignore_errors=True)


def _folder(parent: Path, number: int) -> Path:
    return parent / f"{number:06d}"


def _numbers(parent: Path) -> list[int]:
    return [int(folder.name) for folder in parent.iterdir() if folder.name.isdigit()]
