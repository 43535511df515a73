"""What algorithms do to events: each change touches tables of pixels or pulses; only lists are changed event by event.

All take and give `PendingEvents` or `EventLists` and share what they do not change. How an algorithm uses them:

- ConvertUnits, AlignDetectors: ``mapped(events, unit_maps.elastic("TOF", "dSpacing", l1, l2, two_theta))``; the edges
  by ``events.x.mapped(…)`` with the same maps.
- DiffractionFocussing, GroupDetectors, SumSpectra, ExtractSpectra: `regrouped`. MaskDetectors: `masked`.
- NormaliseByCurrent, Scale, Divide by a number each: `scaled`.
- CropWorkspace, FilterByXValue: `within`. RemovePromptPulse, MaskBins: `without`.
- FilterByLogValue, FilterByTime, FilterBadPulses: `of_pulses` with the intervals that the log gives.
- Everything else: `event_pass.carried_out`, and new `EventLists`.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from livereduce.engine.matrix.events.event_pass import EventContent, carried_out
from livereduce.engine.matrix.events.limits import limits_ns, times_ns
from livereduce.engine.matrix.events.pending_events import PendingEvents
from livereduce.engine.matrix.events.pixel_maps import PixelMaps
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.workspaces.time_spans import is_within
from livereduce.stream.items import B1, F8, I8
from livereduce.stream.stretches import by_owner


def mapped(content: EventContent, change: PixelMaps) -> EventContent:
    """The x of every event changed by the map of its spectrum (tables of shape (rows,)), and so are the edges.

    Pending where the two maps make one of the closed set; else carried out at once. Events whose x has no value in the
    new unit are left out.
    """
    x = content.x.mapped(change)
    if isinstance(content, PendingEvents):
        before = content.maps
        if before is None:
            return replace(content, maps=change.taken(content.row_of_pixel), x=x)
        if change.is_power_law and before.offset is None:
            if before.power != 1 and before.power * change.power == 1:
                # a line has values also where the powers on the way to it had none
                content = _limited(content, *_limits(-np.inf, np.inf, content.rows))
            scale = change.taken(content.row_of_pixel).scale
            return replace(content, maps=before.then(scale, change.power), x=x)
    lists = carried_out(content)
    new = change.apply(lists.x_of, lists.row_of.astype(np.int32))
    changed = replace(lists, x_of=new, x=x)
    finite = np.isfinite(new)
    return changed if finite.all() else changed.where(finite)


def regrouped(content: EventContent, new_row: I8, rows: int, x: Grid) -> EventContent:
    """Each spectrum i goes to the spectrum ``new_row[i]`` (-1: left out), of `rows`."""
    if isinstance(content, PendingEvents):
        return content.regrouped(new_row, rows, x)
    row = np.asarray(new_row, np.int64)[content.row_of]
    order, first = by_owner(row, rows)
    return content.picked(order, first, x)


def masked(content: EventContent, is_masked: B1) -> EventContent:
    """No events in the spectra of a mask of shape (rows,)."""
    if isinstance(content, PendingEvents):
        return content.regrouped(np.where(is_masked, -1, np.arange(content.rows)), content.rows, content.x)
    return content.where(~is_masked[content.row_of])


def scaled(content: EventContent, factor: float | F8) -> EventContent:
    """Weights × a factor, one for all or one of each spectrum, shape (rows,); errors too."""
    each = content.of_rows(np.broadcast_to(np.float64(factor), (content.rows,)), absent=1.0)
    weight, variance = content.weight, content.variance
    return replace(
        content,
        weight=each if weight is None else weight * each,
        variance=each * each if variance is None else variance * each * each,
    )


def within(content: EventContent, low: float | F8, high: float | F8, *, is_closed: bool = False) -> EventContent:
    """Events with ``low <= x < high`` (``x <= high`` if `is_closed`); one for all or of each spectrum, shape (rows,).

    NaN is no limit. For pending events exact limits in whole ns of each pixel.
    """
    lower, upper = _limits(low, high, content.rows)
    if is_closed:
        upper = np.nextafter(upper, np.inf)
    if isinstance(content, PendingEvents):
        return _limited(content, lower, upper)
    row = content.row_of
    return content.where((content.x_of >= lower[row]) & (content.x_of < upper[row]))


def _limits(low: float | F8, high: float | F8, rows: int) -> tuple[F8, F8]:
    lower, upper = np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high)
    return np.broadcast_to(lower, (rows,)), np.broadcast_to(upper, (rows,))


def _limited(content: PendingEvents, lower: F8, upper: F8) -> PendingEvents:
    least, end = limits_ns(content.maps, content.of_rows(lower), content.of_rows(upper))
    if content.least_ns is not None and content.end_ns is not None:
        least, end = np.maximum(least, content.least_ns), np.minimum(end, content.end_ns)
    return replace(content, least_ns=least, end_ns=end)


def without(content: EventContent, intervals: Sequence[tuple[float, float]]) -> EventContent:
    """No events with x in [start, end) of an interval, in every spectrum."""
    if isinstance(content, PendingEvents) and content.maps is None:
        edges = times_ns(np.array(intervals, np.float64).reshape(-1, 2))
        removed = tuple((int(start), int(end)) for start, end in edges)
        return replace(content, removed_ns=content.removed_ns + removed)
    lists = carried_out(content)
    keep = np.ones(len(lists.x_of), np.bool_)
    for start, end in intervals:
        keep &= (lists.x_of < start) | (lists.x_of >= end)
    return lists.where(keep)


def of_pulses(content: EventContent, intervals_ns: I8) -> EventContent:
    """Events of the pulses with ``start <= time < stop`` of any interval, shape (k, 2), ns since 1990.

    Raises
    ------
    ValueError
        The events have lost their pulse times (CompressEvents).
    """
    if isinstance(content, PendingEvents):
        kept = tuple(
            both(before, is_within(piece.pulse_ns, intervals_ns))
            for before, piece in zip(content.kept_of_pieces, content.events.pieces, strict=True)
        )
        return replace(content, kept=kept)
    if content.pulse_ns is None:
        raise ValueError("the events have no pulse times any more, since they were compressed")
    return content.where(is_within(content.pulse_ns, intervals_ns))


def both(one: B1 | None, two: B1) -> B1 | None:
    """A mask of pulses that both keep; None if that is all of them."""
    kept = two if one is None else one & two
    return None if kept.all() else kept
