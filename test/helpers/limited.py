"""A receiver at its limit, in this process and with small segments."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from helpers.served import Clock, powder_play, serving
from livereduce.child.beats import Beats
from livereduce.messages.receiver import Attach, ReaderKind, ReceiverJob, encode_note
from livereduce.receiver.receiving import Receiver
from livereduce.simulate.adara.play import Play
from livereduce.stream.held import store
from livereduce.stream.held.source import HeldSource
from livereduce.stream.items import I4, EventBatch, Item

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

    def reader(self, kind: ReaderKind = ReaderKind.WORKER) -> HeldSource:
        mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            socket.send_fds(self.attach, [encode_note(Attach(reader="a test", kind=kind))], [its.fileno()])
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
