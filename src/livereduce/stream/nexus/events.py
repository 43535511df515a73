"""The events of one bank or monitor: the pulse of each row, times of flight and pixels.

Layout of SNS: ``event_time_zero`` has one time per pulse, ``event_index`` the place of the pulse's first event, and
``event_time_offset`` and ``event_id`` one value per event (NXevent_data).
"""

from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from livereduce.stream.adara.wire.layout import MAX_TICKS, TICK_NS
from livereduce.stream.compiled import kernel
from livereduce.stream.items import F8, I4, I8
from livereduce.stream.nexus.clock import Clock, pulse_times_ns
from livereduce.stream.nexus.fields import (
    Notes,
    Numbers,
    bad,
    check_range,
    child,
    column,
    dataset,
    length,
    numbers,
    plain_numbers,
    unchecked_numbers,
)

TICKS_PER_US = 1000 // TICK_NS
MAX_TOF_US = float(2**32 // 10 - 1)
"""The stream carries a time of flight as 32 bits of 100 ns."""
TIMES_OF_FLIGHT = Numbers(
    least=0,
    most=MAX_TOF_US,
    units={
        **dict.fromkeys(("", "microsecond", "microseconds", "us", "µs"), 1.0),
        **dict.fromkeys(("nanosecond", "nanoseconds", "ns"), 1e-3),
        **dict.fromkeys(("millisecond", "milliseconds", "ms"), 1e3),
        **dict.fromkeys(("second", "seconds", "s"), 1e6),
    },
)
PIXELS = Numbers(least=0, most=2**32 - 1, whole=True)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventRows:
    """Where the events of one bank or monitor are: in the file, pulse by pulse.

    Attributes
    ----------
    id, pulse_ns, first
        As in `EventColumns`.
    times, ids
        Times of flight, and pixels (None for a monitor), as the file has them; usable while it is open.
    listed
        The pixels that the file says belong to the bank, ascending; None if it does not.
    """

    id: int
    pulse_ns: I8
    first: I8
    times: h5py.Dataset
    ids: h5py.Dataset | None = None
    listed: I8 | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventColumns:
    """The events of one bank or monitor.

    Attributes
    ----------
    id
        Number of the bank or monitor.
    pulse_ns
        Shape (r,): nanoseconds after the file's start of the pulse of each row; as in the file, perhaps not ascending.
    first
        Shape (r + 1,): events of row k are ``first[k]:first[k + 1]``.
    tof_us
        Shape (n,).
    pixel
        Shape (n,); None for a monitor.
    pixels
        The pixels that belong to the bank, ascending; None for a monitor.
    """

    id: int
    pulse_ns: I8
    first: I8
    tof_us: F8
    pixel: I8 | None = None
    pixels: I8 | None = None


def read_rows(
    group: h5py.Group,
    id_: int,
    clock: Clock,
    notes: Notes,
    *,
    has_pixels: bool = True,
    listed: h5py.Group | h5py.Dataset | None = None,
) -> EventRows:
    """Read the group of a bank or monitor, but for its events.

    Parameters
    ----------
    listed
        Where the file lists the pixels of the bank; None if it does not.

    Raises
    ------
    OperatorError
        A field is missing, has a bad value, or does not match the other fields.
    """
    pulse_ns = pulse_times_ns(dataset(group, "event_time_zero"), clock, notes)
    times = dataset(group, "event_time_offset")
    ids = dataset(group, "event_id") if has_pixels else None
    events = length(times)
    if ids is not None and length(ids) != events:
        raise bad(group, f"{events} values, as event_time_offset has", length(ids), name="event_id")
    if child(group, "event_weight") is not None:
        notes.add("event weights are left out: every event counts once", group.name)
    if pulse_ns.size > 1 and (np.diff(pulse_ns) < 0).any():
        notes.add("pulses are not in the order of their times; they are sorted", group.name)
    return EventRows(
        id=id_,
        pulse_ns=pulse_ns,
        first=_first(group, pulse_ns.size, events, notes),
        times=times,
        ids=ids,
        listed=_listed(listed) if has_pixels else None,
    )


def read_columns(rows: EventRows) -> EventColumns:
    """The rows with all their events.

    Raises
    ------
    OperatorError
        A time of flight or a pixel is none.
    """
    tof_us: F8 = numbers(rows.times, TIMES_OF_FLIGHT)
    pixel: I8 | None = None if rows.ids is None else numbers(rows.ids, PIXELS)
    pixels = rows.listed if rows.listed is not None or pixel is None else np.unique(pixel)
    return EventColumns(id=rows.id, pulse_ns=rows.pulse_ns, first=rows.first, tof_us=tof_us, pixel=pixel, pixels=pixels)


def read_tofs(rows: EventRows, start: int, tof_ns: I4) -> None:
    """Read times of flight from one event on into a column: whole ticks of the stream, at most what it can carry.

    Raises
    ------
    OperatorError
        One is none.
    """
    values, factor = unchecked_numbers(rows.times, TIMES_OF_FLIGHT, slice(start, start + len(tof_ns)))
    if values.dtype == np.float32:
        are_good = _singles_to_ns(np.ascontiguousarray(values, np.float32), factor, tof_ns)
    else:
        are_good = _doubles_to_ns(np.ascontiguousarray(values, np.float64), factor, tof_ns)
    if not are_good:
        check_range(rows.times, values, factor, TIMES_OF_FLIGHT, start)


def read_pixels(ids: h5py.Dataset, part: slice) -> NDArray[Any]:
    """Pixels of some events, whole numbers from 0 on in 32 bits.

    Raises
    ------
    OperatorError
        One is none.
    """
    return plain_numbers(ids, PIXELS, part)[0]


def _to_ns(values, factor, tof_ns):  # type: ignore[no-untyped-def]
    """Round times of flight to ticks; False if one is out of range, or none. The factor is that to µs."""
    are_good = True
    for event in range(values.size):
        tof_us = np.float64(values[event]) * factor
        are_good &= (tof_us >= 0.0) and (tof_us <= MAX_TOF_US)
        ticks = min(np.rint(tof_us * TICKS_PER_US), float(MAX_TICKS))
        tof_ns[event] = np.int32(ticks) * np.int32(TICK_NS)
    return are_good


_singles_to_ns = kernel("b1", "f4[]", "f8", "i4[=]")(_to_ns)
_doubles_to_ns = kernel("b1", "f8[]", "f8", "i4[=]")(_to_ns)


def _first(group: h5py.Group, pulses: int, events: int, notes: Notes) -> I8:
    """Place of each pulse's first event, and the end of the last; shape (pulses + 1,).

    An index at or beyond the number of events means: no events from here on (SNS files end with -1).
    """
    data = dataset(group, "event_index")
    index = column(data)
    if index.dtype.kind not in "iu":
        raise bad(data, "whole numbers", f"values of type {data.dtype}")
    if index.size == pulses + 1 and index[-1] == events:
        index = index[:-1]  # some writers store the end of the last pulse too
    if index.size != pulses:
        raise bad(data, f"{pulses} values, one per pulse of event_time_zero", index.size)
    if not pulses and events:
        raise bad(group, "pulses", f"none for {events} events", name="event_time_zero")
    # -1 becomes the largest number, whether the file holds it signed or not.
    first = np.minimum(index.astype(np.uint64), np.uint64(events)).astype(np.int64)
    falls = np.flatnonzero(np.diff(first) < 0)
    if falls.size:
        raise bad(
            data, f"at least {first[falls[0]]}, as the value before", index[falls[0] + 1], index=int(falls[0]) + 1
        )
    if first.size and first[0] > 0 and events:
        notes.add("events before the first pulse's are counted with it", group.name)
        first[0] = 0
    return np.append(first, events)


def _listed(listed: h5py.Group | h5py.Dataset | None) -> I8 | None:
    """The pixels that the file says belong to a bank, ascending; None if it does not."""
    if not isinstance(listed, h5py.Dataset) or listed.shape is None or not listed.size:
        return None
    if listed.dtype.kind not in "iu":
        raise bad(listed, "whole numbers", f"values of type {listed.dtype}")
    flat = listed[()].ravel()
    wrong = (flat < PIXELS.least) | (flat > PIXELS.most)
    if wrong.any():
        raise bad(listed, "0 to 4294967295", flat[wrong.argmax()], index=int(wrong.argmax()))
    return np.unique(flat.astype(np.int64))
