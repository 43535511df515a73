"""Products as downloads: the NeXus file itself, or CSV made while it is sent; neither is ever whole in memory."""

import csv
import io
import os
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from livereduce.base.files import open_regular
from livereduce.publish.product import Axis
from livereduce.publish.products.file import default_data
from livereduce.publish.products.file_display import labels_in
from livereduce.publish.products.inside import opened
from livereduce.web.render.downsample import Floats
from livereduce.web.render.reading import Unshowable, axes_of, check

PIECE_BYTES = 1 << 18
MAX_CSV_CELLS = 1 << 23
"""A longer table is of no use to anybody; this one is already a third of a gigabyte."""
_LINES = 1 << 13
_FORMULA = "=+-@\t\r"
"""A spreadsheet would read a cell that begins with one of these as a formula."""


def file_pieces(path: Path) -> tuple[int, Iterator[bytes]]:
    """Size and contents of a file as it is now, even if it is replaced while it is read.

    Raises
    ------
    OSError
        There is no such file, or it cannot be read.
    """
    with open_regular(path, follow_link=False) as fd:
        return os.fstat(fd).st_size, _pieces(os.fdopen(os.dup(fd), "rb"))


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def csv_lines(path: Path, rows: Sequence[int]) -> Generator[bytes, None, None]:
    """A product as a table: one line per cell with its place, value and error; the first piece is the heading.

    Raises
    ------
    Unshowable, IndexError, OSError, NotAProduct, NotPlain
        As `livereduce.web.render.reading.read_shown`; raised with the first piece, before anything is sent.
    """
    with opened(path) as file:
        data, signal, errors = default_data(file)
        check(signal, errors, rows)
        if signal.ndim > 2 or signal.size > MAX_CSV_CELLS:
            raise Unshowable(f"a product of shape {signal.shape} cannot be shown as a table; download it as NeXus")
        axes = axes_of(data, signal)
        labels = labels_in(data)
        if labels and len(labels) == signal.shape[-1] and not rows:
            yield from _labelled(labels, signal, errors)
            return
        headings = [name for axis, length in zip(axes, signal.shape, strict=True) for name in _headings(axis, length)]
        yield _text([[*headings, _heading("signal", str(signal.attrs.get("units", ""))), "error"]])
        places = [_places(axis, length) for axis, length in zip(axes, signal.shape, strict=True)]
        if signal.ndim < 2:
            across = places[0] if places else np.empty((1, 0))
            yield from _spectrum(across, [], np.atleast_1d(signal[()]), _line(errors, ()))
            return
        for row in rows or range(signal.shape[0]):
            yield from _spectrum(places[1], places[0][row].tolist(), signal[row], _line(errors, row))


def _labelled(labels: Sequence[str], signal: Any, errors: Any) -> Iterator[bytes]:
    """A table with names: a line for each name, or a column."""
    names = [name.lstrip(_FORMULA) for name in labels]
    if signal.ndim == 1:
        spread = np.full(signal.shape, np.nan) if errors is None else errors[()]
        yield _text([["name", "value", "error"]])
        values = zip(names, signal[()].tolist(), spread.tolist(), strict=True)
        yield _text([[name, value, "" if error != error else error] for name, value, error in values])
        return
    yield _text([["row", *names]])
    for start in range(0, signal.shape[0], _LINES):
        piece = signal[start : start + _LINES]
        yield _text([[start + at, *line] for at, line in enumerate(piece.tolist())])


def _line(errors: Any, where: Any) -> Floats | None:
    return None if errors is None else np.atleast_1d(errors[where])


def _headings(axis: Axis, length: int) -> list[str]:
    name = _heading(axis.name, axis.units)
    return [f"{name} from", f"{name} to"] if len(axis.values) == length + 1 else [name]


def _places(axis: Axis, length: int) -> Floats:
    """Place of each cell on an axis: one column of points, or two of edges."""
    values = axis.values
    return np.column_stack([values[:-1], values[1:]]) if len(values) == length + 1 else values[:, None]


def _heading(name: str, units: str) -> str:
    return (f"{name} ({units})" if units else name).lstrip(_FORMULA)


def _spectrum(across: Floats, before: list[float], signal: Floats, errors: Floats | None) -> Iterator[bytes]:
    for start in range(0, len(signal), _LINES):
        some = slice(start, start + _LINES)
        columns = [across[some], signal[some, None]] + ([] if errors is None else [errors[some, None]])
        table = np.concatenate(columns, axis=1).tolist()
        yield _text([[*before, *line, *([""] if errors is None else [])] for line in table])


def _text(lines: Sequence[Sequence[object]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(lines)
    return out.getvalue().encode()
