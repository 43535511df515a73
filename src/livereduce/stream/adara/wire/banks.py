"""Banked event packets to columns: check every bank header of a packet first, then convert its events.

Layout (SNS network protocol, `BankedEvent` and `BankedEventState`): charge, energy, cycle, veto bits and flags; then
source sections (id, time, offset, number of banks) of bank sections (bank, [state,] count) of events (tick, pixel).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba.extending import register_jitable

from livereduce.stream.adara.wire.frame import PacketTable
from livereduce.stream.adara.wire.layout import (
    BANK_ERROR,
    BANK_STATE_WORD,
    BANK_STATE_WORDS,
    BANK_UNMAPPED,
    BANK_WORDS,
    CHARGE_UNIT_PC,
    CHARGE_WORD,
    CORRECTED,
    EVENT_WORDS,
    FLAG_BITS,
    FLAGS_WORD,
    PULSE_WORDS,
    SOURCE_BANKS_WORD,
    SOURCE_OFFSET_WORD,
    SOURCE_WORDS,
    Type,
)
from livereduce.stream.adara.wire.pairs import convert_events
from livereduce.stream.compiled import kernel, prefetch
from livereduce.stream.items import F8, FLAG_DAMAGED, I4, I8, U1, U4

MAX_STATE = 255
_ERRONEOUS, _UNMAPPED, _DAMAGED, _FIRST_DAMAGED, _SECTIONS, _HAS_STATES = range(6)
"""Slots of `totals` in `_read_banks`."""
_NO_COLUMN = np.empty(0, np.int32)
_STATES_TYPE = int(Type.BANKED_EVENT_STATE)
_FIRST_FORMAT = Type.BANKED_EVENT << 8
"""Version 0: the bits above the flags are not veto bits there."""
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


@register_jitable(inline="always")
def _convert_sections(
    words: Any, bank: Any, count: Any, event_at: Any, offset: Any, start: Any, stop: Any, copy: Any, tof_ns: Any,
    pixel: Any, done: Any,
) -> Any:  # fmt: skip
    """Count the events of some sections, and convert them if `copy`; `done` of all packets before, and with these."""
    for section in range(start, stop):
        if bank[section] < np.uint32(BANK_ERROR):
            n = np.uint64(count[section])
            if copy:
                convert_events(words, np.uint64(event_at[section]), n, offset[section], tof_ns, pixel, done)
            done += n
    return done


@register_jitable
def _known_flags(flags: Any, format_: Any) -> Any:
    known = np.uint32(FLAG_BITS if format_ == np.uint32(_FIRST_FORMAT) else 0xFFFF_FFFF)
    return flags & known & ~np.uint32(FLAG_DAMAGED)


@kernel("", *("u4[]", "i8[]", "i4[]", "u4[]", "i8[]"), *("u4[=]", "u4[=]", "i4[=]", "i8[=]", "u4[=]"),
        *("i8[=]", "i8[=]", "f8[=]", "u4[=]", "i8[=]"), *("b1", "i4[=]", "i4[=]"))  # fmt: skip
def _read_banks(  # type: ignore[no-untyped-def]
    words, at, length, format_, rows, bank, state, count, event_at, offset,
    first, first_event, charge, flags, totals, copy, tof_ns, pixel,
):  # fmt: skip
    """Check the bank headers of a packet, then convert its events while they are in the cache; packet by packet."""
    # Indices are unsigned: a signed one costs a test for each access.
    zero, one, shift = np.uint64(0), np.uint64(1), np.uint32(0)
    row = ahead = done = zero
    first[0] = first_event[0] = 0
    totals[:] = 0
    for k in range(np.uint64(rows.size)):
        packet = np.uint64(rows[k])
        position = np.uint64(at[packet])
        stop, row_before = position + np.uint64(length[packet]), row
        has_state = (format_[packet] >> np.uint32(8)) == np.uint32(_STATES_TYPE)
        header = np.uint64(BANK_STATE_WORDS) if has_state else np.uint64(BANK_WORDS)
        totals[_HAS_STATES] |= has_state
        erroneous = unmapped = banks = zero
        good = position + np.uint64(PULSE_WORDS) <= stop
        if good:
            flags[k] = _known_flags(words[position + np.uint64(FLAGS_WORD)], format_[packet])
            charge[k] = CHARGE_UNIT_PC * words[position + np.uint64(CHARGE_WORD)]
            position += np.uint64(PULSE_WORDS)
        while good and position < stop:
            if banks == zero:
                good = position + np.uint64(SOURCE_WORDS) <= stop
                if good:
                    shift = words[position + np.uint64(SOURCE_OFFSET_WORD)]
                    banks = np.uint64(words[position + np.uint64(SOURCE_BANKS_WORD)])
                    position += np.uint64(SOURCE_WORDS)
                continue
            begin = position + header
            n = np.uint64(words[begin - one]) if begin <= stop else stop
            following, ahead = begin + np.uint64(EVENT_WORDS) * n, max(ahead, position)
            good = following <= stop
            if not good:
                break
            while ahead < position + np.uint64(_AHEAD_WORDS):
                prefetch(words, ahead)
                ahead += np.uint64(16)
            identity = bank[row] = words[position]
            state[row] = words[position + np.uint64(BANK_STATE_WORD)] if has_state else np.uint32(0)
            count[row] = n
            event_at[row] = begin
            offset[row] = np.uint32(0) if shift & np.uint32(CORRECTED) else shift
            unmapped += n if identity == np.uint32(BANK_UNMAPPED) else zero
            erroneous += n if identity == np.uint32(BANK_ERROR) else zero
            row += one
            banks -= one
            position = following
        if not good or banks:
            erroneous = unmapped = zero
            row, charge[k], flags[k] = row_before, 0.0, np.uint32(FLAG_DAMAGED)
            totals[_FIRST_DAMAGED] = totals[_FIRST_DAMAGED] if totals[_DAMAGED] else rows[k]
            totals[_DAMAGED] += 1
        done = _convert_sections(words, bank, count, event_at, offset, row_before, row, copy, tof_ns, pixel, done)
        totals[_UNMAPPED] += np.int64(unmapped)
        totals[_ERRONEOUS] += np.int64(erroneous)
        first[k + one], first_event[k + one] = row, done
    totals[_SECTIONS] = row


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
        self._totals = np.zeros(_HAS_STATES + 1, np.int64)

    def _grow(self, rows: int) -> None:
        if rows > self._rows:
            self._rows = rows
            kinds = (np.uint32, np.uint32, np.int32, np.int64, np.uint32)
            self._sections: tuple[Any, ...] = tuple(np.empty(rows, kind) for kind in kinds)

    def table(self, packets: PacketTable, rows: I8) -> BankTable:
        """Check and list the banks of some packets."""
        return self._table(packets, rows, _NO_COLUMN, _NO_COLUMN, copy=False)

    def read(self, packets: PacketTable, rows: I8, tof_ns: I4, pixel: I4) -> BankTable:
        """Check and list the banks of some packets, and copy their events, except those of the unmapped and error bank.

        Each output has room for all of `most_events`; what lies behind ``first_event[-1]`` is undefined.
        """
        return self._table(packets, rows, tof_ns, pixel, copy=True)

    def _table(self, packets: PacketTable, rows: I8, tof_ns: I4, pixel: I4, *, copy: bool) -> BankTable:
        n = len(rows)
        self._grow(len(packets.words) // BANK_WORDS)
        first, first_event = np.empty(n + 1, np.int64), np.empty(n + 1, np.int64)
        charge_pc, flags = np.empty(n), np.empty(n, np.uint32)
        _read_banks(
            packets.words, packets.at, packets.length, packets.format, rows, *self._sections,
            first, first_event, charge_pc, flags, self._totals, copy, tof_ns, pixel,
        )  # fmt: skip
        erroneous, unmapped, damaged, first_damaged, sections, has_states = self._totals.tolist()
        bank, state, count, event_at, offset = (column[:sections] for column in self._sections)
        return BankTable(
            bank=bank, state=state, count=count, at=event_at, offset_ticks=offset, first=first,
            first_event=first_event, charge_pc=charge_pc, flags=flags, unmapped=unmapped, erroneous=erroneous,
            damaged=damaged, first_damaged=first_damaged, has_states=bool(has_states),
        )  # fmt: skip


def most_events(packets: PacketTable) -> int:
    """The largest number of events that these packets can hold: it costs nothing to find out."""
    return packets.used_words // EVENT_WORDS


def fill_states(table: BankTable, out: U1) -> None:
    """Fill in the state of each event that `BankReader.read` copies; states above 255 are clipped."""
    _fill_states(table.bank, table.state, table.count, out)
