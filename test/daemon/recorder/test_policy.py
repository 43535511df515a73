"""When a recorder is started and ended, and what is said of it."""

from dataclasses import replace

import pytest

from livereduce.daemon.facts import Limits
from livereduce.daemon.recorder.policy import (
    HEALTHY_S,
    LEAVE_S,
    SILENT_S,
    TOLD_S,
    KillRecorder,
    RecorderSight,
    RecorderState,
    StartRecorder,
    StopRecorder,
    complaint,
    decide,
    ended,
)
from livereduce.messages.progress import RecordingProgress

STATE = RecorderState(limits=Limits())
AT_WORK = RecorderSight(wanted=True, alive=True)
FINE = RecordingProgress(run=7, run_bytes=10)


def test_one_is_started_where_runs_are_to_be_recorded() -> None:
    assert decide(STATE, RecorderSight(wanted=True), 0.0) == StartRecorder()
    assert decide(STATE, RecorderSight(wanted=False), 0.0) is None
    assert decide(STATE, AT_WORK, 0.0) is None


def test_one_that_dies_is_followed_later_and_later() -> None:
    state, waits = STATE, []
    for now in (0.0, 1000.0, 2000.0):
        state = ended(state, 1.0, now, asked=False)
        waits.append(state.earliest - now)
        assert decide(state, RecorderSight(wanted=True), state.earliest - 0.1) is None
        assert decide(state, RecorderSight(wanted=True), state.earliest) == StartRecorder()
    assert waits == [2.0, 4.0, 8.0]
    assert ended(state, HEALTHY_S, 3000.0, asked=False).earliest == 3002.0
    assert ended(state, 1.0, 3000.0, asked=True).earliest == 0.0


def test_one_that_is_silent_is_killed_once_and_no_other_is_started_beside_it() -> None:
    silent = replace(AT_WORK, silent_s=SILENT_S)
    assert isinstance(decide(STATE, silent, 0.0), KillRecorder)
    assert decide(STATE, replace(silent, killed=True, silent_s=10 * SILENT_S), 0.0) is None


def test_one_that_is_not_wanted_is_asked_and_then_killed() -> None:
    idle = replace(AT_WORK, wanted=False)
    assert decide(STATE, idle, 0.0) == StopRecorder()
    assert decide(STATE, replace(idle, told_s=LEAVE_S / 2), 0.0) is None
    assert isinstance(decide(STATE, replace(idle, told_s=LEAVE_S), 0.0), KillRecorder)


@pytest.mark.parametrize(
    ("sight", "said", "last_end", "expected"),
    [
        (AT_WORK, FINE, "", ""),
        (replace(AT_WORK, wanted=False), replace(FINE, problem="full"), "it died", ""),
        (RecorderSight(wanted=True), FINE, "", ""),
        (RecorderSight(wanted=True), FINE, "it died", "runs are not recorded in /r: it died"),
        (AT_WORK, replace(FINE, problem="full"), "", "runs are not recorded in /r: full"),
        (AT_WORK, replace(FINE, gap="slow"), "", "the recording of run 7 has a gap: slow"),
    ],
)
def test_what_is_wrong_is_said(sight: RecorderSight, said: RecordingProgress, last_end: str, expected: str) -> None:
    assert complaint(sight, said, "/r", last_end) == expected


def test_one_that_hangs_is_said_in_a_sentence_that_stays() -> None:
    sentences = {
        complaint(sight, FINE, "/r", "")
        for sight in (
            replace(AT_WORK, silent_s=TOLD_S),
            replace(AT_WORK, silent_s=3 * TOLD_S),
            replace(AT_WORK, killed=True),
        )
    }
    assert len(sentences) == 1
    assert "does not answer" in sentences.pop()
