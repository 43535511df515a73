"""Counts of a stream for an operator: packets by type; for each segment run, pulses, events, charge, vetoes, monitors.

A segment begins with a run status and ends before the run status that opens the next. Consecutive files of one run are
one segment; files of paused data are segments of their own. Everything in the stream is counted, repeats included: this
is about what was sent, not about what a reduction would use.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from livereduce.base.times import NS_PER_S
from livereduce.stream.adara.wire.banks import BankReader, BankTable
from livereduce.stream.adara.wire.frame import PacketTable
from livereduce.stream.adara.wire.layout import FLAG_MISSING_RTDL, Kind, RunStatusCode, Type, type_name
from livereduce.stream.adara.wire.monitors import MonitorReader
from livereduce.stream.adara.wire.packets import Annotation, BadPacket, RunStatus
from livereduce.stream.adara.wire.readers import read_packet
from livereduce.stream.items import FLAG_VETOED, I8
from livereduce.stream.stretches import starts_of

_VARIABLE_TYPES = (Type.VARIABLE_U32, Type.MULTIPLE_DOUBLE_ARRAY)
_CLOSING = (RunStatusCode.NO_RUN, RunStatusCode.END_RUN)


def stamp(time_ns: int) -> str:
    """Format a time as seconds since 1990 with nine decimals."""
    seconds, ns = divmod(time_ns, NS_PER_S)
    return f"{seconds}.{ns:09d}"


@dataclass(slots=True, kw_only=True)
class Segment:
    """Sums over one segment; they grow as packets come."""

    opened_by: str
    run: int
    run_start: int
    paused_segment: int = 0
    closed_by: str | None = None
    file_boundaries: int = 0
    packets: int = 0
    pulses: int = 0
    events: int = 0
    charge_pc: float = 0.0
    vetoed_pulses: int = 0
    charge_pc_not_vetoed: float = 0.0
    events_not_vetoed: int = 0
    missing_rtdl_pulses: int = 0
    first_pulse_ns: int | None = None
    last_pulse_ns: int | None = None
    banks: Counter[int] = field(default_factory=Counter)
    states: Counter[int] = field(default_factory=Counter)
    monitors: Counter[int] = field(default_factory=Counter)
    variables: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, Any]:
        """The segment as a JSON object; times as seconds since 1990."""
        return {
            "opened_by": self.opened_by,
            "run": self.run,
            "run_start": self.run_start,
            "packets": self.packets,
            "pulses": self.pulses,
            "events": self.events,
            "charge_pC": round(self.charge_pc),
            "vetoed_pulses": self.vetoed_pulses,
            "charge_pC_not_vetoed": round(self.charge_pc_not_vetoed),
            "events_not_vetoed": self.events_not_vetoed,
            "missing_rtdl_pulses": self.missing_rtdl_pulses,
            "banks": _text_keys(self.banks),
            "states": _text_keys(self.states),
            "monitors": _text_keys(self.monitors),
            "first_pulse": None if self.first_pulse_ns is None else stamp(self.first_pulse_ns),
            "last_pulse": None if self.last_pulse_ns is None else stamp(self.last_pulse_ns),
            "closed_by": self.closed_by,
            "variables": dict(self.variables),
            "file_boundaries": self.file_boundaries,
            "paused_segment": self.paused_segment,
        }


def _text_keys(counts: Mapping[int, int]) -> dict[str, int]:
    return {str(key): value for key, value in sorted(counts.items())}


class Census:
    """Counts a stream table by table."""

    def __init__(self) -> None:
        self.types: Counter[int] = Counter()
        self.segments: list[Segment] = []
        self.annotations: list[tuple[str, int, int, str]] = []
        self.bad_packets = 0
        self.problem = ""
        self.pulses = 0
        self.events = 0
        self.charge_pc = 0.0
        self._banks = BankReader()
        self._monitors = MonitorReader()

    def add(self, table: PacketTable) -> None:
        """Count the packets of one table."""
        formats, counts = np.unique(table.format, return_counts=True)
        self.types.update(dict(zip(formats.tolist(), counts.tolist(), strict=True)))
        start = 0
        for row in table.rows[Kind.RARE].tolist():
            try:
                packet = read_packet(int(table.format[row]), table.payload(row))
            except BadPacket as problem:
                self._bad(1, f"{table.place(row)}: {problem}")
                continue
            if isinstance(packet, RunStatus):
                self._span(table, start, row)
                start = row
                self._edge(packet)
            elif isinstance(packet, Annotation):
                when = stamp(int(table.time_ns[row]))
                self.annotations.append((when, packet.type, packet.scan, packet.comment))
        self._span(table, start, len(table))

    def _bad(self, packets: int, problem: str) -> None:
        self.bad_packets += packets
        self.problem = problem

    def _edge(self, packet: RunStatus) -> None:
        current = self.segments[-1] if self.segments else None
        if current is not None and current.closed_by in (None, "RUN_EOF"):
            if packet.status is RunStatusCode.RUN_EOF:
                current.file_boundaries += 1
                current.closed_by = packet.status.name
                return
            same = (current.run, current.paused_segment) == (packet.run, int(packet.paused))
            if packet.status is RunStatusCode.RUN_BOF and same and current.closed_by == "RUN_EOF":
                current.closed_by = None
                return
            if packet.status in _CLOSING and current.closed_by is None:
                current.closed_by = packet.status.name
                return
        opened = Segment(
            opened_by=packet.status.name,
            run=packet.run,
            run_start=packet.run_start_s,
            paused_segment=int(packet.paused),
        )
        self.segments.append(opened)

    def _span(self, table: PacketTable, start: int, stop: int) -> None:
        """Count rows that lie in one segment; rows before the first run status count only in the totals."""
        segment = self.segments[-1] if self.segments else Segment(opened_by="", run=0, run_start=0)
        segment.packets += stop - start
        banked = table.between(Kind.BANKED, start, stop)
        if len(banked):
            self._count_banked(segment, table, banked)
        monitor = table.between(Kind.MONITOR, start, stop)
        if len(monitor):
            events, damaged = self._monitors.events(table, monitor)
            segment.monitors.update(events)
            if damaged:
                self._bad(damaged, f"{table.place(self._monitors.first_damaged)}: sections beyond its end")
        base = table.format[start:stop] >> 8
        is_variable = (base >= _VARIABLE_TYPES[0]) & (base <= _VARIABLE_TYPES[1]) & (table.length[start:stop] >= 3)
        _count_variables(segment, table, start + np.flatnonzero(is_variable))

    def _count_banked(self, segment: Segment, table: PacketTable, rows: I8) -> None:
        banks = self._banks.table(table, rows)
        if banks.damaged:
            self._bad(banks.damaged, f"{table.place(banks.first_damaged)}: banks that do not fit its payload")
        events = _events_of_packets(banks)
        kept = (banks.flags & FLAG_VETOED) == 0
        segment.pulses += len(rows)
        segment.events += int(events.sum())
        segment.charge_pc += float(banks.charge_pc.sum())
        segment.vetoed_pulses += int((~kept).sum())
        segment.charge_pc_not_vetoed += float(banks.charge_pc[kept].sum())
        segment.events_not_vetoed += int(events[kept].sum())
        segment.missing_rtdl_pulses += int(((banks.flags & FLAG_MISSING_RTDL) != 0).sum())
        oldest_ns, newest_ns = int(table.time_ns[rows].min()), int(table.time_ns[rows].max())
        first_ns, last_ns = segment.first_pulse_ns, segment.last_pulse_ns
        segment.first_pulse_ns = oldest_ns if first_ns is None else min(first_ns, oldest_ns)
        segment.last_pulse_ns = newest_ns if last_ns is None else max(last_ns, newest_ns)
        segment.banks.update(_sums(banks.bank, banks.count))
        with_states = np.repeat(table.format[rows] >> 8 == Type.BANKED_EVENT_STATE, np.diff(banks.first))
        segment.states.update(_sums(banks.state[with_states], banks.count[with_states]))
        self.pulses += len(rows)
        self.events += int(events.sum())
        self.charge_pc += float(banks.charge_pc.sum())

    def as_json(self) -> dict[str, Any]:
        """All counts as a JSON object."""
        return {
            "packets": self.types.total(),
            "types": {type_name(format_word): count for format_word, count in self.types.items()},
            "events": self.events,
            "charge_pC": round(self.charge_pc),
            "pulses": self.pulses,
            "bad_packets": self.bad_packets,
            "annotations": [list(note) for note in self.annotations],
            "segments": [segment.as_json() for segment in self.segments],
        }


def _events_of_packets(banks: BankTable) -> I8:
    """Number of events of each packet, including those without a pixel."""
    running = starts_of(banks.count)
    return running[banks.first[1:]] - running[banks.first[:-1]]


def _sums(keys: np.ndarray[Any, Any], counts: np.ndarray[Any, Any]) -> dict[int, int]:
    """Sum the counts by key."""
    unique, inverse = np.unique(keys, return_inverse=True)
    sums = np.bincount(inverse, weights=counts, minlength=len(unique))
    return {int(key): int(total) for key, total in zip(unique, sums, strict=True)}


def _count_variables(segment: Segment, table: PacketTable, rows: I8) -> None:
    at = table.at[rows]
    key = table.words[at].astype(np.uint64) << np.uint64(32) | table.words[at + 1]
    unique, counts = np.unique(key, return_counts=True)
    for identity, count in zip(unique.tolist(), counts.tolist(), strict=True):
        segment.variables[f"{identity >> 32}/{identity & 0xFFFF_FFFF}"] += count
