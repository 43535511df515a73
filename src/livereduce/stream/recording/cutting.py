"""What of a stream is written, and into which file: a pure step from packet tables to orders. Writes nothing.

A file (segment) holds packets of one run, one after the other as they came; a new one begins with each run, each
connection, and after each gap. Between runs nothing is written. What is recorded already is not written again when a
server repeats it: it repeats only on a new connection, in the order of the stream, so until the first pulse that is
newer than all that is recorded, pulses of recorded times are left out, and all packets after them up to the next pulse.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from livereduce.stream.adara.wire.frame import PacketTable
from livereduce.stream.adara.wire.layout import Kind, RunStatusCode, Type
from livereduce.stream.adara.wire.packets import BadPacket, RunStatus
from livereduce.stream.adara.wire.readers import read_packet
from livereduce.stream.items import B1, I8
from livereduce.stream.recording.coverage import Coverage

ANOTHER_CONNECTION = "the connection to the stream server was down"
NOT_RUNNING = "nothing was recording"
LATE = "the recording began after the run"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunKey:
    """A run as recordings tell it from others: its number, and its start in seconds since 1990 (0: not known)."""

    run: int
    start_s: int = 0

    def is_same(self, other: "RunKey") -> bool:
        """True unless the two are known to be different."""
        return self.run == other.run and (self.start_s == other.start_s or not (self.start_s and other.start_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """State of the cutting.

    Attributes
    ----------
    key
        The run that the stream is in; None between runs, or where that is not known yet.
    known
        What was recorded of it when this connection began.
    repeats
        The server may still repeat what is recorded.
    skips
        The last pulse was left out, and so is what follows it.
    whole
        Nothing of the run has been left out so far.
    writes
        A file is open.
    has_pulse
        The file has a pulse, and all that must come before it.
    paused
        The newest run status says that the run is paused.
    """

    key: RunKey | None = None
    known: Coverage = field(default_factory=Coverage)
    repeats: bool = False
    skips: bool = False
    whole: bool = False
    writes: bool = False
    has_pulse: bool = False
    paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFile:
    """Begin a file at a row; `whole`: the run's own beginning follows, else its state has to be written first."""

    key: RunKey
    row: int
    time_ns: int
    whole: bool
    paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteRows:
    """Write these rows of the table, from `start` to before `stop`."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteStanding:
    """The first pulse of the file follows, at this row: write what is still true and is not in the file."""

    row: int
    pulse_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseFile:
    """The file is complete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRun:
    """The run is over, before a row; `seen`: its end was in the stream."""

    key: RunKey
    row: int
    time_ns: int
    seen: bool


Order = OpenFile | WriteRows | WriteStanding | CloseFile | CloseRun
Recorded = Callable[[RunKey], Coverage]
"""Tells what is recorded of a run that begins."""


def rejoined(cut: Cut) -> tuple[Cut, tuple[Order, ...]]:
    """What follows comes on another connection, and it has to say of which run it is."""
    return Cut(), (CloseFile(),) if cut.writes else ()


def interrupted(cut: Cut) -> tuple[Cut, tuple[Order, ...]]:
    """Something of the stream was dropped before what follows."""
    orders = (CloseFile(),) if cut.writes else ()
    return lost_file(cut), orders


def lost_file(cut: Cut) -> Cut:
    """The file could not be opened, or written: another one is begun as soon as possible."""
    return replace(cut, writes=False, has_pulse=False, whole=False)


def step(cut: Cut, table: PacketTable, told: RunKey | None, recorded: Recorded) -> tuple[Cut, tuple[Order, ...]]:
    """Return the next state and what is to be done with a table.

    Parameters
    ----------
    told
        The run that the stream is in before this table, as the session of whoever received it has it.
    """
    if not len(table):
        return cut, ()
    orders: list[Order] = []
    if (told is None) != (cut.key is None) or (told and cut.key and not told.is_same(cut.key)):
        cut = _enter(cut, told, table, 0, orders, recorded)
    start = 0
    for row, status in _statuses(table):
        key = RunKey(run=status.run, start_s=status.run_start_s) if status.run else None
        if status.status is RunStatusCode.END_RUN or key is None:
            if cut.key is not None:
                cut = _close(_span(cut, table, start, row + 1, orders), table, row, orders, seen=True)
                start = row + 1
        elif cut.key is None or not cut.key.is_same(key):
            cut = _enter(_span(cut, table, start, row, orders), key, table, row, orders, recorded)
            cut = replace(cut, whole=status.status is RunStatusCode.NEW_RUN and not cut.skips, paused=status.paused)
            start = row
        else:
            cut = replace(cut, paused=status.paused)
    return _span(cut, table, start, len(table), orders), tuple(orders)


