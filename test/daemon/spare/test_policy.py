"""When a spare is made and ended: by a manual clock, and in random histories."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.daemon.spare.policy import (
    KillSpare,
    SpareSight,
    SpareState,
    StartSpare,
    decide,
    ended,
    stood_by,
)

NONE = SpareSight(wanted=True, at_work_s=10.0, has_room=True)
LOADING = replace(NONE, alive=True)
READY = replace(LOADING, ready=True)
NEW = SpareState()


def test_one_is_made_once_a_worker_has_been_at_work_for_some_seconds() -> None:
    """Importing must not compete with a recovery."""
    assert decide(NEW, replace(NONE, at_work_s=9.9), 100) is None
    assert decide(NEW, NONE, 100) == StartSpare()
    assert decide(NEW, LOADING, 100) is None
    assert decide(NEW, READY, 1000) is None


@pytest.mark.parametrize(
    "sight",
    [replace(NONE, wanted=False), replace(NONE, has_room=False), replace(NONE, at_work_s=0.0)],
    ids=["parked or another engine", "no room", "no worker at work"],
)
def test_none_is_made(sight: SpareSight) -> None:
    assert decide(NEW, sight, 100) is None


@pytest.mark.parametrize("sight", [LOADING, READY])
def test_parked_none_is_needed(sight: SpareSight) -> None:
    assert decide(NEW, replace(sight, wanted=False), 100) == KillSpare(reason="no worker is to follow")


def test_one_that_stands_by_waits_as_long_as_no_worker_is_at_work() -> None:
    assert decide(NEW, replace(READY, at_work_s=0.0, has_room=False), 100) is None


def test_one_that_is_loading_makes_room_for_a_worker_that_starts() -> None:
    assert isinstance(decide(NEW, replace(LOADING, at_work_s=0.0), 100), KillSpare)


def test_one_whose_files_have_changed_is_replaced() -> None:
    assert decide(NEW, replace(READY, stale=True), 100) == KillSpare(reason="what it has imported has changed")
    assert decide(ended(NEW, -9, 100, killed=True), NONE, 100) == StartSpare()


def test_one_that_hangs_is_killed() -> None:
    assert decide(NEW, replace(LOADING, silent_s=179.0), 100) is None
    assert decide(NEW, replace(READY, silent_s=180.0), 100) == KillSpare(reason="silent for 180 s")


def test_spares_that_die_back_off_until_one_stands_by() -> None:
    state, waits = NEW, []
    for _ in range(10):
        state = ended(state, 1, 100, killed=False)
        waits.append(state.earliest - 100)
        assert decide(state, NONE, state.earliest - 0.1) is None
        assert decide(state, NONE, state.earliest) == StartSpare()
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    state = ended(stood_by(state), 1, 100, killed=False)
    assert state.earliest == 102


def test_one_that_was_told_to_go_for_memory_is_not_made_again_soon() -> None:
    state = ended(NEW, 0, 100, killed=False)
    assert (state.failures, decide(state, NONE, 159)) == (0, None)
    assert decide(state, NONE, 160) == StartSpare()


SIGHTS = st.builds(
    SpareSight,
    wanted=st.booleans(),
    at_work_s=st.sampled_from([0.0, 5.0, 10.0, 1e6]),
    has_room=st.booleans(),
    alive=st.booleans(),
    ready=st.booleans(),
    silent_s=st.sampled_from([0.0, 1.0, 200.0]),
    stale=st.booleans(),
)


@given(SIGHTS, st.floats(0, 1e6), st.floats(0, 1e6))
def test_never_two_and_none_where_it_is_not_wanted(sight: SpareSight, earliest: float, now: float) -> None:
    action = decide(SpareState(earliest=earliest), sight, now)
    if isinstance(action, StartSpare):
        assert sight.wanted
        assert sight.has_room
        assert not sight.alive
        assert now >= earliest
    if isinstance(action, KillSpare):
        assert sight.alive
    if sight.alive and not sight.wanted:
        assert isinstance(action, KillSpare)
