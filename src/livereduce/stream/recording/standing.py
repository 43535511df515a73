"""What of a stream is still true: the newest packet that describes each device, value, map … as it came.

A file of a recording that begins in the middle of a stream begins with these, so that it can be read on its own; a
server's own files begin likewise.
"""

from collections.abc import Iterator

import numpy as np

from livereduce.stream.adara.wire.frame import PacketTable
from livereduce.stream.adara.wire.layout import DESCRIPTIONS, HEADER_WORDS, Kind, Note, Type
from livereduce.stream.items import I8

MAX_BYTES = 64 << 20
"""Most bytes that are remembered: real descriptions take some megabytes, and a broken server may send any number."""

_NOT_RARE = (Type.BEAM_MONITOR_CONFIG, Type.DETECTOR_BANK_SETS)
_FIRST_VALUE, _LAST_VALUE = Type.VARIABLE_U32, Type.MULTIPLE_DOUBLE_ARRAY
_NOTES = {
    Note.PAUSE: Note.PAUSE,
    Note.RESUME: Note.PAUSE,
    Note.SCAN_START: Note.SCAN_START,
    Note.SCAN_STOP: Note.SCAN_START,
}
"""Annotations that replace each other."""
_OF_RUN = (Type.RUN_INFO, Type.ANNOTATION)

Key = tuple[int, int, int]
"""Type (0 for values), device or kind of note, variable."""
_DESCRIPTION = -1
"""In place of a variable: the description of its device, which comes before its values."""


class Standing:
    """The newest packet of each kind that matters, and which of them the present file has."""

    def __init__(self) -> None:
        self._packets: dict[Key, bytes] = {}
        self._in_file: set[Key] = set()
        self._bytes = 0
        self.left_out = 0
        """Packets that were not remembered, for want of room."""

    def note(self, table: PacketTable, start: int, stop: int) -> None:
        """Remember rows from `start` to before `stop`; the present file has them."""
        for key, row in self._of_interest(table, start, stop):
            at = int(table.at[row])
            self._keep(key, table.words[at - HEADER_WORDS : at + int(table.length[row])].tobytes())

    def begin_file(self) -> None:
        """A file begins, in which there is nothing yet."""
        self._in_file.clear()

    def begin_run(self) -> None:
        """Another run, or none: forget what was said of the one before."""
        for key in [key for key in self._packets if key[0] in _OF_RUN]:
            self._bytes -= len(self._packets.pop(key))

    def missing(self) -> bytes:
        """All that is still true and that the present file does not have: from here on it does."""
        missing = [key for key in self._packets if key not in self._in_file]
        self._in_file.update(missing)
        return b"".join(self._packets[key] for key in sorted(missing, key=_order))

    def _keep(self, key: Key, packet: bytes) -> None:
        grows = len(packet) - len(self._packets.get(key, b""))
        if self._bytes + grows > MAX_BYTES:
            self.left_out += 1
            return
        self._bytes += grows
        self._packets[key] = packet
        self._in_file.add(key)

    def _of_interest(self, table: PacketTable, start: int, stop: int) -> Iterator[tuple[Key, int]]:
        others = table.between(Kind.IGNORED, start, stop)
        others = others[np.isin(table.format[others] >> 8, _NOT_RARE)] if len(others) else others
        for row in (*table.between(Kind.RARE, start, stop).tolist(), *others.tolist()):
            key = _key(table, row)
            if key is not None:
                yield key, row
        yield from _newest_scalars(table, table.between(Kind.SCALAR, start, stop))


def _newest_scalars(table: PacketTable, rows: I8) -> Iterator[tuple[Key, int]]:
    """The last row of each scalar variable."""
    rows = rows[table.length[rows] >= 2][::-1]
    if not len(rows):
        return
    at = table.at[rows]
    ids = table.words[at].astype(np.uint64) << np.uint64(32) | table.words[at + 1]
    _, first = np.unique(ids, return_index=True)
    for row, one in zip(rows[first].tolist(), ids[first].tolist(), strict=True):
        yield (0, one >> 32, one & 0xFFFF_FFFF), row


def _key(table: PacketTable, row: int) -> Key | None:
    base, at, length = int(table.format[row]) >> 8, int(table.at[row]), int(table.length[row])
    if base in DESCRIPTIONS:
        return base, 0, 0
    if base == Type.DEVICE_DESCRIPTOR and length >= 1:
        return 0, int(table.words[at]), _DESCRIPTION
    if _FIRST_VALUE <= base <= _LAST_VALUE and length >= 2:
        return 0, int(table.words[at]), int(table.words[at + 1])
    if base == Type.ANNOTATION and length >= 1:
        note = _NOTES.get(Note(kind)) if (kind := int(table.words[at]) >> 16 & 0x7FFF) in set(Note) else None
        return None if note is None else (base, note, 0)
    return None


def _order(key: Key) -> tuple[int, int, int]:
    """Devices with their values, notes, and the rest, as in a server's own files."""
    base, first, second = key
    if base == 0:
        return 0, first, second
    return (1, first, second) if base == Type.ANNOTATION else (2, DESCRIPTIONS.index(Type(base)), 0)
