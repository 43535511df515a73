"""What a receiver holds, could give up, and gives up when it is told to: in this process and with small segments."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pytest

from helpers.items import event_batch
from helpers.served import powder_play, serving
from livereduce.child.beats import Beats
from livereduce.messages.beat import Phase
from livereduce.messages.progress import MemoryProgress, Progress
from livereduce.messages.receiver import Attach, ReceiverJob, encode_note
from livereduce.receiver.receiving import Receiver
from livereduce.stream.held import store
from livereduce.stream.held.source import HeldSource
from livereduce.stream.items import EventBatch, Item, Position, RunEnded, RunStarted

SEGMENT_BYTES = 1 << 16
LIMIT = 40 * SEGMENT_BYTES
BEGIN = Position("0")
RUN_S, RATE = 120, 6000
"""Nearly a hundred segments."""


class Polled:
    """A receiver that reads when the test lets it, and a reader of it."""

    def __init__(self, url: str, folder: Path, held_limit_bytes: int | None) -> None:
        self.attach, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        job = ReceiverJob(
            number=1, source=url, state_dir=str(folder), mark=str(folder / "mark"), held_limit_bytes=held_limit_bytes
        )
        self.said = MemoryProgress()
        self.receiver = Receiver(job, its, cast(Beats, self))
        mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            socket.send_fds(self.attach, [encode_note(Attach(reader="a test"))], [its.fileno()])
        self.reader = HeldSource(mine.detach())

    def phase(self, phase: Phase, progress: Progress) -> None:
        """What a beat would say."""
        self.said = progress.memory

    def poll(self) -> MemoryProgress:
        """Let it read once; what it then says, not what it said some moments ago."""
        self.receiver._beat_s = 0.0
        self.receiver.poll()
        return self.said

    def close(self) -> None:
        self.reader.close()
        self.receiver.close()
        self.attach.close()


@contextmanager
def polled(folder: Path, monkeypatch: pytest.MonkeyPatch, held_limit_bytes: int | None = None) -> Iterator[Polled]:
    monkeypatch.setattr(store, "SEGMENT_BYTES", SEGMENT_BYTES)
    play = powder_play(runs=1, run_s=RUN_S, gap_s=1, rate=RATE)
    with serving(play) as url:
        one = Polled(url, folder, held_limit_bytes)
        try:
            yield one
        finally:
            one.close()


def events_of(items: list[Item]) -> int:
    return sum(len(item.tof_ns) for item in items if isinstance(item, EventBatch) and item.run == 1)


def test_what_the_worker_is_done_with_is_held_until_the_daemon_wants_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with polled(tmp_path, monkeypatch) as one:
        items: list[Item] = []
        while not any(isinstance(item, RunEnded) for item in items):
            assert one.poll().freeable_bytes == 0
            items += one.reader.read(0.01)
        assert events_of(items) == RUN_S * RATE
        one.reader.report(one.reader.position(), BEGIN)
        while not one.poll().freeable_bytes:
            pass
        before = one.said
        assert before.held_bytes > 8 * RUN_S * RATE
        one.receiver.free_consumed()
        left = one.poll()
        assert left.held_bytes == before.held_bytes - before.freeable_bytes < 6 * SEGMENT_BYTES
        assert (left.freeable_bytes, left.full_since) == (0, None)
        assert events_of(items) == RUN_S * RATE, "what is referred to stays mapped"


def test_after_that_no_more_is_held_until_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SEGMENT_BYTES", SEGMENT_BYTES)
    held, events = store.HeldStore(), SEGMENT_BYTES
    held.append([RunStarted(run=1, time_ns=0), event_batch(1, range(events), [1] * events)])
    full = [held.is_full]
    held.free(all_consumed=True)
    held.append([event_batch(1, range(events), [1] * events)])
    full.append(held.is_full)
    held.append([RunStarted(run=2, time_ns=0)])
    assert [*full, held.is_full] == [False, True, False]


def test_a_receiver_that_is_full_says_since_when_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livereduce.receiver.receiving.FULL_S", 0.0)
    with polled(tmp_path, monkeypatch, LIMIT) as one:
        while one.poll().full_since is None:
            pass
        since, held = one.said.full_since, one.said.held_bytes
        for _ in range(3):
            assert (one.poll().full_since, one.said.held_bytes) == (since, held)
        events, items = 0, list[Item]()
        while not any(isinstance(item, RunEnded) for item in items):
            items = list(one.reader.read(0.01))
            events += events_of(items)
            one.reader.report(one.reader.position(), BEGIN)
            one.poll()
        assert events == RUN_S * RATE
