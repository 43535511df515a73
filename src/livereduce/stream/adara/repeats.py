"""Separate new packets of one kind from repeats: a repeat was delivered before; being old does not make it one.

An honest server repeats only after a reconnect, in the order of the stream: first what was delivered, then what is new.
Packets that the memory has forgotten are judged by that order: old, unknown packets at the beginning were delivered, if
the packets after them are remembered.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from livereduce.stream.adara.delivered import Delivered, nothing_delivered
from livereduce.stream.adara.wire.frame import PacketTable
from livereduce.stream.adara.wire.layout import Note
from livereduce.stream.adara.wire.packets import Annotation, Packet, VariableValues
from livereduce.stream.items import I8

MAX_RARE = 1 << 15
"""Least number of annotations and values of rare kinds that are remembered."""
SLACK = 64
"""Repeats beyond the number delivered, after which a server is judged to send only repeats."""
PAUSED_BY: dict[int, bool] = {Note.PAUSE: True, Note.RESUME: False}
"""Annotations about pauses. While a server repeats, they give the state at that place of the stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """State of one kind of packet.

    Attributes
    ----------
    delivered
        The memory.
    wanted_ns
        Packets older than this are not wanted, until the first that is not older.
    rejoining
        No packet has come yet on this connection.
    unjudged
        Packets dropped since then because they may be among the forgotten ones.
    """

    delivered: Delivered = field(default_factory=nothing_delivered, compare=False, repr=False)
    wanted_ns: int | None = None
    rejoining: bool = False
    unjudged: int = 0

    @property
    def is_undisturbed(self) -> bool:
        """Whatever is not in the memory is new."""
        return not self.rejoining and self.wanted_ns is None

    def rejoined(self) -> "Seen":
        """The state on a new connection."""
        return replace(self, rejoining=True, unjudged=0)

    def of_another_run(self) -> "Seen":
        """The state of another run, of which nothing was delivered."""
        return Seen(delivered=self.delivered.nothing())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sifted:
    """Rows of one kind, sorted into new and dropped.

    Attributes
    ----------
    new
        Rows to be delivered.
    dropped
        All others: repeats, and packets older than wanted; ascending.
    repeats
        How many of these are remembered.
    overlap
        True if this connection begins with packets that were delivered; None before its first packet, and once decided.
    """

    new: I8
    dropped: I8
    repeats: int = 0
    overlap: bool | None = None


def sift(seen: Seen, table: PacketTable, rows: I8) -> tuple[Seen, Sifted]:
    """Select the rows to be delivered, and remember them."""
    if not len(rows):
        return seen, Sifted(new=rows, dropped=rows)
    unwanted = _unwanted(seen, table, rows)
    unjudged = _unjudged(seen, table, rows[unwanted:])
    judged = rows[unwanted + unjudged :]
    delivered, is_new, repeats = seen.delivered.tell(table, judged)
    if len(judged) == len(rows) and not repeats and seen.is_undisturbed:  # the usual case
        return Seen(delivered=delivered, unjudged=seen.unjudged), Sifted(new=rows, dropped=rows[:0])
    new = judged[is_new == 1]
    dropped = np.concatenate([rows[: len(rows) - len(judged)], judged[is_new == 0]])
    overlap = None
    if seen.rejoining and (unwanted or len(judged)):
        overlap = unwanted > 0 or not is_new[0]
    after = Seen(
        delivered=delivered,
        wanted_ns=seen.wanted_ns if unwanted == len(rows) else None,
        rejoining=seen.rejoining and overlap is None,
        unjudged=seen.unjudged + unjudged,
    )
    return after, Sifted(new=new, dropped=dropped, repeats=repeats, overlap=overlap)


def _unwanted(seen: Seen, table: PacketTable, rows: I8) -> int:
    """Number of first rows that are older than wanted."""
    if seen.wanted_ns is None:
        return 0
    return _leading(table.time_ns[rows] < seen.wanted_ns)


def _unjudged(seen: Seen, table: PacketTable, rows: I8) -> int:
    """Number of first rows on this connection that may have been delivered and forgotten."""
    memory = seen.delivered
    if not (seen.rejoining and memory.forgotten):
        return 0
    old = (table.time_ns[rows] <= memory.forgotten_until_ns) & (memory.look(table, rows) == 1)
    return min(_leading(old), memory.forgotten - seen.unjudged)


def _leading(true: NDArray[np.bool_]) -> int:
    """Number of true values before the first false one."""
    return len(true) if true.all() else int(true.argmin())


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """State of expected repeats, and how many there were.

    Attributes
    ----------
    expected
        No new pulse has come since a place where a server may repeat.
    repeating
        No new pulse has come since the last repeat, expected or not.
    in_a_row
        Repeats since the last new pulse, on this connection.
    repeated_pulses
        Pulses dropped.
    unexpected
        Packets dropped in mid-stream, where no server should repeat.
    """

    expected: bool = False
    repeating: bool = False
    in_a_row: int = 0
    repeated_pulses: int = 0
    unexpected: int = 0


def opened(window: Window) -> Window:
    """Open the window: from here a server may repeat."""
    return replace(window, expected=True, repeating=True)


def closed(window: Window) -> Window:
    """Close the window: another run began, and nothing in it can be a repeat."""
    return replace(window, expected=False, repeating=False, in_a_row=0)


def follow(window: Window, pulses: Sifted, monitors: Sifted, stop: int) -> tuple[Window, int]:
    """The window after the rows before `stop`, and the row before which values may be repeats."""
    new, dropped = pulses.new, pulses.dropped
    after = new[np.searchsorted(new, dropped[-1]) :] if len(dropped) else new
    may_repeat = window.repeating or len(dropped) > 0
    repeats_before = (int(after[0]) if len(after) else stop) if may_repeat else 0
    if not (may_repeat or monitors.repeats):
        return window, repeats_before
    late = pulses.repeats + monitors.repeats
    if window.expected:
        late = int((dropped > new[0]).sum()) if len(new) else 0
    window = Window(
        expected=window.expected and not len(new),
        repeating=not len(after) if len(new) or len(dropped) else window.repeating,
        in_a_row=int((dropped > new[-1]).sum()) if len(new) else window.in_a_row + pulses.repeats,
        repeated_pulses=window.repeated_pulses + len(dropped),
        unexpected=window.unexpected + late,
    )
    return window, repeats_before


def goes_round(before: Window, after: Window, delivered: int) -> bool:
    """True if there are more repeats in a row than an honest server can send after this many delivered pulses."""
    return before.in_a_row <= delivered + SLACK < after.in_a_row


def without_repeats(
    delivered: Delivered, table: PacketTable, rare: Mapping[int, Packet], rows: Sequence[int]
) -> tuple[Delivered, tuple[int, ...]]:
    """Rows of rare packets without annotations and values that were delivered before; pauses are not judged here."""
    judged = [row for row in rows if _is_said_once(rare[row])]
    if not judged:
        return delivered, tuple(rows)
    delivered, is_new, _ = delivered.tell(table, np.array(judged))
    repeated = {row for row, new in zip(judged, is_new.tolist(), strict=True) if not new}
    return delivered, tuple(row for row in rows if row not in repeated)


def _is_said_once(packet: Packet) -> bool:
    """True for data. Descriptions of the instrument or the run may be repeated at any time; the latest holds."""
    return isinstance(packet, VariableValues) or (isinstance(packet, Annotation) and packet.type not in PAUSED_BY)
