"""What workspaces, logs and tables answer: methods of Mantid's objects rather than algorithms."""

import math
from typing import Any

import numpy as np


def _series(kind: str, name: str, values: Any, step_s: float = 10.0) -> Any:
    import mantid.kernel

    start: Any = mantid.kernel.DateAndTime("2007-11-30T16:17:00")
    made = getattr(mantid.kernel, f"{kind}TimeSeriesProperty")(name)
    for number, value in enumerate(values):
        made.addValue(start + int(number * step_s * 1e9), value)
    return made


def case_log_statistics(api: Any, expect: Any) -> None:
    """Run: eleven values, 10 s apart. Source: Mantid TimeSeriesPropertyTest.h, test_statistics (6.7 and newer)."""
    ws = api.CreateWorkspace(DataX=[0.0, 1], DataY=[1.0])
    ws.run().addProperty("log", _series("Float", "log", [float(k) for k in range(1, 12)]), True)
    found = ws.run()["log"].getStatistics()
    expect("minimum, maximum, median, mean", [found.minimum, found.maximum, found.median, found.mean], [1, 11, 6, 6])
    expect("standard deviation", found.standard_deviation, math.sqrt(10), 1e-12)
    expect("duration", found.duration, 110, 1e-9)
    expect("mean over time", found.time_mean, 6, 1e-12)
    expect("deviation over time", found.time_standard_deviation, math.sqrt(10), 1e-12)
    expect("timeAverageValue", ws.run()["log"].timeAverageValue(), 6, 1e-12)
    expect("size", ws.run()["log"].size(), 11)
    expect("first and last", [ws.run()["log"].firstValue(), ws.run()["log"].lastValue()], [1, 11])


def case_log_uneven(api: Any, expect: Any) -> None:
    """Run: the last value holds as long as the one before. Source: Mantid TimeSeriesPropertyTest.h, …excessiveROI."""
    ws = api.CreateWorkspace(DataX=[0.0, 1], DataY=[1.0])
    ws.run().addProperty("log", _series("Float", "log", [178.3, 179.4, 180.2], 34.0), True)
    found = ws.run()["log"].getStatistics()
    expect("duration", found.duration, 102, 1e-9)
    expect("mean over time", found.time_mean, 179.3, 1e-12)


def case_run_properties(api: Any, expect: Any) -> None:
    """Run: properties by name, added and replaced. Source: Mantid PythonInterface test RunTest.py."""
    ws = api.CreateWorkspace(DataX=[0.0, 1], DataY=[1.0])
    run = ws.run()
    run.addProperty("int_t", 1, True)
    run.addProperty("float_t", 2.4, "metres", True)
    run.addProperty("str_t", "from_python", True)
    expect("values", [run["int_t"].value, run["float_t"].value, run["str_t"].value], [1, 2.4, "from_python"])
    expect("units", run["float_t"].units, "metres")
    run["int_t"] = 6.5
    expect("replaced", run.getProperty("int_t").value, 6.5)
    expect("there", [run.hasProperty("str_t"), "nothing" in run], [True, False])
    expect("default", run.get("nothing", 5.0), 5.0)
    expect("as a number", run.getPropertyAsSingleValue("float_t"), 2.4)
    expect.raises("a log that is not there", RuntimeError, lambda: run.getProperty("nothing"))
    run.addProperty("run_start", "2008-12-18T17:58:38", True)
    expect("start", str(run.startTime()).strip(), "2008-12-18T17:58:38")


def case_run_charge(api: Any, expect: Any) -> None:
    """Run: the charge is summed into gd_prtn_chrg when asked. Source: Mantid Run.cpp, integrateProtonCharge."""
    ws = api.CreateWorkspace(DataX=[0.0, 1], DataY=[1.0])
    charge = _series("Float", "proton_charge", [1e9, 2e9, 3e9], 1.0)
    charge.units = "picoCoulomb"
    ws.run().addProperty("proton_charge", charge, True)
    expect("before", ws.run().hasProperty("gd_prtn_chrg"), False)
    expect("charge", ws.run().getProtonCharge(), 6e9 * 1e-6 / 3600, 1e-12)
    expect("the log", ws.run()["gd_prtn_chrg"].value, 6e9 * 1e-6 / 3600, 1e-12)
    other = api.CloneWorkspace(ws)
    both = ws + other
    expect("of a sum", both.run().getProtonCharge(), 12e9 * 1e-6 / 3600, 1e-12)


