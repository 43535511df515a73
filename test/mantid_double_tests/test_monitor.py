"""MonitorLiveData's loop, run transitions, and how it ends."""

from typing import Any

import pytest

from mantid_double_tests.driving import Double, monitors, start, until, until_ended

HOLD = {"wait_for": "/nowhere"}


def chunk(events: int) -> dict[str, Any]:
    return {"chunk": {"events": events}}


def run_17_then_18(last: dict[str, Any]) -> list[dict[str, Any]]:
    """A run of 10 + 20 events, 5 between the runs, a run that begins with 7."""
    return [{"new_run": 17}, chunk(10), chunk(20), {"end_run": 17}, chunk(5), {"new_run": 18}, chunk(7), last]


def transitions(double: Double) -> list[tuple[str, int]]:
    return [(line["status"], line["run"]) for line in double.records("transition")]


def test_after_an_edge_the_next_chunk_replaces_section_7_1(double: Double) -> None:
    from mantid.simpleapi import mtd

    double.stream(*run_17_then_18({"close": True}))
    start(PreserveEvents=True)
    until(lambda: len(double.records("cycle")) >= 4, "cycles")
    assert transitions(double) == [("EndRun", 17), ("BeginRun", 17)]
    assert mtd["result"].getNumberEvents() == 7
    assert mtd["result"].getRunNumber() == 18


def test_old_data_stay_visible_until_the_next_chunk_section_7_1(double: Double) -> None:
    from mantid.simpleapi import mtd

    double.stream({"new_run": 17}, chunk(10), chunk(20), {"end_run": 17}, {"uninitialised": True})
    start(PreserveEvents=True)
    until(lambda: transitions(double), "the end of the run")
    assert mtd["result"].getNumberEvents() == 30


def test_stop_ends_the_monitor_as_a_success_section_7_1(double: Double) -> None:
    from mantid.simpleapi import mtd

    double.stream(*run_17_then_18(HOLD))
    start(PreserveEvents=True, RunTransitionBehavior="Stop")
    alg = monitors()[0]
    until_ended()
    until(alg.isExecuted, "success")
    assert mtd["result"].getNumberEvents() == 30
    assert not double.records("failed")


def test_rename_keeps_a_clone_for_each_edge_section_7_1(double: Double) -> None:
    from mantid.simpleapi import mtd

    double.stream(*run_17_then_18(HOLD))
    start(PreserveEvents=True, RunTransitionBehavior="Rename")
    until(lambda: len(double.records("cycle")) >= 4, "cycles")
    assert mtd["result_17"].getNumberEvents() == 30
    assert mtd["result_17_post"].getNumberEvents() == 5
    assert mtd["result"].getNumberEvents() == 7


def test_rename_without_an_end_has_two_underscores_section_7_1(double: Double) -> None:
    from mantid.simpleapi import mtd

    double.stream(chunk(1), chunk(4), {"new_run": 18}, chunk(7), HOLD)
    start(PreserveEvents=True, RunTransitionBehavior="Rename")
    until(lambda: transitions(double), "the beginning of the run")
    assert mtd["result__post"].getNumberEvents() == 5


def test_cancel_ends_it_as_a_failure_section_7_2(double: Double, capfd: pytest.CaptureFixture[str]) -> None:
    double.stream({"forever": {"events": 1}})
    start()
    alg = monitors()[0]
    alg.cancel()
    until_ended()
    until(lambda: double.records("failed"), "the end is recorded")
    assert not alg.isExecuted()
    assert "Execution cancelled by user" in capfd.readouterr().err
    assert double.records("close")


def test_cancel_is_noticed_while_waiting_for_data_section_7_2(double: Double) -> None:
    double.stream(chunk(1), {"not_yet": 1000})
    start()
    monitors()[0].cancel()
    until_ended()


def test_deleting_the_output_ends_it_section_7_2(double: Double) -> None:
    from mantid.simpleapi import CloneWorkspace

    CloneWorkspace  # noqa: B018 (the script below uses it)
    double.stream({"forever": {"events": 1}})
    start(
        PostProcessingScript="from mantid.simpleapi import CloneWorkspace, mtd\n"
        "CloneWorkspace(input, OutputWorkspace='other' if 'result' in mtd else output)\n"
        "if 'other' in mtd:\n    mtd.remove('result')",
        AccumulationWorkspace="accumulation",
    )
    until_ended()
    until(lambda: double.records("failed"), "the failure is recorded")
    assert "result" in double.records("failed")[-1]["error"]


def test_it_never_ends_because_data_stop_section_7_2(double: Double) -> None:
    double.stream(chunk(1))
    start()
    until(lambda: len(double.records("cycle")) > 5, "cycles without data")
    assert monitors()


def test_update_every_must_be_positive_section_2(double: Double) -> None:
    from mantid.simpleapi import ConfigService, MonitorLiveData

    ConfigService.setFacility("SNS")
    with pytest.raises(RuntimeError, match="UpdateEvery must be > 0"):
        MonitorLiveData(Instrument="REF_M", UpdateEvery=0, OutputWorkspace="result")


def test_a_slow_listener_delays_the_end_section_7_2(double: Double) -> None:
    """The wait is in the joining of the thread: the monitor counts as running, and the connection is not closed yet."""
    double.stream({"forever": {"events": 1}})
    double.switch("slow_cancel")
    double.patch.setenv("LIVEREDUCE_DOUBLE_TIME_SCALE", "0.02")
    start()
    alg = monitors()[0]
    alg.cancel()
    until(lambda: double.records("cancel"), "the cancel")
    assert alg.isRunning()
    assert not double.records("close")
    until_ended()


def test_a_deaf_monitor_goes_on_section_9(double: Double) -> None:
    double.stream({"forever": {"events": 1}})
    double.switch("deaf_cancel")
    start()
    monitors()[0].cancel()
    before = len(double.records("cycle"))
    until(lambda: len(double.records("cycle")) > before + 2, "more cycles")
