from dataclasses import FrozenInstanceError, replace

import pytest

from livereduce.engine.mantid.flowing import WatchedFlow
from livereduce.engine.mantid.live.cycle_state import CycleState, begun, called, failed, looked_at, succeeded, timed
from livereduce.engine.mantid.run_ledger import RunLedger
from livereduce.messages.beat import Phase


def test_a_snapshot_that_somebody_holds_does_not_change() -> None:
    held = CycleState()
    after = failed(called(begun(held, Phase.PROCESS, 1.0, 100), Phase.PROCESS, 0.5, 130), "proc", "x", by_script=True)
    assert held == CycleState()
    assert (after.seconds[Phase.PROCESS], after.calls[Phase.PROCESS], after.grew_bytes[Phase.PROCESS]) == (0.5, 1, 30)
    assert (after.errors, after.script_errors) == ({"proc": "x"}, 1)
    with pytest.raises(FrozenInstanceError):
        held.results = 1  # type: ignore[misc]


def test_growth_adds_up_and_the_time_is_of_the_last_call() -> None:
    state = CycleState()
    for took_s in (0.5, 0.25):
        state = called(begun(state, Phase.POST_PROCESS, 1.0, 100), Phase.POST_PROCESS, took_s, 110)
    assert (state.calls[Phase.POST_PROCESS], state.grew_bytes[Phase.POST_PROCESS]) == (2, 20)
    assert state.seconds[Phase.POST_PROCESS] == 0.25
    assert state.calls[Phase.PROCESS] == 0


def test_an_error_is_over_when_its_step_goes_well() -> None:
    state = failed(failed(CycleState(), "proc", "a", by_script=True), "publish", "b", by_script=False)
    assert (state.errors, state.script_errors) == ({"proc": "a", "publish": "b"}, 1)
    assert succeeded(state, "proc").errors == {"publish": "b"}
    assert succeeded(state, "post_proc") == state


def test_when_something_new_was_seen() -> None:
    """The first look tells since when we look, and not that something is new."""
    first = looked_at(CycleState(), RunLedger(newest_ns=5), WatchedFlow(), 10.0)
    assert (first.first_at, first.looked_at, first.new_at) == (10.0, 10.0, None)
    same = looked_at(first, RunLedger(newest_ns=5), WatchedFlow(), 11.0)
    assert (same.first_at, same.looked_at, same.new_at) == (10.0, 11.0, None)
    new = looked_at(same, RunLedger(newest_ns=6), WatchedFlow(), 12.0)
    assert (new.first_at, new.looked_at, new.new_at) == (10.0, 12.0, 12.0)
    assert looked_at(new, RunLedger(newest_ns=6), WatchedFlow(), 13.0).new_at == 12.0


def test_phases_are_timed_each() -> None:
    state = timed(replace(CycleState(), results=3), Phase.PUBLISH, 2.0)
    assert (state.seconds[Phase.PUBLISH], state.seconds[Phase.PROCESS], state.results) == (2.0, 0.0, 3)
