"""StartLiveData: order, properties, validation, start times."""

from typing import Any

import pytest

from mantid_double_tests.driving import Double, monitors, start, until, until_ended

CHUNK = {"chunk": {"events": 10}}
FOREVER = {"forever": {"events": 10}}


def test_the_first_cycle_is_done_when_it_returns_section_1(double: Double) -> None:
    from mantid.simpleapi import mtd

    double.stream(CHUNK, {"wait_for": "/nowhere"})
    start(PreserveEvents=True, AccumulationMethod="Add")
    assert mtd["result"].getNumberEvents() == 10
    assert [alg.name() for alg in monitors()] == ["MonitorLiveData"]


def test_update_every_0_is_one_chunk_without_a_monitor_section_1(double: Double) -> None:
    double.stream(FOREVER)
    start(UpdateEvery=0)
    assert not monitors()
    assert len(double.records("close")) == 1


def test_the_first_cycle_replaces_whatever_the_method_section_1(double: Double) -> None:
    from mantid.simpleapi import CreateWorkspace, mtd

    CreateWorkspace(DataX=[0, 1], DataY=[1], OutputWorkspace="result")
    double.stream(CHUNK, {"wait_for": "/nowhere"})
    start(PreserveEvents=True, AccumulationMethod="Add")
    assert mtd["result"].getNumberEvents() == 10


@pytest.mark.parametrize(
    ("given", "complains_about"),
    [
        ({"FromStartOfRun": False}, "exactly one"),
        ({"FromNow": True}, "exactly one"),
        ({"OutputWorkspace": ""}, "OutputWorkspace"),
        ({"ProcessingScriptFilename": "a.py", "ProcessingScript": "a"}, "Only one of"),
        ({"PostProcessingScript": "a", "PostProcessingAlgorithm": "Rebin"}, "Only one of"),
        ({"ProcessingScript": "a", "ProcessingAlgorithm": "Rebin"}, "Only one of"),
        ({"PostProcessingScript": "a"}, "AccumulationWorkspace"),
        ({"PostProcessingScript": "a", "AccumulationWorkspace": "result"}, "must be different"),
    ],
)
def test_wrong_combinations_are_refused_section_2(double: Double, given: dict[str, Any], complains_about: str) -> None:
    double.stream(FOREVER)
    with pytest.raises(RuntimeError, match=complains_about):
        start(**given)
    assert not monitors()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AccumulationMethod", "Sum"),
        ("Instrument", ""),
        ("RunTransitionBehavior", "Continue"),
        ("Listener", "TOPAZLiveListener"),
        ("UpdateEvery", "soon"),
        ("PreserveEvents", "maybe"),
    ],
)
def test_values_that_are_not_allowed_are_refused_section_2(double: Double, name: str, value: str) -> None:
    with pytest.raises(ValueError, match=name):
        start(**{name: value}) if name != "Instrument" else _start_without_instrument()


def _start_without_instrument() -> None:
    from mantid.simpleapi import StartLiveData

    StartLiveData(Instrument="", OutputWorkspace="result")


def test_histograms_cannot_be_added_section_2(double: Double) -> None:
    double.stream(CHUNK)
    with pytest.raises(RuntimeError, match="AccumulationMethod"):
        start("ISIS_Histogram")


def test_instruments_are_those_of_the_facility_at_initialisation_section_2(double: Double) -> None:
    from mantid.api import AlgorithmManager
    from mantid.kernel import ConfigService

    ConfigService.setFacility("SNS")
    alg = AlgorithmManager.create("StartLiveData")
    ConfigService.setFacility("TEST_LIVE")
    allowed = alg.getProperty("Instrument").allowedValues
    assert "REF_M" in allowed
    assert "VENUS" not in allowed  # it has no live data
    with pytest.raises(ValueError, match="ISIS_Histogram"):
        alg.setProperty("Instrument", "ISIS_Histogram")


