"""GenerateEventsFilter and FilterEvents."""

from typing import Any

import numpy as np

SECOND = 1_000_000_000
PULSE = 100_000


def _time(ns: int) -> str:
    return f"1990-01-01T00:00:{ns // SECOND:02}.{ns % SECOND:09}"


def _with_sine(api: Any) -> Any:
    """A run from 3 s to 3.001 s after 1990, ten pulses, and a sine of eight pulses with four values a pulse."""
    ws = api.CreateSampleWorkspace("Event", NumBanks=1, BankPixelWidth=1, OutputWorkspace="sine")
    for name, moment in (("start", 3 * SECOND), ("end", 3 * SECOND + 10 * PULSE)):
        for log in (f"{name}_time", f"run_{name}"):
            api.AddSampleLog(ws, log, _time(moment))
    for at in range(11):
        api.AddTimeSeriesLog(ws, Name="proton_charge", Time=_time(3 * SECOND + at * PULSE), Value=1)
    for at in range(40):
        moment = 3 * SECOND + at * PULSE // 4
        api.AddTimeSeriesLog(ws, Name="wave", Time=_time(moment), Value=float(np.sin(np.pi * moment / PULSE / 4)))
    return ws


def _with_steps(api: Any) -> Any:
    """A run from 10 s to 22 s, and a log of whole numbers that grows by 1 each second."""
    ws = api.CreateSampleWorkspace("Event", NumBanks=1, BankPixelWidth=1, OutputWorkspace="steps")
    for name, moment in (("start", 10 * SECOND), ("end", 22 * SECOND)):
        for log in (f"{name}_time", f"run_{name}"):
            api.AddSampleLog(ws, log, _time(moment))
    for at in range(25):
        api.AddTimeSeriesLog(ws, Name="proton_charge", Time=_time(10 * SECOND + at * SECOND // 2), Value=1)
    for at in range(12):
        api.AddTimeSeriesLog(ws, Name="steps", Time=_time((10 + at) * SECOND), Value=at, Type="int")
    return ws


def case_slices_of_time(api: Any, expect: Any) -> None:
    """GenerateEventsFilter: slices of 15 µs. Source: Mantid GenerateEventsFilterTest, test_genTimeMultipleInterval."""
    table, info = api.GenerateEventsFilter(_with_sine(api), TimeInterval=15000, UnitOfTime="Nanoseconds")
    expect("slices", table.rowCount(), 74)
    expect("descriptions", info.rowCount(), 74)
    expect("slice 40", [table.cell(40, 0), table.cell(40, 1)], [3000600000, 3000615000])
    expect("end of the last", table.cell(73, 1), 3001100000)


def case_one_range(api: Any, expect: Any) -> None:
    """GenerateEventsFilter: a range. Source: Mantid GenerateEventsFilterTest, test_genSimpleLogValueFilter."""
    table, info = api.GenerateEventsFilter(
        _with_sine(api),
        LogName="wave",
        MinimumLogValue=-0.25,
        MaximumLogValue=0.25,
        FilterLogValueByChangingDirection="Increase",
        TimeTolerance=1e-8,
        LogBoundary="Centre",
    )
    expect("start", table.column(0), [2999999990, 3000774990])
    expect("stop", table.column(1), [3000049990, 3000849990])
    expect("descriptions", info.rowCount(), 1)


def case_ranges(api: Any, expect: Any) -> None:
    """GenerateEventsFilter: ranges. Source: Mantid GenerateEventsFilterTest, test_genMultipleLogValuesFilter."""
    table, info = api.GenerateEventsFilter(
        _with_sine(api),
        LogName="wave",
        MinimumLogValue=-1.0,
        MaximumLogValue=1.0,
        LogValueInterval=0.2,
        LogValueTolerance=0.05,
        FilterLogValueByChangingDirection="Increase",
        TimeTolerance=1e-8,
        LogBoundary="Centre",
    )
    expect("spans", table.rowCount(), 16)
    expect("slices", info.rowCount(), 11)
    expect("first", [table.cell(0, 0), table.cell(0, 2)], [2999999990, 5])
    expect("last", [table.cell(15, place) for place in range(3)], [3000924990, 3000974990, 9])


def case_whole_numbers(api: Any, expect: Any) -> None:
    """GenerateEventsFilter: whole numbers. Source: Mantid GenerateEventsFilterTest, test_genFilterByIntegerLog."""
    table, info = api.GenerateEventsFilter(
        _with_steps(api),
        LogName="steps",
        MinimumLogValue=1,
        MaximumLogValue=10,
        LogValueInterval=1,
        TimeTolerance=0.05,
    )
    expect("spans", table.rowCount(), 10)
    expect("slices", info.rowCount(), 10)
    expect("first", [table.cell(0, 0), table.cell(0, 2)], [10950000000, 0])
    expect("last", table.cell(9, 2), 9)


def case_halves_of_an_hour(api: Any, expect: Any) -> None:
    """FilterEvents: each half of an hour. Source: FilterEvents-v1.rst, "inclusive, exclusive": no event is in both.

    As many events as in Mantid's example of FilterByTime, which is rounded: 950 of 1900 in the first half.
    """
    ws = api.CreateSampleWorkspace("Event", BankPixelWidth=1, OutputWorkspace="hour")
    for minute in range(0, 60, 10):
        api.AddTimeSeriesLog(ws, Name="proton_charge", Time=f"2010-01-01T00:{minute:02}:00", Value=100)
    table, info = api.GenerateEventsFilter(ws, TimeInterval=1800, StopTime="3600")
    api.FilterEvents(
        ws,
        table,
        InformationWorkspace=info,
        OutputWorkspaceBaseName="half",
        GroupWorkspaces=True,
        FilterByPulseTime=True,
        OutputUnfilteredEvents=True,
    )
    events = {one.name(): one.getNumberEvents() for one in api.mtd["half"]}
    expect("names", sorted(events), ["half_0", "half_1", "half_unfiltered"])
    expect("events of the first half", events["half_0"] // 10, 95)
    expect("all events", sum(events.values()), 1900)
    expect("pulses", [len(api.mtd[name].run()["proton_charge"].value) for name in ("half_0", "half_1")], [3, 3])


def case_named_slices(api: Any, expect: Any) -> None:
    """FilterEvents: a table of names. Source: Mantid FilterEvents-v1.rst, example of a user's table: names, overlap."""
    ws = api.CreateSampleWorkspace("Event", NumBanks=1, BankPixelWidth=1, OutputWorkspace="hour")
    for minute in range(0, 60, 10):
        api.AddTimeSeriesLog(ws, Name="proton_charge", Time=f"2010-01-01T00:{minute:02}:00", Value=100)
    table = api.CreateEmptyTableWorkspace()
    for kind, name in (("float", "start"), ("float", "stop"), ("str", "target")):
        table.addColumn(kind, name)
    for row in ([0.0, 100.0, "a"], [200.0, 300.0, "b"], [400.0, 600.0, "c"], [600.0, 650.0, "b"]):
        table.addRow(row)
    made = api.FilterEvents(
        ws, table, OutputWorkspaceBaseName="part", RelativeTime=True, FilterByPulseTime=True, GroupWorkspaces=True
    )
    expect("names", made.OutputWorkspaceNames, ["part_a", "part_b", "part_c"])
    expect("number", made.NumberOutputWS, 3)
