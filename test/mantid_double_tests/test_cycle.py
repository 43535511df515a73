"""One cycle of LoadLiveData, and accumulation."""

from typing import Any

import pytest

from mantid_double_tests.driving import Double, start, until, until_ended

HOLD = {"wait_for": "/nowhere"}


def chunk(events: int, **more: Any) -> dict[str, Any]:
    return {"chunk": {"events": events, **more}}


def cycles(double: Double, number: int) -> None:
    until(lambda: len(double.records("cycle")) >= number, f"{number} cycles")


def test_add_grows_by_the_chunks_section_5_1(double: Double) -> None:
    from mantid.simpleapi import mtd

    double.stream(chunk(10), chunk(20), chunk(30), HOLD)
    start(PreserveEvents=True, AccumulationMethod="Add")
    cycles(double, 3)
    assert mtd["result"].getNumberEvents() == 60


def test_replace_is_the_last_chunk_section_5_2(double: Double) -> None:
    from mantid.simpleapi import mtd

    double.stream(chunk(10), {"forever": {"events": 20}})
    start(PreserveEvents=True, AccumulationMethod="Replace")
    cycles(double, 3)
    assert mtd["result"].getNumberEvents() == 20


def test_append_grows_by_spectra_section_5_2(double: Double) -> None:
    from mantid.simpleapi import mtd

    double.stream(chunk(10), chunk(20), {"error": "enough"}, spectra=4)
    start(PreserveEvents=True, AccumulationMethod="Append")
    until_ended()
    assert mtd["result"].getNumberHistograms() == 8


def test_without_preserving_and_rebinning_the_one_bin_decides_section_5_3(double: Double) -> None:
    from mantid.api import Workspace2D
    from mantid.simpleapi import mtd

    double.stream(chunk(100), HOLD)
    start()
    assert isinstance(mtd["result"], Workspace2D)
    assert mtd["result"].extractY().sum() == 0  # the default bin is 0 to 1 µs


def test_histograms_are_added_after_a_rebin_section_5_1(double: Double) -> None:
    from mantid.simpleapi import mtd

    double.stream(chunk(100), chunk(50), HOLD)
    start(ProcessingAlgorithm="Rebin", ProcessingProperties="Params=0,1000,20000;OutputWorkspace=ignored")
    cycles(double, 2)
    assert mtd["result"].extractY().sum() == 150
    assert mtd["result"].extractE().sum() > 0
    assert "ignored" not in mtd


def test_bins_that_differ_end_the_monitor_section_5_1(double: Double) -> None:
    double.stream({"forever": {"events": 10}})
    script = double.script(
        "from mantid.simpleapi import Rebin, mtd\n"
        "Rebin(InputWorkspace=input, OutputWorkspace=output, Params='0,1000,%d' % (5000 if 'result' in mtd else 9000))"
    )
    start(ProcessingScriptFilename=script)
    until_ended()
    assert "different bins" in double.records("failed")[-1]["error"]


def test_the_default_bin_spans_all_events_if_they_are_preserved_section_5_4(double: Double) -> None:
    from mantid.simpleapi import mtd

    double.stream(chunk(100), HOLD)
    start(PreserveEvents=True)
    assert mtd["result"].extractY().sum() == 100


def test_the_default_bin_stays_with_two_events_section_5_4(double: Double) -> None:
    from mantid.simpleapi import mtd

    double.stream(chunk(2), HOLD)
    start(PreserveEvents=True)
    assert list(mtd["result"].readX(0)) == [0.0, 1.0]


def test_a_chunk_begins_with_the_last_values_of_the_one_before_section_5_5(double: Double) -> None:
    from mantid.simpleapi import mtd

    double.stream(chunk(1, pulses=3), chunk(1, pulses=3), HOLD)
    start(PreserveEvents=True)
    cycles(double, 1)
    assert mtd["result"].run()["proton_charge"].size() == 7
    assert mtd["result"].run().getProtonCharge() == pytest.approx(7 / 3600)


@pytest.mark.parametrize("switch", ["-carry_over", "merge_drops_duplicates"])
def test_without_carrying_over_each_pulse_counts_once_section_5_5(double: Double, switch: str) -> None:
    from mantid.simpleapi import mtd

    double.switch(switch)
    double.stream(chunk(1, pulses=3), chunk(1, pulses=3), HOLD)
    start(PreserveEvents=True)
    cycles(double, 1)
    assert mtd["result"].run()["proton_charge"].size() == 6


