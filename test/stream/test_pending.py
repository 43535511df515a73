"""Memory between two chunks is bounded whatever a stream says, and nothing that counts is lost for it."""

import copy
import tracemalloc
from collections.abc import Iterable

import numpy as np
import pytest

from helpers import packets as p
from helpers.decoding import Stream
from helpers.items import event_batch, log_batch, monitor_batch
from helpers.packets import NEW_RUN, NO_RUN, NS, T0
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.stream.adara.names import MAX_NAME
from livereduce.stream.chunk import Chunk, CutRules, CutState, Dry, TimePassed, step
from livereduce.stream.items import Gap, Geometry, HistogramSnapshot, Item, LogBatch, Paused, Resumed, RunStarted
from livereduce.stream.pending import ITEM_BYTES, MAX_GAPS, NOTHING, OTHER_GAPS, Data, Pending, kept, n_bytes

MB = 1 << 20
RULES = CutRules(update_every_s=1e9, epoch_ns_at_0=0)
"""The clock never asks for a cut."""


def cut_all(items: Iterable[Item], rules: CutRules = RULES) -> tuple[CutState, list[Chunk]]:
    state, chunks = CutState(rules=rules), list[Chunk]()
    for item in items:
        state, more = step(state, item, 0.0)
        chunks += more
    return state, chunks


def prologue(k: int, run: int) -> bytes:
    """What a server says to whoever connects: the same each time, but for the second in which it says so."""
    values = b"".join(p.variable(2, T0, 7, number, 1.5) for number in range(100))
    words = p.variable(3, T0, 7, 100, "on") + p.annotation(T0, 1, scan=3)
    return (
        p.run_status(T0 + k * NS, 5 if run else NO_RUN, run)
        + p.geometry(T0 + k * NS, "<instrument>" + "x" * 100_000 + "</instrument>")
        + p.run_info(T0 + k * NS, f"title {k}", "IPTS-1")
        + p.beamline(T0 + k * NS, "BL1", "I", "Instrument")
        + p.pixel_map_alt(T0 + k * NS, [p.shorthand(0, 1, 0, 0x7FFF)])
        + p.descriptor(T0 + k * NS, 7, "device", {number: (f"pv{number}", "K") for number in range(101)})
        + values
        + words
    )


@pytest.mark.parametrize("run", [0, 5])
def test_600_reconnects_to_an_idle_server_keep_a_few_megabytes(run: int) -> None:
    stream, state = Stream(), CutState(rules=RULES)
    for item in stream.feed(prologue(0, run)):
        state, _ = step(state, item, 0.0)
    tracemalloc.start()
    try:
        for k in range(1, 600):
            stream.connect()
            for item in stream.feed(prologue(k, run)):
                state, chunks = step(state, item, 0.0)
                assert chunks == ()
        kept_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept_bytes < 3 * MB
    assert state.pending.geometry is not None
    assert state.pending.geometry.title == "title 599"
    assert state.pending.n_bytes < 300 * ITEM_BYTES


def snapshot(time_ns: int) -> HistogramSnapshot:
    edges, spectra = np.arange(101.0), np.arange(100, dtype=np.int32)
    return HistogramSnapshot(run=5, time_ns=time_ns, counts=np.zeros((100, 100)), tof_edges_us=edges, spectra=spectra)


