"""Filters by logs and time, on events as the stream gives them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.items import S_NS
from helpers.spectra import START_NS, pulsed_events
from livereduce.engine.matrix.events.event_lists import EventLists
from livereduce.engine.matrix.events.event_pass import carried_out
from livereduce.engine.matrix.events.pending_events import PendingEvents
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.selecting.compressing import compressed
from livereduce.engine.workspaces.runlogs import RunLogs


@pytest.mark.parametrize(
    ("log", "low", "high", "pulses"),
    [
        ("temp", 19.5, 30.5, 11),
        ("press", 19.5, 30.5, 11),
        ("temp", 5, 30.5, 31),
        ("press", 5, 30.5, 21),
        ("temp", 29.5, 150, 70),
        ("single", 29, 31, 100),
        ("single", 31, 32, 0),
    ],
)
def test_the_times_of_a_log(simpleapi: Any, log: str, low: float, high: float, pulses: int) -> None:
    """Figures of Mantid's FilterByLogValueTest."""
    made = simpleapi.FilterByLogValue(pulsed_events(), log, MinimumValue=low, MaximumValue=high, TimeTolerance=3e-3)
    assert made.getNumberEvents() == 2 * pulses
    assert made.run().getProtonCharge() * 3.6e9 == pytest.approx(pulses)
    assert set(made.run().keys()) >= {"temp", "press", "single"}
    assert isinstance(made.matrix.content, PendingEvents)


def test_without_proton_charge_nothing_is_known_beyond_the_log(simpleapi: Any) -> None:
    data = pulsed_events(with_charge=False)
    made = simpleapi.FilterByLogValue(data, "temp", 5, 30.5, TimeTolerance=3e-3)
    assert made.getNumberEvents() == 42
    assert data.getNumberEvents() == 200


@pytest.mark.parametrize(
    ("low", "high", "events"), [(70, None, 60), (None, 70, 160), (200, None, 0), (None, None, 200)]
)
def test_a_log_that_is_written_on_change(simpleapi: Any, low: float, high: float, events: int) -> None:
    made = simpleapi.FilterByLogValue(
        pulsed_events(), "press", MinimumValue=low, MaximumValue=high, LogBoundary="Left", OutputWorkspace="out"
    )
    assert made.getNumberEvents() == events


def test_notches_at_the_entries_of_a_log(simpleapi: Any) -> None:
    data = pulsed_events()
    simpleapi.FilterByLogValue(data, "temp", PulseFilter=True, TimeTolerance=3e-3, OutputWorkspace=data)
    assert data.getNumberEvents() == 190
    made = simpleapi.FilterByLogValue(pulsed_events(), "single", PulseFilter="1", TimeTolerance=3e-3)
    assert made.getNumberEvents() == 198


def test_filters_in_a_row_and_after_events_are_carried_out(simpleapi: Any) -> None:
    once = simpleapi.FilterByTime(pulsed_events(), StartTime=10, StopTime=40)
    assert once.getNumberEvents() == 60
    twice = simpleapi.FilterByTime(once, StartTime=0, StopTime=5)
    assert twice.getNumberEvents() == 10
    lists = once.clone()
    lists.matrix = type(lists.matrix)(
        content=carried_out(lists.matrix.content), spectra=lists.matrix.spectra, logs=lists.matrix.logs
    )
    assert simpleapi.FilterByTime(lists, StopTime=5).getNumberEvents() == 10


def test_logs_are_cut_and_keep_the_value_that_holds(simpleapi: Any) -> None:
    made = simpleapi.FilterByTime(pulsed_events(), StartTime=25, StopTime=45)
    assert made.run()["temp"].value.tolist() == [20, 30, 40]
    assert made.run()["single"].value.tolist() == [30]
    assert len(made.run()["proton_charge"].value) == 20


def test_bad_pulses(simpleapi: Any) -> None:
    data = pulsed_events()
    logs = RunLogs()
    charge = np.full(100, 10.0)
    charge[[3, 50, 51]] = 1
    logs.add_charge(START_NS + np.arange(100) * S_NS, charge)
    data.logs = logs
    made = simpleapi.FilterBadPulses(data)
    # Centred without a tolerance: a stretch of good pulses ends before its last one.
    assert made.getNumberEvents() == 2 * (2 + 45 + 47)


def test_what_cannot_be_filtered_says_why(simpleapi: Any) -> None:
    data = pulsed_events()
    data.logs.set_plain("number", 3)
    for arguments, text in (
        ({"LogName": "number"}, "LogName: 'number' is a plain value"),
        ({"LogName": "tem"}, "LogName: no log named 'tem'"),
        ({"LogName": "temp", "MinimumValue": 3, "MaximumValue": 1}, "MinimumValue must not be above MaximumValue"),
    ):
        with pytest.raises(ValueError, match=text):
            simpleapi.FilterByLogValue(data, OutputWorkspace="x", **arguments)
    histogram = simpleapi.Rebin(data, "0,1,5", PreserveEvents=False)
    with pytest.raises(ValueError, match="must hold events"):
        simpleapi.FilterByTime(histogram, StopTime=3, OutputWorkspace="x")
    squeezed = simpleapi.CompressEvents(data)
    with pytest.raises(ValueError, match="no pulse times"):
        simpleapi.FilterByTime(squeezed, StopTime=3, OutputWorkspace="x")


def test_x_limits_hold_what_lies_on_them(simpleapi: Any) -> None:
    made = simpleapi.FilterByXValue(pulsed_events(), XMin=2)
    assert made.getNumberEvents() == 100
    assert isinstance(made.matrix.content, PendingEvents)
    assert simpleapi.FilterByXValue(pulsed_events(), 1, 1.5).getNumberEvents() == 100


def test_compressed_events_carry_their_weight(simpleapi: Any) -> None:
    made = simpleapi.CompressEvents(pulsed_events(), Tolerance=0.5)
    assert (made.getNumberEvents(), made.readY(0).tolist(), made.readE(0).tolist()) == (2, [200], [200**0.5])
    sliced = simpleapi.CompressEvents(
        pulsed_events(), Tolerance=5, WallClockTolerance=10, StartTime="1990-01-01T00:16:40"
    )
    assert sliced.getNumberEvents() == 10
    assert sliced.matrix.content.pulse_ns.tolist() == [START_NS + (10 * k + 4) * S_NS + S_NS // 2 for k in range(10)]


@given(
    st.lists(st.floats(0, 100), max_size=40),
    st.integers(0, 40),
    st.sampled_from([0.0, 0.5, 3.0]),
    st.booleans(),
)
def test_compressing_keeps_counts_and_spectra(x: list[float], cut: int, tolerance: float, is_logarithmic: bool) -> None:
    cut = min(cut, len(x))
    lists = EventLists(x_of=np.array(x), first=np.array([0, cut, len(x)]), x=Grid(np.array([0.0, 1.0])))
    made = compressed(lists, tolerance or 0.1, is_logarithmic=is_logarithmic)
    weight = np.zeros(0) if made.weight is None else made.weight
    for row in range(2):
        part = slice(made.first[row], made.first[row + 1])
        assert weight[part].sum() == np.diff(lists.first)[row]
        assert np.all(np.diff(made.x_of[part]) > 0)
