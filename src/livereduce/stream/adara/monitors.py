"""Beam monitor packets to columns, one batch a monitor.

Layout (SNS network protocol, `BeamMonitorEvent`): the fixed part of a banked packet, then sections of
(monitor id << 22 | count), source id, (corrected << 31 | offset), and an event word each, whose low 21 bits are the
time of flight.
"""

from typing import Any

import numpy as np

from livereduce.kernel import kernel
from livereduce.stream.model import I4, I8, U4, MonitorBatch

MONITORS = 1024
"""Ten bits of monitor id."""
MOST_MONITORS = 64
"""Monitors given out of one block. Each has a column over all pulses; a thousand of them, from rubbish, took 2 GB."""
_TICK_BITS = 0x1F_FFFF
_MOST_TICKS = (2**31 - 1) // 100


@kernel("i8", "u4[]", "i8[]", "i4[]", "i4[=]", "i4[=]", "i4[=]", "i8[=]", "u4[=]", "i8[=]", "i8[=]")
def _walk_sections(  # type: ignore[no-untyped-def]
    words, at, length, packet, monitor, count, event_at, offset, events, damaged
):
    """List the sections of sound packets; `events` counts by monitor; return the number of sections."""
    row = 0
    events[:] = 0
    damaged[0] = 0
    for k in range(at.size):
        position = at[k] + 4
        stop = at[k] + length[k]
        row_before = row
        good = position <= stop
        while good and position < stop:
            n = np.int64(words[position] & np.uint32(0x3F_FFFF))
            if position + 3 + n > stop:
                good = False
                break
            packet[row] = k
            monitor[row] = words[position] >> np.uint32(22)
            count[row] = n
            shift = words[position + 2]
            offset[row] = np.uint32(0) if shift >> np.uint32(31) else shift
            event_at[row] = position + 3
            row += 1
            position += 3 + n
        if not good:
            damaged[0] += 1
            row = row_before
    for r in range(row):
        events[monitor[r]] += count[r]
    return row


@kernel("", "u4[]", "i4", "i4[]", "i4[]", "i4[]", "i8[]", "u4[]", "i8[=]", "i4[=]")
def _copy_monitor(  # type: ignore[no-untyped-def]
    words, wanted, packet, monitor, count, event_at, offset, first, tof_ns
):
    """Copy the events of one monitor; `first` has one more entry than there are packets."""
    done = 0
    filled = 0
    most = np.uint32(_MOST_TICKS)
    for row in range(packet.size):
        if monitor[row] != wanted:
            continue
        while filled <= packet[row]:
            first[filled] = done
            filled += 1
        shift = min(offset[row], most)
        for i in range(event_at[row], event_at[row] + count[row]):
            tof_ns[done] = np.int32(min((words[i] & np.uint32(_TICK_BITS)) + shift, most) * np.uint32(100))
            done += 1
    while filled < first.size:
        first[filled] = done
        filled += 1


class MonitorReader:
    """Reads monitor packets; keeps its scratch columns from call to call."""

    def __init__(self) -> None:
        self._rows = -1
        self._events = np.zeros(MONITORS, np.int64)
        self._damaged = np.zeros(1, np.int64)

    def _grow(self, rows: int) -> None:
        if rows > self._rows:
            self._rows = rows
            kinds = (np.int32, np.int32, np.int32, np.int64, np.uint32)
            self._sections: tuple[Any, ...] = tuple(np.empty(rows, kind) for kind in kinds)

    def events(self, words: U4, at: I8, length: I4) -> tuple[dict[int, int], int]:
        """Events by monitor that has a section, and how many packets are damaged."""
        self._grow(int(length.sum()) // 3)
        rows = int(_walk_sections(words, at, length, *self._sections, self._events, self._damaged))
        self._listed = tuple(column[:rows] for column in self._sections)
        seen = np.flatnonzero(np.bincount(self._listed[1], minlength=1))
        return {int(monitor): int(self._events[monitor]) for monitor in seen}, int(self._damaged[0])

    def batches(self, run: int, words: U4, at: I8, length: I4, pulse_ns: I8) -> tuple[list[MonitorBatch], int]:
        """One batch for each monitor seen, all over the same pulses; how many are damaged, or too many."""
        counts, damaged = self.events(words, at, length)
        kept = list(counts.items())[:MOST_MONITORS]
        batches = [self._batch(run, words, pulse_ns, monitor, events) for monitor, events in kept]
        return batches, damaged + len(counts) - len(kept)

    def _batch(self, run: int, words: U4, pulse_ns: I8, monitor: int, events: int) -> MonitorBatch:
        first, tof_ns = np.empty(len(pulse_ns) + 1, np.int64), np.empty(events, np.int32)
        _copy_monitor(words, monitor, *self._listed, first, tof_ns)
        first.flags.writeable = tof_ns.flags.writeable = False
        return MonitorBatch(run=run, monitor=monitor, tof_ns=tof_ns, first=first, pulse_ns=pulse_ns)
