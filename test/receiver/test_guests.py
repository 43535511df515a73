"""Readers that are no workers: they read the same, have no say, and cost nobody anything for long."""

from pathlib import Path

import pytest

from helpers.limited import limited
from helpers.receiving import receiving, until_run_ends
from helpers.served import Clock, powder_play, serving
from livereduce.messages.receiver import ReaderKind
from livereduce.receiver.readers import DROPPED, LINGERS, NO_RUN, NOT_FROM_START
from livereduce.stream.held import given_up
from livereduce.stream.held.source import HeldSource
from livereduce.stream.items import EventBatch, Item, Position, RunEnded, RunStarted


def to_its_end(guest: HeldSource) -> list[Item]:
    """Everything that a reader is given until it is told that no more comes."""
    items: list[Item] = []
    while guest._has_more or not guest.state().ended:
        items += guest.read(1.0)
    return items


def counts(items: list[Item]) -> int:
    return sum(len(item.tof_ns) for item in items if isinstance(item, EventBatch))


def test_a_guest_reads_the_present_run_as_far_as_it_is_held_and_its_word_counts_for_nothing(tmp_path: Path) -> None:
    clock = Clock()
    with (
        serving(powder_play(runs=2, run_s=20, gap_s=2), speed=1.0, clock=clock) as url,
        receiving(url, tmp_path) as receiver,
    ):
        worker = receiver.reader()
        clock.now_s = 10.0
        items: list[Item] = []
        while not counts(items):
            items += worker.read(1.0)
        guest = receiver.reader(kind=ReaderKind.GUEST)
        seen = to_its_end(guest)
        assert [item.run for item in seen if isinstance(item, RunStarted)] == [1]
        assert not any(isinstance(item, RunEnded) for item in seen)
        assert counts(seen) > 0
        far = Position(str(1 << 40))
        guest.report(far, far)  # as if all were published
        clock.now_s = 60.0
        items += until_run_ends(worker, 2)
        whole = counts([item for item in items if item.run == 1])
        late = receiver.reader()  # a worker still gets both runs, since no worker has released the first
        assert counts(until_run_ends(late, 1)) == whole > counts(seen)
        for one in (worker, guest, late):
            one.close()


def test_between_runs_there_is_nothing_to_read_along(tmp_path: Path) -> None:
    with serving(powder_play(runs=1, run_s=5, gap_s=1)) as url, receiving(url, tmp_path) as receiver:
        worker = receiver.reader()
        until_run_ends(worker, 1)
        guest = receiver.reader(kind=ReaderKind.GUEST)
        assert to_its_end(guest) == []
        assert guest.state().reason == NO_RUN
        worker.close()
        guest.close()


def test_a_follower_reads_to_the_end_and_frees_nothing(tmp_path: Path) -> None:
    with serving(powder_play(runs=1, run_s=20, gap_s=2)) as url, receiving(url, tmp_path) as receiver:
        first = receiver.reader(kind=ReaderKind.FOLLOWER)
        whole = until_run_ends(first, 1)
        first.report(first.position(), first.position())
        first.close()
        second = receiver.reader(kind=ReaderKind.FOLLOWER)
        assert counts(until_run_ends(second, 1)) == counts(whole) > 0
        second.close()


def test_a_guest_that_stalls_is_dropped_when_the_memory_is_needed_and_the_worker_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(given_up, "LINGERS_S", 0.0)
    monkeypatch.setattr(given_up, "LOOK_S", 0.0)
    with limited(tmp_path, monkeypatch) as here:
        worker = here.reader()
        while not counts(list(worker.read(1.0))):
            pass
        guest = here.reader(ReaderKind.GUEST)
        while not here.receiver._store.holding.others:
            worker.read(0.01)
        while len(here.receiver._readers._readers) == 2:
            worker.read(0.1)
            worker.report(worker.position(), Position("0"))
        store = here.receiver._store
        while not store.given_up.lingers:  # what it was sent and has not taken is in nobody's hands
            worker.read(0.1)
        to_its_end(guest)
        assert guest.state().reason == DROPPED
        guest.close()
        del guest
        while store.given_up.lingers:
            worker.read(0.1)
        late = here.reader(ReaderKind.GUEST)
        to_its_end(late)
        assert late.state().reason == NOT_FROM_START
        assert worker.state().connects == 1
        for one in (worker, late):
            one.close()


def test_while_a_dropped_guest_keeps_memory_no_other_may_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(given_up.GivenUp, "look", lambda *_: None)
    with limited(tmp_path, monkeypatch) as here:
        worker = here.reader()
        while not counts(list(worker.read(1.0))):
            pass
        here.receiver._store.given_up.lingers = 1
        guest = here.reader(ReaderKind.GUEST)
        assert to_its_end(guest) == []
        assert guest.state().reason == LINGERS
        for one in (worker, guest):
            one.close()
