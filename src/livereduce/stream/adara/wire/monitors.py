"""Beam monitor packets to columns, one batch per monitor.

Layout (SNS network protocol, `BeamMonitorEvent`): the fixed part of a banked packet, then sections of
(monitor id << 22 | count), source id, (corrected << 31 | offset), and an event word each, whose low 21 bits are the
time of flight.
"""

from typing import Any

import numpy as np

from livereduce.stream.adara.wire.frame import PacketTable
from livereduce.stream.adara.wire.layout import (
    CORRECTED,
    MAX_TICKS,
    MONITOR_COUNT_BITS,
    MONITOR_ID_BITS,
    MONITOR_OFFSET_WORD,
    MONITOR_TOF_BITS,
    MONITOR_WORDS,
    PULSE_WORDS,
    TICK_NS,
)
from livereduce.stream.compiled import kernel
from livereduce.stream.items import I8, U4, MonitorBatch

MONITORS = 1 << MONITOR_ID_BITS
MAX_MONITORS = 64
"""Monitors decoded per block. Each has a column over all pulses; a thousand monitors, from garbage, took 2 GB."""
_EVENTS = (1 << MONITOR_COUNT_BITS) - 1
_TICKS = (1 << MONITOR_TOF_BITS) - 1
"""The bits of a word that count the events of a section, and those of an event that are its time of flight."""
_DAMAGED, _FIRST_DAMAGED, _SEEN = range(3)
"""Slots of `totals` in `_walk_sections`; the last is the number of monitors that have a section."""


@kernel(
    "i8",
    "u4[]",
    "i8[]",
    "i4[]",
    "i8[]",
    "i4[=]",
    "i4[=]",
    "i4[=]",
    "i8[=]",
    "u4[=]",
    "i8[=]",
    "u1[=]",
    "i8[=]",
    "i8[=]",
)
def _walk_sections(  # type: ignore[no-untyped-def]
    words, at, length, rows, packet, monitor, count, event_at, offset, events, has_section, seen, totals
):
    """List the sections of sound packets, and in `seen` the monitors that have one; return the number of sections.

    `events` counts by monitor.
    """
    row, header = np.uint64(0), np.uint64(MONITOR_WORDS)
    events[:] = 0
    has_section[:] = 0
    totals[:] = 0
    for k in range(rows.size):
        begin = np.uint64(at[np.uint64(rows[k])])
        position, stop = begin + np.uint64(PULSE_WORDS), begin + np.uint64(length[np.uint64(rows[k])])
        row_before = row
        good = position <= stop
        while good and position < stop:
            n = np.uint64(words[position] & np.uint32(_EVENTS))
            following = position + header + n
            good = following <= stop
            if not good:
                break
            packet[row] = k
            monitor[row] = words[position] >> np.uint32(MONITOR_COUNT_BITS)
            count[row] = n
            shift = words[position + np.uint64(MONITOR_OFFSET_WORD)]
            offset[row] = np.uint32(0) if shift & np.uint32(CORRECTED) else shift
            event_at[row] = position + header
            row += np.uint64(1)
            position = following
        if not good:
            totals[_FIRST_DAMAGED] = totals[_FIRST_DAMAGED] if totals[_DAMAGED] else rows[k]
            totals[_DAMAGED] += 1
            row = row_before
    for r in range(row):
        identity = np.uint64(monitor[r])
        events[identity] += count[r]
        if not has_section[identity]:
            has_section[identity] = 1
            seen[np.uint64(totals[_SEEN])] = monitor[r]
            totals[_SEEN] += 1
    return row


@kernel("", "u4[]", "i4", "i4[]", "i4[]", "i4[]", "i8[]", "u4[]", "i8[=]", "i4[=]")
def _copy_monitor(  # type: ignore[no-untyped-def]
    words, wanted, packet, monitor, count, event_at, offset, first, tof_ns
):
    """Copy the events of one monitor; `first` has one more entry than there are packets."""
    done = 0
    filled = 0
    most = np.uint32(MAX_TICKS)
    for row in range(packet.size):
        if monitor[row] != wanted:
            continue
        while filled <= packet[row]:
            first[filled] = done
            filled += 1
        shift = min(offset[row], most)
        source = words[event_at[row] : event_at[row] + count[row]]
        out = tof_ns[done : done + count[row]]
        for i in range(np.uint64(out.size)):
            out[i] = np.int32(min((source[i] & np.uint32(_TICKS)) + shift, most) * np.uint32(TICK_NS))
        done += count[row]
    while filled < first.size:
        first[filled] = done
        filled += 1


class MonitorReader:
    """Reads monitor packets; keeps its scratch columns between calls."""

    def __init__(self) -> None:
        self._rows = -1
        self._events = np.zeros(MONITORS, np.int64)
        self._has_section = np.zeros(MONITORS, np.uint8)
        self._seen = np.zeros(MONITORS, np.int64)
        self._totals = np.zeros(_SEEN + 1, np.int64)
        self.first_damaged = 0
        """Row of the first damaged packet of the last call; valid only if there is one."""

    def _grow(self, rows: int) -> None:
        if rows > self._rows:
            self._rows = rows
            kinds = (np.int32, np.int32, np.int32, np.int64, np.uint32)
            self._sections: tuple[Any, ...] = tuple(np.empty(rows, kind) for kind in kinds)

    def events(self, packets: PacketTable, rows: I8) -> tuple[dict[int, int], int]:
        """Number of events by monitor that has a section, and number of damaged packets."""
        self._grow(len(packets.words) // MONITOR_WORDS)
        where = packets.words, packets.at, packets.length, rows
        counters = self._events, self._has_section, self._seen, self._totals
        sections = int(_walk_sections(*where, *self._sections, *counters))
        self._listed = tuple(column[:sections] for column in self._sections)
        damaged, self.first_damaged, seen = self._totals.tolist()
        return {monitor: int(self._events[monitor]) for monitor in sorted(self._seen[:seen].tolist())}, damaged

    def batches(self, run: int, packets: PacketTable, rows: I8) -> tuple[list[MonitorBatch], int]:
        """One batch per monitor, all over the same pulses; and the number of packets that are damaged, or too many."""
        counts, damaged = self.events(packets, rows)
        kept = list(counts.items())[:MAX_MONITORS]
        pulse_ns = packets.time_ns[rows]
        pulse_ns.setflags(write=False)
        batches = [self._batch(run, packets.words, pulse_ns, monitor, events) for monitor, events in kept]
        surplus = list(counts)[MAX_MONITORS:]
        if surplus and not damaged:
            packet, monitor = self._listed[:2]
            self.first_damaged = int(rows[packet[np.isin(monitor, surplus).argmax()]])
        return batches, damaged + len(surplus)

    def _batch(self, run: int, words: U4, pulse_ns: I8, monitor: int, events: int) -> MonitorBatch:
        first, tof_ns = np.empty(len(pulse_ns) + 1, np.int64), np.empty(events, np.int32)
        _copy_monitor(words, monitor, *self._listed, first, tof_ns)
        first.setflags(write=False)
        tof_ns.setflags(write=False)
        return MonitorBatch(run=run, monitor=monitor, tof_ns=tof_ns, first=first, pulse_ns=pulse_ns)
