"""Slices by time and by logs; workspaces and figures of Mantid's GenerateEventsFilterTest."""

from typing import Any

import numpy as np
import pytest

from helpers.items import S_NS, event_batch
from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.pixels import PixelTable
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.workspaces.events import Events
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.engine.workspaces.workspace import Binned

START, PULSE = 3 * S_NS, 100_000


def workspace(logs: RunLogs) -> MatrixWorkspace:
    bins = Binned(Binning(np.array([0, 5000], np.int64)), PixelTable())
    piece = event_batch(1, [1, 2], [1, 1], per_pulse=[1, 1], pulse_ns=[START, START + 10 * PULSE])
    return MatrixWorkspace("data", Events((piece,)), binned=bins, logs=logs, run=1)


def with_sine() -> MatrixWorkspace:
    """Pulses 0.1 ms apart for 1 ms, and a sine of a period of 0.8 ms, four values a pulse."""
    logs = RunLogs()
    logs.set_plain("run_start", "1990-01-01T00:00:03")
    times = START + np.arange(11) * PULSE
    logs.add_charge(times, np.ones(11))
    fine = START + np.arange(40) * (PULSE // 4)
    logs.add_series("FastSineLog", "", fine, np.sin(np.pi * fine / PULSE * 0.25))
    return workspace(logs)


def with_steps(*, has_end: bool = True) -> MatrixWorkspace:
    """A log of whole numbers that grows by 1 each second, of a run from 10 to 22 s."""
    logs = RunLogs()
    logs.set_plain("run_start", "1990-01-01T00:00:10")
    if has_end:
        logs.set_plain("run_end", "1990-01-01T00:00:22")
    logs.add_charge(np.arange(10 * S_NS, 22 * S_NS + 1, S_NS // 2), np.ones(25))
    logs.add_series("DummyIntLog", "", np.arange(10, 22) * S_NS, np.arange(12))  # type: ignore[arg-type]
    return workspace(logs)


def spans(table: Any) -> list[tuple[int, int, int]]:
    return [(row["start"], row["stop"], row["workspacegroup"]) for row in table]


def test_one_slice_and_slices_of_equal_length(simpleapi: Any) -> None:
    table, info = simpleapi.GenerateEventsFilter(
        with_sine(), StartTime="100", StopTime="1000000", UnitOfTime="Nanoseconds"
    )
    assert spans(table) == [(START + 100, START + 1000000, 0)]
    assert table.id() == "SplittersWorkspace"
    assert info.column("title") == [
        "Time.Interval.From.1990-Jan-01 00:00:03.000000100.To.1990-Jan-01 00:00:03.001000000"
    ]
    table, info = simpleapi.GenerateEventsFilter(with_sine(), TimeInterval=15000, UnitOfTime="Nanoseconds")
    assert table.rowCount() == info.rowCount() == 74
    assert spans(table)[40] == (START + 600000, START + 615000, 40)
    assert spans(table)[73][1] == START + 11 * PULSE
    fast, _ = simpleapi.GenerateEventsFilter(
        with_sine(), TimeInterval=15000, UnitOfTime="Nanoseconds", FastLog=True, OutputWorkspace="fast"
    )
    assert (len(fast.readX(0)), len(fast.readY(0))) == (75, 74)
    assert fast.readX(0)[[0, -1]] == pytest.approx([3, 3.0011], abs=1e-12)


def test_lengths_that_take_turns_or_grow(simpleapi: Any) -> None:
    data = with_sine()
    table, _ = simpleapi.GenerateEventsFilter(data, TimeInterval=[1e5, 3e5], UnitOfTime="Nanoseconds")
    assert [stop - start for start, stop, _ in spans(table)] == [100000, 300000, 100000, 300000, 100000, 200000]
    growing = {"StartTime": "100000", "StopTime": "1000000", "TimeInterval": -1.0, "UnitOfTime": "Nanoseconds"}
    table, _ = simpleapi.GenerateEventsFilter(data, **growing)
    assert [stop - START for _, stop, _ in spans(table)] == [200000, 400000, 800000, 1000000]
    table, _ = simpleapi.GenerateEventsFilter(data, **growing, UseReverseLogarithmic=True)
    assert [start - START for start, _, _ in spans(table)] == [100000, 700000, 900000]
    percent, _ = simpleapi.GenerateEventsFilter(data, StopTime="50", UnitOfTime="Percent")
    assert spans(percent) == [(START, START + 550000, 0)]
    with pytest.raises(RuntimeError, match="StartTime after the start"):
        simpleapi.GenerateEventsFilter(data, TimeInterval=-1, OutputWorkspace="a", InformationWorkspace="b")


def test_one_range_of_a_log(simpleapi: Any) -> None:
    table, info = simpleapi.GenerateEventsFilter(
        with_sine(),
        LogName="FastSineLog",
        MinimumLogValue=-0.25,
        MaximumLogValue=0.25,
        FilterLogValueByChangingDirection="Increase",
        TimeTolerance=1e-8,
    )
    assert spans(table) == [(START - 10, START + 50000 - 10, 0), (START + 775000 - 10, START + 850000 - 10, 0)]
    assert info.column("title") == ["Log.FastSineLog.From.-0.25.To.0.25.Value-change-direction:increase"]


@pytest.mark.parametrize("fast", [False, True])
def test_ranges_of_a_log(simpleapi: Any, fast: bool) -> None:
    table, info = simpleapi.GenerateEventsFilter(
        with_sine(),
        FastLog=fast,
        LogName="FastSineLog",
        MinimumLogValue=-1.0,
        MaximumLogValue=1.0,
        LogValueInterval=0.2,
        LogValueTolerance=0.05,
        FilterLogValueByChangingDirection="Increase",
        TimeTolerance=1e-8,
    )
    assert info.rowCount() == 11
    if fast:
        assert table.readX(0)[0] == pytest.approx(3 - 1e-8, abs=1e-12)
        assert sum(table.readY(0) >= 0) == 16
        return
    assert table.rowCount() == 16
    assert spans(table)[0][::2] == (START - 10, 5)
    assert spans(table)[15] == (3000924990, 3000974990, 9)


def test_logs_of_whole_numbers(simpleapi: Any) -> None:
    limits = {"LogName": "DummyIntLog", "TimeTolerance": 0.05, "MinimumLogValue": 1}
    table, info = simpleapi.GenerateEventsFilter(with_steps(), **limits, MaximumLogValue=10, LogValueInterval=1)
    assert (table.rowCount(), info.rowCount()) == (10, 10)
    assert spans(table)[0] == (10_950_000_000, 11_950_000_000, 0)
    assert [row["workspacegroup"] for row in table] == list(range(10))
    table, info = simpleapi.GenerateEventsFilter(with_steps(), **limits, MaximumLogValue=2)
    assert spans(table) == [(10_950_000_000, 12_950_000_000, 0)]
    assert info.column("title") == ["DummyIntLog=[1,2].Value change direction:Both"]


def test_a_state_of_a_device_while_the_run_goes_on(simpleapi: Any) -> None:
    """As a reflectometer asks for the states of its flippers; the run has no end yet."""
    data = with_steps(has_end=False)
    table, _ = simpleapi.GenerateEventsFilter(
        InputWorkspace=data,
        LogName="DummyIntLog",
        MinimumLogValue=0.99,
        MaximumLogValue=1.01,
        TimeTolerance=0,
        OutputWorkspace="filter",
        InformationWorkspace="filter_info",
        LogBoundary="Left",
        UnitOfTime="Seconds",
        StartTime="1990-01-01T00:00:00",
        StopTime="1990-01-01T00:01:00",
    )
    assert table.toDict()["start"] == [11 * S_NS]
    assert table.toDict()["stop"] == [12 * S_NS]


def test_what_makes_no_slices_says_why(simpleapi: Any) -> None:
    data = with_sine()
    for arguments, text in (
        ({"LogName": "FastSin"}, "LogName: no log named 'FastSin'"),
        ({"LogName": "run_start"}, "not a time series"),
        ({"LogName": "FastSineLog", "MinimumLogValue": 2, "MaximumLogValue": 1}, "MinimumLogValue 2 is above"),
        ({"LogName": "FastSineLog", "LogValueInterval": -1}, "LogValueInterval must be above 0"),
        ({"TimeInterval": 0}, "TimeInterval must be above 0"),
        ({"StartTime": "5"}, "is not before StopTime"),
    ):
        with pytest.raises((ValueError, RuntimeError), match=text):
            simpleapi.GenerateEventsFilter(data, OutputWorkspace="a", InformationWorkspace="b", **arguments)
