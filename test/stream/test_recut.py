"""A run that was cut into chunks comes out in the same chunks, however its items are packed another time."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.items import S_NS, event_batch, log_batch, monitor_batch
from livereduce.stream.chunk import Chunk
from livereduce.stream.items import Gap, Geometry, Item, LogBatch, MonitorBatch, Paused, RunEnded, RunStarted
from livereduce.stream.recut import PATIENCE_PULSES, Quota, Recut, Shortage, counted, name_of

RUN, START_NS = 7, 10 * S_NS


def pulses(first: int, last: int) -> Item:
    """Pulse k has k % 3 events, which are k."""
    numbers = np.arange(first, last)
    sizes = (numbers % 3).tolist()
    return event_batch(RUN, np.repeat(numbers, sizes), per_pulse=sizes, pulse_ns=START_NS + numbers)


def values(name: str, first: int, last: int) -> Item:
    numbers = np.arange(first, last)
    return log_batch(RUN, name, START_NS + numbers, numbers.astype(float))


def monitors(first: int, last: int) -> list[Item]:
    return [monitor_batch(RUN, 1, [k], START_NS + k) for k in range(first, last)]


def contents(chunk: Chunk) -> dict[str, Any]:
    """What a chunk holds, whatever its batches are."""
    found: dict[str, Any] = {
        "pulses": [t for batch in chunk.events for t in batch.pulse_ns.tolist()],
        "events": [t for batch in chunk.events for t in batch.tof_ns.tolist()],
    }
    for log in chunk.logs:
        found[name_of(log)] = (log.time_ns.tolist(), list(log.value))
    for monitor in chunk.monitors:
        found[name_of(monitor)] = monitor.tof_ns.tolist()
    return found


def pieces(total: int, cuts: list[int]) -> Iterator[tuple[int, int]]:
    edges = [0, *sorted({cut for cut in cuts if 0 < cut < total}), total]
    return pairwise(edges)


def packed(draws: dict[str, list[int]]) -> list[Item]:
    """The same run in batches of other sizes, its kinds in another order among each other."""
    batches: list[tuple[float, Item]] = []
    for first, last in pieces(30, draws["pulses"]):
        batches.append((last, pulses(first, last)))
    for name, total in (("a", 12), ("b", 5)):
        batches += [(30 * last / total, values(name, first, last)) for first, last in pieces(total, draws[name])]
    for first, last in pieces(6, draws["monitors"]):
        batches += [(5.0 * last, one) for one in monitors(first, last)]
    return [item for _, item in sorted(batches, key=lambda one: one[0])]


some = st.lists(st.integers(1, 29), max_size=6)
draws = st.fixed_dictionaries({"pulses": some, "a": some, "b": some, "monitors": some})


@settings(deadline=None, max_examples=60)
@given(draws, draws, st.lists(st.integers(1, 20), max_size=4), st.booleans())
def test_the_chunks_are_the_same_from_any_source(
    first: dict[str, list[int]], second: dict[str, list[int]], cuts: list[int], repeats_state: bool
) -> None:
    live = packed(first)
    chunks = [live[a:b] for a, b in pieces(len(live), cuts)]
    quotas = [quota_of(items) for items in chunks]
    before: list[Item] = [log_batch(RUN, "a", [START_NS - 5], [-1.0])] if repeats_state else []
    source = [RunStarted(run=RUN, time_ns=START_NS), *before, *packed(second), RunEnded(run=RUN, time_ns=1)]
    recut = Recut(RUN, START_NS, quotas)
    made = list(recut.chunks(iter(source)))
    assert recut.short == {}
    assert [chunk.replaces for chunk in made] == [True, *[False] * (len(chunks) - 1)]
    for chunk, items in zip(made, chunks, strict=True):
        found = contents(chunk)
        wanted = contents(Chunk(run=RUN, **kinds(items)))
        for name, expected in wanted.items():
            seen = found.get(name, ([], []))
            if name.startswith("log"):
                seen = tuple([one for one, t in zip(column, seen[0], strict=True) if t >= START_NS] for column in seen)
                expected = tuple(map(list, expected))
            assert seen == expected, name


def kinds(items: list[Item]) -> dict[str, Any]:
    by_kind: dict[str, Any] = {"events": (), "logs": (), "monitors": ()}
    for item in items:
        kind = {"EventBatch": "events", "LogBatch": "logs", "MonitorBatch": "monitors"}[type(item).__name__]
        by_kind[kind] += (item,)
    from livereduce.stream.coalesce import coalesce_events, coalesce_logs, coalesce_monitors

    return {
        "events": coalesce_events(by_kind["events"]),
        "logs": coalesce_logs(by_kind["logs"]),
        "monitors": coalesce_monitors(by_kind["monitors"]),
    }


def quota_of(items: list[Item]) -> Quota:
    chunk = Chunk(run=RUN, **kinds(items))
    each: list[LogBatch | MonitorBatch] = [*chunk.logs, *chunk.monitors]
    named = {name_of(one): counted(one, START_NS) for one in each}
    return Quota(pulses=chunk.n_pulses, values=named)


def test_a_source_with_fewer_pulses_is_short_of_them() -> None:
    recut = Recut(RUN, START_NS, [Quota(pulses=3), Quota(pulses=5)])
    chunks = recut.chunks([pulses(0, 6), RunEnded(run=RUN, time_ns=1), pulses(6, 9)])
    assert next(chunks).n_pulses == 3
    with pytest.raises(Shortage, match="chunk 2 of the result has 5 pulses, the source only 3 more"):
        next(chunks)


def test_logs_that_a_source_does_not_have_are_told() -> None:
    recut = Recut(RUN, START_NS, [Quota(pulses=2, values={"log a": 2, "log b": 3})])
    (chunk,) = recut.chunks([pulses(0, 2), values("b", 0, 1), RunEnded(run=RUN, time_ns=1)])
    assert contents(chunk)["pulses"] == [START_NS, START_NS + 1]
    assert recut.short == {"log a": 2, "log b": 2}


def test_a_chunk_of_nothing_but_the_state_at_the_start_gets_that() -> None:
    before = log_batch(RUN, "a", [START_NS - 5], [-1.0])
    recut = Recut(RUN, START_NS, [Quota(pulses=0, values={"log a": 0}), Quota(pulses=1, values={"log a": 1})])
    first, second = recut.chunks(
        [RunStarted(run=RUN, time_ns=START_NS), before, before, pulses(0, 1), values("a", 0, 1)]
    )
    assert contents(first) == {"pulses": [], "events": [], "log a": ([START_NS - 5], [-1.0])}
    assert contents(second)["log a"] == ([START_NS - 5, START_NS], [-1.0, 0.0])


def test_logs_are_not_waited_for_without_end() -> None:
    read: list[Item] = []

    def endless() -> Iterator[Item]:
        for k in range(100):
            read.append(pulses(1000 * k, 1000 * (k + 1)))
            yield read[-1]

    (chunk,) = Recut(RUN, START_NS, [Quota(pulses=1, values={"log a": 1})]).chunks(endless())
    assert chunk.n_pulses == 1
    assert len(read) * 1000 <= PATIENCE_PULSES + 2000


def test_other_runs_are_left_out_and_what_describes_the_run_goes_along() -> None:
    items: list[Item] = [
        event_batch(6, [1]),
        Geometry(run=6, time_ns=1, title="before"),
        RunStarted(run=RUN, time_ns=START_NS),
        Geometry(run=RUN, time_ns=2, proposal="IPTS-1"),
        pulses(0, 2),
        Gap(run=RUN, reason="lost"),
        Paused(run=RUN, time_ns=START_NS + 5),
        pulses(2, 4),
        RunStarted(run=8, time_ns=1),
        event_batch(8, [1]),
    ]
    recut = Recut(RUN, START_NS, [Quota(pulses=2, values={"log pause": 1}), Quota(pulses=2)])
    first, second = recut.chunks(items)
    assert first.geometry is not None
    assert (first.geometry.title, first.geometry.proposal) == ("before", "IPTS-1")
    assert ([gap.reason for gap in first.gaps], [log.name for log in first.logs]) == (["lost"], ["pause"])
    assert (second.n_pulses, second.gaps, second.logs) == (2, (), ())
    with pytest.raises(Shortage):
        list(Recut(RUN, START_NS, [Quota(pulses=5)]).chunks(items))
