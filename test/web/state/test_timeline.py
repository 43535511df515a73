"""Numbers and marks over time: bounded, in order, and what is marked."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from helpers.progress import changed
from livereduce.messages.progress import Progress, RunProgress, RunState
from livereduce.messages.status import Restart, ScriptSeen, StateWord, Status, iso
from livereduce.web.state.timeline import COARSE_KEPT, FINE_KEPT, MARKS_KEPT, Timeline, happened

START = datetime(2026, 1, 2, 3, 4, 5).astimezone()
STATUS = Status(
    state=StateWord.RUNNING,
    why="reducing run 7",
    since=iso(START),
    pid=1,
    started=iso(START),
    updated=iso(START),
    version="1",
    generation=1,
    progress=Progress(run=RunProgress(number=7, state=RunState.RUNNING, proton_charge_pc=5.0)),
)


def after(seconds: float, **changes: Any) -> Status:
    progress = changed(STATUS.progress or Progress(), **changes.pop("progress", {}))
    return replace(STATUS, updated=iso(START + timedelta(seconds=seconds)), progress=progress, **changes)


def test_it_is_bounded_however_long_it_runs_and_keeps_a_day() -> None:
    timeline = Timeline()
    before = None
    for second in range(0, 26 * 3600, 10):
        status = after(second, progress={"run": {"number": second}})
        timeline.take(before, status)
        before = status
    shown = timeline.shown()
    assert len(timeline.fine) == FINE_KEPT
    assert len(timeline.coarse) == COARSE_KEPT
    assert len(shown["marks"]) == MARKS_KEPT
    times = [datetime.fromisoformat(text) for text in shown["t"]]
    assert times == sorted(set(times))
    assert times[-1] - times[0] > timedelta(hours=23)
    assert all(
        len(shown[name]) == len(times) for name in ("events_per_s", "proton_charge_pc", "proc_s", "memory_bytes")
    )


def test_beats_that_come_more_often_make_no_more_points() -> None:
    timeline = Timeline()
    for tenth in range(100):
        timeline.take(STATUS, after(tenth / 10))
    assert 9 <= len(timeline.fine) <= 12


def test_only_what_is_newer_is_given_if_that_is_wanted() -> None:
    timeline = Timeline()
    for second in range(10):
        timeline.take(STATUS, after(second))
    assert timeline.shown(START + timedelta(seconds=7))["t"] == [iso(START + timedelta(seconds=s)) for s in (8, 9)]


def test_a_clock_that_is_set_back_begins_anew() -> None:
    timeline = Timeline()
    for second in (0, 1, 2, -3600, -3599):
        timeline.take(STATUS, after(second))
    assert timeline.shown()["t"] == [iso(START + timedelta(seconds=s)) for s in (-3600, -3599)]


def kinds(before: Status | None, now: Status) -> list[tuple[str, str]]:
    return [(mark.kind, mark.text) for mark in happened(before, now)]


def test_nothing_is_marked_where_nothing_happened() -> None:
    assert kinds(STATUS, after(1, progress={"total": {"events": 5}})) == []


def test_what_is_marked() -> None:
    assert kinds(STATUS, after(1, progress={"run": {"number": 8}})) == [("run", "run 8")]
    assert kinds(STATUS, after(1, progress={"run": {"number": 0}})) == [("run", "between runs")]
    assert kinds(STATUS, after(1, proc=ScriptSeen(path="p", md5="abc"))) == [("script", "proc changed: md5 abc")]
    assert kinds(after(0, proc=ScriptSeen(path="p", md5="abc")), after(1)) == [("script", "proc changed: gone")]
    failed = after(1, progress={"last_errors": {"proc": "NameError"}})
    assert kinds(STATUS, failed) == [("error", "proc: NameError")]
    assert kinds(failed, failed) == []
    parked = after(1, state=StateWord.PARKED, why="no scripts")
    assert kinds(STATUS, parked) == [("state", "parked: no scripts")]


def test_restarts_are_marked_once_also_those_before_we_looked() -> None:
    restart = Restart(at=iso(START), reason="the worker crashed", generation=1)
    seen = after(1, last_restarts=(restart,))
    expected = [("restart", "generation 1 ended: the worker crashed")]
    assert kinds(STATUS, seen) == expected
    assert kinds(None, seen) == expected
    assert kinds(seen, seen) == []


def test_going_down_and_coming_back_are_marked() -> None:
    timeline = Timeline()
    timeline.went_down("then", "gone")
    timeline.went_down("later", "")
    assert [(mark.kind, mark.text) for mark in timeline.marks] == [("down", "gone"), ("down", "the daemon is back")]


def test_a_restart_at_no_time_is_not_marked() -> None:
    restarts = tuple(Restart(at=at, reason="crashed", generation=n) for n, at in enumerate(("", "then", iso(START))))
    assert [mark.at for mark in happened(None, after(1, last_restarts=restarts))] == [iso(START)]
