"""Viewers beside the workers: they begin in mid-run if need be, hold nothing up, and cost the server nothing."""

from pathlib import Path

import pytest

from helpers.limited import EVENTS, first_events, limited, read_and_consume
from helpers.receiving import receiving, until_events, until_run_ends
from helpers.served import Clock, powder_play, serving
from livereduce.messages.receiver import ReaderKind
from livereduce.stream.items import EventBatch, Geometry, Item, LogBatch, Position, RunStarted


def test_a_viewer_begins_with_the_present_run_and_reads_on(tmp_path: Path) -> None:
    clock = Clock()
    with (
        serving(powder_play(runs=2, run_s=20, gap_s=2), speed=1.0, clock=clock) as url,
        receiving(url, tmp_path) as receiver,
    ):
        clock.now_s = 10.0
        worker = receiver.reader()
        until_events(worker)
        clock.now_s = 25.0
        until_run_ends(worker, 1)
        until_events(worker)  # of the second run
        viewer = receiver.reader(kind=ReaderKind.VIEWER)
        items = until_events(viewer)
        assert [item.run for item in items if isinstance(item, RunStarted)] == [2]
        assert any(isinstance(item, Geometry) and item.definition_xml for item in items)
        clock.now_s = 60.0
        assert until_run_ends(viewer, 2)
        for one in (worker, viewer):
            one.close()


def test_between_runs_a_viewer_sees_the_run_that_has_ended(tmp_path: Path) -> None:
    clock = Clock()
    with (
        serving(powder_play(runs=2, run_s=20, gap_s=2), speed=1.0, clock=clock) as url,
        receiving(url, tmp_path) as receiver,
    ):
        clock.now_s = 10.0
        worker = receiver.reader()
        whole = until_events(worker)
        clock.now_s = 22.0
        whole += until_run_ends(worker, 1)
        viewer = receiver.reader(kind=ReaderKind.VIEWER)
        seen = until_run_ends(viewer, 1)
        assert len(first_events(seen)) == len(first_events(whole)) > 0
        for one in (worker, viewer):
            one.close()


def test_a_viewer_of_a_run_that_is_not_held_from_its_start_begins_with_what_comes_and_knows_what_holds_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with limited(tmp_path, monkeypatch) as here:
        worker = here.reader()
        read_and_consume(worker)
        while here.receiver._store.holding.from_start:
            worker.read(0.1)
            worker.report(worker.position(), Position("0"))
        viewer = here.reader(ReaderKind.VIEWER)
        items: list[Item] = []
        while not viewer.has_begun:
            viewer.listen(0.1)
            worker.read(0.0)
        while viewer.is_behind:
            items += viewer.read(0.0)
        assert any(isinstance(item, Geometry) and item.definition_xml for item in items)
        assert any(isinstance(item, LogBatch) for item in items)
        assert all(item.run == 1 for item in items)
        assert worker.state().connects == 1, "the server has not heard of it"
        for one in (worker, viewer):
            one.close()


def test_what_a_viewer_has_read_is_given_up_and_it_reads_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with limited(tmp_path, monkeypatch) as here:
        worker, viewer = here.reader(), here.reader(ReaderKind.VIEWER)
        start, found = worker.position(), 0
        while found < EVENTS or here.receiver._store.holding.from_start:
            worker.read(0.05)
            while int(viewer.position().token) < int(worker.position().token):
                found += sum(len(item.tof_ns) for item in viewer.read(0.05) if isinstance(item, EventBatch))
            viewer.report(viewer.position(), viewer.position())
            while int(worker.position().token) not in here.receiver._store.holding.others:  # it has been heard
                worker.listen(0.01)
            worker.report(worker.position(), start)
        assert not viewer.is_gone
        assert len(here.receiver._readers._readers) == 2
        for one in (worker, viewer):
            one.close()


def test_a_viewer_that_stands_still_is_dropped_when_the_memory_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with limited(tmp_path, monkeypatch) as here:
        viewer = here.reader(ReaderKind.VIEWER)
        until_events(viewer)
        worker = here.reader()
        read_and_consume(worker)
        while len(here.receiver._readers._readers) == 2:
            worker.read(0.1)
            worker.report(worker.position(), Position("0"))
        assert worker.state().connects == 1
        for one in (worker, viewer):
            one.close()
