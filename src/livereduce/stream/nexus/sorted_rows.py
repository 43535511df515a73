"""The rows of banks and monitors in the order of the pulses, and their events as the stream has them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from livereduce.stream.adara.wire.layout import MAX_TICKS, TICK_NS
from livereduce.stream.compiled import kernel
from livereduce.stream.items import I4, I8
from livereduce.stream.nexus.events import EventRows, read_pixels, read_times
from livereduce.stream.nexus.fields import ALL
from livereduce.stream.nexus.pulses import TICKS_PER_US, FilePulses
from livereduce.stream.stretches import starts_of

MOST_MARKED = 1 << 28
"""Pixels below this are found by marking them; a table of larger ones would take too much memory."""
PIECE_EVENTS = 1 << 22


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
        All events, if the file does not have them in this order; else None, and they are read when they are needed.
    """

    rows: EventRows
    pulse: I8
    first: I8
    kept: tuple[I4, I4 | None] | None = None

    def events(self, start: int, stop: int) -> tuple[I4, I4 | None]:
        """Times of flight (ns) and pixels of some events.

        Raises
        ------
        OperatorError
            The file has a bad value there.
        """
        if self.kept is None:
            return _as_in_stream(self.rows, slice(start, stop))
        tof_ns, pixel = self.kept
        return tof_ns[start:stop], None if pixel is None else pixel[start:stop]


def sorted_rows(rows: EventRows, pulses: FilePulses) -> SortedRows:
    """Put rows in the order of the pulses; rows of one pulse stay in the order of the file.

    Raises
    ------
    OperatorError
        Events must be read for that, and the file has a bad value there.
    """
    count = np.diff(rows.first)
    used = np.flatnonzero(count)
    pulse, count = pulses.number(rows.pulse_ns[used]), count[used]
    if not (np.diff(pulse) < 0).any():
        return SortedRows(rows=rows, pulse=pulse, first=starts_of(count))
    order = np.argsort(pulse, kind="stable")
    first = starts_of(count[order])
    gather = np.repeat(rows.first[used][order] - first[:-1], count[order]) + np.arange(first[-1])
    tof_ns, pixel = _as_in_stream(rows)
    kept = tof_ns[gather], None if pixel is None else pixel[gather]
    return SortedRows(rows=rows, pulse=pulse[order], first=first, kept=kept)


def _as_in_stream(rows: EventRows, part: slice = ALL) -> tuple[I4, I4 | None]:
    """Times of flight in ns, in ticks of the stream and at most what it can carry; pixels in its 32 bits."""
    ticks = TICKS_PER_US * read_times(rows, part)
    pixel = read_pixels(rows, part)
    np.rint(ticks, out=ticks)
    np.minimum(ticks, MAX_TICKS, out=ticks)
    tof_ns = ticks.astype(np.int32)
    tof_ns *= TICK_NS
    return tof_ns, None if pixel is None else pixel.astype(np.uint32).view(np.int32)


def events_of_pulses(banks: Sequence[SortedRows], pulses: int) -> I8:
    """Number of events before each pulse, of all banks, and of all; shape (pulses + 1,)."""
    total = np.zeros(pulses)
    for bank in banks:
        total += np.bincount(bank.pulse, np.diff(bank.first), pulses)
    return starts_of(total.astype(np.int64))


@kernel("", "i8[]", "i8[]", "i4[]", "i4[]", "i8[=]", "i4[=]", "i4[=]")
def _put(pulse, first, tof_ns, pixel, place, all_tof_ns, all_pixel):  # type: ignore[no-untyped-def]
    """Copy the events of rows to the places of their pulses, which move on."""
    for row in range(pulse.size):
        to = place[pulse[row]]
        for event in range(first[row], first[row + 1]):
            all_tof_ns[to] = tof_ns[event]
            all_pixel[to] = pixel[event]
            to += 1
        place[pulse[row]] = to


def put_events(bank: SortedRows, begin: int, place: I8, tof_ns: I4, pixel: I4) -> None:
    """Copy a bank's events of some pulses to where those of each pulse are collected.

    Parameters
    ----------
    begin, place
        The first of the pulses, and for each of them where its next event goes; that moves on.
    """
    first, last = np.searchsorted(bank.pulse, [begin, begin + len(place)]).tolist()
    start = int(bank.first[first])
    tofs, pixels = bank.events(start, int(bank.first[last]))
    assert pixels is not None
    _put(bank.pulse[first:last] - begin, bank.first[first : last + 1] - start, tofs, pixels, place, tof_ns, pixel)


def pixels_of(rows: EventRows) -> I8:
    """The pixels of a bank, ascending: those that the file lists, else those that have events.

    Raises
    ------
    OperatorError
        The file has a bad value.
    """
    if rows.listed is not None:
        return rows.listed
    events, found = int(rows.first[-1]), [np.empty(0, np.int64)]
    for start in range(0, events, PIECE_EVENTS):
        pixel = read_pixels(rows, slice(start, min(start + PIECE_EVENTS, events)))
        assert pixel is not None
        found.append(_distinct(pixel))
    return np.unique(np.concatenate(found))


def _distinct(pixel: I8) -> I8:
    if pixel.max() >= MOST_MARKED:
        return np.unique(pixel)
    marked = np.zeros(int(pixel.max()) + 1, np.bool_)
    marked[pixel] = True
    return np.flatnonzero(marked)
