"""Packets that an earlier worker died on: handled one by one with a mark for each, or left out."""

import zlib
from collections.abc import Callable, Sequence

from livereduce.messages.marks import Marker, MarkStage, Suspect
from livereduce.stream.adara.wire.frame import Framer, PacketTable
from livereduce.stream.adara.wire.layout import HEADER_WORDS, Kind
from livereduce.stream.items import Gap, Item

Decode = Callable[[PacketTable], Sequence[Item]]
Span = tuple[int, int]
_MARKED = 1 << 32
"""A packet's mark is never 0, which stands for all packets."""


class Caution:
    """Says what is being decoded, and takes apart the tables in which there may be something that kills.

    Parameters
    ----------
    suspects
        Those of the stage ``decode``.
    """

    def __init__(self, marker: Marker, suspects: Sequence[Suspect] = ()) -> None:
        self._marker, self._suspects = marker, suspects
        self._framer = Framer()
        """Of single packets: a framer's table is valid until its next one."""

    def decoded(self, table: PacketTable, run: Callable[[], int], decode: Decode) -> list[Item]:
        """The items that `decode` makes of a table; gaps for what is left out.

        Parameters
        ----------
        run
            The run that the stream is in, which the packets may change.
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
        # With the times of the whole table: the packet's own may be days older, as those of a prologue are.
        self._marker.data(MarkStage.DECODE, run, *span, packet=packet, packet_ns=time_ns)
        return decode(self._framer.table(words, table.offset + 4 * start))


def _is_near(one: Suspect, table: PacketTable, from_ns: int, to_ns: int) -> bool:
    """Whether it may be in a table: between the same pulses, or said again in a later prologue."""
    if one.from_ns <= to_ns and from_ns <= one.to_ns:
        return True
    return bool(one.packet and (table.time_ns == one.packet_ns).any())


def _span(table: PacketTable) -> Span:
    """The times of a table's pulses; of everything if it has none: a prologue repeats values that are days old."""
    times = table.time_ns
    for kind in (Kind.BANKED, Kind.MONITOR):
        if len(table.rows[kind]):
            times = times[table.rows[kind]]
            break
    return (int(times.min()), int(times.max())) if len(times) else (0, 0)
