"""Arrays that scripts write into: a copy of a spectrum, made when it is first asked for, and taken back when read.

So what ``ws.dataY(0)[:] = 1`` changes is this workspace: never one that shares its arrays, nor the accumulated data.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from livereduce.engine.mantid_api.objects.spectra.reading import SpectraReader
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.matrix import Matrix
from livereduce.stream.items import F8

Lent = dict[tuple[str, int], F8]
"""Arrays by ``x``, ``y`` or ``e`` and spectrum."""


def changed(lent: Lent, reader: SpectraReader) -> Lent:
    """Copies of those that a script has written into."""
    read = {"x": reader.x, "y": reader.y, "e": reader.e}
    return {
        (what, row): values.copy()
        for (what, row), values in lent.items()
        if not np.array_equal(values, read[what](row), equal_nan=True)
    }


def written(matrix: Matrix, new: Mapping[tuple[str, int], F8]) -> Matrix:
    """The matrix with some arrays replaced; events keep their lists, and only their edges can be."""
    x = _x(matrix, {row: values for (what, row), values in new.items() if what == "x"})
    if matrix.events is not None:
        return replace(matrix, content=replace(matrix.events, x=x))
    content = matrix.histograms
    tables = {"y": content.y, "e": content.e}
    for what in tables:
        rows = {row: values for (kind, row), values in new.items() if kind == what}
        if rows:
            tables[what] = tables[what].copy()
        for row, values in rows.items():
            tables[what][content.first[row] : content.first[row + 1]] = values
    return replace(matrix, content=replace(content, x=x, y=tables["y"], e=tables["e"]))


def _x(matrix: Matrix, new: Mapping[int, F8]) -> Grid:
    grid = matrix.content.x
    if not new:
        return grid
    rows = [new.get(row, grid.row(row)) for row in range(matrix.rows)]
    alike = len(new) == matrix.rows and all(np.array_equal(row, rows[0]) for row in rows)
    return Grid(rows[0]) if alike else Grid.ragged(rows)
