"""The line on what has happened lately: it fades after a day and is empty where nothing has happened."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from livereduce.messages.progress import Progress
from livereduce.messages.status import Restart, StateWord, Status, iso
from livereduce.web.state.earlier import earlier

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
STATUS = Status(state=StateWord.RUNNING, why="", since=iso(NOW), pid=1, started=iso(NOW), updated=iso(NOW), version="1")


def killed(at: datetime) -> Restart:
    return Restart(at=iso(at), reason="proc crashed at p.py:3", generation=1)


def test_nothing_happened() -> None:
    assert earlier(STATUS, NOW) == ""
    assert earlier(replace(STATUS, last_restarts=(Restart(at="", reason="of old", generation=1),)), NOW) == ""


def test_a_disturbance_a_kill_and_a_missed_run_leave_a_trace_on_the_page() -> None:
    at = NOW - timedelta(minutes=3)
    status = replace(
        STATUS,
        recovered=f"{iso(at)} recovered after 2.0 s: nothing missing",
        last_restarts=(killed(at),),
        progress=Progress(incomplete_runs=("run 2: no result",)),
    )
    assert earlier(status, NOW) == (
        f"{iso(at)} recovered after 2.0 s: nothing missing; "
        f"worker replaced at {iso(at)}: proc crashed at p.py:3; incomplete: run 2: no result"
    )
    assert earlier(status, NOW + timedelta(days=2)) == "incomplete: run 2: no result"


def test_many_ends_are_counted() -> None:
    ends = tuple(killed(NOW - timedelta(minutes=9 - k)) for k in range(3))
    last = iso(NOW - timedelta(minutes=7))
    assert earlier(replace(STATUS, last_restarts=ends), NOW) == (
        f"worker replaced 3 times in 24 h, the last time at {last}: proc crashed at p.py:3"
    )