FLOODS: dict[str, list[Item]] = {
    "geometry": [Geometry(run=5, time_ns=k, definition_xml="x" * 50_000 + str(k)) for k in range(1000)],
    "run information": [Geometry(run=5, time_ns=k, title="y" * 50_000 + str(k)) for k in range(1000)],
    "pixel maps": [Geometry(run=5, time_ns=k, pixels=np.arange(20_000, dtype=np.int32)) for k in range(1000)],
    "gaps for one reason": [Gap(run=5, reason="away", from_ns=k, to_ns=k) for k in range(100_000)],
    "gaps for many reasons": [Gap(run=5, reason=f"away {k}", from_ns=k, to_ns=k) for k in range(10_000)],
    "histograms": [snapshot(k) for k in range(1000)],
    "pauses": [one(run=5, time_ns=k) for k in range(20_000) for one in (Paused, Resumed)],
    "empty pulses": [event_batch(5, [], per_pulse=[0]) for _ in range(20_000)],
    "monitors without events": [monitor_batch(5, 1, []) for _ in range(20_000)],
    "values": [log_batch(5, f"pv{k % 7}", [k], [k]) for k in range(30_000)],
    "words": [LogBatch(run=5, name="word", units="", time_ns=np.array([k]), value=("w" * 500,)) for k in range(20_000)],
    "arrays": [
        LogBatch(run=5, name="array", units="", time_ns=np.array([k]), value=(np.zeros(1000),)) for k in range(3000)
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_is_folded_or_cut(name: str) -> None:
    rules = CutRules(update_every_s=1e9, epoch_ns_at_0=0, max_bytes=4 * MB)
    state, most, n = CutState(rules=rules, run=5), 0, 0
    for item in FLOODS[name]:
        state, chunks = step(state, item, 0.0)
        most = max(most, state.pending.n_bytes + 200 * len(state.pending.gaps))
        n += len(chunks)
    assert most <= 4 * MB
    assert (n > 0) == (name in ("pauses", "empty pulses", "monitors without events", "values", "words", "arrays"))


@pytest.mark.parametrize("name", ["empty pulses", "monitors without events", "values", "words", "arrays"])
def test_the_weight_is_about_right(name: str) -> None:
    """Of items that are there twice, the second time while memory is watched."""
    tracemalloc.start()
    try:
        items = copy.deepcopy(FLOODS[name][:1000])
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    weighed = sum(n_bytes(item) for item in items if isinstance(item, Data))
    assert 0.1 * used < weighed < 10 * used


def test_what_is_cut_early_is_all_there() -> None:
    rules = CutRules(update_every_s=1e9, epoch_ns_at_0=0, max_bytes=20 * ITEM_BYTES)
    items: list[Item] = [RunStarted(run=5, time_ns=0)]
    items += [log_batch(5, "pv", [k], [k]) for k in range(100)]
    state, chunks = cut_all(items, rules)
    state, more = step(state, TimePassed(), 2e9)
    values = [v for chunk in (*chunks, *more) for log in chunk.logs for v in log.value]
    assert values == list(range(100))
    assert [chunk.replaces for chunk in (*chunks, *more)][:2] == [True, False]


def test_the_last_word_on_each_thing_stays() -> None:
    pending: Pending = NOTHING
    for item in (
        Geometry(run=5, time_ns=1, title="one", definition_xml="<a/>"),
        Geometry(run=5, time_ns=2, title="two", proposal="IPTS-2"),
        Geometry(run=5, time_ns=3, instrument="I"),
    ):
        pending = kept(pending, item)
    said = pending.geometry
    assert said is not None
    assert (said.title, said.definition_xml, said.proposal, said.instrument) == ("two", "<a/>", "IPTS-2", "I")
    assert not pending.matters


def test_gaps_of_one_reason_are_one_over_all_their_times() -> None:
    pending = NOTHING
    for gap in (Gap(run=5, reason="a"), Gap(run=5, reason="a", from_ns=7, to_ns=9), Gap(run=5, reason="b"),
                Gap(run=5, reason="a", from_ns=3, to_ns=4)):  # fmt: skip
        pending = kept(pending, gap)
    assert pending.gaps == (Gap(run=5, reason="a", from_ns=3, to_ns=9), Gap(run=5, reason="b"))
    for k in range(MAX_GAPS + 50):
        pending = kept(pending, Gap(run=5, reason=f"r{k}"))
    assert len(pending.gaps) == MAX_GAPS + 1
    assert pending.gaps[-1].reason == OTHER_GAPS


def test_an_idle_server_makes_no_chunk() -> None:
    """The same scan index again and again is nothing new."""
    stream, state = Stream(), CutState(rules=CutRules(update_every_s=1.0, epoch_ns_at_0=0))
    chunks: list[Chunk] = []
    for k in range(5):
        stream.connect()
        for fact in (*stream.feed(prologue(k, 5)), TimePassed(), Dry()):
            state, more = step(state, fact, 10.0 * k)
            chunks += more
    assert len(chunks) == 1
    assert "scan_index" in [log.name for log in chunks[0].logs]


def test_names_are_of_bounded_length() -> None:
    stream = Stream()
    stream.feed(p.run_status(T0, NEW_RUN, 5) + p.descriptor(T0, 7, "d", {1: ("n" * 100_000, "u" * 100_000)}))
    (log,) = stream.feed(p.variable(2, T0, 7, 1, 1.5))
    assert isinstance(log, LogBatch)
    assert (log.name, log.units) == ("n" * MAX_NAME, "u" * MAX_NAME)


def test_a_value_that_is_carried_over_keeps_nothing_else_alive() -> None:
    logs = RunLogs()
    logs.add_log(log_batch(5, "pv", np.arange(100_000), np.zeros(100_000)))
    (series,) = logs.carried_over()._series.values()
    assert all(part.base is None for part in (*series.times, *series.values) if isinstance(part, np.ndarray))
