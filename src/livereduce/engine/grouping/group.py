"""Groups of spectra, and the sum of each.

Source: Mantid docs/source/algorithms/GroupDetectors-v2.rst, Framework/DataHandling/src/GroupDetectors2.cpp.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from livereduce.engine.matrix.events.event_changes import regrouped, scaled
from livereduce.engine.matrix.events.event_pass import EventContent
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.stream.items import F8, I4, I8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    """Spectra that become one.

    Attributes
    ----------
    number
        Number of the new spectrum.
    rows
        Its members as workspace indices.
    """

    number: int
    rows: I8


def grouped(matrix: Matrix, groups: Sequence[Group], *, is_average: bool = False) -> Matrix:
    """One spectrum for each group: counts added, errors in quadrature, events joined.

    Parameters
    ----------
    is_average
        Divide by the number of members that are not masked.

    Raises
    ------
    ValueError
        The spectra have different bins.
    """
    content: EventContent | Histograms
    if matrix.events is not None:
        content = _joined(matrix.events, groups)
    else:
        content = _summed(matrix.histograms, groups)
    if is_average:
        content = _divided(content, _members(matrix, groups))
    masked = None
    if matrix.masked is not None:
        masked = np.array([bool(len(group.rows)) and bool(matrix.masked[group.rows].all()) for group in groups])
    numbers = np.array([group.number for group in groups], np.int32)
    spectra = SpectrumTable.of_groups(numbers, [_detectors(matrix.spectra, group.rows) for group in groups])
    return replace(matrix, content=content, spectra=spectra, masked=masked, vertical=None)


def _detectors(spectra: SpectrumTable, rows: I8) -> I4:
    ids = np.concatenate([np.empty(0, np.int32), *(spectra.ids_of(int(row)) for row in rows)])
    return np.unique(ids).astype(np.int32)


def _members(matrix: Matrix, groups: Sequence[Group]) -> F8:
    """Number of members of each group that are not masked, at least 1."""
    usable = ~matrix.is_masked
    return np.array([max(1, int(usable[group.rows].sum())) for group in groups], np.float64)


def _joined(events: EventContent, groups: Sequence[Group]) -> EventContent:
    new_row = np.full(events.rows, -1, np.int64)
    for place, group in enumerate(groups):
        if np.any(new_row[group.rows] >= 0):
            raise ValueError("a spectrum of events is in two groups")
        new_row[group.rows] = place
    x = Grid(events.x.row(0)) if events.rows else events.x
    return regrouped(events, new_row, len(groups), x)


def _summed(histograms: Histograms, groups: Sequence[Group]) -> Histograms:
    x = histograms.common_x()
    y, variance = histograms.y_table(), histograms.e_table() ** 2
    shape = (len(groups), y.shape[1])
    total, spread = np.zeros(shape), np.zeros(shape)
    for place, group in enumerate(groups):
        total[place], spread[place] = y[group.rows].sum(axis=0), variance[group.rows].sum(axis=0)
    return Histograms.table(x, total, np.sqrt(spread))


def _divided(content: EventContent | Histograms, by: F8) -> EventContent | Histograms:
    if not isinstance(content, Histograms):
        return scaled(content, 1 / by)
    each = np.repeat(by, np.diff(content.first))
    return content.with_values(content.y / each, content.e / each)
