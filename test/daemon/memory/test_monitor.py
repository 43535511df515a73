"""What the monitor makes of a measurement, and who is told what."""

import os
from dataclasses import replace
from typing import Any, cast

import pytest

from livereduce.daemon.facts import Outgrown, ReceiverOutgrown
from livereduce.daemon.memory.facts import MemoryRules, Weighed
from livereduce.daemon.memory.growth import Beside
from livereduce.daemon.memory.monitor import Company, MemoryMonitor, told
from livereduce.daemon.memory.policy import MemoryState
from livereduce.daemon.worker.beats import Observed, observe
from livereduce.daemon.worker.process import Worker
from livereduce.messages.beat import Beat, Phase
from livereduce.messages.order import STOP, TRIM
from livereduce.messages.progress import MemoryProgress, Progress, RunProgress, TotalProgress

MB = 10**6
SEEN = Weighed(
    worker=3,
    run=7,
    bytes=1000 * MB,
    confirmed_bytes=1000 * MB,
    started_bytes=20 * MB,
    run_bytes=500 * MB,
    receiver_bytes=80 * MB,
    spare_bytes=150 * MB,
)


def said(memory: MemoryProgress, *, keeps_events: bool = True) -> Observed:
    progress = Progress(memory=memory, run=RunProgress(number=7, keeps_events=keeps_events))
    return observe(Observed(), Beat(seq=1, phase=Phase.WAITING, progress=progress), 0.0)


WORKER = said(MemoryProgress(rss_bytes=100 * MB, held_bytes=30 * MB, mapped_bytes=400 * MB, proc_grew_bytes=90 * MB))
RECEIVER = said(MemoryProgress(rss_bytes=70 * MB, held_bytes=510 * MB, freeable_bytes=300 * MB, full_since=90.0))


def test_the_parts_of_all_processes_together() -> None:
    grown = told(SEEN, WORKER, RECEIVER, 100.0).grown
    assert grown is not None
    assert grown.total == SEEN.bytes
    assert grown.beside == Beside(run=500 * MB, receiver=80 * MB, receiver_base=70 * MB, spare=150 * MB)
    assert (grown.held, grown.proc, grown.started, grown.elsewhere) == (30 * MB, 90 * MB, 20 * MB, 130 * MB)


def test_what_the_receiver_says() -> None:
    seen = told(SEEN, WORKER, RECEIVER, 100.0)
    assert (seen.freeable_bytes, seen.kept_bytes, seen.full_s) == (300 * MB, 400 * MB, 10.0)
    assert told(replace(SEEN, run_bytes=MB), WORKER, RECEIVER, 100.0).freeable_bytes == MB, "measured counts"
    assert told(SEEN, WORKER, RECEIVER, 80.0).full_s == 0.0, "a clock that was set back"
    assert told(SEEN, WORKER, said(MemoryProgress()), 100.0).full_s is None


def test_a_worker_that_counts_keeps_no_events() -> None:
    counts = said(MemoryProgress(mapped_bytes=400 * MB), keeps_events=False)
    assert told(SEEN, counts, RECEIVER, 100.0).kept_bytes == 0


def test_before_the_first_beats() -> None:
    seen = told(SEEN, Observed(), Observed(), 100.0)
    assert (seen.freeable_bytes, seen.kept_bytes, seen.full_s) == (0, 0, None)


BEGINS = said(MemoryProgress(rss_bytes=1 << 50))


