"""Cut the items of a stream into chunks: a pure `step` from an item, or the passing of time, to finished chunks.

A chunk is the data that one call of a processing script gets. It is cut at a run edge, every `update_every_s` (measured
from start to start), when it holds the maximum number of events, and as soon as the stream has been caught up with. A
chunk never spans a run boundary. Data that come faster than they happened are cut by beam time instead
(`stream.beam_time`).
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from livereduce.stream.beam_time import IntervalOver, Intervals
from livereduce.stream.coalesce import coalesce_events, coalesce_geometry, coalesce_logs, coalesce_monitors
from livereduce.stream.items import (
    EventBatch,
    Gap,
    Geometry,
    HistogramSnapshot,
    Item,
    LogBatch,
    MonitorBatch,
    Paused,
    Resumed,
    RunEnded,
    RunStarted,
)
from livereduce.stream.pending import NOTHING, Data, Pending, kept, n_bytes, n_events

MAX_CHUNK_EVENTS = 2**25
"""256 MiB of events: the most that one proc call gets while a long run is caught up with."""
MAX_CHUNK_BYTES = 2**29
"""Limit for everything in a chunk: logs and pulses without events take memory as well."""
CAUGHT_UP_LAG_S = 1.0
SILENCE_S = 0.5
"""A server that is silent this long has nothing more to replay. After a shorter pause the pending data are cut, but
catching up goes on."""
BREATH_EVERY_S = 1.0
"""Least time between two such cuts: a replay of slow pulses pauses after each of them."""


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Time has passed; sent after all items of a read, so that data that came together are cut together."""


@dataclass(frozen=True, slots=True)
class Dry:
    """A read returned nothing: everything that the server had has been read."""


@dataclass(frozen=True, slots=True)
class StreamLeft:
    """The stream is being closed: emit what is pending."""


Fact = Item | TimePassed | Dry | StreamLeft


@dataclass(frozen=True, slots=True, kw_only=True)
class CutRules:
    """Rules that decide when a chunk is cut.

    Attributes
    ----------
    epoch_ns_at_0
        Wall clock in nanoseconds since 1990 at the moment that `step` is told as ``now == 0``.
    by_beam_time
        Every `update_every_s` of beam time, instead of every so many seconds of the clock.
    until_events, max_chunks
        Leave the stream when so many events have come (with the pulse that brings them), or after so many chunks.
    """

    update_every_s: float
    epoch_ns_at_0: int
    max_events: int = MAX_CHUNK_EVENTS
    max_bytes: int = MAX_CHUNK_BYTES
    by_beam_time: bool = False
    until_events: int | None = None
    max_chunks: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chunk:
    """The data that one call of a processing script gets: everything of one run that came in one interval.

    Attributes
    ----------
    run
        Run number; 0 between runs.
    geometry
        Instrument information from this interval, the latest value of each field; None if there was none.
    snapshot
        The newest histogram of a source that histograms itself; it holds the whole run so far.
    replaces
        True for the first chunk after a run edge: it replaces the accumulated data.
    ends_run
        No more data of this run will come.
    from_start
        False if the stream joined the run after its beginning.
    start_ns
        Start time of the run; 0 if not known.
    end_ns
        End time of the run, in the chunk that ends it; 0 if not known.
    """

    run: int
    events: tuple[EventBatch, ...] = ()
    monitors: tuple[MonitorBatch, ...] = ()
    logs: tuple[LogBatch, ...] = ()
    geometry: Geometry | None = None
    gaps: tuple[Gap, ...] = ()
    snapshot: HistogramSnapshot | None = None
    replaces: bool = False
    ends_run: bool = False
    from_start: bool = True
    start_ns: int = 0
    end_ns: int = 0

    @property
    def n_events(self) -> int:
        """Number of events that have a pixel of the instrument."""
        return sum(len(batch.tof_ns) for batch in self.events)

    @property
    def n_pulses(self) -> int:
        """Number of pulses, with or without events."""
        return sum(len(batch.pulse_ns) for batch in self.events)

    @property
    def is_empty(self) -> bool:
        """True if the chunk holds no data: only a run edge or instrument information."""
        return not (self.events or self.monitors or self.logs or self.gaps or self.snapshot)


