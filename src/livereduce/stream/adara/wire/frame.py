"""Framing: turn an array of 32-bit words into a table of packets. Knows lengths and types, not contents."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba.extending import register_jitable

from livereduce.base.errors import UpstreamError
from livereduce.base.times import NS_PER_S
from livereduce.stream.adara.wire.layout import (
    FORMAT_WORD,
    HEADER_WORDS,
    KIND_OF_TYPE,
    MAX_PAYLOAD_BYTES,
    NANOSECONDS_WORD,
    SECONDS_WORD,
    Kind,
    type_name,
)
from livereduce.stream.compiled import kernel, prefetch
from livereduce.stream.items import I4, I8, U1, U4, U8


class FramingError(UpstreamError):
    """An impossible packet length: nothing after it in the stream can be trusted.

    `at_byte` counts from the start of the connection or the file.
    """

    def __init__(self, at_byte: int, format_word: int, length: int) -> None:
        super().__init__(
            f"impossible packet at byte {at_byte}: type 0x{format_word >> 8:04x} with a payload of {length} bytes "
            f"(expected a multiple of 4, at most {MAX_PAYLOAD_BYTES})"
        )
        self.at_byte = at_byte


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PacketTable:
    """The whole packets of a block, in order; one row per packet.

    Attributes
    ----------
    words
        The block that the rows point into.
    at
        Word at which the payload begins.
    length
        Payload length in words.
    format
        Base type << 8 | version.
    time_ns
        Time in the header, EPICS.
    fingerprint
        64 bits mixed from the header, the first 12 and the last 8 words of the payload (charge, flags, first bank and
        event, last events): two packets with the same fingerprint are the same packet. Undefined for kinds not decoded.
    rows
        Row numbers of each `layout.Kind`, ascending.
    offset
        Place of `words` in the stream, in bytes.
    used_words
        Word at which the next packet begins, which is not complete yet.
    missing_words
        Least number of words that the next packet still needs; 0 if nothing follows.
    """

    words: U4
    at: I8
    length: I4
    format: U4
    time_ns: I8
    fingerprint: U8
    rows: tuple[I8, ...]
    offset: int
    used_words: int
    missing_words: int

    def __len__(self) -> int:
        return len(self.at)

    def between(self, kind: Kind, start: int, stop: int) -> I8:
        """Rows of one kind from row `start` to before row `stop`."""
        rows = self.rows[kind]
        if start == 0 and stop == len(self):
            return rows
        first, last = np.searchsorted(rows, (start, stop))
        return rows[first:last]

    def place(self, row: int) -> str:
        """Name of a packet in messages: ``byte 4096: 0x4000 v1``, counted from the start of connection or file."""
        at_byte = self.offset + 4 * (int(self.at[row]) - HEADER_WORDS)
        return f"byte {at_byte}: {type_name(int(self.format[row]))}"

    def payload(self, row: int) -> bytes:
        """The payload of one packet (a copy)."""
        start = int(self.at[row])
        return self.words[start : start + int(self.length[row])].tobytes()


_TYPES = 1 << 16
"""Base types that the lookup has room for; one beyond them is unknown."""


def _kind_lookup() -> U1:
    """Kind by base type; 64 KiB that stay in the second-level cache."""
    table = np.full(_TYPES, Kind.UNKNOWN, np.uint8)
    for base_type, kind in KIND_OF_TYPE.items():
        table[base_type] = kind
    return table


_KIND = _kind_lookup()
_NEXT, _MISSING, _IMPOSSIBLE = range(3)
"""Slots of `end` in `_walk`: next word, missing words, 1 if the next length is impossible."""
_AHEAD_WORDS = 1024
"""4 KiB: far enough ahead to hide the memory's latency, near enough to stay in the first-level cache. The events of a
long packet are skipped: what converts them brings them into the cache."""


_0, _1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12 = (np.uint64(k) for k in range(13))
_ODD = 0x9E37_79B9_7F4A_7C15, 0xBF58_476D_1CE4_E5B9, 0x94D0_49BB_1331_11EB, 0xD6E8_FEB8_6659_FD93
_MORE_ODD = 0xA076_1D64_78BD_642F, 0xE703_7ED1_A0B4_28DB, 0x8EBC_6AF0_9C88_C6E3
_OF_TIME, _OF_HEADER, _OF_FIRST, _OF_SECOND = (np.uint64(factor) for factor in _ODD)
_OF_THIRD, _OF_LAST, _OF_BEFORE = (np.uint64(factor) for factor in _MORE_ODD)
"""Odd factors, one for each part of a packet that is mixed into its fingerprint: no product waits for another."""


@register_jitable
def _mixed(a: Any, b: Any, c: Any, d: Any, factor: Any) -> Any:
    """Mix four words by odd factors. It gets words, not the array: an array argument has its references counted."""
    half = np.uint64(32)
    first, second = np.uint64(a) | (np.uint64(b) << half), np.uint64(c) | (np.uint64(d) << half)
    return first * factor + second * ~(factor << half)


@kernel("i8", "u4[]", "u1[]", "i8", "i8[=]", "i4[=]", "u4[=]", "i8[=]", "u8[=]", "i8[=,]", "u8[=]", "i8[=]")
def _walk(  # type: ignore[no-untyped-def]
    words, kinds, max_words, at, length, format_, time_ns, prints, rows, counts, end
):
    """Fill one row per packet; `rows` and `counts` list the rows by kind."""
    counts[:] = 0
    position = np.uint64(0)
    stop = np.uint64(words.size)
    header = np.uint64(HEADER_WORDS)
    end[_MISSING] = 0
    end[_IMPOSSIBLE] = 0
    row = np.uint64(0)
    ahead = np.uint64(0)
    while position + header <= stop:
        ahead = max(ahead, position)
        while ahead < position + np.uint64(_AHEAD_WORDS):
            prefetch(words, ahead)
            ahead += np.uint64(16)
        payload_bytes = words[position]
        payload_words = np.uint64(payload_bytes >> np.uint32(2))
        if payload_bytes & np.uint32(3) or payload_words > np.uint64(max_words):
            end[_IMPOSSIBLE] = 1
            break
        following = position + header + payload_words
        if following > stop:
            end[_MISSING] = np.int64(following - stop)
            break
        word = words[position + np.uint64(FORMAT_WORD)]
        at[row] = position + header
        length[row] = payload_words
        format_[row] = word
        base = word >> np.uint32(8)
        kind = kinds[base] if base < np.uint32(_TYPES) else np.uint8(Kind.UNKNOWN)
        rows[kind, counts[kind]] = row
        counts[kind] += np.uint64(1)
        seconds = np.int64(words[position + np.uint64(SECONDS_WORD)])
        time_ns[row] = seconds * np.int64(NS_PER_S) + np.int64(words[position + np.uint64(NANOSECONDS_WORD)])
        if kind <= np.uint8(Kind.RARE):
            b, e = position + header, following
            mix = np.uint64(time_ns[row]) * _OF_TIME + _mixed(payload_bytes, word, _0, _0, _OF_HEADER)
            if b + _4 <= e:
                mix += _mixed(words[b], words[b + _1], words[b + _2], words[b + _3], _OF_FIRST)
                mix += _mixed(words[e - _4], words[e - _3], words[e - _2], words[e - _1], _OF_LAST)
            elif b < e:
                mix += _mixed(words[b], words[min(b + _1, e - _1)], words[e - _1], _0, _OF_FIRST)
            if b + _8 <= e:
                mix += _mixed(words[b + _4], words[b + _5], words[b + _6], words[b + _7], _OF_SECOND)
                mix += _mixed(words[e - _8], words[e - _7], words[e - _6], words[e - _5], _OF_BEFORE)
            if b + _12 <= e:
                mix += _mixed(words[b + _8], words[b + _9], words[b + _10], words[b + _11], _OF_THIRD)
            prints[row] = mix ^ (mix >> np.uint64(32))
        row += np.uint64(1)
        position = following
    if end[_MISSING] == 0 and end[_IMPOSSIBLE] == 0 and position < stop:
        end[_MISSING] = np.int64(position + header - stop)
    end[_NEXT] = position
    return row


class Framer:
    """Makes packet tables; the columns of its last table are overwritten by the next."""

    def __init__(self) -> None:
        self._rows = -1
        self._counts = np.zeros(len(Kind), np.uint64)
        self._end = np.zeros(_IMPOSSIBLE + 1, np.int64)

    def _grow(self, rows: int) -> None:
        if rows <= self._rows:
            return
        self._rows = rows
        self._at = np.empty(rows, np.int64)
        self._length = np.empty(rows, np.int32)
        self._format = np.empty(rows, np.uint32)
        self._time_ns = np.empty(rows, np.int64)
        self._fingerprint = np.empty(rows, np.uint64)
        self._of_kind = np.empty((len(Kind), rows), np.int64)
        self._rows_of_kind = tuple(self._of_kind)

    def table(self, words: U4, offset: int = 0) -> PacketTable:
        """Frame the whole packets at the start of `words`, `offset` bytes into the stream; valid until the next call.

        Packets before an impossible one are returned; the error is raised by the call that begins at it.

        Raises
        ------
        FramingError
            The first packet has an impossible length.
        """
        self._grow(words.size // HEADER_WORDS)
        columns = (self._at, self._length, self._format, self._time_ns, self._fingerprint)
        rows = int(_walk(words, _KIND, MAX_PAYLOAD_BYTES // 4, *columns, self._of_kind, self._counts, self._end))
        used, missing, impossible = self._end.tolist()
        if impossible and rows == 0:
            raise FramingError(offset, int(words[used + FORMAT_WORD]), int(words[used]))
        return PacketTable(
            words=words,
            at=self._at[:rows],
            length=self._length[:rows],
            format=self._format[:rows],
            time_ns=self._time_ns[:rows],
            fingerprint=self._fingerprint[:rows],
            rows=tuple([of[:count] for of, count in zip(self._rows_of_kind, self._counts.tolist(), strict=True)]),
            offset=offset,
            used_words=used,
            missing_words=missing,
        )


def halves(table: PacketTable) -> tuple[PacketTable, PacketTable]:
    """Split a table of at least two packets into two tables that stay valid."""
    middle = int(table.at[len(table) // 2]) - HEADER_WORDS
    front, back = table.words[:middle], table.words[middle : table.used_words]
    return Framer().table(front, table.offset), Framer().table(back, table.offset + 4 * middle)