class Process:
    """A process that is told things; it weighs what these tests weigh."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.told: list[str] = []

    def order(self, order: str) -> None:
        self.told.append(order)


class Watched:
    """A monitor with a limit, and the three processes."""

    def __init__(self, limit_bytes: int) -> None:
        self.monitor = MemoryMonitor()
        self.monitor.state = MemoryState(rules=MemoryRules(limit_bytes=limit_bytes, falls_back=True))
        self.worker, self.receiver, self.spare = Process(), Process(), Process()

    def gather(self, now: float = 0.0, *, spare: bool = True, receiver: Observed = BEGINS) -> list[Any]:
        beside = Company(
            receiver=cast(Worker, self.receiver), heard=receiver, spare=cast(Worker, self.spare) if spare else None
        )
        return self.monitor.gather(cast(Worker, self.worker), 3, BEGINS, now, beside)


def test_the_recorder_counts_with_the_ring_that_the_receiver_fills() -> None:
    watched, recorder = Watched(1 << 60), cast(Worker, Process())
    heard = said(MemoryProgress(rss_bytes=1 << 50, ring_bytes=1 << 40))
    company = Company(receiver=cast(Worker, watched.receiver), heard=heard, recorder=recorder)
    watched.monitor.gather(cast(Worker, watched.worker), 3, BEGINS, 0.0, company)
    seen = watched.monitor.newest
    assert seen
    assert seen.grown
    assert seen.recorder_bytes > 1 << 40
    assert seen.grown.beside.recorder == seen.recorder_bytes
    assert seen.grown.total == seen.bytes


def test_near_the_limit_all_are_told(caplog: pytest.LogCaptureFixture) -> None:
    watched = Watched(1 << 60)
    watched.gather()
    assert watched.monitor.bytes
    watched = Watched(int(watched.monitor.bytes / 0.95))
    caplog.set_level("INFO", "livereduce.daemon")
    assert watched.gather() == []
    assert (watched.worker.told, watched.receiver.told, watched.spare.told) == ([TRIM], [], [STOP])
    assert caplog.messages == [
        "near the memory limit: telling the worker to return freed memory to the system",
        "near the memory limit: ending the spare worker; until there is room, restarts take longer",
    ]


def test_what_the_worker_is_done_with_is_freed_first() -> None:
    holds = said(MemoryProgress(rss_bytes=1 << 50, held_bytes=1 << 60, freeable_bytes=1 << 60))
    watched = Watched(1 << 59)
    assert watched.gather(spare=False, receiver=holds) == []
    assert (watched.worker.told, watched.receiver.told) == ([], [TRIM])


def test_over_the_limit_the_worker_alone_is_ended() -> None:
    watched = Watched(1)
    (fact,) = watched.gather(spare=False)
    assert isinstance(fact, Outgrown)
    assert fact.at_once
    assert fact.reason.startswith("replacing the worker: the memory of receiver and worker, ")
    assert watched.receiver.told == []


def test_a_receiver_that_has_grown_is_to_be_replaced() -> None:
    watched = Watched(1 << 60)
    watched.gather(spare=False)
    assert watched.monitor.newest
    small = said(MemoryProgress(rss_bytes=1))
    watched.monitor.state = replace(
        watched.monitor.state, rules=MemoryRules(limit_bytes=int(watched.monitor.newest.bytes * 0.95))
    )
    large = said(MemoryProgress(rss_bytes=1 << 60))
    company = Company(receiver=cast(Worker, watched.receiver), heard=small)
    [fact] = watched.monitor.gather(cast(Worker, watched.worker), 3, large, 10.0, company)
    assert isinstance(fact, ReceiverOutgrown)
    assert fact.reason.startswith("replacing receiver and worker: the memory of receiver and worker, ")


def test_a_worker_is_still_while_it_takes_nothing_although_it_could() -> None:
    watched, seen = Watched(1 << 60), []
    kept = MemoryProgress(rss_bytes=1 << 50, mapped_bytes=MB)
    more = replace(kept, mapped_bytes=2 * MB)
    steps = (
        (0.0, Phase.WAITING, kept, 1),
        (2.0, Phase.WAITING, kept, 1),
        (4.0, Phase.PROCESS, kept, 1),  # a script may run long with new data behind it
        (6.0, Phase.WAITING, kept, 2),
        (8.0, Phase.WAITING, more, 2),
        (11.0, Phase.POST_PROCESS, more, 3),
        (13.0, Phase.POST_PROCESS, more, 4),  # nothing new in two chunks
    )
    for now, phase, memory, chunks in steps:
        total = TotalProgress(chunks=chunks)
        beat = Beat(seq=1, phase=phase, progress=Progress(memory=memory, run=RunProgress(number=7), total=total))
        watched.monitor.gather(cast(Worker, watched.worker), 3, observe(Observed(), beat, now), now)
        assert watched.monitor.newest
        seen.append(watched.monitor.newest.still_s)
    assert seen == [0.0, 2.0, 0.0, 2.0, 0.0, 0.0, 5.0]


def test_a_receiver_that_waits_is_told_once(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livereduce.daemon.memory.monitor.time.time", lambda: 100.0)
    watched = Watched(1 << 60)
    caplog.set_level("INFO", "livereduce.daemon")
    for now in (0.0, 2.0):
        watched.gather(now, receiver=RECEIVER)
    assert watched.monitor.waits.startswith("the receiver waits: ")
    watched.gather(4.0)
    assert watched.monitor.waits == ""
    assert [line[:20] for line in caplog.messages] == ["the receiver waits: ", "the receiver goes on"]
