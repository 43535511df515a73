"""Banked event packets to columns: check every bank header of a packet first, then copy its events.

Layout (SNS network protocol, `BankedEvent` and `BankedEventState`): charge, energy, cycle, veto bits and flags; then
source sections (id, time, offset, number of banks) of bank sections (bank, [state,] count) of events (tick, pixel).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from livereduce.stream.adara.wire.frame import PacketTable
from livereduce.stream.adara.wire.layout import BANK_ERROR, CHARGE_UNIT_PC
from livereduce.stream.compiled import kernel, prefetch
from livereduce.stream.items import F8, FLAG_DAMAGED, I4, I8, U1, U4

MAX_TICKS = (2**31 - 1) // 100
"""Times of flight above 2.147 s do not fit into int32 nanoseconds and are clipped; no frame is that long."""
MAX_STATE = 255
_LAST_MAPPED = BANK_ERROR - 1
"""Counts are summed separately for the banks up to this one, the error bank, and the unmapped one."""
_AHEAD_WORDS = 2048
"""8 KiB: bank headers are a chain of loads, as packets are; the events between them are needed next anyway."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BankTable:
    """Headers of banked packets; one row per bank section of a sound packet.

    Attributes
    ----------
    bank, state, count, at, offset_ticks
        Per bank section: id, state (0 if the packet has none), events, word of the first event, offset to be added.
    first
        Shape (p + 1,): sections of packet k are ``first[k]:first[k + 1]``.
    first_event
        Shape (p + 1,): of the events with a pixel of the instrument, ``first_event[k]:first_event[k + 1]`` are those
        of packet k.
    charge_pc, flags
        Per packet: proton charge, flags and veto bits. A damaged packet has no events, no charge, and `FLAG_DAMAGED`.
    unmapped, erroneous, damaged
        Events in the unmapped bank and in the error bank, and the number of damaged packets.
    first_damaged
        Row of the first damaged packet; valid only if there is one.
    has_states
        True if any packet is of the type that has states.
    """

    bank: U4
    state: U4
    count: I4
    at: I8
    offset_ticks: U4
    first: I8
    first_event: I8
    charge_pc: F8
    flags: U4
    unmapped: int
    erroneous: int
    damaged: int
    first_damaged: int
    has_states: bool


@kernel("", *("u4[]", "i8[]", "i4[]", "u4[]", "i8[]"), *("u4[=]", "u4[=]", "i4[=]", "i8[=]", "u4[=]"),
        *("i8[=]", "i8[=]", "f8[=]", "u4[=]", "i8[=]", "i8[=]"))  # fmt: skip
def _walk_banks(  # type: ignore[no-untyped-def]
    words, at, length, format_, rows, bank, state, count, event_at, offset,
    first, first_event, charge, flags, sums, totals,
):  # fmt: skip
    # Indices are unsigned: a signed one costs a test for each access.
    row, ahead, shift, one, fixed = np.uint64(0), np.uint64(0), np.uint32(0), np.uint64(1), np.uint64(4)
    first[0] = first_event[0] = 0
    totals[:] = 0
    for k in range(np.uint64(rows.size)):
        packet = np.uint64(rows[k])
        position = np.uint64(at[packet])
        stop, row_before = position + np.uint64(length[packet]), row
        ahead = max(ahead, position)
        has_state = (format_[packet] >> np.uint32(8)) == np.uint32(0x4100)
        header = np.uint64(3) if has_state else np.uint64(2)
        totals[6] |= has_state
        sums[:] = 0
        banks = np.uint64(0)
        good = position + fixed <= stop
        if good:
            known = np.uint32(0xFFFFF) if format_[packet] == np.uint32(0x400000) else np.uint32(0xFFFF_FFFF)
            flags[k] = words[position + np.uint64(3)] & known & ~np.uint32(FLAG_DAMAGED)
            charge[k] = CHARGE_UNIT_PC * words[position]
            position += fixed
        while good and position < stop:
            if banks == np.uint64(0):
                good = position + fixed <= stop
                if good:
                    shift = words[position + np.uint64(2)]
                    banks = np.uint64(words[position + np.uint64(3)])
                    position += fixed
                continue
            begin = position + header
            n = np.uint64(words[begin - one]) if begin <= stop else stop
            following = begin + n + n
            good = following <= stop
            if not good:
                break
            while ahead < position + np.uint64(_AHEAD_WORDS):
                prefetch(words, ahead)
                ahead += np.uint64(16)
            identity = words[position]
            bank[row] = identity
            state[row] = words[position + one] if has_state else np.uint32(0)
            count[row] = n
            event_at[row] = begin
            offset[row] = np.uint32(0) if shift >> np.uint32(31) else shift
            sums[max(identity, np.uint32(_LAST_MAPPED)) - np.uint32(_LAST_MAPPED)] += np.int64(n)
            row += one
            banks -= one
            position = following
        if not good or banks:
            sums[:] = 0
            row, charge[k], flags[k] = row_before, 0.0, np.uint32(FLAG_DAMAGED)
            totals[4] = totals[4] if totals[3] else rows[k]
            totals[3] += 1
        first_event[k + one] = first_event[k] + sums[0]
        totals[:3] += sums
        first[k + one] = row
    totals[5] = row


