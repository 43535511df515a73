"""Read the logs of a NeXus file: unreadable ones are named in the notes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from livereduce.base.errors import OperatorError
from livereduce.stream.items import F8
from livereduce.stream.nexus.clock import ANY_TIME, Clock
from livereduce.stream.nexus.fields import Notes, attribute, child, column, numbers, printable

FARTHEST_S = 10 * 366 * 86_400
"""A value this far from the run's start has a wrong time; the stamps of the stream could not carry it either."""
_UNREADABLE = "left out: its values are neither numbers nor texts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """One process variable: seconds after the file's start, shape (n,), ascending, and as many numbers or texts."""

    name: str
    units: str
    time_s: F8
    value: NDArray[Any]


Named = tuple[str, h5py.Group | h5py.Dataset | None]
"""A name, and what the file has there; None: a broken link."""


def read_logs(found: Iterable[Named], clock: Clock, notes: Notes) -> Iterator[Log]:
    """Every log that can be read; names are made fit for XML and unique."""
    taken: set[str] = set()
    for key, node in found:
        log = _read_log(node, key, clock, notes)
        if log is not None:
            name = _unique(log.name, taken)
            if name != key:
                notes.add(f"played as {name}, because the stream cannot carry this name or already has it", repr(key))
            taken.add(name)
            yield Log(name=name, units=log.units, time_s=log.time_s, value=log.value)


def _unique(name: str, taken: set[str]) -> str:
    """The name, with a number if another log has it already."""
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    return candidate


def _read_log(node: h5py.Group | h5py.Dataset | None, key: str, clock: Clock, notes: Notes) -> Log | None:
    name = printable(key)
    if not isinstance(node, h5py.Group):
        notes.add("left out: not a log (a dataset, or a broken link)", name)
        return None
    value, time = child(node, "value"), child(node, "time")
    if not isinstance(value, h5py.Dataset):
        notes.add("left out: it has no values", name)
        return None
    try:
        return _series(value, time, name, clock, notes)
    except OperatorError as error:
        notes.add(f"left out: {error}", name)
        return None


def _series(
    value: h5py.Dataset, time: h5py.Group | h5py.Dataset | None, name: str, clock: Clock, notes: Notes
) -> Log | None:
    values = column(value)
    if values.dtype.kind not in "biufSUO" or (values.dtype.kind == "O" and not _are_texts(values)):
        notes.add(_UNREADABLE, name)
        return None
    if isinstance(time, h5py.Dataset):
        seconds: F8 = numbers(time, ANY_TIME)
        seconds += clock.since_1970_s(time, seconds, FARTHEST_S) or clock.offset_s(time)
    elif values.size == 1:
        seconds = np.zeros(1)  # one value without a time holds for the whole run
    else:
        notes.add("left out: its values have no times", name)
        return None
    if seconds.size != values.size:
        notes.add(f"left out: {values.size} values at {seconds.size} times", name)
        return None
    return _in_order(Log(name=name, units=attribute(value, "units"), time_s=seconds, value=values), notes)


def _are_texts(values: NDArray[Any]) -> bool:
    return all(isinstance(value, bytes | str) for value in values)


def _in_order(log: Log, notes: Notes) -> Log | None:
    """Sort a log's values by time; values with impossible times are left out and noted."""
    good = np.abs(log.time_s) <= FARTHEST_S
    if not log.value.size:
        notes.add("left out: it has no values", log.name)
        return None
    if not good.all():
        notes.add("values with an impossible time (NaN, or years from the run) are left out", log.name)
    if (np.diff(log.time_s[good]) < 0).any():
        notes.add("values are not in the order of their times; they are sorted", log.name)
    order = np.flatnonzero(good)[np.argsort(log.time_s[good], kind="stable")]
    if not order.size:
        return None
    return Log(name=log.name, units=log.units, time_s=log.time_s[order], value=log.value[order])
