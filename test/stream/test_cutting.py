"""Cuts by beam time are where the pulses say, however the stream is divided; and a stream can be left early."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.items import S_NS, event_batch, log_batch, monitor_batch
from livereduce.stream.chunk import Chunk, CutRules, CutState, Dry, Fact, StreamLeft, TimePassed, due_in_s
from livereduce.stream.cutting import cut_from, step
from livereduce.stream.items import EventBatch, Item, RunEnded, RunStarted
from livereduce.stream.splitting import split

EVERY_S = 2.0
START_NS = 1_000 * S_NS


def rules(*, by_beam_time: bool = True, until_events: int | None = None, max_chunks: int | None = None) -> CutRules:
    return CutRules(
        update_every_s=EVERY_S,
        epoch_ns_at_0=0,
        by_beam_time=by_beam_time,
        until_events=until_events,
        max_chunks=max_chunks,
    )


def cut(facts: Sequence[Fact], how: CutRules | None = None) -> tuple[CutState, list[Chunk]]:
    state, chunks = cut_from(how or rules(), 0.0), list[Chunk]()
    for now, fact in enumerate(facts):
        state, more = step(state, fact, 100.0 * now)
        chunks += more
    return state, chunks


def pulses(run: int, *at_s: float, events: int = 1) -> EventBatch:
    times = [START_NS + round(one * S_NS) for one in at_s]
    return event_batch(run, np.arange(events * len(times)), per_pulse=[events] * len(times), pulse_ns=times)


def seconds_of(chunks: Sequence[Chunk]) -> list[list[float]]:
    return [[(ns - START_NS) / S_NS for batch in chunk.events for ns in batch.pulse_ns.tolist()] for chunk in chunks]


def test_a_chunk_is_an_interval_of_beam_time() -> None:
    _, chunks = cut([RunStarted(run=5, time_ns=0), pulses(5, 0.5, 1, 2.4, 2.5, 3, 9), RunEnded(run=5, time_ns=0)])
    assert seconds_of(chunks) == [[0.5, 1, 2.4], [2.5, 3], [9]]
    assert [(chunk.replaces, chunk.ends_run) for chunk in chunks] == [(True, False), (False, False), (False, True)]


def test_the_clock_decides_nothing() -> None:
    facts: list[Fact] = [pulses(5, 0), TimePassed(), Dry(), pulses(5, 1), TimePassed(), Dry()]
    state, chunks = cut(facts)
    assert not chunks
    assert due_in_s(state, 1e9) == np.inf
    assert seconds_of(step(state, StreamLeft(), 0)[1]) == [[0, 1]]


@settings(max_examples=50)
@given(
    times=st.lists(st.integers(0, 80), min_size=1, max_size=30).map(sorted),
    divisions=st.lists(st.integers(0, 30), max_size=6),
)
def test_how_a_stream_is_divided_does_not_matter(times: list[int], divisions: list[int]) -> None:
    whole = pulses(5, *(one / 10 for one in times))
    parts: list[EventBatch] = []
    rest: EventBatch | None = whole
    for division in divisions:
        if rest is not None:
            early, rest = split(rest, division)
            parts += [early] if early else []
    parts += [rest] if rest else []
    end = RunEnded(run=5, time_ns=0)
    assert seconds_of(cut([*parts, end])[1]) == seconds_of(cut([whole, end])[1])
    assert [one for chunk in seconds_of(cut([*parts, end])[1]) for one in chunk] == [one / 10 for one in times]


def test_values_that_come_before_their_pulses_wait_for_their_interval() -> None:
    log = log_batch(5, "temp", [START_NS, START_NS + S_NS, START_NS + 3 * S_NS, START_NS + 7 * S_NS], [0, 1, 3, 7])
    late = monitor_batch(5, 1, [11], START_NS + 3 * S_NS)
    facts: list[Fact] = [pulses(5, 0), log, late, pulses(5, 1, 3, 5), RunEnded(run=5, time_ns=0)]
    _, chunks = cut(facts)
    assert [[list(one.value) for one in chunk.logs] for chunk in chunks] == [[[0, 1]], [[3]], [[7]]]
    assert [sum(len(one.tof_ns) for one in chunk.monitors) for chunk in chunks] == [0, 1, 0]


def test_nothing_waits_beyond_its_run() -> None:
    late = log_batch(5, "temp", [START_NS + 9 * S_NS], [9])
    for end in (RunEnded(run=5, time_ns=0), RunStarted(run=6, time_ns=0), pulses(6, 1), StreamLeft()):
        _, chunks = cut([pulses(5, 0), late, end])
        assert [list(one.value) for one in chunks[0].logs] == [[9]]


def test_intervals_begin_anew_with_each_run() -> None:
    facts: list[Item] = [pulses(5, 0, 1), RunEnded(run=5, time_ns=0), RunStarted(run=6, time_ns=0), pulses(6, 1.9, 3.8)]
    _, chunks = cut([*facts, RunEnded(run=6, time_ns=0)])
    assert seconds_of(chunks) == [[0, 1], [1.9, 3.8]]


def test_a_stream_is_left_with_the_pulse_that_brings_the_last_event_wanted() -> None:
    late = log_batch(5, "temp", [START_NS, START_NS + S_NS], [0, 1])
    facts: list[Fact] = [
        late,
        monitor_batch(5, 1, [1], START_NS + S_NS),
        pulses(5, 0, 0.5, 1, events=3),
        pulses(5, 1.5),
    ]
    for by_beam_time in (True, False):
        state, (chunk,) = cut(facts, rules(by_beam_time=by_beam_time, until_events=4))
        assert (chunk.n_events, chunk.n_pulses, chunk.ends_run, state.over) == (6, 2, False, True)
        assert [list(one.value) for one in chunk.logs] == [[0]], "nothing newer than that pulse"
        assert not chunk.monitors


@given(wanted=st.integers(1, 12))
def test_the_events_wanted_are_counted_over_all_chunks(wanted: int) -> None:
    facts: list[Fact] = [pulses(5, *map(float, range(10))), RunEnded(run=5, time_ns=0)]
    state, chunks = cut(facts, rules(until_events=wanted))
    assert sum(chunk.n_events for chunk in chunks) == min(wanted, 10)
    assert state.over == (wanted <= 10)


def test_a_stream_is_left_after_so_many_chunks() -> None:
    facts: list[Fact] = [pulses(5, *map(float, range(10))), pulses(5, 10)]
    state, chunks = cut(facts, rules(max_chunks=2))
    assert (seconds_of(chunks), state.over) == ([[0, 1], [2, 3]], True)
    state, chunks = cut([pulses(5, 0), StreamLeft()], rules(max_chunks=2))
    assert (len(chunks), state.over) == (1, False)
