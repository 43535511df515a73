"""Logs as Mantid's Run: the cases follow Mantid's PythonInterface test RunTest.py and Framework/API/test/RunTest.h."""

import copy

import numpy as np
import pytest

from livereduce.engine.values.date_and_time import DateAndTime
from livereduce.engine.workspaces.logs.log_property import LogProperty
from livereduce.engine.workspaces.runlogs import PC_PER_UAH, RunLogs

START, END = DateAndTime("2008-12-18T17:58:38"), DateAndTime("2008-12-18T17:59:40")


def run() -> RunLogs:
    made = RunLogs()
    made.addProperty("gd_prtn_chrg", 10.05, True)
    made.addProperty("nspectra", 1, True)
    made.setStartAndEndTime(START, END)
    return made


def charges(*charge_pc: float) -> RunLogs:
    made = RunLogs()
    made.add_charge(np.arange(len(charge_pc)), np.array(charge_pc))
    return made


def test_properties_are_found_added_and_replaced() -> None:
    logs = run()
    assert (logs["start_time"].value, str(logs.startTime()), logs.endTime()) == (
        "2008-12-18T17:58:38",
        "2008-12-18T17:58:38 ",
        END,
    )
    assert (logs.getProperty("nspectra").value, logs.get("nspectra").value) == (1, 1)
    assert (logs.get("not_a_log"), logs.get("not_a_log", 5.0)) == (None, 5.0)
    count = len(logs.getProperties())
    for value in (1, 2.4, "text", True, [1, 2], np.array([1.0]), ["a"]):
        logs.addProperty("t", value, True)
    logs["t"] = 6.5
    assert (logs["t"].value, len(logs.getProperties()), len(logs.getLogData())) == (6.5, count + 1, count + 1)
    logs.addProperty("float_t", 2.4, "metres", True)
    assert (logs["float_t"].units, logs.getPropertyValue("float_t")) == ("metres", "2.4")
    with pytest.raises(ValueError, match="the log 'set_t' cannot be a set"):
        logs.addProperty("set_t", set(), False)
    with pytest.raises(RuntimeError, match="the log 't' exists already"):
        logs.addProperty("t", 1, False)
    twin = copy.deepcopy(logs)
    twin["t"] = 1
    assert logs["t"].value == 6.5


def test_times_that_are_not_known_raise_as_mantids_do() -> None:
    logs = RunLogs()
    with pytest.raises(RuntimeError, match="no end time of the run is known"):
        logs.endTime()
    logs.addProperty("run_start", "2008-12-18T17:58:38", True)
    assert logs.startTime() == START


def test_logs_as_single_numbers() -> None:
    logs = run()
    logs.addProperty("text", "12.5", True)
    logs.addProperty("word", "no", True)
    series = LogProperty("series")
    for second, value in ((0.0, 1.0), (10.0, 2.0), (40.0, 6.0)):
        series.addValue(START + second, value)
    logs.addProperty("series", series, True)
    assert logs.getPropertyAsSingleValue("gd_prtn_chrg") == 10.05
    assert logs.getPropertyAsSingleValue("text") == 12.5
    assert logs.getPropertyAsSingleValue("series") == 3
    assert logs.getTimeAveragedValue("series") == pytest.approx((10 * 1 + 30 * 2 + 30 * 6) / 70)
    assert logs.getPropertyAsSingleValueWithTimeAveragedMean("series") == logs.getTimeAveragedValue("series")
    assert logs.getTimeAveragedStd("series") > 0
    assert logs.getStatistics("series").maximum == 6
    with pytest.raises(ValueError, match="the log 'word' is no number: 'no'"):
        logs.getPropertyAsSingleValue("word")


def test_asking_for_the_charge_makes_the_log() -> None:
    logs = charges(1e9, 2e9)
    assert "gd_prtn_chrg" not in logs, "the live listener does not set it"
    assert logs.getProtonCharge() == pytest.approx(3e9 / PC_PER_UAH)
    assert (logs["gd_prtn_chrg"].value, logs["gd_prtn_chrg"].units) == (logs.getProtonCharge(), "uAh")
    logs.addProperty("gd_prtn_chrg", 5.0, True)
    assert logs.getProtonCharge() == 5
    logs.integrateProtonCharge()
    assert logs.getProtonCharge() == pytest.approx(3e9 / PC_PER_UAH)
    logs["proton_charge"].units = "uAh"
    logs.integrateProtonCharge()
    assert logs.getProtonCharge() == 3e9, "it is in µAh already"
    assert RunLogs().getProtonCharge() == 0


def test_asking_for_the_log_makes_it_as_asking_for_the_charge_does() -> None:
    logs = charges(1e9, 2e9)
    assert logs.getProperty("gd_prtn_chrg").value == pytest.approx(3e9 / PC_PER_UAH)
    with pytest.raises(RuntimeError, match="no log named 'gd_prtn_chrg'"):
        RunLogs().getProperty("gd_prtn_chrg")


def test_logs_of_a_part_of_the_run_have_its_charge() -> None:
    part = charges(1e9, 2e9).during(np.array([[0, 1]]))
    assert part.hasProperty("gd_prtn_chrg"), "as Mantid's run of filtered events has"
    assert part.getProtonCharge() == pytest.approx(1e9 / PC_PER_UAH)


@pytest.mark.parametrize("reads", [(), range(10), (0,), (9,), (3, 4)], ids=["none", "all", "first", "last", "some"])
def test_ten_chunks_give_the_charge_of_the_run_whichever_of_them_was_asked(reads: tuple[int, ...]) -> None:
    whole, carried = RunLogs(), RunLogs()
    for number in range(10):
        chunk = carried.copy()
        chunk.add_charge(np.array([2 * number, 2 * number + 1]), np.array([1e9, 2e9 + number]))
        before = chunk.copy()
        if number in reads:
            chunk.getProtonCharge()
        carried = before.carried_over()
        whole.merge(chunk)
    assert whole.getProtonCharge() == pytest.approx((10 * 3e9 + 45) / PC_PER_UAH)
    assert whole["gd_prtn_chrg"].value == whole.getProtonCharge()


def test_sums_are_added_and_states_are_not() -> None:
    one, two = run(), run()
    for logs, title in ((one, "a"), (two, "b")):
        logs.addProperty("goodfrm", 5, True)
        logs.addProperty("run_title", title, True)
    two.addProperty("dur", 2.0, True)
    one.merge(two)
    assert one["gd_prtn_chrg"].value == pytest.approx(20.1)
    assert (one["goodfrm"].value, one["dur"].value, one["nspectra"].value, one["run_title"].value) == (10, 2, 1, "b")
