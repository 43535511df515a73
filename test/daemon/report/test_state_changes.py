"""The log tells what status and page show: states, conditions that begin and end, the beam; nothing at the end."""

import logging
from datetime import datetime

import pytest

from livereduce.daemon.report.state_changes import lines_on
from livereduce.messages.progress import Progress, RunProgress, RunState, SourceProgress
from livereduce.messages.status import Condition, StateWord, Status, iso

NOW = datetime(2026, 11, 27, 12, 0, 0)
IN_RUN = Progress(run=RunProgress(number=7, state=RunState.RUNNING), source=SourceProgress(connected=True))
FILES = Condition(kind="files", text="p.py:2: invalid; the last good version stays in use", cause="p.py:2: invalid")
OVERDUE = Condition(kind="overdue", text="proc has been running for 4 s")
PULSES = Condition(kind="pulses", text="no pulses since 12:00:00")


def status(
    state: StateWord = StateWord.RUNNING,
    *conditions: Condition,
    why: str = "",
    pid: int | None = 2,
    generation: int = 1,
    progress: Progress | None = IN_RUN,
) -> Status:
    return Status(
        state=state,
        why=why or "; ".join(one.text for one in conditions) or "reducing run 7",
        since=iso(NOW),
        pid=1,
        started=iso(NOW),
        updated=iso(NOW),
        version="2",
        conditions=conditions,
        worker_pid=pid,
        generation=generation,
        progress=progress,
    )


def degraded(*conditions: Condition) -> Status:
    return status(StateWord.DEGRADED, *conditions)


def test_a_state_from_beats_is_logged_with_its_reason_once() -> None:
    assert lines_on(status(), degraded(FILES)) == ((logging.ERROR, f"running -> degraded: {FILES.text}"),)
    assert lines_on(degraded(FILES), degraded(FILES)) == ()
    paused = status(StateWord.PAUSED, why="run 7 is paused")
    assert lines_on(status(), paused) == ((logging.INFO, "running -> paused: run 7 is paused"),)
    assert lines_on(status(StateWord.STARTING), status()) == (), "the daemon logs its own states"


def test_a_second_problem_is_logged_when_it_begins() -> None:
    assert lines_on(degraded(FILES), degraded(FILES, OVERDUE)) == ((logging.ERROR, OVERDUE.text),)


@pytest.mark.parametrize(
    ("over", "text"),
    [
        (FILES, "fixed: p.py:2: invalid; the saved files can be used now"),
        (OVERDUE, "finished: proc has been running for 4 s"),
        (PULSES, "pulses come again in run 7"),
    ],
)
def test_what_is_over_says_what_is_so_now(over: Condition, text: str) -> None:
    assert lines_on(degraded(over), status()) == (
        (logging.INFO, "degraded -> running: reducing run 7"),
        (logging.INFO, text),
    )


def test_a_script_that_was_killed_has_not_finished_and_pulses_of_another_worker_are_no_news() -> None:
    before = status(StateWord.STALLED, OVERDUE, PULSES, why="stuck")
    assert lines_on(before, status(StateWord.RESTARTING, why="killed", pid=None)) == ()
    assert lines_on(before, status(StateWord.STARTING, why="killed", generation=2)) == ()


def test_nothing_is_fixed_by_a_stop() -> None:
    for word in (StateWord.STOPPING, StateWord.STOPPED):
        assert lines_on(degraded(FILES), status(word, why="asked to stop")) == ()


def test_the_same_problem_without_a_worker_is_not_a_new_one() -> None:
    gone = status(StateWord.RESTARTING, Condition(kind="files", text=FILES.cause, cause=FILES.cause), pid=None)
    assert lines_on(degraded(FILES), gone) == ()


def test_one_error_in_place_of_another_is_not_a_fix() -> None:
    other = Condition(kind="files", text="p.py:9: invalid", cause="p.py:9: invalid")
    assert lines_on(degraded(FILES), degraded(other)) == ((logging.ERROR, other.text),)


def test_the_beam_goes_and_comes_back() -> None:
    dark = status(
        progress=Progress(run=IN_RUN.run, source=SourceProgress(connected=True, no_beam_since=NOW.timestamp()))
    )
    ((level, text),) = lines_on(status(), dark)
    assert level == logging.INFO
    assert text.startswith("no beam since ")
    assert text.endswith("run 7")
    assert lines_on(dark, status()) == ((logging.INFO, "the beam is back"),)
    assert lines_on(dark, status(generation=2)) == ()
