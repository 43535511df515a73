"""A receiver at its limit, in this process and with small segments: what it gives up, and when it waits."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from helpers.served import Clock, powder_play, serving
from livereduce.child.beats import Beats
from livereduce.messages.receiver import Attach, ReceiverJob, encode_note
from livereduce.receiver.receiving import Receiver
from livereduce.simulate.adara.play import Play
from livereduce.stream.held import store
from livereduce.stream.held.source import HeldSource
from livereduce.stream.items import I4, EventBatch, Item, Position

SEGMENT_BYTES = 1 << 16
RUN_S = 120
EVENTS = 500_000
"""That the run surely has by then."""


def play() -> Play:
    """A run of nearly a hundred segments; the beam stands in it."""
    return powder_play(runs=1, run_s=RUN_S, gap_s=1, rate=6000)


class Here:
    """A receiver in a thread."""

    def __init__(self, url: str, folder: Path, held_limit_bytes: int) -> None:
        self.attach, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        job = ReceiverJob(
            number=1, source=url, state_dir=str(folder), mark=str(folder / "mark"), held_limit_bytes=held_limit_bytes
        )
        self.receiver = Receiver(job, its, Beats(None))
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._receive, name="receiver")
        self.thread.start()

    def _receive(self) -> None:
        while not self.stop.is_set():
            self.receiver.poll()
        self.receiver.close()

    def reader(self) -> HeldSource:
        mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            socket.send_fds(self.attach, [encode_note(Attach(reader="a test"))], [its.fileno()])
        return HeldSource(mine.detach())

    def close(self) -> None:
        self.stop.set()
        self.thread.join()
        self.attach.close()


@contextmanager
def limited(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Here]:
    monkeypatch.setattr(store, "SEGMENT_BYTES", SEGMENT_BYTES)
    clock = Clock()
    with serving(play(), speed=1.0, clock=clock) as url:
        clock.now_s = 0.9 * RUN_S
        here = Here(url, folder, 8 * SEGMENT_BYTES)
        try:
            yield here
        finally:
            here.close()


def first_events(items: list[Item]) -> I4:
    return np.concatenate([item.tof_ns for item in items if isinstance(item, EventBatch)])[:EVENTS]


def read_and_consume(reader: HeldSource) -> list[Item]:
    """Read so many events, and need none of them any more."""
    items: list[Item] = []
    start, found = reader.position(), 0
    while found < EVENTS:
        new = reader.read(1.0)
        found += sum(len(item.tof_ns) for item in new if isinstance(item, EventBatch))
        items += new
        reader.report(reader.position(), start)
    return items


def test_what_is_consumed_is_given_up_and_a_worker_that_comes_later_has_the_run_received_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with limited(tmp_path, monkeypatch) as here:
        first = here.reader()
        whole = first_events(read_and_consume(first))
        while here.receiver._store.holding.from_start:  # it is given up before the next read of the stream
            first.read(0.1)
            first.report(first.position(), Position("0"))
        assert here.receiver._store.held_bytes < 50 * SEGMENT_BYTES
        assert first.state().connects == 1
        second = here.reader()
        np.testing.assert_array_equal(first_events(read_and_consume(second)), whole)
        first.close()
        second.close()


def test_it_waits_if_nothing_can_be_given_up_and_goes_on_when_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with limited(tmp_path, monkeypatch) as here:
        keeps = here.reader()
        items: list[Item] = []
        while here.receiver._full_since is None:
            items += keeps.read(0.1)
        while found := keeps.read(0.2):
            items += found
        held = first_events(items)
        assert len(held) < EVENTS
        keeps.close()
        counts = here.reader()
        np.testing.assert_array_equal(first_events(read_and_consume(counts))[: len(held)], held)
        assert counts.state().connects == 1
        counts.close()


def test_without_a_limit_being_reached_nothing_is_given_up(tmp_path: Path) -> None:
    clock = Clock()
    with serving(play(), speed=1.0, clock=clock) as url:
        clock.now_s = 0.9 * RUN_S
        here = Here(url, tmp_path, 1 << 40)
        try:
            reader, again = here.reader(), here.reader()
            np.testing.assert_array_equal(first_events(read_and_consume(reader)), first_events(read_and_consume(again)))
            assert here.receiver._store.holding.from_start
            reader.close()
            again.close()
        finally:
            here.close()
