"""When the shadow's worker starts and ends."""

from dataclasses import replace
from pathlib import Path

import pytest

from livereduce.daemon.shadow.policy import (
    FIRST_WAIT_S,
    LONGEST_WAIT_S,
    MEMORY_WAIT_S,
    EndShadow,
    ShadowSight,
    ShadowState,
    StartShadow,
    at_work,
    decide,
    ended,
    given_up,
)
from livereduce.scripting.script_set import Version

ONE: Version = ((Path("/shadow/proc.py"), "1"),)
OTHER: Version = ((Path("/shadow/proc.py"), "2"),)
FRESH = ShadowState()
READY = ShadowSight(wanted=True, scripts=ONE)
RUNS = replace(READY, runs=ONE)


def test_it_starts_when_there_are_scripts_and_a_worker_is_at_work() -> None:
    assert decide(FRESH, READY, 0.0) == StartShadow()


@pytest.mark.parametrize("lacks", [{"wanted": False}, {"scripts": ()}, {"has_room": False}])
def test_it_does_not_start(lacks: dict[str, object]) -> None:
    assert decide(FRESH, replace(READY, **lacks), 0.0) is None  # type: ignore[arg-type]


def test_it_runs_on() -> None:
    assert decide(FRESH, replace(RUNS, has_room=False, silent_s=599.0), 0.0) is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"wanted": False}, "nothing for it to run beside"),
        ({"scripts": ()}, "cannot be used any more"),
        ({"scripts": OTHER}, "have changed"),
        ({"silent_s": 600.0}, "silent for 600 s"),
    ],
)
def test_it_is_ended(change: dict[str, object], why: str) -> None:
    action = decide(FRESH, replace(RUNS, **change), 0.0)  # type: ignore[arg-type]
    assert isinstance(action, EndShadow)
    assert why in action.reason


def test_the_same_scripts_wait_longer_each_time_and_others_do_not() -> None:
    state, waits = FRESH, []
    for _ in range(8):
        state = ended(state, ONE, "it crashed", 0.0)
        waits.append(state.earliest)
        assert decide(state, READY, state.earliest - 0.1) is None
        assert decide(state, READY, state.earliest) == StartShadow()
        assert decide(state, replace(READY, scripts=OTHER), 0.0) == StartShadow()
    assert waits[:3] == [FIRST_WAIT_S, 2 * FIRST_WAIT_S, 4 * FIRST_WAIT_S]
    assert waits[-1] == LONGEST_WAIT_S
    assert ended(at_work(state), ONE, "it crashed", 0.0).earliest == FIRST_WAIT_S


def test_given_up_for_memory_any_scripts_wait() -> None:
    state = given_up(FRESH, "memory", 100.0)
    assert decide(state, replace(READY, scripts=OTHER), 100.0 + MEMORY_WAIT_S - 1) is None
    assert decide(state, READY, 100.0 + MEMORY_WAIT_S) == StartShadow()
