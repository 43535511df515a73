"""What Mantid's documentation shows of workspaces and small algorithms."""

from typing import Any

import numpy as np

ERRORS = (ValueError, RuntimeError)


def case_event_lists_change(api: Any, expect: Any) -> None:
    """EventList: shifted, scaled, weighted, masked. Source: Mantid docs/source/concepts/EventWorkspace.rst."""
    ws = api.CreateSampleWorkspace("Event", NumBanks=1, BankPixelWidth=2)
    events, other = ws.getSpectrum(0), ws.getSpectrum(1).getTofs()
    x, pulse = events.getTofs(), events.getPulseTimes()[0].totalNanoseconds()
    events.addPulsetime(200.0)
    expect("pulse", events.getPulseTimes()[0].totalNanoseconds() - pulse, 200 * 10**9)
    events.addTof(2.7)
    events.scaleTof(1.5)
    expect("x", events.getTofs(), (x + 2.7) * 1.5, 1e-12)
    events.multiply(10.0, 5.0)
    expect("weight", events.getWeights()[0], 10.0)
    expect("its error", events.getWeightErrors()[0], np.sqrt(125), 1e-6)
    events.divide(1.5, 0.0)
    expect("divided", events.getWeights()[0], 10 / 1.5, 1e-6)
    counted = events.integrate(1000, 5000, False)
    events.maskTof(1000, 5000)
    expect("left", events.getNumberEvents(), round(len(x) - counted * 1.5 / 10))
    expect("others", ws.getSpectrum(1).getTofs(), other)


def case_methods_of_workspaces(api: Any, expect: Any) -> None:
    """MatrixWorkspace: algorithms as methods. Source: Mantid docs/source/concepts/MatrixWorkspace.rst."""
    ws = api.CreateSampleWorkspace(NumBanks=1, BankPixelWidth=2)
    waves = ws.convertUnits(Target="Wavelength")
    expect("unit", waves.getAxis(0).getUnit().unitID(), "Wavelength")
    coarse = ws.rebin(Params=2000)
    expect("bins", coarse.blocksize(), 10)
    ws.maskDetectors(SpectraList=[2, 3])
    expect("masked", [ws.spectrumInfo().isMasked(at) for at in range(4)], [False, True, True, False])
    expect("cleared", float(ws.readY(1).sum()), 0.0)
    y = np.arange(100.0)
    ws.setSharedY(0, y)
    expect("set", ws.readY(0), y)


def case_defaults(api: Any, expect: Any) -> None:
    """Power, CreateSingleValuedWorkspace: defaults. Source: Mantid PowerTest.h, CreateSingleValuedWorkspace.cpp."""
    nothing = api.CreateSingleValuedWorkspace()
    expect("value", nothing.readY(0), [0.0])
    three = api.CreateSingleValuedWorkspace(3.0, 0.5)
    same = api.Power(three)
    expect("Y", same.readY(0), [3.0])
    expect("E", same.readE(0), [0.5])


def case_integration_indices(api: Any, expect: Any) -> None:
    """Integration: indices that are not possible only warn. Source: Mantid IntegrationTest.h."""
    ws = api.CreateWorkspace(DataX=np.arange(6.0), DataY=np.arange(25.0), NSpec=5)
    beyond = api.Integration(ws, StartWorkspaceIndex=100, EndWorkspaceIndex=4)
    expect("spectra from the first", beyond.getNumberHistograms(), 5)
    below = api.Integration(ws, StartWorkspaceIndex=4, EndWorkspaceIndex=2)
    expect("spectra to the last", below.getNumberHistograms(), 1)
    expect.raises("negative", ERRORS, lambda: api.Integration(ws, StartWorkspaceIndex=-1, OutputWorkspace="out"))


def case_custom_groups(api: Any, expect: Any) -> None:
    """CreateGroupingWorkspace: a pattern of detector ids. Source: Mantid CreateGroupingWorkspace-v1.rst."""
    ws = api.CreateSampleWorkspace()
    pattern = "103-125,126,127+128,129-135,136:153"
    grouping, spectra, groups = api.CreateGroupingWorkspace(
        ws, ComponentName="bank1", CustomGroupingString=pattern, OutputWorkspace="grouping"
    )
    expect("spectra", spectra, 51)
    expect("groups", groups, 22)
    expect("numbers", [float(grouping.readY(at)[0]) for at in (0, 3, 26, 27, 53, 54)], [0, 1, 2, 3, 22, 0])


def case_series_of_integers(api: Any, expect: Any) -> None:
    """AddSampleLog: a number series of an integer. Source: Mantid AddSampleLog-v1.rst, worked example."""
    ws = api.CreateWorkspace(DataX=[0.0, 1, 2], DataY=[0.0, 2])
    api.AddSampleLog(ws, LogName="z", LogText="2", LogType="Number Series")
    expect("value", str(ws.run().getLogData("z").value), "[2]")


