"""The snapshot is a function of what the daemon knows, of the snapshot before, and of the time."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from livereduce.config.file import Config
from livereduce.daemon.facts import DaemonState, Limits
from livereduce.daemon.inputs.judge import Found
from livereduce.daemon.report.snapshot import BETWEEN_S, WRITE_S, DaemonIdentity, ServiceFacts, is_due, snapshot
from livereduce.daemon.worker.beats import Observed, observe
from livereduce.daemon.worker.record import WorkerRecord
from livereduce.daemon.worker.restarts import RestartEntry
from livereduce.messages.beat import Beat, Phase
from livereduce.messages.conditions import ProblemNote
from livereduce.messages.progress import Progress, RunProgress, RunState, SourceProgress
from livereduce.messages.status import Restart, StateWord, Status, iso

START = datetime(2026, 1, 2, 3, 4, 5).astimezone()
DAEMON = DaemonIdentity(pid=4711, started=iso(START), log_file="/var/log/livereduce.log")
PROGRESS = Progress(
    run=RunProgress(number=7, state=RunState.RUNNING), source=SourceProgress(address="adara://h:1", connected=True)
)


def facts(word: StateWord = StateWord.RUNNING, **changes: Any) -> ServiceFacts:
    plain = ServiceFacts(
        state=DaemonState(limits=Limits(), since=0.0, word=word, why="the worker is at work"),
        found=Found(config=Config(path=Path("/etc/livereduce.conf")), runtime_dir=Path("/run/livereduce")),
        worker=WorkerRecord(pid=12),
        observed=heard(Phase.WAITING, 90.0),
    )
    return replace(plain, **changes)


def heard(phase: Phase, at: float, before: Observed | None = None, seq: int = 1) -> Observed:
    return observe(before or Observed(), Beat(seq=seq, phase=phase, progress=PROGRESS), at)


def made(known: ServiceFacts, before: Status | None, now: float) -> Status:
    return snapshot(known, DAEMON, before, at=START + timedelta(seconds=now), now=now)


def test_a_state_word_keeps_the_time_since_when_it_holds() -> None:
    starting = made(facts(StateWord.STARTING, observed=Observed()), None, 1.0)
    assert (starting.state, starting.since) == (StateWord.STARTING, DAEMON.started)
    running = made(facts(), starting, 10.0)
    assert (running.state, running.since) == (StateWord.RUNNING, iso(START + timedelta(seconds=10)))
    assert made(facts(), running, 20.0).since == running.since
    assert made(facts(), None, 20.0).since == iso(START + timedelta(seconds=20))


def test_a_receiver_that_waits_is_told_beside_the_run() -> None:
    status = made(facts(waits="the receiver waits: it is full"), None, 10.0)
    assert (status.state, status.why) == (StateWord.RUNNING, "reducing run 7; the receiver waits: it is full")
    assert status.conditions == (), "nobody has to look at it"


def test_a_condition_keeps_its_time_and_a_new_one_has_the_present() -> None:
    first, second = ProblemNote("proc.py is empty"), ProblemNote("post.py is empty")
    before = made(facts(notes=(first,)), None, 10.0)
    after = made(facts(notes=(first, second)), before, 20.0)
    times = {one.text: one.since for one in after.conditions}
    assert times == {
        "proc.py is empty": iso(START + timedelta(seconds=10)),
        "post.py is empty": iso(START + timedelta(seconds=20)),
    }
    assert after.state is StateWord.DEGRADED
    assert made(facts(), after, 30.0).conditions == ()


def test_the_start_of_a_phase_is_the_same_text_although_two_clocks_are_read() -> None:
    before = made(facts(), None, 100.0)
    assert before.phase_since == iso(START + timedelta(seconds=90))
    later = snapshot(facts(), DAEMON, before, at=START + timedelta(seconds=200.003), now=200.0)
    assert later.phase_since == before.phase_since
    process = facts(observed=heard(Phase.PROCESS, 95.0, heard(Phase.WAITING, 90.0), seq=2))
    assert made(process, later, 201.0).phase_since == iso(START + timedelta(seconds=95))


def test_without_a_worker_nothing_flows_and_the_newest_progress_stays() -> None:
    known = facts(memory_bytes=5, memory_limit_bytes=9, memory_parts="5 B in the program itself")
    at_work, gone = made(known, None, 100.0), made(replace(known, worker=WorkerRecord(code=1)), None, 100.0)
    assert (at_work.worker_pid, at_work.phase, at_work.memory_bytes) == (12, Phase.WAITING, 5)
    assert (gone.worker_pid, gone.phase, gone.phase_since, gone.memory_bytes, gone.memory_parts) == (
        None, None, "", None, "",
    )  # fmt: skip
    assert (gone.progress, gone.memory_limit_bytes) == (PROGRESS, 9)


def test_a_parked_service_says_what_is_wrong() -> None:
    known = facts(StateWord.PARKED, worker=WorkerRecord(), observed=Observed())
    assert made(known, None, 1.0).problems == ("the worker is at work",)
    wrong = replace(known, found=replace(known.found, problems=("no source",)))
    assert made(wrong, None, 1.0).problems == ("no source",)


def test_the_last_words_are_those_of_the_newest_restart() -> None:
    entries = tuple(
        RestartEntry(restart=Restart(at="", reason=text, generation=1), last_words=(text,)) for text in ("a", "b")
    )
    told = made(facts(history=entries), None, 1.0)
    assert ([one.reason for one in told.last_restarts], told.last_words) == (["a", "b"], ("b",))


def test_the_same_facts_make_the_same_snapshot() -> None:
    assert made(facts(), None, 100.0) == made(facts(), None, 100.0)


def test_a_snapshot_is_written_at_once_for_a_change_and_rarely_for_numbers() -> None:
    before = made(facts(), None, 100.0)
    numbers = replace(before, events_per_s=5.0)
    assert is_due(None, before, 0.0)
    assert is_due(before, replace(before, why="other"), 0.0)
    assert not is_due(before, numbers, BETWEEN_S / 2)
    assert is_due(before, numbers, BETWEEN_S)
    assert not is_due(before, replace(before, updated="later"), WRITE_S / 2)
    assert is_due(before, before, WRITE_S)
