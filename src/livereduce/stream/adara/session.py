"""The session: which packets of a stream count, to which run they belong, and what is missing. It decodes nothing.

``step(state, fact, now) -> (state, outputs)``: facts are a new connection and tables of packets; outputs are items
(run edges, pauses, gaps) and `Deliver`, orders to decode rows. What a real server does at each edge is in the tests.

What it repeats (at a file boundary, after a reconnect) is recognised by pulse id, per kind of packet since monitors
and banked events of one pulse can stand in two files: until the first newer pulse, everything not newer is dropped.
After that the window is closed, so that a clock set back costs nothing.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from livereduce.stream.adara.frame import PacketTable
from livereduce.stream.adara.layout import NS_PER_S, Kind, Note, Status
from livereduce.stream.adara.packets import Annotation, Packet, RunStatus
from livereduce.stream.model import I8, Gap, Item, Paused, Position, Resumed, RunEnded, RunStarted


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known of one kind of packet: time of the last one delivered, and whether repeats are to be expected."""

    last_ns: int | None = None
    repeating: bool = False

    def expecting_repeats(self) -> "Seen":
        """The same, at a place where a server may say again what it has said."""
        return replace(self, repeating=self.last_ns is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionState:
    """Where in the stream we are; `run` is None before the first run status.

    Attributes
    ----------
    pause_ns, replays_pause
        When a pause began or ended last; and whether what is older is said again, after a reconnect.
    """

    run: int | None = None
    pause_ns: int = 0
    replays_pause: bool = False
    paused: bool = False
    banked: Seen = Seen()
    monitor: Seen = Seen()
    reconnected: bool = False
    overlap_due: bool = False
    repeated_pulses: int = 0

    @property
    def position(self) -> Position:
        """The place after the last pulse delivered."""
        return Position(run=self.run or 0, pulse_ns=self.banked.last_ns or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """A connection was made; what comes may overlap with what came before."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Packets:
    """The packets of a block: the table, and the values of its rare packets by row."""

    table: PacketTable
    rare: Mapping[int, Packet]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Deliver:
    """Rows to be decoded as data of one run; values before row `repeats_before` may repeat older ones."""

    run: int
    banked: I8
    monitor: I8
    scalar: I8
    repeats_before: int
    rare: tuple[int, ...]


Fact = Connected | Packets
Output = Item | Deliver

_PAUSED_BY: dict[int, bool] = {Note.PAUSE: True, Note.RESUME: False}


def starting_at(time_ns: int) -> SessionState:
    """The state of a session that wants nothing older than a time."""
    wanted = Seen(last_ns=time_ns - 1, repeating=True)
    return SessionState(banked=wanted, monitor=wanted)


def resuming(position: Position) -> SessionState:
    """The state of a session that goes on after a stored position; one without a pulse has nothing to overlap with."""
    seen = Seen(last_ns=position.pulse_ns or None)
    return SessionState(run=position.run, banked=seen, monitor=seen)


def step(state: SessionState, fact: Fact, now: float) -> tuple[SessionState, tuple[Output, ...]]:
    """What a fact means; time plays no part, since all times that matter are in the stream."""
    del now
    if isinstance(fact, Connected):
        return _connected(state), ()
    return _packets(state, fact)


def _connected(state: SessionState) -> SessionState:
    return replace(
        state,
        banked=state.banked.expecting_repeats(),
        monitor=state.monitor.expecting_repeats(),
        reconnected=state.run is not None,
        replays_pause=True,
        overlap_due=state.run is not None and state.banked.last_ns is not None,
    )


def _packets(state: SessionState, fact: Packets) -> tuple[SessionState, tuple[Output, ...]]:
    outputs: list[Output] = []
    rare_rows = sorted(fact.rare)
    start = 0
    for row in rare_rows:
        packet, time_ns = fact.rare[row], int(fact.table.time_ns[row])
        if isinstance(packet, RunStatus):
            state = _span(state, fact, rare_rows, start, row, outputs)
            state, start = _run_status(state, packet, time_ns, outputs), row + 1
        elif isinstance(packet, Annotation) and packet.type in _PAUSED_BY:
            state = _span(state, fact, rare_rows, start, row, outputs)
            state, start = _set_paused(state, _PAUSED_BY[packet.type], time_ns, outputs), row
    state = _span(state, fact, rare_rows, start, len(fact.table), outputs)
    return state, tuple(outputs)


def _span(
    state: SessionState, fact: Packets, rare_rows: Sequence[int], start: int, stop: int, outputs: list[Output]
) -> SessionState:
    """Deliver the rows between two edges, less what is repeated."""
    if start == stop:
        return state
    banked = fact.table.between(Kind.BANKED, start, stop)
    monitor = fact.table.between(Kind.MONITOR, start, stop)
    time_ns = fact.table.time_ns
    first_new, seen = _after_repeats(state.banked, time_ns, banked)
    first_monitor, seen_monitor = _after_repeats(state.monitor, time_ns, monitor)
    repeats_before = 0
    if state.banked.repeating:
        repeats_before = stop if seen.repeating else int(banked[first_new])
    if len(banked):
        state = _check_overlap(state, int(time_ns[banked[0]]), outputs)
    deliver = Deliver(
        run=state.run or 0,
        banked=banked[first_new:],
        monitor=monitor[first_monitor:],
        scalar=fact.table.between(Kind.SCALAR, start, stop),
        repeats_before=repeats_before,
        rare=tuple(rare_rows[bisect_left(rare_rows, start) : bisect_left(rare_rows, stop)]),
    )
    outputs.append(deliver)
    return replace(state, banked=seen, monitor=seen_monitor, repeated_pulses=state.repeated_pulses + first_new)


def _after_repeats(seen: Seen, time_ns: I8, rows: I8) -> tuple[int, Seen]:
    """How many of the first rows are repeats, and what is known after the rest."""
    if not len(rows):
        return 0, seen
    dropped = 0
    if seen.repeating and seen.last_ns is not None:
        newer = time_ns[rows] > seen.last_ns
        dropped = int(newer.argmax()) if newer.any() else len(rows)
    if dropped == len(rows):
        return dropped, seen
    return dropped, Seen(last_ns=int(time_ns[rows[-1]]))


def _check_overlap(state: SessionState, first_ns: int, outputs: list[Output]) -> SessionState:
    """The first pulse after a reconnect must be one we had: a server replays from before the time asked for."""
    if not state.overlap_due:
        return state
    last_ns = state.banked.last_ns
    if last_ns is not None and first_ns > last_ns:
        reason = "the server could not give again what it sent while the connection was down"
        outputs.append(Gap(run=state.run or 0, reason=reason, from_ns=last_ns, to_ns=first_ns))
    return replace(state, overlap_due=False)


def _run_status(state: SessionState, packet: RunStatus, time_ns: int, outputs: list[Output]) -> SessionState:
    if packet.status in (Status.RUN_EOF, Status.PROLOGUE):
        return state
    if packet.status is Status.END_RUN:
        return _end_run(state, time_ns, outputs)
    if packet.run == state.run:
        return _same_run(state, packet, time_ns, outputs)
    return _other_run(state, packet, time_ns, outputs)


def _end_run(state: SessionState, time_ns: int, outputs: list[Output]) -> SessionState:
    """Data are of no run from here on, so the run we are in is over, whichever number the server names."""
    if state.run:
        outputs.append(RunEnded(run=state.run, time_ns=time_ns))
    return replace(state, run=0, paused=False, pause_ns=0, reconnected=False, overlap_due=False)


def _same_run(state: SessionState, packet: RunStatus, time_ns: int, outputs: list[Output]) -> SessionState:
    """Another file of the run we are in, or the run again after a reconnect."""
    state = _set_paused(state, packet.paused, time_ns, outputs)
    from_start = packet.status is Status.NEW_RUN
    return replace(
        state,
        banked=state.banked.expecting_repeats(),
        monitor=state.monitor.expecting_repeats(),
        reconnected=False,
        overlap_due=state.overlap_due and not from_start,
    )


def _other_run(state: SessionState, packet: RunStatus, time_ns: int, outputs: list[Output]) -> SessionState:
    """No pulse of another run can be a repeat. Whatever we still wanted of the old one is gone."""
    if state.run is not None:
        if state.reconnected:
            reason = f"the connection was down when run {state.run} ended" if state.run else "a reconnect between runs"
            outputs.append(Gap(run=state.run, reason=reason, from_ns=state.banked.last_ns or 0, to_ns=time_ns))
        if state.run:
            outputs.append(RunEnded(run=state.run, time_ns=time_ns))
    first_time = state.run is None
    state = replace(state, run=packet.run, paused=False, pause_ns=0, reconnected=False, overlap_due=False)
    if not first_time:
        seen, monitor = replace(state.banked, repeating=False), replace(state.monitor, repeating=False)
        state = replace(state, banked=seen, monitor=monitor)
    if packet.run:
        started_ns = packet.run_start_s * NS_PER_S
        outputs.append(RunStarted(run=packet.run, time_ns=started_ns, from_start=packet.status is Status.NEW_RUN))
    return _set_paused(state, packet.paused, time_ns, outputs)


def _set_paused(state: SessionState, paused: bool, time_ns: int, outputs: list[Output]) -> SessionState:
    if state.replays_pause and time_ns < state.pause_ns:
        return state
    if paused != state.paused:
        item = Paused if paused else Resumed
        outputs.append(item(run=state.run or 0, time_ns=time_ns))
        state = replace(state, pause_ns=time_ns)
    return replace(state, paused=paused, replays_pause=False)
