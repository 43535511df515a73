"""Cut a stream into chunks as the job says: by the clock or by beam time, to its end or to a limit. Pure.

`chunk.step` cuts; here a fact is parted first (`beam_time`), and what comes after the limit is left out (`leaving`).
"""

from collections.abc import Sequence
from dataclasses import replace

from livereduce.stream import beam_time
from livereduce.stream.beam_time import IntervalOver, Intervals
from livereduce.stream.chunk import Chunk, CutRules, CutState, Dry, Fact, Stepped, StreamLeft, TimePassed
from livereduce.stream.chunk import step as plain_step
from livereduce.stream.items import EventBatch
from livereduce.stream.leaving import first_pulses, pending_until
from livereduce.stream.pending import n_events


def cut_from(rules: CutRules, now: float) -> CutState:
    """The state before the first fact."""
    every_ns = max(1, round(rules.update_every_s * 1e9))
    return CutState(rules=rules, cut_s=now, intervals=Intervals(every_ns=every_ns) if rules.by_beam_time else None)


def step(state: CutState, fact: Fact, now: float) -> Stepped:
    """Return the next state and the chunks that this fact completes."""
    chunks: tuple[Chunk, ...] = ()
    state, parts = _parted(state, fact)
    for part in parts:
        if not state.over:
            state, more = _limited(state, part, now)
            chunks += more
    return state, chunks


def _parted(state: CutState, fact: Fact) -> tuple[CutState, Sequence[Fact | IntervalOver]]:
    """The fact with the ends of intervals of beam time in it, if these decide."""
    if state.intervals is None or isinstance(fact, TimePassed | Dry):
        return state, (fact,)
    parts: Sequence[Fact | IntervalOver]
    if isinstance(fact, StreamLeft):
        intervals, waited = beam_time.flushed(state.intervals)
        parts = (*waited, fact)
    else:
        intervals, parts = beam_time.part(state.intervals, fact)
    return replace(state, intervals=intervals), parts


def _limited(state: CutState, fact: Fact | IntervalOver, now: float) -> Stepped:
    """Take a fact, and leave the stream if that makes as many events or chunks as were wanted."""
    rules, enough = state.rules, False
    if isinstance(fact, EventBatch) and rules.until_events is not None:
        first = first_pulses(fact, rules.until_events - state.events)
        if first is None:
            return replace(state, over=True), ()
        fact, state = first, replace(state, events=state.events + n_events(first))
        enough = state.events >= rules.until_events
    state, chunks = plain_step(state, fact, now)
    if enough:
        assert isinstance(fact, EventBatch)
        pending = pending_until(state.pending, int(fact.pulse_ns.max()))
        state, more = plain_step(replace(state, pending=pending), IntervalOver(), now)
        state, chunks = replace(state, over=True), (*chunks, *more)
    if rules.max_chunks is None:
        return state, chunks
    left = rules.max_chunks - state.chunks
    is_over = state.over or len(chunks) >= left
    return replace(state, chunks=state.chunks + len(chunks), over=is_over), chunks[:left]