def test_the_listener_brings_its_properties_section_2(double: Double) -> None:
    from mantid.api import AlgorithmManager
    from mantid.kernel import ConfigService

    ConfigService.setFacility("TEST_LIVE")
    alg = AlgorithmManager.create("StartLiveData")
    assert "PeriodList" not in alg
    with pytest.raises(RuntimeError, match="PeriodList"):
        alg.setProperty("PeriodList", [1])
    alg.setProperty("Instrument", "ISIS_Histogram")
    alg.setProperty("PeriodList", [1])
    alg.setProperty("Instrument", "ISIS_Kafka_Event")
    assert "PeriodList" not in alg
    assert alg.getProperty("BufferThreshold").value == 1_000_000


def test_unknown_keywords_cost_only_a_warning_section_2(double: Double, capfd: pytest.CaptureFixture[str]) -> None:
    double.stream(FOREVER)
    start(spectra=[1])
    assert "passed a property (spectra)" in capfd.readouterr().err
    double.switch("-drops_keywords")
    with pytest.raises(TypeError, match="spectra"):
        start(spectra=[1], OutputWorkspace="other")


def test_assigning_the_result_is_refused_section_2(double: Double) -> None:
    from mantid.simpleapi import ConfigService, StartLiveData

    ConfigService.setFacility("SNS")
    double.stream(FOREVER)
    with pytest.raises(RuntimeError, match="Assigning"):
        alg = StartLiveData(Instrument="REF_M", OutputWorkspace="result")  # type: ignore[func-returns-value] # noqa: F841
    with pytest.raises(RuntimeError, match="Instrument"):
        StartLiveData(OutputWorkspace="result")


def test_names_of_a_running_monitor_are_taken_until_it_has_stopped_section_2(double: Double) -> None:
    double.stream(FOREVER)
    start()
    with pytest.raises(RuntimeError, match="OutputWorkspace: Another"):
        start()
    monitors()[0].cancel()
    until_ended()
    start()
    double.switch("-duplicate_names")
    start()
    assert len(monitors()) == 2


@pytest.mark.parametrize(
    ("mode", "ns"),
    [
        ({}, 1_000_000_000),
        ({"FromNow": True, "FromStartOfRun": False}, 0),
        ({"FromTime": True, "FromStartOfRun": False, "StartTime": "1990-01-01T00:01:00"}, 60_000_000_000),
        ({"FromTime": True, "FromStartOfRun": False, "StartTime": "2222-01-01T00:00:00"}, 0),
    ],
)
def test_start_times_section_3(double: Double, mode: dict[str, Any], ns: int) -> None:
    double.stream(FOREVER)
    start(**mode)
    assert [line["start_ns"] for line in double.records("start")] == [ns]


def test_no_history_is_an_error_in_the_log_only_section_1(double: Double, capfd: pytest.CaptureFixture[str]) -> None:
    start("ADARA_FakeEvent")
    assert "does not support history" in capfd.readouterr().err
    assert monitors()


@pytest.mark.parametrize(("stream", "reason"), [({"connect": "refused"}, "refused"), (None, "nobody listens")])
def test_no_connection_is_an_error_section_8_1(double: Double, stream: dict[str, Any] | None, reason: str) -> None:
    if stream:
        double.stream(**stream)
    with pytest.raises(RuntimeError, match=rf"Unable to connect listener \[SNSLiveEventDataListener\].*{reason}"):
        start()


def test_the_handle_is_a_property_of_the_algorithm_section_2(double: Double) -> None:
    from mantid.api import AlgorithmManager
    from mantid.kernel import ConfigService

    ConfigService.setFacility("SNS")
    double.stream(FOREVER)
    alg = AlgorithmManager.create("StartLiveData")
    for name, value in {"Instrument": "REF_M", "UpdateEvery": 0.01, "OutputWorkspace": "result"}.items():
        alg.setProperty(name, value)
    assert alg.execute()
    assert alg.getProperty("MonitorLiveData").value is monitors()[0]
    until(lambda: len(double.records("cycle")) > 1, "cycles")


def test_an_error_may_be_of_another_type_section_2(double: Double) -> None:
    double.switch("other_error_type")
    with pytest.raises(Exception, match="nobody listens") as caught:
        start()
    assert not isinstance(caught.value, RuntimeError)