@pytest.mark.parametrize(("switch", "name"), [("", "FROM_BEFORE"), ("-keeps_instrument", "REF_M")])
def test_replace_keeps_the_instrument_that_was_there_section_5_6(double: Double, switch: str, name: str) -> None:
    from mantid.simpleapi import LoadEmptyInstrument, mtd

    double.switch(switch)
    LoadEmptyInstrument(InstrumentName="FROM_BEFORE", OutputWorkspace="result")
    double.stream(chunk(1), HOLD)
    start()
    assert mtd["result"].getInstrument().getName() == name


def test_periods_are_a_group_whose_members_are_numbered_sections_4_and_5_7(double: Double) -> None:
    from mantid.api import WorkspaceGroup
    from mantid.simpleapi import mtd

    double.stream(chunk(10), chunk(10, period=1), {"silence": 1000}, periods=3)
    start("ISIS_Event", PreserveEvents=True)
    cycles(double, 2)
    group = mtd["result"]
    assert isinstance(group, WorkspaceGroup)
    assert group.getNames() == ["result_1", "result_2", "result_3"]
    assert [member.getNumberEvents() for member in group] == [10, 20, 10]


@pytest.mark.parametrize(
    ("left", "right", "complaint"),
    [("a", "both", "Two workspace groups are expected"), ("both", "one", "expected to have the same size")],
)
def test_groups_are_added_in_pairs_section_5_1(double: Double, left: str, right: str, complaint: str) -> None:
    from mantid.simpleapi import CreateWorkspace, GroupWorkspaces, Plus

    for name in ("a", "b"):
        CreateWorkspace(DataX=[0, 1], DataY=[1], OutputWorkspace=name)
    GroupWorkspaces("a,b", OutputWorkspace="both")
    GroupWorkspaces("a", OutputWorkspace="one")
    with pytest.raises(RuntimeError, match=complaint):
        Plus(left, right, OutputWorkspace="sum")
    assert Plus("both", "both", OutputWorkspace="sum")[1].readY(0)[0] == 2


def test_post_processing_has_two_outputs_section_4(double: Double) -> None:
    from mantid.simpleapi import mtd

    double.stream(chunk(10), chunk(10), HOLD)
    start(PreserveEvents=True, AccumulationWorkspace="accumulation", PostProcessingAlgorithm="SumSpectra")
    cycles(double, 1)
    assert mtd["accumulation"].getNumberHistograms() == 4
    assert mtd["result"].getNumberHistograms() == 1
    assert mtd["result"].getNumberEvents() == 20


def test_without_post_processing_the_accumulation_is_never_stored_section_10(double: Double) -> None:
    from mantid.simpleapi import mtd

    double.stream(chunk(10), HOLD)
    start(PreserveEvents=True, AccumulationWorkspace="accumulation")
    assert mtd.getObjectNames() == ["result"]


def test_not_yet_is_tried_again_and_logged_twice_section_4(double: Double, capfd: pytest.CaptureFixture[str]) -> None:
    from mantid.simpleapi import mtd

    double.stream({"not_yet": 2}, chunk(10), HOLD)
    start(PreserveEvents=True)
    logged = capfd.readouterr().err
    assert logged.count("is not ready to return data") == 2
    assert logged.count("Trying again in") == 2
    assert mtd["result"].getNumberEvents() == 10


def test_the_monitor_stores_each_cycle_and_observers_are_told_section_4(double: Double) -> None:
    from mantid.api import AnalysisDataServiceObserver

    seen: list[str] = []

    class Observer(AnalysisDataServiceObserver):
        def replaceHandle(self, name: str, workspace: Any) -> None:  # noqa: N802
            seen.append(name)

    observer = Observer()
    observer.observeReplace(True)
    double.stream({"forever": {"events": 1}})
    start()
    until(lambda: seen.count("result") > 2, "notifications")
    observer.observeReplace(False)


def test_load_live_data_alone_makes_and_closes_its_own_listener_section_8_3(double: Double) -> None:
    from mantid.kernel import ConfigService
    from mantid.simpleapi import LoadLiveData, mtd

    ConfigService.setFacility("SNS")
    double.stream(chunk(10))
    LoadLiveData(Instrument="REF_M", PreserveEvents=True, OutputWorkspace="result")
    assert mtd["result"].getNumberEvents() == 10
    assert len(double.records("close")) == 1
