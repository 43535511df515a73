"""The runs that are to be reduced: files and recordings, by paths, patterns or run numbers."""

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from livereduce.base.errors import OperatorError
from livereduce.stream.recording.runs import recording_of

PATTERN = frozenset("*?[")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInput:
    """One file or recording.

    Attributes
    ----------
    name
        What its products are called by: unlike all others.
    path
        Absolute.
    size_bytes, mtime_ns
        Of the file, or of all files of the recording; another size or time means another content.
    """

    name: str
    path: Path
    size_bytes: int
    mtime_ns: int


def inputs_of(words: Sequence[str], recordings: Path | None, instrument: str) -> tuple[RunInput, ...]:
    """The runs that words name, each once, in the order of the words.

    Parameters
    ----------
    recordings
        Directory of recordings, for run numbers; None: there is none.
    instrument
        Short name, of the recordings.

    Raises
    ------
    OperatorError
        Words name nothing, or what cannot be read: all of them.
    """
    found: dict[Path, None] = {}
    problems: list[str] = []
    for word in words:
        try:
            found |= dict.fromkeys(_paths(word, recordings, instrument))
        except OperatorError as error:
            problems += error.problems
    inputs = []
    for path, name in zip(found, named(found), strict=True):
        try:
            size_bytes, mtime_ns = _seen(path)
        except OSError as error:
            problems.append(f"{path}: {error.strerror}")
        else:
            inputs.append(RunInput(name=name, path=path, size_bytes=size_bytes, mtime_ns=mtime_ns))
    if problems:
        raise OperatorError(*problems)
    return tuple(inputs)


def _paths(word: str, recordings: Path | None, instrument: str) -> list[Path]:
    if word.isdecimal() and not Path(word).exists():
        if recordings is None:
            raise OperatorError(f"run {word}: no directory of recordings is known; name it with --recordings")
        return [recording_of(recordings, int(word), instrument).folder.absolute()]
    if PATTERN & set(word) and not Path(word).exists():
        found = sorted(glob.glob(word, recursive=True))  # noqa: PTH207 (a pattern may begin with /)
        if not found:
            raise OperatorError(f"{word}: no file matches")
        return [Path(one).absolute() for one in found]
    if not Path(word).exists():
        raise OperatorError(f"{word}: there is no such file or folder")
    return [Path(word).absolute()]


def named(paths: Iterable[Path]) -> Iterator[str]:
    """A name for each path: that of the file up to its first dot, with a number if another one has it already."""
    taken: set[str] = set()
    for path in paths:
        plain = path.name.partition(".")[0] or path.name.strip(".") or "run"
        name, number = plain, 2
        while name in taken:
            name, number = f"{plain}_{number}", number + 1
        taken.add(name)
        yield name


def _seen(path: Path) -> tuple[int, int]:
    """Size and newest time."""
    files = [one for one in path.iterdir() if one.is_file()] if path.is_dir() else [path]
    seen = [one.stat() for one in files]
    if not os.access(path, os.R_OK):
        raise PermissionError(0, "no permission to read it")
    return sum(one.st_size for one in seen), max((one.st_mtime_ns for one in seen), default=0)
