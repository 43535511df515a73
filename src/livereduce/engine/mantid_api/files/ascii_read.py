"""Read spectra from text: Mantid's LoadAscii, version 2.

A line with one number begins a spectrum of that number; so does a blank line. Lines with 2, 3 or 4 numbers are X, Y,
E, and the error of X, which is not kept. What stands before the numbers is skipped, and so are comments.
Source: Mantid Framework/DataHandling/src/LoadAscii2.cpp.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from livereduce.engine.mantid_api.files import ascii_write
from livereduce.stream.items import F8

SEPARATORS = {"Automatic": ",\t:; ", **ascii_write.SEPARATORS}
MOST_COLUMNS = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AsciiSpectrum:
    """One spectrum: its number (None: none was given), and columns of shape (points, 2 to 4)."""

    number: float | None
    columns: F8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AsciiSpectra:
    """The contents of a text: spectra with the same number of columns and points."""

    spectra: tuple[AsciiSpectrum, ...]
    is_distribution: bool


@dataclass(slots=True)
class _Reader:
    """The lines so far."""

    path: Path
    width: int = 0
    number: float | None = None
    lines: list[list[float]] = field(default_factory=list)
    done: list[AsciiSpectrum] = field(default_factory=list)

    def close_spectrum(self) -> None:
        if self.lines:
            self.done.append(AsciiSpectrum(number=self.number, columns=np.array(self.lines)))
            self.number, self.lines = None, []


def read_ascii(path: Path, separator: str, comment: str, skip: int | None) -> AsciiSpectra:
    """Read a text file.

    Parameters
    ----------
    separator
        Characters that separate columns.
    skip
        Lines to leave out at the beginning; None: all before the first numbers.

    Raises
    ------
    ValueError
        It holds no spectra, or they do not fit together; the text names file and line.
    OSError
        It cannot be read.
    """
    text = path.read_text(errors="replace")
    lines = text.splitlines()
    reader = _Reader(path)
    for at, line in enumerate(lines[skip or 0 :], (skip or 0) + 1):
        words = line.strip()
        if words.startswith(comment):
            continue
        if not words:
            reader.close_spectrum()
            continue
        numbers = _numbers(words, separator)
        if numbers is None or len(numbers) > MOST_COLUMNS:
            if reader.lines or reader.done:
                raise ValueError(f"{path}, line {at}: 1 to {MOST_COLUMNS} numbers were expected, not {words[:60]!r}")
            continue  # a heading
        _take(reader, at, numbers)
    reader.close_spectrum()
    if not reader.done:
        raise ValueError(f"{path}: no columns of numbers; check Separator")
    _check_alike(path, reader.done)
    return AsciiSpectra(spectra=tuple(reader.done), is_distribution="Distribution=true" in text)


def _take(reader: _Reader, at: int, numbers: list[float]) -> None:
    if len(numbers) == 1:
        reader.close_spectrum()
        reader.number = numbers[0]
        return
    reader.width = reader.width or len(numbers)
    if len(numbers) != reader.width:
        raise ValueError(f"{reader.path}, line {at}: {len(numbers)} columns, and {reader.width} before")
    reader.lines.append(numbers)


def _numbers(words: str, separator: str) -> list[float] | None:
    """The numbers of a line; None if it is no such line."""
    try:
        return [float(cell) for cell in cells(words, separator)]
    except ValueError:
        return None


def cells(line: str, separator: str) -> list[str]:
    """The cells of a line between separators, without spaces around them; empty ones are left out."""
    return [cell.strip() for cell in re.split(f"[{re.escape(separator)}]+", line.strip()) if cell.strip()]


def _check_alike(path: Path, spectra: list[AsciiSpectrum]) -> None:
    if len({len(one.columns) for one in spectra}) > 1:
        raise ValueError(f"{path}: its spectra have different numbers of points")
    if len({one.number is None for one in spectra}) > 1:
        raise ValueError(f"{path}: some spectra have a number and some have none (a blank line ends a spectrum)")
