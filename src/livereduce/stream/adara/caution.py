"""Packets that an earlier worker died on: decoded one by one with a mark for each, or left out."""

import zlib
from collections.abc import Callable, Sequence

from livereduce.messages.marks import Marker, MarkStage, Suspect
from livereduce.stream.adara.wire.frame import Framer, PacketTable
from livereduce.stream.adara.wire.layout import HEADER_WORDS, Kind
from livereduce.stream.items import Gap, Item

Decode = Callable[[PacketTable], Sequence[Item]]
Span = tuple[int, int]
_MARKED = 1 << 32
"""A packet's mark is never 0, because 0 stands for all packets."""


class Caution:
    """Marks what is being decoded, and splits tables that may hold a packet which kills the worker.

    Parameters
    ----------
    suspects
        The suspects of the stage ``decode``.
    """

    def __init__(self, marker: Marker, suspects: Sequence[Suspect] = ()) -> None:
        self._marker, self._suspects = marker, suspects
        self._framer = Framer()
        """For single packets: a framer's table is only valid until its next one."""

    def decoded(self, table: PacketTable, run: Callable[[], int], decode: Decode) -> list[Item]:
        """Decode a table with `decode`; what is left out becomes gaps.

        Parameters
        ----------
        run
            Returns the run that the stream is in, which the packets may change.
        """
        span = _span(table)
        near = [one for one in self._suspects if _is_near(one, table, *span)]
        if not near:
            self._marker.data(MarkStage.DECODE, run(), *span)
            return list(decode(table))
        items: list[Item] = []
        for row in range(len(table)):
            items += self._one(table, row, run(), span, near, decode)
        return items

    def _one(
        self, table: PacketTable, row: int, run: int, span: Span, near: Sequence[Suspect], decode: Decode
    ) -> Sequence[Item]:
        start = int(table.at[row]) - HEADER_WORDS
        words = table.words[start : start + HEADER_WORDS + int(table.length[row])]
        time_ns, packet = int(table.time_ns[row]), _MARKED | zlib.crc32(words.data)
        for one in near:
            if one.skip and (one.packet == packet or (not one.packet and one.from_ns <= time_ns <= one.to_ns)):
                return [Gap(run=run, reason=one.reason, from_ns=time_ns, to_ns=time_ns)]
        # With the times of the whole table: the packet's own time may be days older, as in a prologue.
        self._marker.data(MarkStage.DECODE, run, *span, packet=packet, packet_ns=time_ns)
        return decode(self._framer.table(words, table.offset + 4 * start))


def _is_near(one: Suspect, table: PacketTable, from_ns: int, to_ns: int) -> bool:
    """True if the suspect may be in the table: between the same pulses, or repeated in a later prologue."""
    if one.from_ns <= to_ns and from_ns <= one.to_ns:
        return True
    return bool(one.packet and (table.time_ns == one.packet_ns).any())


def _span(table: PacketTable) -> Span:
    """Times of a table's pulses; all times if it has no pulse, because a prologue repeats values that are days old."""
    times = table.time_ns
    for kind in (Kind.BANKED, Kind.MONITOR):
        if len(table.rows[kind]):
            times = times[table.rows[kind]]
            break
    return (int(times.min()), int(times.max())) if len(times) else (0, 0)
