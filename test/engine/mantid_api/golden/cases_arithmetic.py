"""Plus, Minus, Multiply, Divide, Scale, Power, and what is divided by a charge."""

from typing import Any

import numpy as np

EVENTS = {"DataX": list(range(5)), "DataY": [1.0, 2, 3, 4], "DataE": [1.0, 1, 2, 2]}


def _nine(api: Any) -> tuple[Any, Any]:
    """Y = E = 0 … 8, and Y = 2, E = 3."""
    y = np.arange(9.0)
    one = api.CreateWorkspace(DataX=[0.0, 1, 2, 3], DataY=y, DataE=y, NSpec=3, OutputWorkspace="one")
    two = api.CreateWorkspace(DataX=[0.0, 1, 2, 3], DataY=[2.0] * 9, DataE=[3.0] * 9, NSpec=3, OutputWorkspace="two")
    return one, two


def case_plus_and_minus(api: Any, expect: Any) -> None:
    """Minus: errors in quadrature. Source: Mantid Minus-v1.rst, worked example."""
    one, two = _nine(api)
    errors = [3, 3.16227766, 3.60555128, 4.24264069, 5, 5.83095189, 6.70820393, 7.61577311, 8.54400375]
    less = api.Minus(one, two)
    expect("Y", less.extractY().ravel(), np.arange(9.0) - 2)
    expect("E", less.extractE().ravel(), errors, 1e-8)
    more = api.Plus(one, two)
    expect("Y of Plus", more.extractY().ravel(), np.arange(9.0) + 2)
    expect("E of Plus", more.extractE().ravel(), errors, 1e-8)


def case_divide(api: Any, expect: Any) -> None:
    """Divide: relative errors in quadrature. Source: Mantid Divide-v1.rst, worked example."""
    one, two = _nine(api)
    made = api.Divide(one, two)
    errors = [0, 0.90138782, 1.80277564, 2.70416346, 3.60555128, 4.50693909, 5.40832691, 6.30971473, 7.21110255]
    expect("Y", made.extractY().ravel(), np.arange(9.0) / 2)
    expect("E", made.extractE().ravel(), errors, 1e-8)
    number = api.CreateSingleValuedWorkspace(2.5)
    made = api.Divide(one, number)
    expect("Y by a number", made.extractY().ravel(), np.arange(9.0) / 2.5, 1e-15)
    expect("E by a number", made.extractE().ravel(), np.arange(9.0) / 2.5, 1e-15)


def case_multiply(api: Any, expect: Any) -> None:
    """Multiply: E² = (E1 Y2)² + (E2 Y1)². Source: Mantid Multiply-v1.rst."""
    one, two = _nine(api)
    made = api.Multiply(one, two)
    expect("Y", made.extractY().ravel(), np.arange(9.0) * 2)
    expect("E", made.extractE().ravel(), np.sqrt((np.arange(9.0) * 2) ** 2 + (3 * np.arange(9.0)) ** 2), 1e-14)


def case_sizes(api: Any, expect: Any) -> None:
    """Plus: one spectrum for all, and one bin for each. Source: Mantid BinaryOperation.cpp."""
    one, _ = _nine(api)
    row = api.CreateWorkspace(DataX=[0.0, 1, 2, 3], DataY=[1.0, 2, 3])
    made = api.Plus(one, row)
    expect("Y with one spectrum", made.extractY(), [[1, 3, 5], [4, 6, 8], [7, 9, 11]])
    column = api.CreateWorkspace(DataX=[0.0, 3], DataY=[10.0, 20, 30], NSpec=3)
    made = api.Plus(one, column)
    expect("Y with one bin", made.extractY(), [[10, 11, 12], [23, 24, 25], [36, 37, 38]])
    other = api.CreateWorkspace(DataX=[0.0, 1, 2, 4], DataY=[1.0, 2, 3])
    short = api.CreateWorkspace(DataX=[0.0, 1, 2], DataY=[1.0, 2])
    errors = (ValueError, RuntimeError)
    expect.raises("other bins", errors, lambda: api.Plus(one, other, OutputWorkspace="made"))
    expect.raises("fewer bins", errors, lambda: api.Plus(one, short, OutputWorkspace="made"))


def case_divide_by_zero(api: Any, expect: Any) -> None:
    """Divide: by 0 gives infinity and NaN. Source: Mantid Divide-v1.rst."""
    one = api.CreateWorkspace(DataX=[0.0, 1, 2], DataY=[1.0, 0], DataE=[1.0, 1])
    two = api.CreateWorkspace(DataX=[0.0, 1, 2], DataY=[0.0, 0], DataE=[1.0, 1])
    made = api.Divide(one, two)
    expect("Y", made.readY(0), [np.inf, np.nan])


