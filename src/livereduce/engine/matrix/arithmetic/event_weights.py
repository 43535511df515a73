"""Events with weights: × or ÷ values, and joined with a sign.

Source: Mantid Framework/DataObjects/src/EventList.cpp (multiply, divide, operator+=, operator-=).
"""

from dataclasses import replace

import numpy as np

from livereduce.engine.matrix.adding import joined
from livereduce.engine.matrix.arithmetic.rules import Operation, of_weights
from livereduce.engine.matrix.arithmetic.weigh_kernel import weigh
from livereduce.engine.matrix.events.event_changes import scaled
from livereduce.engine.matrix.events.event_lists import EventLists
from livereduce.engine.matrix.events.event_pass import EventContent, carried_out
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import taken_content
from livereduce.stream.items import B1, I8


def weighted_events(
    operation: Operation, events: EventContent, right: Histograms, of_each: bool, chosen: B1 | None = None
) -> EventContent:
    """Events × or ÷ the value of the bin that each is in; outside of the bins they stay as they are.

    Parameters
    ----------
    of_each
        The right side has a spectrum for each one; else one value or one spectrum for all.
    chosen
        Spectra whose events change, shape (rows,); None: all.

    Raises
    ------
    ValueError
        The divisor is a value that is 0, for all events of a spectrum.
    """
    if int(right.first[1]) == 1:
        return _by_row(operation, events, right, chosen)
    lists = carried_out(events)
    rows, bins = lists.rows, np.diff(right.first)
    one = np.zeros(rows, np.int64)
    is_own = of_each and right.x.first is not None
    table = (
        right.x.values,
        right.x.first[:-1] if is_own and right.x.first is not None else one,
        bins if of_each else one + bins[0],
        right.first[:-1] if of_each else one,
        right.y,
        right.e,
    )
    weight, variance = (column.copy() for column in lists.weight_and_variance)
    all_rows = np.ones(rows, np.bool_) if chosen is None else chosen
    weigh(lists.x_of, lists.first, all_rows, *table, operation is Operation.DIVIDE, weight, variance)
    return replace(lists, weight=weight, variance=variance)


def _by_row(operation: Operation, events: EventContent, right: Histograms, chosen: B1 | None) -> EventContent:
    """One value for all, or for each spectrum: only tables change, if the events are pending."""
    y, e = np.resize(right.y, events.rows), np.resize(right.e, events.rows)
    if chosen is not None:
        y, e = np.where(chosen, y, 1.0), np.where(chosen, e, 0.0)
    if operation is Operation.DIVIDE and np.any(y == 0):
        raise ValueError("events cannot be divided by 0")
    each_y, each_e = events.of_rows(y, absent=1.0), events.of_rows(e)
    weight, variance = of_weights(operation, *events.weight_and_variance, each_y, each_e)
    return replace(events, weight=weight, variance=variance)


def joined_events(left: EventContent, right: EventContent, sign: float, partner: I8 | None) -> EventContent:
    """Events of both sides; the right ones with a sign.

    Parameters
    ----------
    partner
        The spectrum of the right side for each of the left; -1: none. None: the same.
    """
    if partner is not None:
        lists = carried_out(right)
        expanded = taken_content(lists, np.maximum(partner, 0))
        assert isinstance(expanded, EventLists)
        right = expanded.where((partner >= 0)[expanded.row_of])
    if sign != 1:
        right = scaled(right, sign)
    return joined(left, right)
