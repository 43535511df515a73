"""The other listeners."""

import json
from typing import Any

import numpy as np
import pytest

from mantid_double_tests.driving import Double, monitors, start, until, until_ended

HOLD = {"wait_for": "/nowhere"}


def chunk(events: int, **more: Any) -> dict[str, Any]:
    return {"chunk": {"events": events, **more}}


def cycles(double: Double, number: int) -> None:
    until(lambda: len(double.records("cycle")) >= number, f"{number} cycles")


def test_fake_events_need_no_description_section_11_1(double: Double) -> None:
    from mantid.kernel import ConfigService
    from mantid.simpleapi import mtd

    ConfigService["fakeeventdatalistener.datarate"] = "5000"
    ConfigService["fakeeventdatalistener.endrunevery"] = "0.2"
    ConfigService["fakeeventdatalistener.notyettimes"] = "2"
    start("ADARA_FakeEvent", PreserveEvents=True, RunTransitionBehavior="Rename")
    until(lambda: mtd["result"].getRunNumber() == 2, "the second run")
    assert mtd["result"].getNumberHistograms() == 2
    assert mtd["result_1"].getTofMin() >= 40000
    assert mtd["result"].getInstrument().getName() == ""
    assert {line["status"] for line in double.records("transition")} == {"EndRun"}


def test_fake_events_never_report_a_beginning_section_11_1(double: Double) -> None:
    double.stream(chunk(1), chunk(1), {"end_run": 1}, chunk(1), {"new_run": 7}, chunk(1), HOLD)
    start("ADARA_FakeEvent")
    cycles(double, 4)
    assert [line["status"] for line in double.records("transition")] == ["EndRun"]


def test_a_file_ends_and_then_fails_section_11_1(double: Double) -> None:
    from mantid.kernel import ConfigService
    from mantid.simpleapi import mtd

    path = double.folder / "file.json"
    path.write_text(json.dumps({"items": [chunk(10), chunk(20), chunk(30)]}))
    ConfigService["fileeventdatalistener.filename"] = str(path)
    ConfigService["fileeventdatalistener.chunks"] = "3"
    start("ADARA_FileReader", PreserveEvents=True, RunTransitionBehavior="Stop")
    until_ended()
    assert mtd["result"].getNumberEvents() == 60
    start("ADARA_FileReader", PreserveEvents=True, OutputWorkspace="second")
    until_ended()
    until(lambda: double.records("failed"), "the failure is recorded")
    assert "The whole file has been read!" in double.records("failed")[-1]["error"]


def test_histograms_are_cumulative_section_11_3(double: Double) -> None:
    from mantid.simpleapi import mtd

    double.stream(chunk(10), chunk(20), chunk(30), HOLD, spectra=10, bins=100)
    start("ISIS_Histogram", AccumulationMethod="Replace")
    cycles(double, 2)
    result = mtd["result"]
    assert result.extractY().sum() == 60
    assert result.extractX().shape == (10, 101)
    assert np.allclose(result.extractE() ** 2, result.extractY())


def test_periods_and_spectra_are_chosen_section_11_3(double: Double) -> None:
    from mantid.simpleapi import mtd

    double.stream(chunk(10, period=0), chunk(20, period=2), chunk(40, period=1), HOLD, periods=5)
    start("ISIS_Histogram", AccumulationMethod="Replace", PeriodList=[1, 3], SpectraList=[1, 2])
    cycles(double, 2)
    group = mtd["result"]
    assert [member.name() for member in group] == ["result_1", "result_2"]
    assert [member.getNumberHistograms() for member in group] == [2, 2]
    assert [member.extractY().sum() for member in group] == [6, 10]
    assert group[0].run().getProtonCharge() == pytest.approx(3 / 3600)
    assert not group[1].run().hasProperty("gd_prtn_chrg")


def test_periods_that_there_are_not_are_an_error(double: Double) -> None:
    double.stream(chunk(10))
    with pytest.raises(RuntimeError, match="PeriodList"):
        start("ISIS_Histogram", AccumulationMethod="Replace", PeriodList=[2])


def test_other_dimensions_end_the_histograms_section_11_3(double: Double) -> None:
    double.stream(chunk(10), {"dimensions": {"bins": 7}})
    start("ISIS_Histogram", AccumulationMethod="Replace")
    until_ended()
    until(lambda: double.records("failed"), "the failure is recorded")
    assert double.records("failed")[-1]["error"] == "Data dimensions changed"


def test_thirty_seconds_of_silence_end_the_isis_events_section_11_2(double: Double) -> None:
    double.stream(chunk(10), chunk(10))
    start("ISIS_Event")
    until_ended()
    until(lambda: double.records("failed"), "the failure is recorded")
    assert double.records("failed")[-1]["error"] == "Background thread stopped."


def test_a_second_setup_packet_ends_the_isis_events_section_11_2(double: Double) -> None:
    double.stream(chunk(10), chunk(10), {"setup": True})
    start("ISIS_Event")
    until_ended()
    assert "unexpected" not in double.records("failed")[-1]["error"]


def test_runs_do_not_exist_at_isis_section_11_2(double: Double) -> None:
    double.stream({"forever": {"events": 1}}, periods=2)
    start("ISIS_Event", RunTransitionBehavior="Stop", PreserveEvents=True)
    cycles(double, 3)
    assert monitors()
    double.stream({"new_run": 1}, chunk(1))
    with pytest.raises(RuntimeError, match="new_run"):
        start("ISIS_Histogram", AccumulationMethod="Replace", OutputWorkspace="second")


def test_proton_charge_is_only_on_the_first_period_section_11_2(double: Double) -> None:
    from mantid.simpleapi import mtd

    double.stream({"forever": {"events": 1, "pulses": 2}}, periods=2)
    start("ISIS_Event", UpdateEvery=0, PreserveEvents=True)
    assert mtd["result_1"].run()["proton_charge"].size() == 2
    assert not mtd["result_2"].run().hasProperty("proton_charge")


def test_kafka_cannot_connect(double: Double) -> None:
    with pytest.raises(RuntimeError, match="Unable to connect listener"):
        start("ISIS_Kafka_Event")
