"""Copying, naming and deleting workspaces; writing logs."""

from typing import Any

import numpy as np

ERRORS = (ValueError, RuntimeError, KeyError)


def _one(api: Any, name: str = "one") -> Any:
    return api.CreateWorkspace(DataX=[0.0, 1, 2], DataY=[1.0, 2], OutputWorkspace=name)


def case_clone(api: Any, expect: Any) -> None:
    """CloneWorkspace: later changes do not touch the copy. Source: Mantid CloneWorkspace-v1.rst."""
    one = _one(api)
    two = api.CloneWorkspace(one)
    one.setY(0, np.array([5.0, 6]))
    expect("Y of the copy", two.readY(0), [1, 2])
    expect("Y", one.readY(0), [5, 6])
    expect("name", two.name(), "two")


def case_rename(api: Any, expect: Any) -> None:
    """RenameWorkspace: the same under another name. Source: Mantid RenameWorkspace-v1.rst."""
    one = _one(api)
    api.CloneWorkspace(one, OutputWorkspace="taken")
    errors = (ValueError, RuntimeError)
    expect.raises("name is taken", errors, lambda: api.RenameWorkspace(one, "taken", OverwriteExisting=False))
    api.DeleteWorkspace("taken")
    two = api.RenameWorkspace(one, "two")
    expect("name", two.name(), "two")
    expect("names", list(api.mtd.getObjectNames()), ["two"])
    _one(api, "a")
    _one(api, "b")
    api.RenameWorkspaces(["a", "b"], Prefix="x_")
    expect("names with prefix", sorted(api.mtd.getObjectNames()), ["two", "x_a", "x_b"])


def case_delete(api: Any, expect: Any) -> None:
    """DeleteWorkspace: gone from the store; an unknown name is an error. Source: Mantid DeleteWorkspace-v1.rst."""
    one = _one(api)
    for name in ("a", "b"):
        _one(api, name)
    api.DeleteWorkspace(one)
    expect("is there", api.mtd.doesExist("one"), False)
    api.DeleteWorkspaces(["a", "b"])
    expect("names", list(api.mtd.getObjectNames()), [])
    expect.raises("unknown", ERRORS, lambda: api.DeleteWorkspace("nowhere"))


def case_add_sample_log(api: Any, expect: Any) -> None:
    """AddSampleLog: texts, integers and numbers. Source: Mantid AddSampleLog.cpp."""
    one = _one(api)
    api.AddSampleLog(one, "text", "abc")
    api.AddSampleLog(one, LogName="integer", LogText="3", LogType="Number", LogUnit="mm")
    api.AddSampleLog(Workspace="one", LogName="number", LogText="1e6", LogType="Number")
    api.AddSampleLog(one, LogName="forced", LogText="3", LogType="Number", NumberType="Double")
    api.AddSampleLog(one, LogName="series", LogText="2.5", LogType="Number Series")
    run = one.run()
    expect("text", run.getProperty("text").value, "abc")
    expect("integer", run.getProperty("integer").value, 3)
    expect("unit", run.getProperty("integer").units, "mm")
    expect("number", run.getProperty("number").value, 1e6)
    expect("type", type(run.getProperty("forced").value).__name__, "float")
    expect("series", list(run.getProperty("series").value), [2.5])
    api.AddSampleLog(one, "text", "other")
    expect("replaced", run.getProperty("text").value, "other")
    expect.raises("no number", ERRORS, lambda: api.AddSampleLog(one, LogName="x", LogText="y", LogType="Number"))


def case_add_sample_log_multiple(api: Any, expect: Any) -> None:
    """AddSampleLogMultiple: several, with types found. Source: Mantid AddSampleLogMultiple-v1.rst."""
    one = _one(api)
    api.AddSampleLogMultiple(one, LogNames=["a", "b"], LogValues=["x", "2"], LogUnits=["", "mm"])
    expect("text", one.run().getProperty("a").value, "x")
    expect("number", one.run().getProperty("b").value, 2)


def case_time_series_log(api: Any, expect: Any) -> None:
    """AddTimeSeriesLog: values in the order of their times. Source: Mantid AddTimeSeriesLog-v1.rst."""
    one = _one(api)
    for time, value in (("2010-01-01T00:00:00", 100), ("2010-01-01T00:30:00", 15), ("2010-01-01T00:10:00", 50)):
        api.AddTimeSeriesLog(one, Name="log", Time=time, Value=value)
    expect("values", list(one.run().getProperty("log").value), [100, 50, 15])
    api.AddTimeSeriesLog(one, Name="log", Time="2010-01-01T00:00:00", Value="7", Type="int", DeleteExisting=True)
    expect("new values", list(one.run().getProperty("log").value), [7])
    api.DeleteLog(one, "log")
    expect("is there", one.run().hasProperty("log"), False)


def case_groups(api: Any, expect: Any) -> None:
    """GroupWorkspaces: members in order; algorithms go through them. Source: Mantid GroupWorkspaces-v1.rst."""
    for name in ("a", "b"):
        _one(api, name)
    group = api.GroupWorkspaces(["a", "b"])
    expect("names", list(group.getNames()), ["a", "b"])
    doubled = api.Scale(group, 2)
    expect("names of results", list(doubled.getNames()), ["a_doubled", "b_doubled"])
    expect("Y", doubled[1].readY(0), [2, 4])
    api.UnGroupWorkspace(group)
    expect("group is there", api.mtd.doesExist("group"), False)
    expect("member is there", api.mtd.doesExist("a"), True)


def case_table(api: Any, expect: Any) -> None:
    """CreateEmptyTableWorkspace: a table to be filled. Source: Mantid CreateEmptyTableWorkspace-v1.rst."""
    table = api.CreateEmptyTableWorkspace()
    table.addColumn("int", "number")
    table.addColumn("str", "name")
    table.addRow([1, "a"])
    expect("rows", table.rowCount(), 1)
    expect("cell", table.cell(0, 1), "a")