def _statuses(table: PacketTable) -> Iterator[tuple[int, RunStatus]]:
    """The run status packets that a session heeds; one that cannot be read is none."""
    rows = table.rows[Kind.RARE]
    for row in rows[table.format[rows] >> 8 == Type.RUN_STATUS].tolist():
        try:
            status = read_packet(int(table.format[row]), table.payload(row))
        except BadPacket:
            continue
        if isinstance(status, RunStatus) and status.status not in (RunStatusCode.RUN_EOF, RunStatusCode.PROLOGUE):
            yield row, status


def _enter(cut: Cut, key: RunKey | None, table: PacketTable, row: int, orders: list[Order], recorded: Recorded) -> Cut:
    """Another run, or none, begins before a row."""
    if cut.key is not None:
        cut = _close(cut, table, row, orders, seen=False)
    if key is None:
        return cut
    known = recorded(key)
    may_repeat = bool(known.spans)
    return Cut(key=key, known=known, repeats=may_repeat, skips=may_repeat)


def _close(cut: Cut, table: PacketTable, row: int, orders: list[Order], *, seen: bool) -> Cut:
    assert cut.key is not None
    if cut.writes:
        orders.append(CloseFile())
    orders.append(CloseRun(key=cut.key, row=row, time_ns=int(table.time_ns[row]), seen=seen))
    return Cut()


def _span(cut: Cut, table: PacketTable, start: int, stop: int, orders: list[Order]) -> Cut:
    """Rows of one run."""
    if cut.key is None or start == stop:
        return cut
    if not cut.repeats:
        return _written(cut, table, start, stop, orders)
    rows, inside, cut = _judged(cut, table, start, stop)
    changes = np.flatnonzero(np.diff(inside, prepend=cut.skips))
    for change in changes.tolist():
        row = int(rows[change])
        cut = _piece(cut, table, start, row, orders)
        cut, start = replace(cut, skips=not cut.skips), row
    return _piece(cut, table, start, stop, orders)


def _judged(cut: Cut, table: PacketTable, start: int, stop: int) -> tuple[I8, B1, Cut]:
    """The packets of pulses, which of them are recorded already, and whether more may follow that are."""
    rows = _pulse_rows(table, start, stop)
    time_ns = table.time_ns[rows]
    inside, newer = cut.known.inside(time_ns), time_ns > cut.known.newest_ns
    if newer.any():
        inside[int(newer.argmax()) :] = False
        cut = replace(cut, repeats=False)
    return rows, inside, cut


def _pulse_rows(table: PacketTable, start: int, stop: int) -> I8:
    """Packets with the time of a pulse: what the accelerator says of it, monitors and events."""
    ignored = table.between(Kind.IGNORED, start, stop)
    parts = (
        ignored[table.format[ignored] >> 8 == Type.RTDL],
        table.between(Kind.MONITOR, start, stop),
        table.between(Kind.BANKED, start, stop),
    )
    return np.sort(np.concatenate(parts))


def _piece(cut: Cut, table: PacketTable, start: int, stop: int, orders: list[Order]) -> Cut:
    """Rows that are all written, or all left out."""
    if start == stop:
        return cut
    if not cut.skips:
        return _written(cut, table, start, stop, orders)
    if cut.writes:
        orders.append(CloseFile())
    return lost_file(cut)


def _written(cut: Cut, table: PacketTable, start: int, stop: int, orders: list[Order]) -> Cut:
    assert cut.key is not None
    if not cut.writes:
        time_ns = int(table.time_ns[start])
        orders.append(OpenFile(key=cut.key, row=start, time_ns=time_ns, whole=cut.whole, paused=cut.paused))
        cut = replace(cut, writes=True, has_pulse=False, whole=False)
    if not cut.has_pulse:
        pulses = _pulse_rows(table, start, stop)
        if len(pulses):
            first = int(pulses[0])
            if first > start:
                orders.append(WriteRows(start=start, stop=first))
            orders.append(WriteStanding(row=first, pulse_ns=int(table.time_ns[first])))
            cut, start = replace(cut, has_pulse=True), first
    orders.append(WriteRows(start=start, stop=stop))
    return cut
