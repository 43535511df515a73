"""Data that a worker died on come in chunks of their own, or not at all."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.items import event_batch, log_batch, monitor_batch
from livereduce.engine.builtin.apart import ANYWHERE, Part, apart, span_of
from livereduce.messages.marks import MarkStage, Suspect
from livereduce.stream.chunk import Chunk, Fact, StreamLeft
from livereduce.stream.items import EventBatch, Gap, Item, LogBatch, MonitorBatch, Paused, RunStarted


def suspect(from_ns: int, to_ns: int, *, skip: bool = False, pieces: int = 1, run: int = 5) -> Suspect:
    return Suspect(stage=MarkStage.PROC, run=run, from_ns=from_ns, to_ns=to_ns, skip=skip, pieces=pieces)


def pulses(*times: int, run: int = 5, unmapped: int = 0) -> EventBatch:
    """A pulse at each time, with one event whose pixel comes from the time."""
    pixels = [time % 1000 for time in times]
    return event_batch(run, [1] * len(times), pixels, per_pulse=[1] * len(times), pulse_ns=times, unmapped=unmapped)


def shown(facts: Sequence[Fact]) -> list[object]:
    """Times of pulses as lists, of logs as sets, and what is neither by its name."""
    found: list[object] = []
    for fact in facts:
        if isinstance(fact, EventBatch):
            assert fact.pixel.tolist() == (fact.pulse_ns % 1000).tolist(), "each pulse keeps its events"
            found.append(fact.pulse_ns.tolist())
        elif isinstance(fact, LogBatch):
            found.append(set(fact.time_ns.tolist()))
        elif isinstance(fact, MonitorBatch):
            found.append(tuple(fact.pulse_ns.tolist()))
        else:
            found.append(type(fact).__name__)
    return found


def played(*reads: Sequence[Item], suspects: Sequence[Suspect]) -> list[object]:
    part: Part = ANYWHERE
    found: list[object] = []
    for items in reads:
        facts, part = apart(items, suspects, part)
        found += shown(facts)
    return found


def test_a_suspect_is_cut_off_from_what_comes_before_and_after() -> None:
    assert played([pulses(1, 2, 3, 4, 5)], suspects=[suspect(2, 3)]) == [
        "StreamLeft", [1], "StreamLeft", [2, 3], "StreamLeft", [4, 5]
    ]  # fmt: skip


def test_over_several_reads() -> None:
    reads = [[pulses(1)], [pulses(2)], [pulses(3)], [pulses(4)], [pulses(5)]]
    assert played(*reads, suspects=[suspect(2, 3)]) == [
        "StreamLeft",
        [1],
        "StreamLeft",
        [2],
        [3],
        "StreamLeft",
        [4],
        [5],
    ]


def test_logs_and_monitors_of_the_same_time_come_with_it() -> None:
    logs = log_batch(5, "temp", [1, 2, 4], [1, 2, 4])
    monitor = MonitorBatch(
        run=5, monitor=1, tof_ns=np.array([7, 8, 9], np.int32), first=np.array([0, 1, 3]), pulse_ns=np.array([1, 2])
    )
    found = played([logs, monitor, pulses(1, 2, 4)], suspects=[suspect(2, 2)])
    assert found == [{1}, {4}, (1,), "StreamLeft", [1], "StreamLeft", {2}, (2,), [2], "StreamLeft", [4]]


def test_what_is_left_out_is_a_gap() -> None:
    words = LogBatch(run=5, name="word", units="", time_ns=np.array([1, 2, 3]), value=("a", "b", "c"))
    facts, _ = apart([words, pulses(1, 2, 3, unmapped=7)], [suspect(2, 2, skip=True)], ANYWHERE)
    assert [fact for fact in shown(facts) if fact != "StreamLeft"] == [{1}, {3}, [1], "Gap", "Gap", [3]]
    (gap, _) = [fact for fact in facts if isinstance(fact, Gap)]
    assert (gap.run, gap.from_ns, gap.to_ns) == (5, 2, 2)
    assert "left out" in gap.reason
    assert [fact.value for fact in facts if isinstance(fact, LogBatch)] == [("a",), ("c",)]
    assert sum(fact.unmapped for fact in facts if isinstance(fact, EventBatch)) == 7


def test_a_first_chunk_is_cut_into_pieces() -> None:
    found = played([pulses(*range(10, 26))], suspects=[suspect(10, 25, pieces=4)])
    assert [fact for fact in found if fact != "StreamLeft"] == [
        [*range(10, 14)], [*range(14, 18)], [*range(18, 22)], [*range(22, 26)]
    ]  # fmt: skip
    assert found.count("StreamLeft") == 4


def test_another_run_and_edges_pass_as_they_are() -> None:
    items: list[Item] = [
        RunStarted(run=6, time_ns=0),
        pulses(1, 2, 3, run=6),
        Paused(run=6, time_ns=2),
        monitor_batch(6, 1, [1]),
    ]
    assert played(items, suspects=[suspect(2, 2)]) == ["RunStarted", [1, 2, 3], "Paused", (0,)]


def test_the_span_of_a_chunk() -> None:
    log, monitor = log_batch(5, "temp", [1, 99], [1, 2]), monitor_batch(5, 1, [1], pulse_ns=50)
    assert span_of(Chunk(run=5)) == (0, 0)
    assert span_of(Chunk(run=5, events=(pulses(), pulses(7, 3)), logs=(log,))) == (3, 7)
    assert span_of(Chunk(run=5, monitors=(monitor,), logs=(log,))) == (1, 99)


TIMES = st.lists(st.integers(0, 40), max_size=12)
SUSPECTS = st.lists(
    st.builds(
        lambda a, n, skip, pieces: suspect(a, a + n, skip=skip, pieces=pieces),
        st.integers(0, 40), st.integers(0, 9), st.booleans(), st.sampled_from([1, 8]),
    ),
    max_size=4,
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(TIMES, max_size=4), SUSPECTS)
def test_nothing_else_is_lost_or_doubled(reads: list[list[int]], suspects: list[Suspect]) -> None:
    found = played(*[[pulses(*times)] for times in reads], suspects=suspects)
    kept = sorted(time for fact in found if isinstance(fact, list) for time in fact)
    gone = {time for one in suspects if one.skip for time in range(one.from_ns, one.to_ns + 1)}
    assert kept == sorted(time for times in reads for time in times if time not in gone)
    chunks: list[list[int]] = [[]]
    for fact in found:
        if fact == "StreamLeft":
            chunks.append([])
        elif isinstance(fact, list):
            chunks[-1] += fact
    for chunk in chunks:
        for one in suspects:
            inside = [one.from_ns <= time <= one.to_ns for time in chunk]
            assert all(inside) or not any(inside)


def test_without_a_suspect_nothing_is_cut() -> None:
    assert not any(isinstance(fact, StreamLeft) for fact in apart([pulses(1, 2)], [suspect(1, 1, run=7)], ANYWHERE)[0])


@pytest.mark.parametrize("skip", [True, False])
def test_times_of_a_real_stream_are_exact(skip: bool) -> None:
    """A float has not all their digits."""
    t0 = 1_164_260_000_123_456_789
    found = played([pulses(t0 - 1, t0, t0 + 16, t0 + 17)], suspects=[suspect(t0, t0 + 16, skip=skip, pieces=8)])
    assert [t0 - 1] in found
    assert [t0 + 17] in found