def case_operators(api: Any, expect: Any) -> None:
    """Divide: operators, with numbers on both sides. Source: Mantid BinaryOperation.cpp (handleSpecialDivideMinus)."""
    ws = api.CreateWorkspace(DataX=[0.0, 1, 2], DataY=[1.0, 4], DataE=[1.0, 2])
    made = 1 - ws
    expect("Y of 1 - ws", made.readY(0), [0, -3])
    expect("E of 1 - ws", made.readE(0), [1, 2])
    made = 8 / ws
    expect("Y of 8 / ws", made.readY(0), [8, 2])
    expect("E of 8 / ws", made.readE(0), [8, 1])
    made = ws**2
    expect("E of ws²", made.readE(0), [2, 16])
    ws *= 2
    expect("Y in place", ws.readY(0), [2, 8])


def case_events_plus_events(api: Any, expect: Any) -> None:
    """Plus: events are joined, whatever their bins. Source: Mantid Plus.cpp, EventList.cpp."""
    counts = api.CreateWorkspace(**EVENTS)
    one = api.ConvertToEventWorkspace(counts)
    two = api.Rebin(one, "0,2,4")
    more = api.Plus(one, two)
    expect("events", more.getNumberEvents(), 8)
    expect("Y", more.readY(0), [2, 4, 6, 8])
    expect("E", more.readE(0), np.sqrt([2, 2, 8, 8]), 1e-15)
    other = api.Plus(two, one)
    expect("X is that of the left side", other.readX(0), [0, 2, 4])
    less = api.Minus(one, two)
    expect("events of Minus", less.getNumberEvents(), 8)
    expect("Y of Minus", less.readY(0), [0, 0, 0, 0])
    expect("E of Minus", less.readE(0), np.sqrt([2, 2, 8, 8]), 1e-15)
    plain = api.Minus(one, counts)
    expect("kind less counts", plain.id(), "Workspace2D")


def case_events_times(api: Any, expect: Any) -> None:
    """Multiply: events keep to be events. Source: Mantid EventList.cpp (multiply, divide)."""
    counts = api.CreateWorkspace(**EVENTS)
    ws = api.ConvertToEventWorkspace(counts)
    by = api.CreateWorkspace(DataX=[0.0, 2, 3], DataY=[2.0, 0], DataE=[1.0, 0])
    made = api.Multiply(ws, by)
    expect("kind", made.id(), "EventWorkspace")
    expect("Y", made.readY(0), [2, 4, 0, 4])
    expect("E", made.readE(0), np.sqrt([1 * 4 + 1, 1 * 4 + 4, 0, 4]), 1e-15)
    number = api.CreateSingleValuedWorkspace(DataValue=2, ErrorValue=1)
    made = api.Divide(ws, number)
    expect("Y by a number", made.readY(0), [0.5, 1, 1.5, 2])
    expect(
        "E by a number",
        made.readE(0),
        np.sqrt([(1 + y * y / 4) / 4 if y < 3 else (4 + y * y / 4) / 4 for y in (1, 2, 3, 4)]),
        1e-15,
    )
    zero = api.CreateSingleValuedWorkspace(0)
    errors = (ValueError, RuntimeError)
    expect.raises("by 0", errors, lambda: api.Divide(ws, zero, OutputWorkspace="made"))
    made = api.Divide(ws, by)
    expect("Y by a histogram", made.readY(0), [0.5, 1, np.nan, 4])


def case_scale_and_power(api: Any, expect: Any) -> None:
    """Scale: factor and offset. Source: Mantid Scale-v1.rst, Power.cpp."""
    ws = api.CreateWorkspace(DataX=[0.0, 1, 2], DataY=[1.0, 4], DataE=[1.0, 2])
    made = api.Scale(ws, -2)
    expect("Y", made.readY(0), [-2, -8])
    expect("E", made.readE(0), [2, 4])
    made = api.Scale(ws, 3, "Add")
    expect("Y of Add", made.readY(0), [4, 7])
    expect("E of Add", made.readE(0), [1, 2])
    made = api.Power(ws, 0.5)
    expect("Y of Power", made.readY(0), [1, 2], 1e-15)
    expect("E of Power", made.readE(0), [0.5, 0.5], 1e-15)