def case_ascii_there_and_back(api: Any, expect: Any) -> None:
    """CompareWorkspaces: no unit and the unit Label. Source: Mantid LoadAscii-v2.rst, worked example."""
    api.CreateWorkspace(DataX=[0.0, 1, 2], DataY=[0.0, 1, 2], DataE=[1.0] * 3, OutputWorkspace="made")
    api.CreateWorkspace(DataX=[0.0, 1, 2], DataY=[0.0, 1, 2], DataE=[1.0] * 3, UnitX="Label", OutputWorkspace="said")
    expect("alike", api.CompareWorkspaces("made", "said")[0], True)


def case_frequency(api: Any, expect: Any) -> None:
    """ConvertUnits: energy transfer in GHz. Source: own arithmetic, meV / h of Mantid's PhysicalConstants.h."""
    ws = api.CreateWorkspace(DataX=[1.0, 2.0], DataY=[1.0], UnitX="DeltaE")
    made = api.ConvertUnits(ws, Target="DeltaE_inFrequency", EMode="Direct", EFixed=10)
    expect("X", made.readX(0), [241.79894, 483.59789], 1e-7)


def case_integration_of_all_events(api: Any, expect: Any) -> None:
    """Integration: without limits all events count. Source: Mantid CreateSampleWorkspace-v1.rst, 1900 of two pixels."""
    ws = api.CreateSampleWorkspace("Event", BankPixelWidth=1)
    made = api.Integration(ws)
    expect("Y", made.extractY(), [[950.0], [950.0]], 0.01)
    expect("kind", made.id(), "Workspace2D")


def case_values_of_logs(api: Any, expect: Any) -> None:
    """AddSampleLogMultiple: values of several types. Source: Mantid AddSampleLogMultiple-v1.rst, worked example."""
    ws = api.CreateWorkspace(DataX=[0.0, 1, 2], DataY=[0.0, 2])
    api.AddSampleLogMultiple(Workspace=ws, LogNames=["x", "y", "z"], LogValues=["test", 5, 1.6e-7])
    run = ws.getRun()
    expect("values", [run.getLogData(name).value for name in "xyz"], ["test", 5, 1.6e-07])


def case_fit_of_a_table(api: Any, expect: Any) -> None:
    """Fit: columns of a table. Source: Mantid Fit-v1.rst, worked example (two decimals)."""
    table = api.CreateEmptyTableWorkspace()
    for name in ("X data", "Y data", "Errors"):
        table.addColumn(type="double", name=name)
    for x in np.arange(99) * 0.1:
        y = 10 * np.exp(-0.5 * (x - 5) ** 2 / 0.7**2) + 0.5
        table.addRow({"X data": float(x), "Y data": float(y), "Errors": 0.5})
    columns = {"XColumn": "X data", "YColumn": "Y data", "ErrColumn": "Errors"}
    found = api.Fit(
        Function="name=Gaussian, PeakCentre=4, Height=8, Sigma=1",
        InputWorkspace=table,
        StartX=1,
        EndX=20,
        Output="fit",
        **columns,
    )
    expect("status", found.OutputStatus, "success")
    expect("chi squared", round(found.OutputChi2overDoF, 2), 0.59)
    expect(
        "height, centre, width", [round(value, 2) for value in found.OutputParameters.column(1)[:3]], [10.33, 5, 0.75]
    )
    expect("curve", float(found.OutputWorkspace.readY(1)[19]), 0.2125, 5e-5)


def case_groups_are_cloned(api: Any, expect: Any) -> None:
    """CloneWorkspace: a group of spectra and a table, by members. Source: Mantid CloneWorkspace.cpp (Workspace)."""
    one = api.CreateWorkspace([0, 1], [3], OutputWorkspace="one")
    table = api.CreateEmptyTableWorkspace(OutputWorkspace="table")
    both = api.GroupWorkspaces([one, table])
    copy = api.CloneWorkspace(both)
    expect("members", len(copy), 2)
    copy[0].setY(0, np.array([7.0]))
    expect("kept", float(one.readY(0)[0]), 3.0)
    expect("changed", float(copy[0].readY(0)[0]), 7.0)


def case_kinds_of_events(api: Any, expect: Any) -> None:
    """EventList: raw, weighted, compressed. Source: Mantid Framework/DataObjects/src/EventList.cpp (getEventType)."""
    ws = api.CreateSampleWorkspace("Event", NumBanks=1, BankPixelWidth=1)
    weighted, compressed = ws * 2.0, api.CompressEvents(ws, Tolerance=1.0)
    kinds = [int(one.getSpectrum(0).getEventType()) for one in (ws, weighted, compressed)]
    expect("kinds", kinds, [0, 1, 2])
