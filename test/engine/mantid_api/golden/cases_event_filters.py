"""CompressEvents and the filters of events; events are those of CreateSampleWorkspace, 1900 in each of two pixels."""

from typing import Any

import numpy as np


def _pulses(api: Any, name: str = "sample") -> Any:
    """Pulses with proton charge every ten minutes of an hour, one of them weak."""
    ws = api.CreateSampleWorkspace("Event", BankPixelWidth=1, OutputWorkspace=name)
    for minute, charge in ((0, 100), (10, 100), (20, 100), (30, 100), (40, 15), (50, 100)):
        api.AddTimeSeriesLog(ws, Name="proton_charge", Time=f"2010-01-01T00:{minute:02}:00", Value=charge)
    return ws


def case_compress(api: Any, expect: Any) -> None:
    """CompressEvents: nothing is the same to 1e-5. Source: Mantid CompressEvents-v1.rst, worked example."""
    ws = api.CreateSampleWorkspace("Event", BankPixelWidth=1)
    made = api.CompressEvents(ws)
    expect("events", made.getNumberEvents(), 1900)
    expect("peak", made.readY(0)[50], 257, 1e-12)


def case_compress_joins(api: Any, expect: Any) -> None:
    """CompressEvents: weights are kept. Source: CompressEvents-v1.rst: weights are added, and squared errors.

    All events of a spectrum lie within 20 000 µs, so a tolerance of that makes one of them.
    """
    ws = api.CreateSampleWorkspace("Event", BankPixelWidth=1, NumBanks=1)
    edges = api.Rebin(ws, "0,40000,40000")
    y, e = edges.readY(0)[0], edges.readE(0)[0]
    made = api.CompressEvents(edges, Tolerance=20000)
    expect("events", made.getNumberEvents(), 1)
    expect("Y", made.readY(0), [y], 1e-12)
    expect("E", made.readE(0), [e], 1e-12)


def case_filter_by_log_value(api: Any, expect: Any) -> None:
    """FilterByLogValue: the good half of an hour. Source: Mantid FilterByLogValue-v1.rst, worked example."""
    ws = _pulses(api)
    made = api.FilterByLogValue(ws, "proton_charge", MinimumValue=75, MaximumValue=150)
    expect("events before", ws.getNumberEvents(), 1900)
    expect("events", made.getNumberEvents(), 950)


def case_filter_bad_pulses(api: Any, expect: Any) -> None:
    """FilterBadPulses: one weak pulse. Source: Mantid FilterBadPulses-v1.rst, worked example."""
    ws = _pulses(api)
    api.AddSampleLog(ws, "gd_prtn_chrg", "1e6", "Number")
    made = api.FilterBadPulses(ws)
    expect("events", made.getNumberEvents(), 950)


def case_filter_by_time(api: Any, expect: Any) -> None:
    """FilterByTime: half an hour, and ten minutes. Source: Mantid FilterByTime-v1.rst, worked example (rounded)."""
    ws = _pulses(api)
    made = api.FilterByTime(ws, StartTime=0, StopTime=1800)
    expect("events of half an hour", made.getNumberEvents() // 10, 95)
    made = api.FilterByTime(ws, AbsoluteStartTime="2010-01-01T00:10:00", AbsoluteStopTime="2010-01-01T00:20:00")
    expect("events of ten minutes", made.getNumberEvents() // 100, 3)


def case_filter_by_x(api: Any, expect: Any) -> None:
    """FilterByXValue: in TOF, and in wavelength. Source: Mantid FilterByXValue-v1.rst, worked examples."""
    ws = api.CreateSampleWorkspace("Event", BankPixelWidth=1)
    made = api.FilterByXValue(ws, XMax=15000)
    expect("events below 15000 µs", made.getNumberEvents(), 1550)
    ws = api.ConvertUnits(ws, "Wavelength")
    made = api.FilterByXValue(ws, XMin=1, XMax=3)
    expect("events from 1 to 3 Å", made.getNumberEvents(), 1118)


def case_prompt_pulse(api: Any, expect: Any) -> None:
    """RemovePromptPulse: 50 Hz and 5 ms. Source: Mantid RemovePromptPulse-v1.rst, worked example."""
    x = np.arange(0, 100000, 10)
    ws = api.CreateWorkspace(x, np.ones(len(x) - 1), UnitX="TOF")
    made = api.RemovePromptPulse(ws, Width=5000, Frequency=50)
    expect("Y", made.readY(0)[[100, 1000, 4100, 5000]], [0, 1, 0, 1])
