"""Compiled loops that find the spectrum of each event of a block, or -1 for an event that does not count."""

from typing import Any

import numpy as np

from livereduce.stream.compiled import kernel


@kernel("", "i4[]", "i4[]", "i4[=]")
def find_rows(pixel: Any, row_of_pixel: Any, row: Any) -> None:
    """Rows by pixel; the last entry of the table stands for pixels beyond it."""
    last = np.uint32(row_of_pixel.size - 1)
    for i in range(pixel.size):
        row[i] = row_of_pixel[min(np.uint32(pixel[i]), last)]


@kernel("", "i4[]", "i4[]", "i8[]", "i8[]", "i4[=]")
def drop_beyond(tof_ns: Any, pixel: Any, least_ns: Any, end_ns: Any, row: Any) -> None:
    """Drop events outside of the limits of their pixel."""
    last = np.uint32(least_ns.size - 1)
    for i in range(tof_ns.size):
        p = min(np.uint32(pixel[i]), last)
        is_inside = (tof_ns[i] >= least_ns[p]) & (tof_ns[i] < end_ns[p])
        row[i] = row[i] if is_inside else np.int32(-1)


@kernel("", "i4[]", "i8", "i8", "i4[=]")
def drop_between(tof_ns: Any, start_ns: Any, end_ns: Any, row: Any) -> None:
    """Drop events with start <= t < end."""
    for i in range(tof_ns.size):
        is_outside = (tof_ns[i] < start_ns) | (tof_ns[i] >= end_ns)
        row[i] = row[i] if is_outside else np.int32(-1)


@kernel("", "i8[]", "b1[]", "i8", "i4[=]")
def drop_pulses(first: Any, kept: Any, begin: Any, row: Any) -> None:
    """Drop events of the pulses that are not kept; the block begins with the event `begin` of its piece."""
    for k in range(np.searchsorted(first, begin, side="right") - 1, kept.size):
        if first[k] >= begin + row.size:
            break
        if not kept[k]:
            for i in range(max(first[k] - begin, 0), min(first[k + 1] - begin, row.size)):
                row[i] = -1


@kernel("i8", "i4[]", "i4[]", "i4[=]", "i4[=]", "i4[=]")
def pick(tof_ns: Any, pixel: Any, row: Any, picked_tof_ns: Any, picked_pixel: Any) -> Any:
    """Move the events that count to the front, their rows in place; returns how many they are."""
    count = 0
    for i in range(tof_ns.size):
        picked_tof_ns[count], picked_pixel[count], row[count] = tof_ns[i], pixel[i], row[i]
        count += row[count] >= 0
    return count


@kernel("", "f8[]", "i4[=]")
def drop_not_finite(x: Any, row: Any) -> None:
    """Drop events whose x has no value."""
    for i in range(x.size):
        row[i] = row[i] if x[i] - x[i] == 0 else np.int32(-1)


@kernel("", "i4[]", "f8[=]")
def to_us(tof_ns: Any, tof_us: Any) -> None:
    """Divide and not multiply: the nearest number to each time."""
    for i in range(tof_ns.size):
        tof_us[i] = tof_ns[i] / 1000.0


@kernel("", "i8[]", "i8", "i4[=]")
def rows_between(first: Any, begin: Any, row: Any) -> None:
    """The spectrum of the events `begin` and after of lists; spectrum i has ``first[i]:first[i + 1]``."""
    r = np.searchsorted(first, begin, side="right") - 1
    for i in range(row.size):
        while first[r + 1] <= begin + i:
            r += 1
        row[i] = r


@kernel("", "i8[]", "i8[]", "i8", "i8[=]")
def pulses_between(first: Any, pulse_ns: Any, begin: Any, time_ns: Any) -> None:
    """The pulse time of the events `begin` and after of a piece."""
    k = np.searchsorted(first, begin, side="right") - 1
    for i in range(time_ns.size):
        while first[k + 1] <= begin + i:
            k += 1
        time_ns[i] = pulse_ns[k]


@kernel("", "i4[]", "f8[]", "f8[=]")
def gather(pixel: Any, table: Any, values: Any) -> None:
    """Values by pixel."""
    last = np.uint32(table.size - 1)
    for i in range(pixel.size):
        values[i] = table[min(np.uint32(pixel[i]), last)]
