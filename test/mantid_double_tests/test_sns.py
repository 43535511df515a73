"""The SNS listener in its three eras."""

import json
from typing import Any

import pytest

from mantid_double_tests.driving import Double, monitors, start, until, until_ended

HOLD = {"wait_for": "/nowhere"}
ERAS = pytest.mark.parametrize("era", ["A", "B", "C"])


def chunk(events: int, **more: Any) -> dict[str, Any]:
    return {"chunk": {"events": events, **more}}


def cycles(double: Double, number: int) -> None:
    until(lambda: len(double.records("cycle")) >= number, f"{number} cycles")


def transitions(double: Double) -> list[str]:
    return [line["status"] for line in double.records("transition")]


@ERAS
def test_an_interval_without_events_is_an_empty_workspace_section_8_2(double: Double, era: str) -> None:
    from mantid.simpleapi import mtd

    double.stream(chunk(10), era=era)
    start(PreserveEvents=True, AccumulationMethod="Replace")
    cycles(double, 1)
    assert mtd["result"].getNumberEvents() == 0


@ERAS
def test_joining_a_run_is_no_edge_that_a_monitor_sees_section_8(double: Double, era: str) -> None:
    from mantid.simpleapi import mtd

    double.stream({"new_run": 5}, chunk(10), chunk(10), HOLD, era=era)
    start(PreserveEvents=True)
    cycles(double, 3)
    assert transitions(double) == []
    assert mtd["result"].getRunNumber() == 5
    assert mtd["result"].getNumberEvents() == 20


@ERAS
def test_the_end_comes_with_the_last_chunk_sections_8_2_and_14(double: Double, era: str) -> None:
    from mantid.simpleapi import mtd

    double.stream({"new_run": 5}, chunk(1), chunk(10), {"end_run": 5}, chunk(4), HOLD, era=era)
    start(PreserveEvents=True, RunTransitionBehavior="Rename")
    cycles(double, 2)
    assert transitions(double) == ["EndRun"]
    assert mtd["result_5"].getNumberEvents() == 11
    assert mtd["result_5"].run().hasProperty("run_end")
    assert mtd["result"].getNumberEvents() == 4


def test_in_eras_b_and_c_the_first_chunk_of_a_run_comes_with_its_edge_section_14(double: Double) -> None:
    """So the monitor adds it to what was before, and the second chunk replaces both (inferred, not seen)."""
    from mantid.simpleapi import mtd

    double.stream(chunk(1), chunk(2), {"new_run": 6}, chunk(100), chunk(30), HOLD, era="B")
    start(PreserveEvents=True, RunTransitionBehavior="Rename")
    cycles(double, 3)
    assert mtd["result__post"].getNumberEvents() == 103
    assert mtd["result"].getNumberEvents() == 30


def test_nothing_behind_an_edge_is_read_before_the_status_has_been_asked_for_section_8_2(double: Double) -> None:
    double.stream(chunk(1), chunk(1), {"new_run": 6}, chunk(1), {"end_run": 6}, chunk(1), HOLD)
    start()
    cycles(double, 3)
    assert transitions(double) == ["BeginRun", "EndRun"]


def test_a_second_run_while_joining_kills_the_thread_section_8_3(double: Double) -> None:
    double.stream({"new_run": 6}, {"new_run": 7}, chunk(1), era="B")
    with pytest.raises(RuntimeError, match="back-pressure invariant"):
        start()


def test_end_of_an_unknown_run_takes_its_number_section_8_2(double: Double, capfd: pytest.CaptureFixture[str]) -> None:
    double.stream(chunk(1), chunk(1), {"end_run": 8}, HOLD)
    start()
    cycles(double, 1)
    assert double.records("transition")[0]["run"] == 8
    assert "Unexpected end of run" in capfd.readouterr().err


def test_a_state_packet_gives_the_number_section_8_2(double: Double) -> None:
    from mantid.simpleapi import mtd

    double.stream({"state": 9}, chunk(1), HOLD)
    start()
    assert mtd["result"].getRunNumber() == 9


@pytest.mark.parametrize(("key", "events"), [("0", 10), ("1", 15)])
def test_paused_data_are_dropped_unless_configured_section_8_2(double: Double, key: str, events: int) -> None:
    from mantid.kernel import ConfigService
    from mantid.simpleapi import mtd

    ConfigService["livelistener.keeppausedevents"] = key
    double.stream(chunk(10), {"pause": True}, chunk(5), {"pause": False}, HOLD)
    start(PreserveEvents=True)
    cycles(double, 2)
    assert mtd["result"].getNumberEvents() == events
    assert list(mtd["result"].run()["pause"].value[:1]) == [1.0]


def test_without_a_geometry_it_is_not_yet_for_ever_section_8_2(double: Double) -> None:
    double.stream(chunk(1), chunk(2), {"end_run": 3}, {"uninitialised": True})
    start()
    until(lambda: transitions(double), "the end of the run")
    monitors()[0].cancel()
    until_ended()


@pytest.mark.parametrize("era", ["A", "B"])
def test_an_orderly_close_is_not_noticed_section_8_4(double: Double, era: str) -> None:
    double.stream(chunk(1), chunk(2), {"close": True}, era=era)
    start()
    cycles(double, 5)
    assert monitors()
    assert not double.records("close")
    double.switch("-stall_after_close")
    until_ended()


def test_era_c_notices_the_close_and_gives_the_rest_section_8_4(double: Double) -> None:
    from mantid.simpleapi import mtd

    double.stream(chunk(1), chunk(2), {"close": True}, era="C")
    start(PreserveEvents=True)
    until_ended()
    until(lambda: double.records("failed"), "the failure is recorded")
    assert "stream ended after server disconnect." in double.records("failed")[-1]["error"]
    assert mtd["result"].getNumberEvents() == 3


def test_a_close_before_anything_section_8_4(double: Double) -> None:
    double.stream({"close": True}, era="C")
    with pytest.raises(RuntimeError, match="before workspace initialization"):
        start()


@ERAS
def test_an_error_of_the_thread_ends_the_monitor_section_8_4(double: Double, era: str) -> None:
    double.stream(chunk(1), chunk(2), {"error": "malformed packet"}, era=era)
    start()
    until_ended()
    until(lambda: double.records("failed"), "the failure is recorded")
    assert double.records("failed")[-1]["error"] == "malformed packet"
    assert double.records("close")


def test_a_new_start_is_a_new_connection_section_8_4(double: Double) -> None:
    """No version reconnects: what comes next on the wire is of the next connection."""
    from mantid.simpleapi import mtd

    double.patch.setenv(
        "LIVEREDUCE_DOUBLE_STREAM",
        json.dumps({"connections": [{"items": [chunk(1), {"error": "gone"}]}, {"items": [chunk(5)]}]}),
    )
    start(PreserveEvents=True)
    until_ended()
    start(PreserveEvents=True)
    assert mtd["result"].getNumberEvents() == 5


def test_another_geometry_holds_from_the_next_run_on(double: Double) -> None:
    from mantid.simpleapi import mtd

    double.stream(chunk(1), chunk(8), {"dimensions": {"spectra": 8}}, {"end_run": 3}, chunk(8), HOLD)
    start(PreserveEvents=True)
    cycles(double, 2)
    assert mtd["result"].getNumberHistograms() == 8
