"""Spectra of two matrices, one set behind the other."""

from dataclasses import replace

import numpy as np

from livereduce.engine.matrix.adding import MismatchError
from livereduce.engine.matrix.events.event_lists import EventLists
from livereduce.engine.matrix.events.event_pass import carried_out
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix, VerticalAxis
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.stream.items import I4, I8


def stacked(above: Matrix, below: Matrix) -> Matrix:
    """The spectra of both, with their own numbers; everything else is that of the first.

    Raises
    ------
    ValueError
        One has events and the other counts.
    """
    if (above.events is None) != (below.events is None):
        raise ValueError("one workspace has events and the other counts: they must be of one kind")
    content = _events(above, below) if above.events is not None else _histograms(above, below)
    masked = np.concatenate([above.is_masked, below.is_masked])
    return replace(
        above,
        content=content,
        spectra=_spectra(above.spectra, below.spectra),
        masked=masked if masked.any() else None,
        vertical=_vertical(above.vertical, below.vertical),
    )


def appended(above: Matrix, below: Matrix) -> Matrix:
    """The spectra of both as counts, numbered from 1: how chunks accumulate by Append.

    Raises
    ------
    MismatchError
        Other units.
    """
    if above.unit != below.unit:
        raise MismatchError(f"spectra in {below.unit} cannot be appended to spectra in {above.unit}")
    both = stacked(above.with_histograms(above.histograms), below.with_histograms(below.histograms))
    return replace(numbered(both, np.arange(1, both.rows + 1)), vertical=None)


def numbered(matrix: Matrix, numbers: I4 | I8) -> Matrix:
    """Other numbers of spectra."""
    return replace(matrix, spectra=replace(matrix.spectra, number=np.asarray(numbers, np.int32)))


def _spectra(one: SpectrumTable, two: SpectrumTable) -> SpectrumTable:
    return SpectrumTable(
        np.concatenate([one.number, two.number]),
        np.concatenate([one.ids, two.ids]),
        np.concatenate([one.first, one.first[-1] + two.first[1:]]),
    )


def _vertical(one: VerticalAxis | None, two: VerticalAxis | None) -> VerticalAxis | None:
    if one is None or two is None:
        return None
    return replace(one, values=np.concatenate([one.values, two.values]), labels=one.labels + two.labels)


def _grid(one: Grid, rows: int, two: Grid, more: int) -> Grid:
    if one.is_common and two.is_common and one.is_like(two):
        return one
    return Grid.ragged([*one.rows(rows), *two.rows(more)])


def _histograms(above: Matrix, below: Matrix) -> Histograms:
    one, two = above.histograms, below.histograms
    return Histograms(
        x=_grid(one.x, one.rows, two.x, two.rows),
        y=np.concatenate([one.y, two.y]),
        e=np.concatenate([one.e, two.e]),
        first=np.concatenate([one.first, one.first[-1] + two.first[1:]]),
    )


def _events(above: Matrix, below: Matrix) -> EventLists:
    assert above.events is not None
    assert below.events is not None
    one, two = carried_out(above.events), carried_out(below.events)
    weight = variance = None
    if one.weight is not None or two.weight is not None:
        weight, variance = map(np.concatenate, zip(one.weight_and_variance, two.weight_and_variance, strict=True))
    has_times = one.pulse_ns is not None and two.pulse_ns is not None
    return EventLists(
        x_of=np.concatenate([one.x_of, two.x_of]),
        first=np.concatenate([one.first, one.first[-1] + two.first[1:]]),
        x=_grid(one.x, one.rows, two.x, two.rows),
        weight=weight,
        variance=variance,
        pulse_ns=np.concatenate([one.pulse_ns, two.pulse_ns]) if has_times else None,
    )
