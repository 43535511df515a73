"""The session: decides which packets of a stream count, to which run they belong, and what is missing. Decodes nothing.

``step(state, fact, now) -> (state, outputs)``: facts are a new connection and tables of packets; outputs are items
(run edges, pauses, gaps) and `Deliver`, orders to decode rows. The tests show what a real server does at each edge.

A repeat is a packet that was delivered before, byte for byte (`delivered`, `repeats`); being old does not make it one.
Everything that an honest server can do gives exact results: it replays from an earlier place after a reconnect, from
the start of a run or not; it ends a file between the packets of one pulse, which share a stamp; its clock is set back,
or one stamp lies in the future. What an honest server cannot do is reported. Packets repeated in mid-stream are dropped
and counted in `unexpected`. These are gaps: a server that sends only repeats, a run that comes back after another one
began, and a replay that does not reach back to what was delivered.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from livereduce.base.times import NS_PER_S
from livereduce.stream.adara import pauses
from livereduce.stream.adara.delivered import Delivered, nothing_delivered
from livereduce.stream.adara.pauses import Pause
from livereduce.stream.adara.position import position_after, run_and_pulse
from livereduce.stream.adara.repeats import (
    MAX_RARE,
    PAUSED_BY,
    Seen,
    Sifted,
    Window,
    closed,
    follow,
    goes_round,
    opened,
    sift,
    without_repeats,
)
from livereduce.stream.adara.wire.frame import PacketTable
from livereduce.stream.adara.wire.layout import Kind, RunStatusCode
from livereduce.stream.adara.wire.packets import Annotation, Packet, RunStatus
from livereduce.stream.items import I8, Gap, Item, Position, RunEnded, RunStarted

RECENT = 16
"""Pulses whose stamps are kept, so that a few wrong stamps do not decide where to resume after a reconnect."""
MAX_RUNS = 1024
"""Runs of a connection that are recognized when they come back."""
OVERLAP_MISSING = "the server no longer had the data that it sent while the connection was down"
ONLY_REPEATS = "the server sends the same packets again and again; what it should have sent instead is missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionState:
    """Our place in the stream; `run` is None before the first run status.

    Attributes
    ----------
    start_s
        Start of the run in seconds since 1990, as the server says it; 0 if it is not known.
    rare_seen
        The annotations and values of rare kinds that were delivered.
    recent_ns
        Stamps of the last pulses delivered.
    replaying
        No new pulse has come since the reconnect.
    reconnected
        No run status has come since the reconnect.
    overlap_due
        No pulse that was delivered before has come since the reconnect.
    runs
        Runs that began on this connection.
    pulses
        Pulses delivered, of all runs.
    """

    run: int | None = None
    start_s: int = 0
    pause: Pause = field(default_factory=Pause)
    banked: Seen = field(default_factory=Seen)
    monitor: Seen = field(default_factory=Seen)
    rare_seen: Delivered = field(default_factory=lambda: nothing_delivered(MAX_RARE), compare=False, repr=False)
    recent_ns: tuple[int, ...] = ()
    window: Window = field(default_factory=Window)
    replaying: bool = False
    reconnected: bool = False
    overlap_due: bool = False
    runs: tuple[int, ...] = ()
    pulses: int = 0

    @property
    def paused(self) -> bool:
        """True if the run is paused, as passed on."""
        return self.pause.told

    @property
    def last_ns(self) -> int | None:
        """Stamp of the last pulse delivered."""
        return self.recent_ns[-1] if self.recent_ns else None

    @property
    def position(self) -> Position:
        """The place after the last pulse delivered."""
        return position_after(run=self.run or 0, pulse_ns=self.last_ns or 0)

    def with_delivered(self, banked: Seen, monitor: Seen, times_ns: list[int], pulses: int) -> "SessionState":
        """The state after new data and nothing else; `dataclasses.replace` would take three times as long."""
        return SessionState(
            run=self.run, start_s=self.start_s, pause=self.pause, banked=banked, monitor=monitor,
            rare_seen=self.rare_seen, recent_ns=(*self.recent_ns, *times_ns)[-RECENT:], window=self.window,
            replaying=self.replaying, reconnected=self.reconnected, overlap_due=self.overlap_due, runs=self.runs,
            pulses=self.pulses + pulses,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """A connection was made; the data that come may overlap with those before."""


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


def starting_at(time_ns: int) -> SessionState:
    """Start a session that wants nothing older than a time."""
    banked, monitor = Seen(wanted_ns=time_ns), Seen(wanted_ns=time_ns)
    return SessionState(banked=banked, monitor=monitor, window=opened(Window()))


def resuming(position: Position) -> SessionState:
    """Start a session after a stored position; a position without a pulse expects no overlap."""
    run, pulse_ns = run_and_pulse(position)
    if not pulse_ns:
        return SessionState(run=run)
    state = starting_at(pulse_ns + 1)
    return replace(state, run=run, recent_ns=(pulse_ns,))


def step(state: SessionState, fact: Fact, now: float) -> tuple[SessionState, tuple[Output, ...]]:
    """Return the next state and the outputs. `now` plays no part: all times that matter are in the stream."""
    del now
    if isinstance(fact, Connected):
        return _connected(state), ()
    return _undisturbed(state, fact) or _packets(state, fact)


def _undisturbed(state: SessionState, fact: Packets) -> tuple[SessionState, tuple[Output, ...]] | None:
    """What `_packets` returns where nothing but new data has come, as is usual; None where there is more to decide.

    Everything is delivered, and of the state only the memory of it changes: no run edge, annotation or value of a rare
    kind; no place where a server may repeat; no pause to pass on; each packet newer than all of its kind before.
    """
    table, banked, monitor = fact.table, state.banked, state.monitor
    if fact.rare or state.replaying or state.window.repeating or state.pause.heard != state.pause.told:
        return None
    if not (len(table) and banked.is_undisturbed and monitor.is_undisturbed):
        return None
    pulses, monitors = table.rows[Kind.BANKED], table.rows[Kind.MONITOR]
    # If the second is None, what the first has written counts for nothing: a memory is a value.
    after_banked = banked.delivered.with_newer(table, pulses)
    after_monitor = monitor.delivered.with_newer(table, monitors)
    if after_banked is None or after_monitor is None:
        return None
    deliver = Deliver(
        run=state.run or 0, banked=pulses, monitor=monitors, scalar=table.rows[Kind.SCALAR], repeats_before=0, rare=()
    )
    return state.with_delivered(
        Seen(delivered=after_banked, unjudged=banked.unjudged),
        Seen(delivered=after_monitor, unjudged=monitor.unjudged),
        table.time_ns[pulses[-RECENT:]].tolist(),
        len(pulses),
    ), (deliver,)


def _connected(state: SessionState) -> SessionState:
    if state.run is None:
        return state
    return replace(
        state,
        window=replace(_window(state), in_a_row=0),
        banked=state.banked.rejoined(),
        monitor=state.monitor.rejoined(),
        replaying=True,
        reconnected=True,
        overlap_due=state.last_ns is not None or state.run in state.runs,
        runs=(state.run,),
    )


def _window(state: SessionState) -> Window:
    """The window at a place where a server may repeat; it must have sent something before."""
    return opened(state.window) if len(state.banked.delivered) or state.window.expected else state.window


def _packets(state: SessionState, fact: Packets) -> tuple[SessionState, tuple[Output, ...]]:
    outputs: list[Output] = []
    rare_rows = sorted(fact.rare)
    start = 0
    for row in rare_rows:
        packet, time_ns = fact.rare[row], int(fact.table.time_ns[row])
        if isinstance(packet, RunStatus):
            state = _span(state, fact, rare_rows, start, row, outputs)
            state, start = _run_status(state, packet, time_ns, outputs), row + 1
        elif isinstance(packet, Annotation) and packet.type in PAUSED_BY:
            state = _span(state, fact, rare_rows, start, row, outputs)
            rare_seen, is_new, _ = state.rare_seen.tell(fact.table, np.array([row]))
            state = replace(state, rare_seen=rare_seen)
            again = state.replaying and not is_new[0]
            state, start = _hear_pause(state, PAUSED_BY[packet.type], time_ns, outputs, again=again), row
    state = _span(state, fact, rare_rows, start, len(fact.table), outputs)
    return state, tuple(outputs)


def _span(
    state: SessionState, fact: Packets, rare_rows: Sequence[int], start: int, stop: int, outputs: list[Output]
) -> SessionState:
    """Deliver the rows between two edges, without repeats."""
    if start == stop:
        return state
    table = fact.table
    banked, pulses = sift(state.banked, table, table.between(Kind.BANKED, start, stop))
    monitor, monitors = sift(state.monitor, table, table.between(Kind.MONITOR, start, stop))
    window, repeats_before = follow(state.window, pulses, monitors, stop)
    outputs += _missing(state, table, pulses, banked.unjudged)
    if goes_round(state.window, window, len(banked.delivered)):
        outputs.append(Gap(run=state.run or 0, reason=ONLY_REPEATS, from_ns=state.last_ns or 0))
    pause, recent_ns = state.pause, state.recent_ns
    if len(pulses.new):
        pause, items = pauses.tell(pause, state.run or 0)
        outputs += items
        recent_ns = (*recent_ns, *table.time_ns[pulses.new[-RECENT:]].tolist())[-RECENT:]
    rare = rare_rows[bisect_left(rare_rows, start) : bisect_left(rare_rows, stop)]
    rare_seen, rare_new = without_repeats(state.rare_seen, table, fact.rare, rare)
    deliver = Deliver(
        run=state.run or 0,
        banked=pulses.new,
        monitor=monitors.new,
        scalar=table.between(Kind.SCALAR, start, stop),
        repeats_before=repeats_before,
        rare=rare_new,
    )
    outputs.append(deliver)
    # One call with all fields: each copy of the state costs as much as checking a hundred pulses for repeats.
    return replace(
        state,
        banked=banked,
        monitor=monitor,
        window=window,
        pause=pause,
        rare_seen=rare_seen,
        recent_ns=recent_ns,
        pulses=state.pulses + len(pulses.new),
        replaying=state.replaying and not len(pulses.new),
        overlap_due=state.overlap_due and pulses.overlap is None,
    )


def _missing(state: SessionState, table: PacketTable, pulses: Sifted, unjudged: int) -> list[Gap]:
    """The gap if the first pulse after a reconnect was not delivered before.

    A server replays from before the time asked for, so that pulse must be a repeat.
    """
    if pulses.overlap is False and (state.overlap_due or unjudged):
        return [_missing_before(state, int(table.time_ns[pulses.new[0]]))]
    return []


def _missing_before(state: SessionState, time_ns: int) -> Gap:
    """The gap between the last pulse delivered and a time; stamps that go back mean nothing."""
    from_ns = state.last_ns or 0
    if from_ns > time_ns:
        from_ns = time_ns = 0
    return Gap(run=state.run or 0, reason=OVERLAP_MISSING, from_ns=from_ns, to_ns=time_ns)


def _run_status(state: SessionState, packet: RunStatus, time_ns: int, outputs: list[Output]) -> SessionState:
    if packet.status in (RunStatusCode.RUN_EOF, RunStatusCode.PROLOGUE):
        return state
    if packet.status is RunStatusCode.END_RUN:
        return _end_run(state, time_ns, outputs)
    if packet.run == state.run and not _started_again(state, packet):
        return _same_run(state, packet, time_ns, outputs)
    return _other_run(state, packet, time_ns, outputs)


def _started_again(state: SessionState, packet: RunStatus) -> bool:
    """True for another run of the same number: a server that was started again may count from 1 again."""
    return bool(packet.run and state.start_s and packet.run_start_s) and packet.run_start_s != state.start_s


def _end_run(state: SessionState, time_ns: int, outputs: list[Output]) -> SessionState:
    """End the current run, whichever number the server names: from here on data belong to no run."""
    if state.run:
        outputs += _never_judged(state, time_ns)
        outputs.append(RunEnded(run=state.run, time_ns=time_ns))
        return _of_run(state, 0)
    return replace(state, run=0, pause=Pause(), reconnected=False, overlap_due=False)


def _never_judged(state: SessionState, time_ns: int) -> list[Gap]:
    """The gap of a run that ends before it is known whether its replay reached what was delivered."""
    return [_missing_before(state, time_ns)] if state.banked.rejoining and state.banked.unjudged else []


def _of_run(state: SessionState, run: int) -> SessionState:
    """The state at the start of a run, or of the time between two: nothing of it was delivered yet."""
    return replace(
        state,
        run=run,
        start_s=0,
        rare_seen=state.rare_seen.nothing(),
        pause=Pause(),
        banked=state.banked.of_another_run(),
        monitor=state.monitor.of_another_run(),
        window=closed(state.window),
        replaying=False,
        reconnected=False,
        overlap_due=False,
    )


def _same_run(state: SessionState, packet: RunStatus, time_ns: int, outputs: list[Output]) -> SessionState:
    """Handle another file of the current run, or the same run after a reconnect."""
    state = _hear_pause(state, packet.paused, time_ns, outputs, again=state.replaying and not packet.paused)
    from_start = packet.status is RunStatusCode.NEW_RUN
    return replace(
        state,
        window=_window(state),
        reconnected=False,
        overlap_due=state.overlap_due and not from_start,
    )


def _other_run(state: SessionState, packet: RunStatus, time_ns: int, outputs: list[Output]) -> SessionState:
    """Start another run. None of its pulses can be a repeat; what was still missing of the old run is lost."""
    if state.run is None:
        state = replace(state, run=packet.run, pause=Pause())
    else:
        if state.reconnected:
            reason = f"the connection was down when run {state.run} ended" if state.run else "a reconnect between runs"
            outputs.append(Gap(run=state.run, reason=reason, from_ns=state.last_ns or 0, to_ns=time_ns))
        else:
            outputs += _never_judged(state, time_ns)
        if state.run:
            outputs.append(RunEnded(run=state.run, time_ns=time_ns))
        state = _of_run(state, packet.run)
    if packet.run:
        started_ns = packet.run_start_s * NS_PER_S
        outputs.append(
            RunStarted(run=packet.run, time_ns=started_ns, from_start=packet.status is RunStatusCode.NEW_RUN)
        )
        if packet.run in state.runs:
            reason = f"run {packet.run} came back after it had ended; its earlier data is not in this result"
            outputs.append(Gap(run=packet.run, reason=reason, to_ns=time_ns))
        state = replace(state, start_s=packet.run_start_s, runs=(*state.runs, packet.run)[-MAX_RUNS:])
    return _hear_pause(state, packet.paused, time_ns, outputs)


def _hear_pause(
    state: SessionState, paused: bool, time_ns: int, outputs: list[Output], *, again: bool = False
) -> SessionState:
    """Handle a pause or its end. A repeat (`again`) was passed on before; the state is passed on when new data come."""
    state = replace(state, pause=pauses.hear(state.pause, paused, time_ns))
    return state if again else _tell_pause(state, outputs)


def _tell_pause(state: SessionState, outputs: list[Output]) -> SessionState:
    pause, items = pauses.tell(state.pause, state.run or 0)
    outputs.extend(items)
    return replace(state, pause=pause)