def case_normalise_by_current(api: Any, expect: Any) -> None:
    """NormaliseByCurrent: by the charge in µAh. Source: Mantid NormaliseByCurrent-v1.rst and its test."""
    ws = api.CreateWorkspace(DataX=[0.0, 1, 2], DataY=[17.0, 12], DataE=[17.0**0.5, 2])
    api.AddSampleLog(Workspace=ws, LogName="gd_prtn_chrg", LogText="10", LogType="Number")
    made = api.NormaliseByCurrent(ws)
    expect("Y", made.readY(0), [1.7, 1.2], 1e-15)
    expect("E", made.readE(0), [17.0**0.5 / 10, 0.2], 1e-15)
    expect("NormalizationFactor", made.run().getProperty("NormalizationFactor").value, 10.0)
    expect("label", made.YUnitLabel(), "Counts per microAmp.hour")
    api.AddSampleLog(Workspace=ws, LogName="gd_prtn_chrg", LogText="0", LogType="Number")
    expect.raises("charge 0", (ValueError, RuntimeError), lambda: api.NormaliseByCurrent(ws, OutputWorkspace="made"))


def case_normalise_by_period(api: Any, expect: Any) -> None:
    """NormaliseByCurrent: the charge of each period. Source: Mantid NormaliseByCurrentTest.h."""
    for period, y, e in ((1, 1, 1.5), (2, 0.5, 0.75), (3, 0.25, 0.375)):
        ws = api.CreateWorkspace(DataX=[0.0, 1], DataY=[2.0], DataE=[3.0])
        api.AddSampleLog(Workspace=ws, LogName="nperiods", LogText="3", LogType="Number")
        api.AddSampleLog(Workspace=ws, LogName="current_period", LogText=str(period), LogType="Number")
        api.AddSampleLog(Workspace=ws, LogName="proton_charge_by_period", LogText="2,4,8")
        made = api.NormaliseByCurrent(ws)
        expect(f"period {period}", [made.readY(0)[0], made.readE(0)[0]], [y, e], 1e-15)


def case_normalise_to_unity(api: Any, expect: Any) -> None:
    """NormaliseToUnity: by the sum of all. Source: Mantid NormaliseToUnity.cpp, followed by hand."""
    ws = api.CreateWorkspace(DataX=[0.0, 1, 2], DataY=[1.0, 2, 3, 4], DataE=[1.0, 1, 1, 1], NSpec=2)
    made = api.NormaliseToUnity(ws)
    expect("Y", made.extractY(), [[0.1, 0.2], [0.3, 0.4]], 1e-15)
    expect("E", made.extractE()[0, 0], np.sqrt(1 + (2 / 10) ** 2) / 10, 1e-15)


def case_normalise_recalculated(api: Any, expect: Any) -> None:
    """NormaliseByCurrent: RecalculatePCharge sums the pulses again. Source: Mantid NormaliseByCurrentTest.h."""
    ws = api.CreateWorkspace(DataX=[0.0, 1], DataY=[2.0], DataE=[np.sqrt(2.0)])
    for second in range(10):
        time = f"2010-01-01T00:00:{second:02d}"
        api.AddTimeSeriesLog(ws, Name="proton_charge", Time=time, Value="0.2")
    api.AddSampleLog(ws, "gd_prtn_chrg", "100", "Number")
    made = api.NormaliseByCurrent(ws)
    expect("Y by the log", made.readY(0), [0.02], 1e-15)
    made = api.NormaliseByCurrent(ws, RecalculatePCharge=True)
    expect("Y by the sum", made.readY(0), [1], 1e-14)
    expect("E by the sum", made.readE(0), [np.sqrt(2.0) / 2], 1e-14)


def case_plus_logs(api: Any, expect: Any) -> None:
    """Plus: series are merged and charges added, other logs are those of the left side. Source: Mantid Run.cpp."""
    for name, charge, time, title in (("one", "1", "00", "first"), ("two", "2", "10", "second")):
        ws = api.CreateWorkspace(DataX=[0.0, 1], DataY=[2.0], OutputWorkspace=name)
        api.AddSampleLog(ws, "gd_prtn_chrg", charge, "Number")
        api.AddSampleLog(ws, "run_title", title)
        api.AddTimeSeriesLog(ws, Name="temperature", Time=f"2010-01-01T00:00:{time}", Value=charge)
    made = api.Plus("one", "two")
    run = made.run()
    expect("charge", float(run.getProperty("gd_prtn_chrg").value), 3.0)
    expect("series", list(run.getProperty("temperature").value), [1, 2])
    expect("title", run.getProperty("run_title").value, "first")
    less = api.Minus("one", "two")
    expect("charge of Minus", float(less.run().getProperty("gd_prtn_chrg").value), 1.0)
