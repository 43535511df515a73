"""Spectra and tables as text: Mantid's SaveAscii, version 2.

A heading ``# X , Y , E Distribution=false``; for each spectrum a line with its number, then a line for each bin with
the middle of the bin, Y and E. Source: Mantid Framework/DataHandling/src/SaveAscii2.cpp.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from livereduce.engine.matrix.bins.points import centres
from livereduce.engine.matrix.matrix import Matrix
from livereduce.stream.items import F8

SEPARATORS = {"CSV": ",", "Tab": "\t", "Space": " ", "Colon": ":", "SemiColon": ";"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AsciiStyle:
    """The style of a text: separators, digits, headings.

    Attributes
    ----------
    precision
        Digits of a number; None: 6, as C++ prints.
    """

    separator: str = ","
    comment: str = "#"
    precision: int | None = None
    scientific: bool = False
    header: bool = True

    def number(self, value: float) -> str:
        """A number as C++ streams print it."""
        digits = 6 if self.precision is None else self.precision
        return f"{value:.{digits}{'e' if self.scientific else 'g'}}"


def style_of(
    separator: str, custom: str, comment: str, *, precision: int | None, scientific: bool, header: bool
) -> AsciiStyle:
    """The style of the arguments of SaveAscii.

    Raises
    ------
    ValueError
        A separator or a comment that could be part of a number.
    """
    chosen = custom or SEPARATORS.get(separator, ",")
    if re.search(r"[0-9e+-]", chosen):
        raise ValueError(f"the separator {chosen!r} must not contain digits, 'e', '+' or '-'")
    if not comment or comment[0] == chosen[0] or re.search(r"[0-9e+-]", comment) or chosen in comment:
        raise ValueError(f"CommentIndicator {comment!r} must not contain digits, 'e', '+', '-' or the separator")
    return AsciiStyle(separator=chosen, comment=comment, precision=precision, scientific=scientific, header=header)


def heading(matrix: Matrix, style: AsciiStyle) -> str:
    """The line of the columns; also without a header if the values are a distribution."""
    if not style.header and not matrix.is_distribution:
        return ""
    columns = f" {style.separator} ".join("XYE")
    return f"{style.comment} {columns} Distribution={'true' if matrix.is_distribution else 'false'}\n"


def spectrum_lines(matrix: Matrix, row: int, first_line: str, style: AsciiStyle) -> Iterator[str]:
    """The lines of one spectrum."""
    histograms = matrix.histograms
    y, e = histograms.y_of(row), histograms.e_of(row)
    yield f"{first_line}\n"
    for columns in zip(points(histograms.x.row(row), len(y)).tolist(), y.tolist(), e.tolist(), strict=True):
        yield style.separator.join(map(style.number, columns)) + "\n"


def points(x: F8, size: int) -> F8:
    """The middle of each bin, or the points themselves."""
    return x if len(x) == size else centres(x)


def table_text(names: Sequence[str], types: Sequence[str], rows: Sequence[Sequence[object]], style: AsciiStyle) -> str:
    """A table: two comments with the names and types of its columns, then a line for each row."""
    lines = []
    if style.header:
        between = f" {style.separator} "
        lines = [f"{style.comment} {between.join(words)} " for words in (names, types)]
    lines += [style.separator.join(_cell(cell, style) for cell in row) for row in rows]
    return "".join(f"{line}\n" for line in lines)


def _cell(cell: object, style: AsciiStyle) -> str:
    if isinstance(cell, bool | np.bool_):
        return "true" if cell else "false"
    return style.number(float(cell)) if isinstance(cell, float | np.floating) else str(cell)