@dataclass(frozen=True, slots=True, kw_only=True)
class CutState:
    """State of the cutter between two facts.

    Attributes
    ----------
    replaces
        The next chunk replaces the accumulated data.
    behind
        The stream is being caught up with: the first chunk waits until that is done, not for the clock.
    skew_ns
        Lag that remains after everything that the server had was read: clocks differ, or a recording of old pulses.
    cut_s
        Start of the current interval.
    heard_s
        When the last data came.
    breath_s
        When the last cut was made in a short pause while catching up.
    intervals
        Of beam time, if that decides.
    events, chunks
        Numbers of them so far, where they are limited.
    over
        The stream is left: nothing more is taken.
    """

    rules: CutRules
    run: int = 0
    ended: bool = False
    paused: bool = False
    from_start: bool = True
    start_ns: int = 0
    replaces: bool = True
    behind: bool = True
    newest_ns: int = 0
    skew_ns: int = 0
    cut_s: float = 0.0
    heard_s: float = 0.0
    breath_s: float = -math.inf
    pending: Pending = NOTHING
    intervals: Intervals | None = None
    events: int = 0
    chunks: int = 0
    over: bool = False


Stepped = tuple[CutState, tuple[Chunk, ...]]


def step(state: CutState, fact: Fact | IntervalOver, now: float) -> Stepped:
    """Return the next state and the chunks that this fact completes."""
    match fact:
        case IntervalOver():
            return _cut(state, now)
        case RunStarted():
            return _start_run(state, fact, now)
        case RunEnded():
            return _end_run(state, fact, now)
        case TimePassed():
            return _tick(state, now)
        case Dry():
            return _dry(state, now)
        case StreamLeft():
            return _cut(state, now)
        case Paused() | Resumed():
            return _keep(replace(state, paused=isinstance(fact, Paused)), pause_log(fact), now)
        case Gap() | Geometry():
            return _keep(state, fact, now)
        case EventBatch() | MonitorBatch() | LogBatch() | HistogramSnapshot():
            return _take(state, fact, now)


def emptied(state: CutState) -> CutState:
    """Return the state without the items since the last cut."""
    return replace(state, pending=NOTHING)


def due_in_s(state: CutState, now: float) -> float:
    """Seconds until the next cut is due by the clock; a reader need not wake up before."""
    if state.intervals is not None:
        return math.inf
    return max(0.0, state.cut_s + state.rules.update_every_s - now)


def lag_s(state: CutState, now: float) -> float | None:
    """Age of the newest pulse by the wall clock in seconds; None before the first pulse."""
    return _lag_ns(state, now) / 1e9 if state.newest_ns else None


def _lag_ns(state: CutState, now: float) -> int:
    return state.rules.epoch_ns_at_0 + round(now * 1e9) - state.newest_ns


def _start_run(state: CutState, fact: RunStarted, now: float) -> Stepped:
    if fact.run == state.run != 0:
        return state, ()  # another file of the same run, or a reconnect: not a run edge
    # A run that changes into the next one without an end message has ended all the same.
    state, chunks = _cut(state, now, ends_run=state.run != 0)
    begun = replace(
        state,
        run=fact.run,
        ended=False,
        paused=False,
        from_start=fact.from_start,
        start_ns=fact.time_ns,
        replaces=True,
    )
    return begun, chunks


def _end_run(state: CutState, fact: RunEnded, now: float) -> Stepped:
    if state.run == 0 or fact.run != state.run:
        return state, ()  # end of a run that we never saw; the pending data belong to another one
    state, chunks = _cut(state, now, ends_run=True, end_ns=fact.time_ns)
    return _between_runs(state), chunks


def _between_runs(state: CutState) -> CutState:
    return replace(state, run=0, ended=True, paused=False, from_start=True, start_ns=0, replaces=True)


def _take(state: CutState, item: EventBatch | MonitorBatch | LogBatch | HistogramSnapshot, now: float) -> Stepped:
    chunks: tuple[Chunk, ...] = ()
    if item.run != state.run:
        # No source should do this. A chunk that mixes two runs would be worse than a run edge without an announcement.
        edge = RunStarted(run=item.run, time_ns=0, from_start=item.run == 0)
        state, chunks = _start_run(state, edge, now)
    state, more = _keep(state, item, now)
    chunks, state = (*chunks, *more), replace(state, heard_s=now)
    if isinstance(item, EventBatch) and len(item.pulse_ns):
        state = replace(state, newest_ns=int(item.pulse_ns[-1]))
        # A lag below one interval is normal: a script was running. A longer lag means that we are catching up.
        late_ns = round(max(state.rules.update_every_s, CAUGHT_UP_LAG_S) * 1e9)
        if not state.behind and _lag_ns(state, now) - state.skew_ns > late_ns:
            state = replace(state, behind=True)
    return state, chunks


