"""The sum of two matrices with the same spectra: of chunks that accumulate, and of files that are loaded as one."""

from dataclasses import replace

import numpy as np

from livereduce.engine.matrix.events.event_lists import EventLists
from livereduce.engine.matrix.events.event_pass import EventContent, carried_out
from livereduce.engine.matrix.events.passes.summing import merged
from livereduce.engine.matrix.events.pending_events import PendingEvents
from livereduce.engine.matrix.events.pixel_maps import PixelMaps
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix
from livereduce.stream.items import F8, I4, I8


class MismatchError(ValueError):
    """Two workspaces that do not fit together."""


def added(left: Matrix, right: Matrix) -> Matrix:
    """Values added, errors in quadrature; events are joined. Everything else, logs too, is that of the left side.

    Raises
    ------
    MismatchError
        Other numbers of spectra, units or bins.
    """
    if left.rows != right.rows:
        left, right = _of_same_rows(left, right)
    if left.rows != right.rows:
        raise MismatchError(f"{right.rows} spectra cannot be added to {left.rows}")
    if left.unit != right.unit:
        raise MismatchError(
            f"spectra in {right.unit or 'no unit'} cannot be added to spectra in {left.unit or 'no unit'}"
        )
    if left.events is not None and right.events is not None:
        return replace(left, content=joined(left.events, right.events))
    return replace(left, content=_summed(left.histograms, right.histograms))


def _of_same_rows(left: Matrix, right: Matrix) -> tuple[Matrix, Matrix]:
    """Both with the spectra of the one that has more, if the other's are its first: pixels are seen one by one."""
    few, many = (left, right) if left.rows < right.rows else (right, left)
    first = slice(few.rows)
    is_begin = np.array_equal(few.spectra.number, many.spectra.number[first]) and np.array_equal(
        few.spectra.first, many.spectra.first[: few.rows + 1]
    )
    ids = many.spectra.ids[: few.spectra.first[-1]]
    if not is_begin or not np.array_equal(few.spectra.ids, ids):
        return left, right
    masked = None if few.masked is None else np.append(few.masked, np.zeros(many.rows - few.rows, np.bool_))
    if few.events is not None and many.events is not None:
        content: EventContent | Histograms = _lengthened(few.events, many.events)
    else:
        content = _with_empty_rows(few.histograms, many.rows)
    more = replace(few, content=content, spectra=many.spectra, masked=masked, vertical=None)
    return (more, right) if few is left else (left, more)


def _lengthened(few: EventContent, many: EventContent) -> EventContent:
    if not few.x.is_common:
        raise MismatchError(f"{few.rows} spectra with bins of their own cannot be added to {many.rows}")
    if isinstance(few, PendingEvents):
        has_grown = isinstance(many, PendingEvents) and _has_grown(few, many.row_of_pixel)
        table = many.row_of_pixel if isinstance(many, PendingEvents) and has_grown else few.row_of_pixel
        return replace(few, rows=many.rows, row_of_pixel=table)
    return replace(few, first=np.append(few.first, np.full(many.rows - few.rows, few.first[-1])))


def _with_empty_rows(few: Histograms, rows: int) -> Histograms:
    """Counts with spectra of zeros behind them, up to so many."""
    if not (few.x.is_common and few.is_even):
        raise MismatchError(f"{few.rows} spectra with bins of their own cannot be added to {rows}")
    more = ((0, rows - few.rows), (0, 0))
    return Histograms.table(few.x, np.pad(few.y_table(), more), np.pad(few.e_table(), more))


def _has_grown(few: PendingEvents, table: I4) -> bool:
    """True if a table of rows has only new spectra beside those of some events."""
    old, begin = few.row_of_pixel[:-1], table[: few.pixels - 1]
    return len(table) >= few.pixels and bool(
        np.all(np.where(old >= 0, begin == old, (begin < 0) | (begin >= few.rows)))
    )


def _summed(left: Histograms, right: Histograms) -> Histograms:
    if not np.array_equal(left.first, right.first) or not left.x.is_like(right.x):
        raise MismatchError("the bins of the two are not the same: rebin one of them to the other's")
    return left.with_values(left.y + right.y, np.hypot(left.e, right.e))


def joined(left: EventContent, right: EventContent) -> EventContent:
    """Events of both, in the edges of the left side; as columns if the same is pending for both."""
    if isinstance(left, PendingEvents) and isinstance(right, PendingEvents) and _is_pending_alike(left, right):
        return _appended(left, right)
    one, two = carried_out(left), carried_out(right)
    weight = variance = times = None
    if one.weight is not None or two.weight is not None:
        columns = zip(one.weight_and_variance, two.weight_and_variance, strict=True)
        weight, variance = (merged(of_one, one.first, of_two, two.first) for of_one, of_two in columns)
    if one.pulse_ns is not None and two.pulse_ns is not None:
        times = merged(one.pulse_ns, one.first, two.pulse_ns, two.first)
    return EventLists(
        x_of=merged(one.x_of, one.first, two.x_of, two.first),
        first=one.first + two.first,
        x=left.x,
        weight=weight,
        variance=variance,
        pulse_ns=times,
    )


def _appended(left: PendingEvents, right: PendingEvents) -> PendingEvents:
    kept = None
    if left.kept is not None or right.kept is not None:
        kept = left.kept_of_pieces + right.kept_of_pieces
    return replace(left, events=left.events + right.events, kept=kept)


def _is_pending_alike(left: PendingEvents, right: PendingEvents) -> bool:
    return (
        left.rows == right.rows
        and left.removed_ns == right.removed_ns
        and all(
            _is_same(one, two)
            for one, two in (
                (left.row_of_pixel, right.row_of_pixel),
                (left.weight, right.weight),
                (left.variance, right.variance),
                (left.least_ns, right.least_ns),
                (left.end_ns, right.end_ns),
            )
        )
        and _are_maps_same(left.maps, right.maps)
    )


def _are_maps_same(one: PixelMaps | None, two: PixelMaps | None) -> bool:
    if one is None or two is None or one is two:
        return one is two
    names = ("scale", "zero", "offset", "difc", "difa")
    return one.power == two.power and all(_is_same(getattr(one, name), getattr(two, name)) for name in names)


def _is_same(one: F8 | I4 | I8 | None, two: F8 | I4 | I8 | None) -> bool:
    if one is None or two is None or one is two:
        return one is two
    return np.array_equal(one, two, equal_nan=one.dtype.kind == "f")
