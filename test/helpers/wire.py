"""A small reader of ADARA bytes on struct alone: it shares nothing with the product, so neither proves the other."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Packet:
    at: int
    type: int
    version: int
    time_ns: int
    payload: bytes

    def words(self) -> tuple[int, ...]:
        return struct.unpack(f"<{len(self.payload) // 4}I", self.payload)


def walk(data: bytes) -> Iterator[Packet]:
    """All packets; the bytes must end where a packet ends."""
    at = 0
    while at < len(data):
        length, word, seconds, nanoseconds = struct.unpack_from("<4I", data, at)
        assert at + 16 + length <= len(data), f"cut packet of type {word:#x} at {at}"
        yield Packet(at, word >> 8, word & 0xFF, seconds * 10**9 + nanoseconds, data[at + 16 : at + 16 + length])
        at += 16 + length


def one(data: bytes) -> Packet:
    """The only packet there is."""
    (packet,) = walk(data)
    return packet


Bank = tuple[int, int | None, list[tuple[int, int]]]
"""Bank id, state, events as (tof in 100 ns, pixel)."""


def banks(packet: Packet) -> list[tuple[tuple[int, int, int], list[Bank]]]:
    """Of a banked packet, per source: (source, intra-pulse time, offset word) and its banks."""
    words, at, sources = packet.words(), 4, []
    has_state = packet.type == 0x4100
    while at < len(words):
        head, count = (words[at], words[at + 1], words[at + 2]), words[at + 3]
        at += 4
        found: list[Bank] = []
        for _ in range(count):
            bank = words[at]
            state = words[at + 1] if has_state else None
            at += 3 if has_state else 2
            n = words[at - 1]
            found.append((bank, state, [(words[at + 2 * i], words[at + 2 * i + 1]) for i in range(n)]))
            at += 2 * n
        sources.append((head, found))
    return sources


def monitors(packet: Packet) -> dict[int, list[int]]:
    """Of a monitor packet: monitor id to event words."""
    words, at, found = packet.words(), 4, {}
    while at < len(words):
        n = words[at] & 0x3FFFFF
        found[words[at] >> 22] = list(words[at + 3 : at + 3 + n])
        at += 3 + n
    return found


@dataclass(slots=True)
class RunTotals:
    """What was sent of one run: enough to compare with what went in."""

    run: int
    opened_by: int
    pulses: int = 0
    events: int = 0
    charge_pc: int = 0
    monitor_events: int = 0
    banks: dict[int, int] = field(default_factory=dict)
    tofs: list[int] = field(default_factory=list)
    pixels: list[int] = field(default_factory=list)
    stamps_ns: list[int] = field(default_factory=list)
    closed_by: int | None = None


def runs(data: bytes) -> list[RunTotals]:
    """Totals per stretch between run status packets; consecutive files of one run are one stretch."""
    found: list[RunTotals] = []
    for packet in walk(data):
        if packet.type == 0x4003:
            run, status = packet.words()[0], packet.words()[2] >> 24
            if status in (2, 3):
                continue
            if status == 4 or (status == 0 and found and found[-1].run == 0 and found[-1].closed_by is None):
                found[-1].closed_by = status
            else:
                found.append(RunTotals(run, status))
        elif packet.type in (0x4000, 0x4100):
            _count(found[-1], packet)
        elif packet.type == 0x4001:
            found[-1].monitor_events += sum(map(len, monitors(packet).values()))
    return found


def _count(totals: RunTotals, packet: Packet) -> None:
    totals.pulses += 1
    totals.charge_pc += 10 * packet.words()[0]
    totals.stamps_ns.append(packet.time_ns)
    words, at, head = packet.words(), 4, 3 if packet.type == 0x4100 else 2
    while at < len(words):
        sections, at = words[at + 3], at + 4
        for _ in range(sections):
            bank, n, at = words[at], words[at + head - 1], at + head
            totals.events += n
            totals.banks[bank] = totals.banks.get(bank, 0) + n
            totals.tofs += words[at : at + 2 * n : 2]
            totals.pixels += words[at + 1 : at + 2 * n : 2]
            at += 2 * n