@kernel("", "u4[]", "u4[]", "i4[]", "i8[]", "u4[]", "i4[=]", "i4[=]")
def _copy_events(words, bank, count, at, offset, tof_ns, pixel):  # type: ignore[no-untyped-def]
    done = np.int64(0)
    most = np.uint32(MAX_TICKS)
    for row in range(bank.size):
        if bank[row] >= np.uint32(BANK_ERROR):
            continue
        n = np.int64(count[row])
        source = words[at[row] : at[row] + 2 * n]
        tof = tof_ns[done : done + n]
        pix = pixel[done : done + n]
        shift = min(offset[row], most)
        for i in range(np.uint64(n)):
            ticks = min(min(source[np.uint64(2) * i], most) + shift, most)
            tof[i] = np.int32(ticks * np.uint32(100))
            pix[i] = np.int32(source[np.uint64(2) * i + np.uint64(1)])
        done += n


@kernel("", "u4[]", "u4[]", "i4[]", "u1[=]")
def _fill_states(bank, state, count, out):  # type: ignore[no-untyped-def]
    done = 0
    for row in range(bank.size):
        if bank[row] < np.uint32(BANK_ERROR):
            out[done : done + count[row]] = min(state[row], np.uint32(MAX_STATE))
            done += count[row]


class BankReader:
    """Reads headers of banked packets; the columns of its last table are overwritten by the next."""

    def __init__(self) -> None:
        self._rows = -1
        self._sums = np.zeros(3, np.int64)
        self._totals = np.zeros(7, np.int64)
        """In the order in which `table` unpacks them."""

    def _grow(self, rows: int) -> None:
        if rows > self._rows:
            self._rows = rows
            kinds = (np.uint32, np.uint32, np.int32, np.int64, np.uint32)
            self._sections: tuple[Any, ...] = tuple(np.empty(rows, kind) for kind in kinds)

    def table(self, packets: PacketTable, rows: I8) -> BankTable:
        """Check and list the banks of some packets."""
        n = len(rows)
        self._grow(len(packets.words) // 2)
        first, first_event = np.empty(n + 1, np.int64), np.empty(n + 1, np.int64)
        charge_pc, flags = np.empty(n), np.empty(n, np.uint32)
        _walk_banks(
            packets.words, packets.at, packets.length, packets.format, rows, *self._sections,
            first, first_event, charge_pc, flags, self._sums, self._totals,
        )  # fmt: skip
        _, erroneous, unmapped, damaged, first_damaged, sections, has_states = self._totals.tolist()
        bank, state, count, event_at, offset = (column[:sections] for column in self._sections)
        return BankTable(
            bank=bank, state=state, count=count, at=event_at, offset_ticks=offset, first=first,
            first_event=first_event, charge_pc=charge_pc, flags=flags, unmapped=unmapped, erroneous=erroneous,
            damaged=damaged, first_damaged=first_damaged, has_states=bool(has_states),
        )  # fmt: skip


def copy_events(words: U4, table: BankTable, tof_ns: I4, pixel: I4) -> None:
    """Copy the events of all banks except the unmapped and error ones; the outputs hold ``first_event[-1]`` events."""
    _copy_events(words, table.bank, table.count, table.at, table.offset_ticks, tof_ns, pixel)


def fill_states(table: BankTable, out: U1) -> None:
    """Fill in the state of each event that `copy_events` copies; states above 255 are clipped."""
    _fill_states(table.bank, table.state, table.count, out)