def _keep(state: CutState, item: Data | Geometry | HistogramSnapshot | Gap, now: float) -> Stepped:
    """Keep an item for the next chunk; cut first if the item would make the chunk too large."""
    pending, rules = state.pending, state.rules
    chunks: tuple[Chunk, ...] = ()
    if isinstance(item, Data) and pending.items:
        too_many = pending.n_events and pending.n_events + n_events(item) > rules.max_events
        if too_many or pending.n_bytes + n_bytes(item) > rules.max_bytes:
            state, chunks = _cut(state, now)
    return replace(state, pending=kept(state.pending, item)), chunks


def pause_log(fact: Paused | Resumed) -> LogBatch:
    """The log ``pause`` that scripts see."""
    value = np.array([float(isinstance(fact, Paused))])
    return LogBatch(run=fact.run, name="pause", units="", time_ns=np.array([fact.time_ns], np.int64), value=value)


def _tick(state: CutState, now: float) -> Stepped:
    if state.intervals is not None:
        return state, ()
    if state.behind and state.pending.n_pulses and _lag_ns(state, now) - state.skew_ns < CAUGHT_UP_LAG_S * 1e9:
        return _cut(replace(state, behind=False), now)
    if due_in_s(state, now) > 0:
        return state, ()
    # Mantid would process an empty chunk. We skip it: its result would be equal to the previous one.
    return _cut(state, now)


def _dry(state: CutState, now: float) -> Stepped:
    if not state.behind or state.intervals is not None:
        return _tick(state, now)
    if state.newest_ns and now - state.heard_s >= SILENCE_S:
        lag_ns = _lag_ns(state, now)
        return _cut(replace(state, behind=False, skew_ns=lag_ns if lag_ns >= CAUGHT_UP_LAG_S * 1e9 else 0), now)
    if state.pending.n_pulses and now - state.breath_s >= BREATH_EVERY_S:
        return _cut(replace(state, breath_s=now), now)
    return _tick(state, now)


def _cut(state: CutState, now: float, *, ends_run: bool = False, end_ns: int = 0) -> Stepped:
    if not (state.pending.matters or ends_run):
        return replace(state, cut_s=now), ()
    chunk = replace(_chunk(state), ends_run=ends_run, end_ns=end_ns)
    return replace(emptied(state), replaces=False, cut_s=now), (chunk,)


def _chunk(state: CutState) -> Chunk:
    items = list(state.pending.oldest_first())
    return Chunk(
        run=state.run,
        events=coalesce_events([item for item in items if isinstance(item, EventBatch)]),
        monitors=coalesce_monitors([item for item in items if isinstance(item, MonitorBatch)]),
        logs=coalesce_logs([item for item in items if isinstance(item, LogBatch)]),
        geometry=state.pending.geometry,
        gaps=state.pending.gaps,
        snapshot=state.pending.snapshot,
        replaces=state.replaces,
        from_start=state.from_start,
        start_ns=state.start_ns,
    )


def join(chunks: tuple[Chunk, ...]) -> Chunk:
    """Join chunks of one run, oldest first, into one."""
    last = chunks[-1]
    if len(chunks) == 1:
        return last
    geometries = [chunk.geometry for chunk in chunks if chunk.geometry is not None]
    snapshots = [chunk.snapshot for chunk in chunks if chunk.snapshot is not None]
    return replace(
        last,
        events=coalesce_events([batch for chunk in chunks for batch in chunk.events]),
        monitors=coalesce_monitors([batch for chunk in chunks for batch in chunk.monitors]),
        logs=coalesce_logs([batch for chunk in chunks for batch in chunk.logs]),
        geometry=coalesce_geometry(geometries),
        gaps=tuple(gap for chunk in chunks for gap in chunk.gaps),
        snapshot=snapshots[-1] if snapshots else None,
        replaces=chunks[0].replaces,
    )
