import dataclasses

import pytest

from livereduce.engine.mantid.verdict import NOT_READY_HOLDS_S, Busy, Facts, Over, SilenceRules, Waiting, judge
from livereduce.messages.beat import Phase
from livereduce.messages.progress import RunState

RULES = SilenceRules(update_every_s=30.0, cycle_s=2400.0, waiting_s=30.0)
WELL = Facts(
    starting=False,
    ended=None,
    failure="",
    phase=None,
    phase_since=0.0,
    heard_at=1000.0,
    not_ready_at=None,
    not_ready="",
    begun_at=0.0,
    looked_at=1000.0,
    new_at=1000.0,
    dated=True,
    has_chunks=True,
    run_state=RunState.RUNNING,
)


def changed(**changes: object) -> Facts:
    return dataclasses.replace(WELL, **changes)  # type: ignore[arg-type]


def test_a_loop_between_two_cycles_waits() -> None:
    assert judge(WELL, RULES, 1020.0) == Waiting()


def test_a_script_that_ends_the_loop_is_told_before_mantid_tells_anything() -> None:
    failed = changed(failure="proc.py:3: NameError", phase=Phase.PROCESS)
    assert judge(failed, RULES, 1001.0) == Over(reason="proc.py:3: NameError")
    assert judge(changed(failure="proc.py:3: NameError", ended="Error in Monitor"), RULES, 1001.0) == Over(
        reason="proc.py:3: NameError"
    )


@pytest.mark.parametrize(("said", "reason"), [("Plus failed", "Plus failed"), ("", "MonitorLiveData has ended")])
def test_a_monitor_that_has_ended_is_over_at_once(said: str, reason: str) -> None:
    verdict = judge(changed(ended=said), RULES, 1000.0)
    assert isinstance(verdict, Over)
    assert reason in verdict.reason


def test_a_script_at_work_is_busy_for_as_long_as_it_has_worked() -> None:
    at_work = changed(phase=Phase.POST_PROCESS, phase_since=1000.0)
    assert judge(at_work, RULES, 2700.0) == Busy(phase=Phase.POST_PROCESS, silent_s=1700.0)


def test_waiting_for_a_connection_is_no_hang_whatever_time_it_takes() -> None:
    starting = changed(
        starting=True, has_chunks=False, heard_at=0.0, looked_at=0.0, new_at=None, run_state=RunState.NO_RUN
    )
    verdict = judge(starting, RULES, 8000.0)
    assert isinstance(verdict, Waiting)
    assert verdict.silent_s == 0
    assert "first chunk" in verdict.reason


def test_a_listener_that_is_not_ready_is_waited_for() -> None:
    waiting = changed(not_ready="not ready: x", not_ready_at=1030.0)
    assert judge(waiting, RULES, 1030.0 + NOT_READY_HOLDS_S - 1) == Waiting(reason="not ready: x")
    assert judge(waiting, RULES, 1030.0 + NOT_READY_HOLDS_S + 1) == Waiting()


def test_no_cycle_within_the_interval_and_the_limits_of_the_scripts_is_silence() -> None:
    assert judge(WELL, RULES, 1000.0 + 30 + 2400) == Waiting()
    verdict = judge(WELL, RULES, 1000.0 + 30 + 2400 + 31)
    assert isinstance(verdict, Waiting)
    assert verdict.silent_s == 31
    assert "no cycle of MonitorLiveData for 2461 s" in verdict.reason


def test_a_hang_in_mantids_own_part_of_the_first_cycle_is_silence_too() -> None:
    verdict = judge(changed(starting=True), RULES, 1000.0 + 2400 + 60)
    assert isinstance(verdict, Waiting)
    assert verdict.silent_s == 30


@pytest.mark.parametrize(
    ("state", "allowed_s"),
    [(RunState.RUNNING, 300.0), (RunState.NO_RUN, 1800.0), (RunState.ENDED, 1800.0), (RunState.PAUSED, 3600.0)],
)
def test_empty_chunks_are_borne_as_long_as_the_state_of_the_run_allows(state: RunState, allowed_s: float) -> None:
    quiet = changed(run_state=state, looked_at=1000.0 + allowed_s, heard_at=1000.0 + allowed_s)
    assert judge(quiet, RULES, 1001.0 + allowed_s) == Waiting()
    late = changed(run_state=state, looked_at=1001.0 + allowed_s, heard_at=1001.0 + allowed_s)
    verdict = judge(late, RULES, 1002.0 + allowed_s)
    assert isinstance(verdict, Over)
    assert verdict.reason.startswith(f"nothing new in the stream for {allowed_s + 1:.0f} s")


def test_after_a_restart_that_brought_nothing_new_more_is_borne() -> None:
    never = changed(new_at=None, begun_at=1000.0, looked_at=2499.0, heard_at=2499.0)
    assert judge(never, RULES, 2500.0) == Waiting()
    assert isinstance(judge(changed(new_at=None, begun_at=1000.0, looked_at=2501.0), RULES, 2502.0), Over)


def test_while_a_script_runs_nobody_looks_for_news() -> None:
    """A post_proc of 20 minutes, after which the next chunk has not come yet."""
    assert judge(changed(heard_at=2200.0), RULES, 2210.0) == Waiting()


def test_rare_updates_are_no_silence_of_the_stream() -> None:
    rules = SilenceRules(update_every_s=300.0, cycle_s=2400.0, waiting_s=30.0)
    assert judge(changed(looked_at=1600.0, heard_at=1600.0), rules, 1610.0) == Waiting()


def test_nothing_is_concluded_from_data_without_times() -> None:
    undated = changed(dated=False, new_at=None, looked_at=100_000.0, heard_at=100_000.0)
    assert judge(undated, RULES, 100_001.0) == Waiting()


def test_not_ready_for_ever_after_a_run_is_a_stream_whose_end_went_unnoticed() -> None:
    stuck = changed(run_state=RunState.ENDED, not_ready="not ready", not_ready_at=2801.0)
    assert isinstance(judge(stuck, RULES, 2801.0), Over)
