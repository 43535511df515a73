"""A file as a source gives what the same file gives when it is played and received; and ends, or says why it cannot."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from helpers.event_files import PULSES, START, event_file, irregular_file, put
from helpers.paths import DATA, needs_data
from helpers.served import T, serving
from livereduce.base.errors import OperatorError
from livereduce.base.source_urls import file_url
from livereduce.base.times import NS_PER_S, epics_ns
from livereduce.simulate.adara.play import Play, perform
from livereduce.simulate.beams.nexus import read_nexus
from livereduce.simulate.beams.nexus_beam import NexusBeam
from livereduce.stream.coalesce import coalesce_geometry, coalesce_logs, coalesce_monitors
from livereduce.stream.items import (
    EventBatch,
    Gap,
    Geometry,
    Item,
    LogBatch,
    MonitorBatch,
    Position,
    RunEnded,
    RunStarted,
    Source,
    SourceLost,
    StartFrom,
    StartTime,
)
from livereduce.stream.nexus import ordered_file, source
from livereduce.stream.nexus.source import NexusSource
from livereduce.stream.sources import source_of

START_NS = epics_ns(1_709_312_400)


def opened(path: Path) -> NexusSource:
    found = NexusSource(path)
    found.open(StartFrom.RUN_START)
    return found


def rest_of(found: Source) -> list[Item]:
    items: list[Item] = []
    while not found.state().ended:
        items += found.read(0.0)
    return items


def received(path: Path) -> list[Item]:
    """The items of the run of a file that a server plays."""
    acts = perform(NexusBeam(read_nexus(path)), origin_ns=T, runs=1, gap_s=0.5)
    items: list[Item] = []
    with serving(Play(origin_ns=T, acts=acts)) as url:
        server = source_of(url)
        server.open(StartFrom.RUN_START)
        try:
            while not any(isinstance(item, RunEnded) for item in items):
                items += server.read(1.0)
        finally:
            server.close()
    run = next(item.run for item in items if isinstance(item, RunStarted) and item.run)
    return [item for item in items if item.run == run or isinstance(item, Geometry | LogBatch)]


def columns(items: Sequence[Item]) -> dict[str, list[Any]]:
    """Everything that was counted, pulse by pulse; times of pulses from the first."""
    batches = [item for item in items if isinstance(item, EventBatch)]
    joined = {
        name: np.concatenate([getattr(one, name) for one in batches])
        for name in ("tof_ns", "pixel", "charge_pc", "period", "pulse_ns")
    }
    joined["per_pulse"] = np.concatenate([np.diff(one.first) for one in batches])
    joined["pulse_ns"] = joined["pulse_ns"] - joined["pulse_ns"][0]
    return {name: column.tolist() for name, column in joined.items()}


def monitors(items: Sequence[Item]) -> dict[int, tuple[list[int], list[int]]]:
    merged = coalesce_monitors([item for item in items if isinstance(item, MonitorBatch)])
    return {one.monitor: (one.tof_ns.tolist(), np.diff(one.first).tolist()) for one in merged if len(one.tof_ns)}


def newest_values(items: Sequence[Item]) -> dict[str, tuple[str, Any]]:
    logs = coalesce_logs([item for item in items if isinstance(item, LogBatch)])
    return {log.name: (log.units, log.value[-1]) for log in logs if not log.name.startswith("chopper")}


def with_monitors_and_odd_logs(path: Path) -> Path:
    def spoil(entry: h5py.Group) -> None:
        put(entry, "monitor3/event_index", np.arange(PULSES, dtype=np.uint64) * 2)
        put(entry, "monitor3/event_time_offset", np.arange(2 * PULSES, dtype=np.float32) * 7.3)
        put(entry, "monitor3/event_time_zero", np.arange(PULSES) / 60, offset=START)
        for name, value in (("pause", [1.0, 2.0]), ("words", [b"a", b"b\xff"]), ("late", [5, 2**33])):
            put(entry, f"DASlogs/{name}/time", [0.05, 0.15], start=START)
            put(entry, f"DASlogs/{name}/value", value)

    return event_file(path, spoil)


FILES = [
    pytest.param(event_file, id="plain"),
    pytest.param(irregular_file, id="irregular"),
    pytest.param(with_monitors_and_odd_logs, id="monitors and odd logs"),
    pytest.param(lambda _: DATA / "nexus" / "EQSANS_1466_event.nxs", id="EQSANS", marks=needs_data),
]


@pytest.mark.parametrize("file", FILES)
def test_a_file_gives_what_it_gives_when_it_is_played(tmp_path: Path, file: Callable[[Path], Path]) -> None:
    path = file(tmp_path / "a.nxs")
    live, read = received(path), rest_of(opened(path))
    assert columns(read) == columns(live)
    assert monitors(read) == monitors(live)
    said, told = (newest_values(items) for items in (live, read))
    assert told == said
    geometry, known = (coalesce_geometry([one for one in items if isinstance(one, Geometry)]) for items in (live, read))
    assert geometry is not None
    assert known is not None
    assert (known.pixels.tolist(), known.title, known.proposal) == (  # type: ignore[union-attr]
        geometry.pixels.tolist(),  # type: ignore[union-attr]
        geometry.title,
        geometry.proposal,
    )
    assert known.instrument == geometry.instrument


def test_the_run_has_the_times_at_which_it_was_measured(tmp_path: Path) -> None:
    path = event_file(tmp_path / "a.nxs", lambda entry: put(entry, "end_time", [b"2024-03-01T12:00:10-05:00"]))
    items = rest_of(opened(path))
    assert items[0] == RunStarted(run=4711, time_ns=START_NS, from_start=True)
    assert items[-1] == RunEnded(run=4711, time_ns=START_NS + 10 * NS_PER_S)
    (batch,) = (item for item in items if isinstance(item, EventBatch))
    assert batch.pulse_ns[[0, 1]].tolist() == [START_NS, START_NS + 16_666_667]
    logs = [item for item in items if isinstance(item, LogBatch)]
    assert [(one.time_ns.tolist(), list(one.value)) for one in logs] == [
        ([START_NS], [10]),
        ([START_NS + NS_PER_S // 10], [20]),
    ]


def test_it_ends_and_says_so(tmp_path: Path) -> None:
    found = opened(event_file(tmp_path / "a.nxs"))
    assert not found.state().ended
    rest_of(found)
    assert (found.state().connected, found.state().run) == (True, 0)
    with pytest.raises(SourceLost, match="the data have ended") as lost:
        found.read(0.0)
    assert not lost.value.retry
    found.close()


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few pulses a read, and other edges for what is read of the file at once."""
    monkeypatch.setattr(source, "PIECE_EVENTS", 20)
    monkeypatch.setattr(ordered_file, "WINDOW_EVENTS", 33)


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("file", FILES[:3])
def test_in_whatever_pieces_it_is_read_it_is_the_same(
    tmp_path: Path, file: Callable[[Path], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file(tmp_path / "a.nxs")
    found = opened(path)
    pieces = rest_of(found)
    monkeypatch.undo()
    whole = rest_of(opened(path))
    assert len(pieces) > len(whole)
    assert columns(pieces) == columns(whole)
    assert monitors(pieces) == monitors(whole)
    merged = [coalesce_logs([one for one in items if isinstance(one, LogBatch)]) for items in (pieces, whole)]
    assert len({repr([(one.name, one.time_ns.tolist(), list(one.value)) for one in logs]) for logs in merged}) == 1
    newest = [one.pulse_ns[-1] for one in pieces if isinstance(one, EventBatch)]
    assert all(before < after for before, after in pairwise(newest))


@pytest.mark.usefixtures("small_pieces")
def test_it_goes_on_after_a_position(tmp_path: Path) -> None:
    path = irregular_file(tmp_path / "a.nxs")
    first = opened(path)
    begun = [item for _ in range(3) for item in first.read(0.0)]
    second = NexusSource(path)
    second.open(first.position())
    rest = rest_of(second)
    started = begun[0]
    assert isinstance(started, RunStarted)
    assert rest[0] == replace(started, from_start=False)
    one, whole = columns([*begun, *rest]), columns(rest_of(opened(path)))
    assert one == whole
    assert second.position() == Position("90")


def test_it_begins_at_a_time(tmp_path: Path) -> None:
    found = NexusSource(event_file(tmp_path / "a.nxs"))
    found.open(StartTime(START_NS + NS_PER_S // 10))
    (batch,) = (item for item in rest_of(found) if isinstance(item, EventBatch))
    assert len(batch.pulse_ns) == PULSES - 6


def test_pulses_that_are_not_in_order_are_put_in_order(tmp_path: Path) -> None:
    def shuffled(entry: h5py.Group) -> None:
        times = np.arange(PULSES)[np.random.default_rng(1).permutation(PULSES)] / 60
        put(entry, "bank1_events/event_time_zero", times, offset=START)

    path = event_file(tmp_path / "a.nxs", shuffled)
    assert columns(rest_of(opened(path))) == columns(received(path))


def test_a_bank_that_lists_its_pixels_has_these(tmp_path: Path) -> None:
    listed = np.arange(8, 40, dtype=np.int32)
    path = event_file(tmp_path / "a.nxs", lambda entry: put(entry, "bank1_events/pixel_id", listed))
    geometry = next(item for item in rest_of(opened(path)) if isinstance(item, Geometry))
    assert geometry.pixels is not None
    assert geometry.pixels.tolist() == list(range(8, 40))


@pytest.mark.usefixtures("small_pieces")
def test_a_bad_value_is_the_end_and_a_gap(tmp_path: Path) -> None:
    def spoil(entry: h5py.Group) -> None:
        entry["bank2_events/event_time_offset"][30] = np.nan

    found = opened(event_file(tmp_path / "a.nxs", spoil))
    items: list[Item] = []
    while found.state().connected:
        items += found.read(0.0)
    with pytest.raises(SourceLost, match=r"event_time_offset\[30\]: expected 0 to") as lost:
        found.read(0.0)
    assert not lost.value.retry
    assert not found.state().ended
    (gap,) = (item for item in items if isinstance(item, Gap))
    assert (gap.run, gap.from_ns) == (4711, START_NS + 66_666_667)
    assert 0 < sum(len(one.tof_ns) for one in items if isinstance(one, EventBatch)) < 60
    assert (found.state().connected, found.state().gaps) == (False, 1)


@pytest.mark.usefixtures("small_pieces")
def test_a_file_system_that_goes_away_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = irregular_file(tmp_path / "a.nxs")
    found = opened(path)
    items = list(found.read(0.0))

    def stale(*_: object) -> None:
        raise OSError("Stale file handle")

    with monkeypatch.context() as away:
        away.setattr(ordered_file, "events_between", stale)
        for _ in range(2):
            with pytest.raises(SourceLost, match="Stale file handle") as lost:
                found.read(0.0)
            assert lost.value.retry
    assert not found.state().connected
    items += rest_of(found)
    assert (found.state().connected, found.state().reason, found.state().connects) == (True, "", 2)
    assert columns(items) == columns(rest_of(opened(path)))


@pytest.mark.usefixtures("small_pieces")
def test_another_file_in_its_place_is_not_read_on(tmp_path: Path) -> None:
    path = irregular_file(tmp_path / "a.nxs")
    found = opened(path)
    found.read(0.0)
    found.close()
    event_file(path, lambda entry: put(entry, "run_number", 12))
    assert [type(item) for item in found.read(0.0)] == [Gap]
    with pytest.raises(SourceLost, match="was replaced by another file"):
        found.read(0.0)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda entry: put(entry, "run_number", 0), "expected a run number"),
        (lambda entry: put(entry, "bank1_events/event_id", np.zeros(3, np.uint32)), "expected 48 values"),
    ],
)
def test_a_file_that_cannot_be_is_refused_when_it_is_opened(
    tmp_path: Path, spoil: Callable[[h5py.Group], object], said: str
) -> None:
    with pytest.raises(OperatorError, match=said):
        opened(event_file(tmp_path / "a.nxs", spoil))


def test_a_cut_off_file_is_refused(tmp_path: Path) -> None:
    path = event_file(tmp_path / "a.nxs")
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(OperatorError, match=rf"{path}: cannot be read as a NeXus file"):
        source_of(file_url(str(path))).open(StartFrom.RUN_START)
