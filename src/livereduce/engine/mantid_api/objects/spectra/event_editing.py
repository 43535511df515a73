"""What a script does to the events of one spectrum: shift, weigh, remove."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from livereduce.base.times import NS_PER_S
from livereduce.engine.mantid_api.objects.spectra.holder import SpectraHolder
from livereduce.engine.matrix.events.event_lists import EventLists
from livereduce.engine.matrix.events.event_pass import carried_out
from livereduce.stream.items import B1


def changed(workspace: SpectraHolder, change: Callable[[EventLists], EventLists]) -> None:
    """Let a workspace hold the events that a change makes of all its own.

    Raises
    ------
    RuntimeError
        It holds none.
    """
    workspace.take(replace(workspace.static, content=change(carried_out(workspace.event_reader().events))))


def with_x(lists: EventLists, row: int, factor: float, offset: float) -> EventLists:
    """X of a spectrum's events times a factor, plus an offset."""
    x = lists.x_of.copy()
    part = _part(lists, row)
    x[part] = x[part] * factor + offset
    return replace(lists, x_of=x)


def with_pulses(lists: EventLists, row: int, seconds: Any) -> EventLists:
    """Pulses of a spectrum's events later by some seconds, one value or one for each event.

    Raises
    ------
    RuntimeError
        The events were compressed.
    """
    if lists.pulse_ns is None:
        raise RuntimeError("the events have lost their pulses: they were compressed")
    pulses = lists.pulse_ns.copy()
    pulses[_part(lists, row)] += np.rint(np.asarray(seconds, np.float64) * NS_PER_S).astype(np.int64)
    return replace(lists, pulse_ns=pulses)


def weighted(lists: EventLists, row: int, value: float, error: float) -> EventLists:
    """Weights of a spectrum's events times a value with an error."""
    weight, variance = (column.copy() for column in lists.weight_and_variance)
    part = _part(lists, row)
    variance[part] = variance[part] * value**2 + (weight[part] * error) ** 2
    weight[part] = weight[part] * value
    return replace(lists, weight=weight, variance=variance)


def divided(lists: EventLists, row: int, value: float, error: float) -> EventLists:
    """Weights of a spectrum's events divided by a value with an error.

    Raises
    ------
    ValueError
        The value is 0.
    """
    if value == 0:
        raise ValueError("weights cannot be divided by 0")
    weight, variance = (column.copy() for column in lists.weight_and_variance)
    part = _part(lists, row)
    variance[part] = variance[part] / value**2 + (weight[part] * error / value**2) ** 2
    weight[part] = weight[part] / value
    return replace(lists, weight=weight, variance=variance)


def without(lists: EventLists, row: int, removed: B1) -> EventLists:
    """Events without some of a spectrum, shape (events of the spectrum,).

    Raises
    ------
    ValueError
        There is not a value for each event.
    """
    keep = np.ones(len(lists.x_of), np.bool_)
    part = _part(lists, row)
    if len(removed) != part.stop - part.start:
        raise ValueError(f"the spectrum has {part.stop - part.start} events, not {len(removed)}")
    keep[part] = ~np.asarray(removed, np.bool_)
    return lists.where(keep)


def _part(lists: EventLists, row: int) -> slice:
    return slice(int(lists.first[row]), int(lists.first[row + 1]))