def case_workspace_values(api: Any, expect: Any) -> None:
    """MatrixWorkspace: values are read and written. Source: Mantid PythonInterface test MatrixWorkspaceTest.py."""
    ws = api.CreateWorkspace(DataX=[0.0, 1, 2], DataY=[1.0, 4, 9, 16], DataE=[1.0, 2, 3, 4], NSpec=2, UnitX="TOF")
    expect("sizes", [ws.getNumberHistograms(), ws.blocksize(), ws.size()], [2, 2, 4])
    expect("kind", ws.id(), "Workspace2D")
    ws.dataY(0)[0] *= 2.5
    expect("written", ws.readY(0), [2.5, 4])
    ws.setY(1, [7.0, 8])
    expect("set", ws.extractY(), [[2.5, 4], [7, 8]])
    expect.raises("another length", ValueError, lambda: ws.setY(1, [1.0, 2, 3]))
    expect.raises("another place", RuntimeError, lambda: ws.setX(3, [0.0, 1, 2]))
    expect("read-only", ws.readX(0).flags.writeable, False)
    expect("found", list(ws.findY(8.0)), [1, 1])
    expect("not found", list(ws.findY(99.0)), [-1, -1])
    expect("bin of x", ws.yIndexOfX(1.5), 1)
    expect("facts", [ws.isHistogramData(), ws.isCommonBins(), ws.isDistribution()], [True, True, False])


def case_workspace_axes(api: Any, expect: Any) -> None:
    """MatrixWorkspace: axes and units. Source: Mantid PythonInterface test AxisTest.py, MatrixWorkspaceTest.py."""
    ws = api.CreateWorkspace(DataX=[1.0, 2, 3], DataY=[1.0, 2, 3] * 3, NSpec=3, UnitX="TOF")
    x, vertical = ws.getAxis(0), ws.getAxis(1)
    unit = x.getUnit()
    expect("unit", [unit.unitID(), unit.caption(), str(unit.symbol())], ["TOF", "Time-of-flight", "microsecond"])
    expect("kinds", [x.isNumeric(), vertical.isSpectra(), ws.axes()], [True, True, 2])
    expect("vertical", vertical.extractValues(), [1, 2, 3])
    expect("length", [len(vertical), vertical.length()], [3, 3])
    label = ws.getAxis(0).setUnit("Label")
    label.setLabel("Time", "ns")
    expect("label", [ws.getAxis(0).getUnit().caption(), ws.getAxis(0).getUnit().label()], ["Time", "ns"])


def case_operators(api: Any, expect: Any) -> None:
    """MatrixWorkspace: operators leave nothing behind. Source: Mantid PythonInterface test MatrixWorkspaceTest.py."""
    a = api.CreateWorkspace(DataX=[1.0, 2, 3], DataY=[2.0, 3], DataE=[2.0, 3], UnitX="TOF")
    made = (a * 0.0) + 1.0
    expect("values", made.readY(0), [1, 1])
    expect("stored", ["made" in api.mtd, "__python_op_tmp0" in api.mtd], [True, False])
    made /= a
    expect("in place", made.readY(0), [1 / 2, 1 / 3], 1e-15)
    expect("from the left", (10.0 - a).readY(0), [8, 7])
    del made


def case_table(api: Any, expect: Any) -> None:
    """TableWorkspace: rows, columns, cells. Source: Mantid PythonInterface test ITableWorkspaceTest.py."""
    table = api.CreateEmptyTableWorkspace()
    table.addColumn(type="int", name="index")
    table.addColumn(type="str", name="value")
    table.addRow([1, "10"])
    table.addRow({"index": 2, "value": "20"})
    expect("sizes", [len(table), table.rowCount(), table.columnCount()], [2, 2, 2])
    expect("row", [table.row(1)["index"], table.row(1)["value"]], [2, "20"])
    expect("cells", [table.cell("value", 0), table.cell(1, 0)], ["10", 2])
    table.setCell("value", 0, "11")
    expect("column", list(table.column("value")), ["11", "20"])
    expect("names", list(table.getColumnNames()), ["index", "value"])
    expect.raises("another type", TypeError, lambda: table.addRow([1, 10]))
    expect.raises("another name", KeyError, lambda: table.addRow({"notindex": 2, "notvalue": "20"}))


def case_infos(api: Any, expect: Any) -> None:
    """SpectrumInfo: a bank 5 m behind the sample. Source: docs/source/algorithms/CreateSampleWorkspace-v1.rst."""
    ws = api.CreateSampleWorkspace(NumBanks=1, BankPixelWidth=10)
    info = ws.spectrumInfo()
    expect("sizes", [info.size(), ws.detectorInfo().size() >= 100], [100, True])
    expect("L1", info.l1(), 10, 1e-9)
    place = info.position(11)
    expect("L2", info.l2(11), math.sqrt(place.X() ** 2 + place.Y() ** 2 + 25), 1e-9)
    expect("2θ", info.twoTheta(11), math.atan2(math.hypot(place.X(), place.Y()), 5), 1e-9)
    expect("ids", [ws.getDetector(0).getID(), ws.getSpectrum(11).getSpectrumNo()], [100, 12])
    info.setMasked(3, True)
    expect("masked", [info.isMasked(row) for row in (2, 3)], [False, True])
    source = ws.getInstrument().getSource()
    expect("source", source.getPos().Z(), -10, 1e-9)
    expect("rows by detector", list(ws.getIndicesFromDetectorIDs([105])), [5])
    expect("a mean of positions", float(np.mean([info.position(row).Z() for row in range(100)])), 5, 1e-9)
