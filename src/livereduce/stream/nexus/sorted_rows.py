"""The rows of banks and monitors in the order of the pulses, and their events as the stream has them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livereduce.stream.compiled import kernel, prefetch
from livereduce.stream.items import I4, I8
from livereduce.stream.nexus.events import EventRows, read_pixels, read_tofs
from livereduce.stream.nexus.pulses import FilePulses
from livereduce.stream.stretches import starts_of

MOST_MARKED = 1 << 28
"""Pixels below this are found by marking them; a table of larger ones would take too much memory."""
PIECE_EVENTS = 1 << 22
_ROWS_AHEAD = 12
"""Rows of many banks are short and far apart: without prefetching them, each waits for the memory."""
_LINE_EVENTS = 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SortedRows:
    """The rows of a bank or monitor that have events, by pulse.

    Attributes
    ----------
    pulse
        Shape (r,), ascending.
    first
        Shape (r + 1,): events of row k are ``first[k]:first[k + 1]``.
    kept
        All times of flight and pixels, if the file does not have them in this order; else None, and they are read when
        they are needed.
    """

    rows: EventRows
    pulse: I8
    first: I8
    kept: tuple[I4, I4] | None = None

    def span(self, begin: int, end: int) -> tuple[int, int]:
        """The rows of some pulses."""
        first, last = np.searchsorted(self.pulse, [begin, end]).tolist()
        return first, last

    def copy(self, start: int, tof_ns: I4, pixel: I4) -> None:
        """Copy events from one on into columns; a monitor has no pixels.

        Raises
        ------
        OperatorError
            The file has a bad value there.
        """
        if self.kept is None:
            _read(self.rows, start, tof_ns, pixel)
            return
        for column, all_of_it in zip((tof_ns, pixel), self.kept, strict=True):
            column[:] = all_of_it[start : start + len(column)]


def sorted_rows(rows: EventRows, pulses: FilePulses) -> SortedRows:
    """Put rows in the order of the pulses; rows of one pulse stay in the order of the file.

    Raises
    ------
    OperatorError
        Events must be read for that, and the file has a bad value there.
    """
    count = np.diff(rows.first)
    used = np.flatnonzero(count)
    pulse, count = pulses.number(rows.pulse_ns)[used], count[used]
    if not (np.diff(pulse) < 0).any():
        return SortedRows(rows=rows, pulse=pulse, first=starts_of(count))
    order = np.argsort(pulse, kind="stable")
    first = starts_of(count[order])
    gather = np.repeat(rows.first[used][order] - first[:-1], count[order]) + np.arange(first[-1])
    events = int(rows.first[-1])
    tof_ns, pixel = np.empty(events, np.int32), np.empty(0 if rows.ids is None else events, np.int32)
    _read(rows, 0, tof_ns, pixel)
    return SortedRows(
        rows=rows, pulse=pulse[order], first=first, kept=(tof_ns[gather], pixel[gather] if len(pixel) else pixel)
    )


def _read(rows: EventRows, start: int, tof_ns: I4, pixel: I4) -> None:
    """Read events into columns: times of flight in ns, at most what the stream can carry; pixels in its 32 bits."""
    read_tofs(rows, start, tof_ns)
    if rows.ids is not None:
        pixel.view(np.uint32)[:] = read_pixels(rows.ids, slice(start, start + len(tof_ns)))


def events_of_pulses(banks: Sequence[SortedRows], pulses: int) -> I8:
    """Number of events before each pulse, of all banks, and of all; shape (pulses + 1,)."""
    total = np.zeros(pulses)
    for bank in banks:
        total += np.bincount(bank.pulse, np.diff(bank.first), pulses)
    return starts_of(total.astype(np.int64))


@kernel("", "i8[]", "i8[]", "i4[]", "i4[]", "i4[=]", "i4[=]")
def _collect(start, count, tof_ns, pixel, all_tof_ns, all_pixel):  # type: ignore[no-untyped-def]
    """Copy stretches of events one after the other."""
    rows, to, line = np.uint64(start.size), np.uint64(0), np.uint64(_LINE_EVENTS)
    for row in range(rows):
        ahead = np.uint64(row) + np.uint64(_ROWS_AHEAD)
        if ahead < rows:
            first = np.uint64(start[ahead])
            prefetch(tof_ns, first)
            prefetch(pixel, first)
            prefetch(tof_ns, first + line)
            prefetch(pixel, first + line)
        event = np.uint64(start[row])
        stop = event + np.uint64(count[row])
        while event < stop:
            all_tof_ns[to] = tof_ns[event]
            all_pixel[to] = pixel[event]
            event += np.uint64(1)
            to += np.uint64(1)


def events_between(banks: Sequence[SortedRows], pulses: slice, by_bank: tuple[I4, I4], in_order: tuple[I4, I4]) -> None:
    """Read the events of some pulses into columns: times of flight and pixels, by pulse, bank, and place in the file.

    Parameters
    ----------
    by_bank, in_order
        Columns of the right length; the first are for one bank after the other, and of no use afterwards.

    Raises
    ------
    OperatorError
        The file has a bad value.
    """
    pulse, start, count, done = [], [], [], 0
    for bank in banks:
        first, last = bank.span(pulses.start, pulses.stop)
        places = bank.first[first : last + 1] - bank.first[first] + done
        after = int(places[-1])
        bank.copy(int(bank.first[first]), by_bank[0][done:after], by_bank[1][done:after])
        pulse.append(bank.pulse[first:last])
        start.append(places[:-1])
        count.append(np.diff(places))
        done = after
    order = np.argsort(np.concatenate(pulse), kind="stable")
    _collect(np.concatenate(start)[order], np.concatenate(count)[order], *by_bank, *in_order)


def pixels_of(rows: EventRows) -> I8:
    """The pixels of a bank, ascending: those that the file lists, else those that have events.

    Raises
    ------
    OperatorError
        The file has a bad value.
    """
    if rows.listed is not None:
        return rows.listed
    assert rows.ids is not None
    events = int(rows.first[-1])
    pieces = (slice(start, min(start + PIECE_EVENTS, events)) for start in range(0, events, PIECE_EVENTS))
    found = [_distinct(read_pixels(rows.ids, piece)) for piece in pieces]
    return np.unique(np.concatenate([np.empty(0, np.int64), *found]))


@kernel("", "u4[]", "u1[=]")
def _mark(pixel, marked):  # type: ignore[no-untyped-def]
    """Mark the pixels that there are; none is beyond the table."""
    for event in range(pixel.size):
        marked[pixel[event]] = 1


def _distinct(pixel: NDArray[Any]) -> I8:
    if pixel.max() >= MOST_MARKED:
        return np.unique(pixel).astype(np.int64)
    marked = np.zeros(int(pixel.max()) + 1, np.uint8)
    _mark(np.ascontiguousarray(pixel, np.uint32), marked)
    return np.flatnonzero(marked)
