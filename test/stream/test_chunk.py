import itertools
from collections.abc import Sequence

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.items import event_batch, log_batch, monitor_batch
from helpers.stepping import histories, run_history
from livereduce.stream.chunk import Chunk, CutRules, CutState, Dry, Fact, StreamLeft, TimePassed, due_in_s, join, step
from livereduce.stream.coalesce import SMALL_EVENTS, coalesce_events
from livereduce.stream.items import (
    EventBatch,
    Gap,
    Geometry,
    HistogramSnapshot,
    LogBatch,
    MonitorBatch,
    Paused,
    Resumed,
    RunEnded,
    RunStarted,
)

S = 1_000_000_000
EPOCH = 1_000_000 * S
RULES = CutRules(update_every_s=30.0, epoch_ns_at_0=EPOCH, max_events=100)


def batch(run: int, events: int = 3, pulse_ns: int = EPOCH, pulses: int = 1, tof: int = 0) -> EventBatch:
    per_pulse = [events // pulses] * (pulses - 1)
    return event_batch(
        run, np.arange(tof, tof + events), per_pulse=[*per_pulse, events - sum(per_pulse)], pulse_ns=pulse_ns
    )


def log(run: int, name: str = "temp", value: float = 1.0) -> LogBatch:
    return log_batch(run, name, [EPOCH], [value])


def play(*facts: tuple[float, Fact], rules: CutRules = RULES) -> tuple[CutState, list[Chunk]]:
    """Facts at times; the state and all chunks."""
    return play_on(CutState(rules=rules), *facts)


def play_on(state: CutState, *facts: tuple[float, Fact]) -> tuple[CutState, list[Chunk]]:
    chunks: list[Chunk] = []
    for now, fact in facts:
        state, out = step(state, fact, now)
        chunks.extend(out)
    return state, chunks


def at(now: float, lag_s: float = 0.0) -> int:
    """A pulse time that is `lag_s` old at `now`."""
    return EPOCH + round((now - lag_s) * S)


def test_the_first_chunk_comes_on_catching_up() -> None:
    _, chunks = play(
        (0, RunStarted(run=5, time_ns=1)),
        (0, batch(5, pulse_ns=at(0, lag_s=600))),
        (0, TimePassed()),
        (1, batch(5, pulse_ns=at(1, lag_s=0.9))),
        (1, TimePassed()),
    )
    assert [(c.run, c.n_events, c.n_pulses, c.replaces, c.start_ns) for c in chunks] == [(5, 6, 2, True, 1)]


def test_while_catching_up_the_clock_cuts_too() -> None:
    _, chunks = play((0, batch(0, pulse_ns=at(0, 600))), (0, TimePassed()), (29.9, TimePassed()), (30, TimePassed()))
    assert len(chunks) == 1


def test_a_dry_stream_is_caught_up_with_and_its_lag_is_taken_for_skew() -> None:
    year = 3e7
    state, chunks = play((1, batch(0, pulse_ns=at(1, year))), (1, TimePassed()), (1.2, Dry()), (1.6, Dry()))
    assert len(chunks) == 1
    state, more = step(state, batch(0, pulse_ns=at(2, year)), 2)
    assert not state.behind
    assert not more
    for now in (2, 3):
        state, more = step(state, Dry(), now)
        assert not more, "an old recording played in real time is not behind"


def test_a_breath_of_the_server_cuts_but_is_not_the_end_of_catching_up() -> None:
    state, chunks = play((1, batch(0, pulse_ns=at(1, 600))), (1.1, Dry()), (1.2, batch(0, pulse_ns=at(1.2, 500))))
    assert len(chunks) == 1
    assert state.behind
    state, more = step(state, Dry(), 1.3)
    assert not more, "breaths come often while a slow machine catches up"
    _, more = step(state, Dry(), 1.7)
    assert [chunk.n_pulses for chunk in more] == [1]


def test_slow_pulses_with_old_times_are_not_cut_one_by_one() -> None:
    year = 3e7
    facts: list[tuple[float, Fact]] = []
    for k in range(100):
        now = k / 10
        facts += [(now, batch(0, 0, pulse_ns=at(now, year))), (now, TimePassed()), (now + 0.05, Dry())]
    _, chunks = play(*facts)
    first, *later = [chunk.n_pulses for chunk in chunks]
    assert first == 1
    assert min(later) >= 10, "a second of pulses at least"


def test_while_waiting_for_the_first_pulse_the_clock_goes_on() -> None:
    state, chunks = play((0, log(0)), (0, TimePassed()), (30, Dry()))
    assert [c.n_pulses for c in chunks] == [0]
    assert due_in_s(state, 30) == 30
    state, chunks = play_on(state, (61, Dry()))
    assert not chunks
    assert due_in_s(state, 61) == 30, "a reader that waits until it is due must not spin"


def test_dry_before_any_pulse_keeps_waiting_for_the_first() -> None:
    state, chunks = play((0, RunStarted(run=5, time_ns=0)), (0, log(5)), (0, Dry()))
    assert not chunks
    _, chunks2 = step(step(state, batch(5, pulse_ns=at(1)), 1)[0], TimePassed(), 1)
    assert [c.n_pulses for c in chunks2] == [1]


def caught_up(run: int = 5) -> tuple[tuple[float, Fact], ...]:
    return (
        (0, RunStarted(run=run, time_ns=0)),
        (0, batch(run, pulse_ns=at(0))),
        (0, TimePassed()),
    )


def test_the_clock_counts_from_start_to_start_and_a_long_script_is_not_falling_behind() -> None:
    state, chunks = play(*caught_up(), (20, batch(5, pulse_ns=at(20, 19))), (20, TimePassed()))
    assert len(chunks) == 1
    assert due_in_s(state, 20) == 10
    state, second = step(state, TimePassed(), 30)
    assert [c.replaces for c in second] == [False]
    assert due_in_s(state, 30) == 30


def test_after_an_outage_longer_than_the_interval_the_chunk_comes_on_catching_up() -> None:
    _, chunks = play(
        *caught_up(),
        (90, TimePassed()),
        (100, batch(5, pulse_ns=at(100, 80))),
        (100, TimePassed()),
        (101, batch(5, pulse_ns=at(101, 0.5))),
        (101, TimePassed()),
    )
    assert [c.n_pulses for c in chunks] == [1, 2]


def test_nothing_arrived_makes_no_chunk_and_geometry_waits_for_company() -> None:
    state, chunks = play(
        *caught_up(), (40, TimePassed()), (45, Geometry(run=5, time_ns=0, title="quartz")), (90, TimePassed())
    )
    assert len(chunks) == 1
    _, more = play_on(state, (91, log(5)), (200, TimePassed()))
    assert more[0].geometry is not None
    assert more[0].geometry.title == "quartz"


def test_a_maximum_of_events_is_kept_unless_one_batch_has_more() -> None:
    old = at(0, 900)
    _, chunks = play(
        (0, batch(0, 60, old)),
        (0, batch(0, 40, old)),
        (0, batch(0, 1, old)),
        (0, batch(0, 101, old)),
        (0, StreamLeft()),
    )
    assert [c.n_events for c in chunks] == [100, 1, 101]


def test_run_edges_cut_and_the_end_is_told_even_if_nothing_is_pending() -> None:
    state, chunks = play(
        *caught_up(5), (1, batch(5)), (2, RunEnded(run=5, time_ns=0)), (3, batch(0)), (4, RunStarted(run=6, time_ns=0))
    )
    assert [(c.run, c.replaces, c.ends_run) for c in chunks] == [(5, True, False), (5, False, True), (0, True, False)]
    assert (state.run, state.replaces) == (6, True)
    state, chunks = play(*caught_up(7), (2, RunEnded(run=7, time_ns=0)))
    assert [(c.is_empty, c.ends_run) for c in chunks] == [(False, False), (True, True)]
    assert (state.run, state.ended) == (0, True)


def test_a_run_that_goes_over_into_the_next_has_ended() -> None:
    _, chunks = play(*caught_up(5), (1, RunStarted(run=6, time_ns=0)))
    assert [(c.run, c.ends_run) for c in chunks] == [(5, False), (5, True)]


def test_a_run_announced_twice_and_the_end_of_a_strange_run_are_no_edges() -> None:
    state, _ = play(*caught_up(5), (1, RunStarted(run=5, time_ns=9, from_start=False)), (2, batch(5)))
    state, more = play_on(state, (2, RunEnded(run=4, time_ns=0)), (3, StreamLeft()))
    assert [(c.run, c.replaces, c.ends_run, c.from_start) for c in more] == [(5, False, False, True)]


def test_a_pause_is_a_log_value() -> None:
    state, _ = play(*caught_up(), (1, Paused(run=5, time_ns=7)))
    assert state.paused
    state, chunks = play_on(state, (2, Resumed(run=5, time_ns=8)), (30, TimePassed()))
    assert not state.paused
    (pause,) = chunks[0].logs
    assert (pause.name, pause.time_ns.tolist(), list(pause.value)) == ("pause", [7, 8], [1.0, 0.0])


def test_of_histogram_snapshots_the_newest_is_given() -> None:
    counts = np.zeros((1, 1))
    edges, spectra = np.array([0.0, 1.0]), np.array([1], np.int32)
    shots = [
        HistogramSnapshot(run=0, time_ns=t, counts=counts, tof_edges_us=edges, spectra=spectra) for t in range(1, 4)
    ]
    _, chunks = play(*((1.0, shot) for shot in shots), (2, StreamLeft()))
    assert [c.snapshot for c in chunks] == [shots[-1]]


def test_logs_and_monitors_of_an_interval_come_as_one_each() -> None:
    words = LogBatch(run=0, name="word", units="", time_ns=np.array([1, 2]), value=("a", "b"))
    monitors = [monitor_batch(0, number, [7] * events) for number, events in ((1, 2), (2, 1), (1, 3))]
    facts: list[Fact] = [log(0, value=1), words, *monitors, log(0, value=2), words]
    _, chunks = play(*((0.0, fact) for fact in facts), (1, StreamLeft()))
    (chunk,) = chunks
    assert [(m.monitor, m.first.tolist()) for m in chunk.monitors] == [(1, [0, 2, 5]), (2, [0, 1])]
    assert [(b.name, list(b.value)) for b in chunk.logs] == [("temp", [1.0, 2.0]), ("word", ["a", "b", "a", "b"])]


def slices(*sizes: int) -> list[EventBatch]:
    """Batches next to each other in memory."""
    tof, pixel = np.arange(sum(sizes), dtype=np.int32), np.arange(sum(sizes), dtype=np.int32)
    cuts = [0, *itertools.accumulate(sizes)]
    return [event_batch(1, tof[a:b], pixel[a:b], unmapped=2, erroneous=1) for a, b in itertools.pairwise(cuts)]


def test_neighbours_in_memory_become_one_without_a_copy() -> None:
    parts = slices(SMALL_EVENTS, 0, 5, SMALL_EVENTS)
    (whole,) = coalesce_events(parts)
    assert whole.tof_ns.base is parts[0].tof_ns.base
    assert whole.pixel.base is parts[0].pixel.base
    assert not whole.tof_ns.flags.writeable
    np.testing.assert_array_equal(whole.tof_ns, np.arange(2 * SMALL_EVENTS + 5))
    assert whole.first.tolist() == [0, SMALL_EVENTS, SMALL_EVENTS, SMALL_EVENTS + 5, 2 * SMALL_EVENTS + 5]
    assert (whole.unmapped, whole.erroneous) == (8, 4)


def test_strangers_in_memory_stay_apart_when_large_and_are_copied_when_small() -> None:
    large = [*slices(SMALL_EVENTS), *slices(SMALL_EVENTS)]
    assert [len(b.tof_ns) for b in coalesce_events(large)] == [SMALL_EVENTS, SMALL_EVENTS]
    small = [*slices(2), *slices(3), *slices(SMALL_EVENTS)]
    assert [len(b.tof_ns) for b in coalesce_events(small)] == [5, SMALL_EVENTS]
    tail = slices(1, SMALL_EVENTS, 1)
    reordered = coalesce_events([tail[1], tail[0], tail[2]])
    np.testing.assert_array_equal(
        np.concatenate([b.tof_ns for b in reordered]), np.concatenate([tail[k].tof_ns for k in (1, 0, 2)])
    )


def test_joining_chunks_keeps_order_and_the_first_edge() -> None:
    _, one = play((0, RunStarted(run=5, time_ns=0)), (0, batch(5, 2, tof=0)), (0, log(5)), (0, StreamLeft()))
    _, two = play((0, RunStarted(run=5, time_ns=0)), (0, batch(5, 2, tof=2)), (0, RunEnded(run=5, time_ns=0)))
    joined = join((*one, *two))
    assert (joined.replaces, joined.ends_run, joined.n_pulses) == (True, True, 2)
    assert np.concatenate([b.tof_ns for b in joined.events]).tolist() == [0, 1, 2, 3]


# A stream as a source would give it: the order of kinds is free, the run numbers are consistent with the edges.
KINDS = ["events", "events", "events", "monitor", "log", "gap", "start", "end", "pause", "tick", "dry"]


@settings(deadline=None)
@given(histories(st.tuples(st.sampled_from(KINDS), st.integers(0, 60), st.floats(0, 200)), longest_wait_s=40))
def test_every_event_comes_out_exactly_once_in_order_and_no_chunk_mixes_runs(
    history: list[tuple[float, tuple[str, int, float]]],
) -> None:
    facts: list[tuple[float, Fact]] = []
    sent: list[tuple[int, int]] = []
    edges: set[int] = set()
    arena, run, now, used = np.arange(4000, dtype=np.int32), 0, 0.0, 0
    for wait_s, (kind, n, lag) in history:
        now += wait_s
        fact: Fact = TimePassed()
        if kind == "events":
            tof = arena[used : used + n]
            fact = event_batch(run, tof, tof, per_pulse=[n // 2, n - n // 2], pulse_ns=at(now, lag))
            sent += [(run, int(t)) for t in tof]
            used += n
        elif kind == "monitor":
            fact = monitor_batch(run, n % 2, [7] * n, at(now))
        elif kind == "log":
            fact = log(run, f"v{n % 2}")
        elif kind == "gap":
            fact = Gap(run=run, reason="lost")
        elif kind == "start":
            run += n % 2 + (run == 0)
            fact = RunStarted(run=run, time_ns=at(now))
            edges.add(run)
        elif kind == "end":
            fact = RunEnded(run=run, time_ns=at(now))
        elif kind == "pause":
            fact = Paused(run=run, time_ns=at(now))
        elif kind == "dry":
            fact = Dry()
        facts.append((wait_s, fact))
        if kind == "end":
            run = 0
    facts.append((0.0, StreamLeft()))

    def look(before: CutState, fact: Fact, now: float, after: CutState, chunks: Sequence[Chunk]) -> None:
        for chunk in chunks:
            inside: list[EventBatch | MonitorBatch | LogBatch] = [*chunk.events, *chunk.monitors, *chunk.logs]
            assert {item.run for item in inside} <= {chunk.run}
            assert chunk.n_events <= RULES.max_events
            assert chunk.ends_run or not chunk.is_empty
        if isinstance(fact, TimePassed) and now - before.cut_s >= RULES.update_every_s:
            assert not after.pending.matters

    state, chunks = run_history(step, CutState(rules=RULES), facts, look)
    assert not state.pending.matters
    assert [(c.run, int(t)) for c in chunks for b in c.events for t in b.tof_ns] == sent
    for before, after in zip([None, *chunks], chunks, strict=False):
        edge = before is None or before.ends_run or before.run != after.run
        assert after.replaces == edge
