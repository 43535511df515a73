"""The powder chain, on a calibration that is made here."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

DIFC = (4000.0, 4010.0, 8000.0, 8010.0)


def _calibration(api: Any, tzero: float = 0.0) -> Any:
    """A table for the four detectors 4 to 7 of a sample workspace with one bank of 2 × 2."""
    table = api.CreateEmptyTableWorkspace(OutputWorkspace="cal")
    for kind, name in (("int", "detid"), ("double", "difc"), ("double", "difa"), ("double", "tzero")):
        table.addColumn(kind, name)
    for detector, difc in zip(range(4, 8), DIFC, strict=True):
        table.addRow([detector, difc, 0.0, tzero])
    return table


def case_apply_calibration(api: Any, expect: Any) -> None:
    """ApplyDiffCal: t = DIFC·d + TZERO between TOF and dSpacing. Source: Mantid ApplyDiffCal-v1.rst, the equation."""
    ws = api.CreateSampleWorkspace("Histogram", NumBanks=1, BankPixelWidth=2, XMin=1000, XMax=20000, BinWidth=1000)
    api.ApplyDiffCal(ws, CalibrationWorkspace=_calibration(api, tzero=10.0))
    made = api.ConvertUnits(ws, Target="dSpacing")
    for row, difc in enumerate(DIFC):
        expect(f"X of {row}", made.readX(row), (np.arange(1000, 20001, 1000) - 10) / difc, 1e-12)
        expect(f"Y of {row}", made.readY(row), ws.readY(row))
    back = api.ConvertUnits(made, Target="TOF")
    expect("X and back", back.readX(2), np.arange(1000, 20001, 1000), 1e-12)


def case_focus_in_given_bins(api: Any, expect: Any) -> None:
    """DiffractionFocussing: bins for each group. Source: Mantid DiffractionFocussing-v2.rst, worked example 3."""
    ws = api.CreateSampleWorkspace(
        "Event", NumBanks=3, BankPixelWidth=1, XUnit="dSpacing", XMin=0.5, XMax=5, BinWidth=0.1
    )
    groups, _, _ = api.CreateGroupingWorkspace(InputWorkspace=ws, GroupDetectorsBy="bank")
    made = api.DiffractionFocussing(ws, GroupingWorkspace=groups, DMin=[0.6, 1.0, 2.2], DMax=[1.0, 1.5, 4.0], Delta=0.1)
    expect("bins", [len(made.readY(row)) for row in range(3)], [4, 5, 18])


def case_strip_narrow_peaks(api: Any, expect: Any) -> None:
    """StripPeaks: Gaussians of one bin and a little more, to 0.5 of 5000. Source: Mantid StripPeaksTest.h."""
    x = 0.5 + 0.02 * np.arange(201)
    centres = (x[1:] + x[:-1]) / 2
    peaks = 2500 * np.exp(-0.5 * ((centres - 3.14) / 0.022) ** 2) + 1000 * np.exp(-0.5 * ((centres - 1.22) / 0.02) ** 2)
    y = 5000 + peaks
    ws = api.CreateWorkspace(DataX=x, DataY=y, DataE=np.sqrt(y), UnitX="dSpacing")
    made = api.StripPeaks(ws, FWHM=7, HighBackground=False, PeakPositions=[1.22, 3.14])
    expect("Y", made.readY(0), np.full(200, 5000.0), 1e-4)
    expect("E", made.readE(0), ws.readE(0))


def case_align_detectors(api: Any, expect: Any) -> None:
    """AlignDetectors: d by DIFC, DIFA and TZERO. Source: Mantid AlignDetectors-v1.rst, the equations."""
    ws = api.CreateSampleWorkspace("Histogram", NumBanks=1, BankPixelWidth=2, XMin=1000, XMax=20000, BinWidth=1000)
    table = _calibration(api, tzero=10.0)
    for row, difa in enumerate((0.0, 5.0, -5.0, 0.0)):
        table.setCell("difa", row, difa)
    made = api.AlignDetectors(ws, CalibrationWorkspace=table)
    tof = np.arange(1000, 20001, 1000) - 10.0
    for row, (difc, difa) in enumerate(zip(DIFC, (0.0, 5.0, -5.0, 0.0), strict=True)):
        half = difc / (2 * difa) if difa else 0.0
        root = np.sign(difa) * np.sqrt(tof / difa + half**2) - half if difa else tof / difc
        expect(f"X of {row}", made.readX(row), root, 1e-9)
    expect("unit", made.getAxis(0).getUnit().unitID(), "dSpacing")


def case_calibration_files(api: Any, expect: Any) -> None:
    """LoadDiffCal: what SaveDiffCal has written. Source: Mantid LoadDiffCal-v1.rst: three workspaces of one file."""
    ws = api.CreateSampleWorkspace("Histogram", NumBanks=1, BankPixelWidth=2)
    groups, _, _ = api.CreateGroupingWorkspace(InputWorkspace=ws, GroupDetectorsBy="bank")
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "calibration.h5")
        api.SaveDiffCal(CalibrationWorkspace=_calibration(api, 3.0), GroupingWorkspace=groups, Filename=path)
        api.LoadDiffCal(InputWorkspace=ws, Filename=path, WorkspaceName="read")
    table = api.mtd["read_cal"]
    for name, figure in (("detid", [4, 5, 6, 7]), ("difc", DIFC), ("difa", [0.0] * 4), ("tzero", [3.0] * 4)):
        expect(name, list(table.column(name)), list(figure), 1e-12)
    expect("groups", [api.mtd["read_group"].readY(row)[0] for row in range(4)], [1] * 4)
    expect("mask", [api.mtd["read_mask"].readY(row)[0] for row in range(4)], [0] * 4)


def case_focus_without_events(api: Any, expect: Any) -> None:
    """DiffractionFocussing: histograms of events. Source: Mantid DiffractionFocussing-v2.rst, worked example 2."""
    ws = api.CreateSampleWorkspace(
        "Event", XUnit="dSpacing", NumBanks=2, BankPixelWidth=2, XMin=1, XMax=5, BinWidth=0.1
    )
    groups, _, _ = api.CreateGroupingWorkspace(InputWorkspace=ws, GroupDetectorsBy="bank")
    made = api.DiffractionFocussing(ws, GroupingWorkspace=groups, PreserveEvents=False)
    expect("spectra", made.getNumberHistograms(), 2)
    expect("kind", made.id(), "Workspace2D")


def case_align_and_focus(api: Any, expect: Any) -> None:
    """AlignAndFocusPowder: a pattern in TOF. Source: Mantid AlignAndFocusPowder.cpp, the order of its steps.

    Counts are those of AlignDetectors and Rebin; an edge d is at DIFC·d of the place where the spectrum is put. The
    bins are whole ones, since DiffractionFocussing makes them anew with as many equal ratios.
    """
    ws = api.CreateSampleWorkspace("Event", NumBanks=1, BankPixelWidth=2, XMin=1000, XMax=20000, BinWidth=100)
    groups, _, _ = api.CreateGroupingWorkspace(InputWorkspace=ws, GroupDetectorsBy="bank")
    table, params = _calibration(api), [0.2, -0.01, 0.2 * 1.01**300]
    made = api.AlignAndFocusPowder(
        ws,
        CalibrationWorkspace=table,
        GroupingWorkspace=groups,
        Params=params,
        PrimaryFlightPath=10,
        SpectrumIDs=[1],
        L2=[2],
        Polar=[90],
        Azimuthal=[0],
        PreserveEvents=False,
        OutputWorkspace="pattern",
    )
    aligned = api.AlignDetectors(ws, CalibrationWorkspace=table)
    binned = api.Rebin(aligned, params)
    in_d = api.SumSpectra(binned)
    difc = 2 * 12 * np.sin(np.pi / 4) * 1.674927211e-27 / 6.62606896e-34 * 1e-4
    expect("unit", made.getAxis(0).getUnit().unitID(), "TOF")
    expect("X", made.readX(0), in_d.readX(0) * difc, 1e-9)
    expect("Y", made.readY(0), in_d.readY(0), 1e-6)


def case_low_resolution(api: Any, expect: Any) -> None:
    """RemoveLowResTOF: by wavelength. Source: Mantid RemoveLowResTOF-v1.rst, MinWavelength: t = λ L m / h."""
    ws = api.CreateSampleWorkspace("Event", "Flat background", NumBanks=1, BankPixelWidth=1, XMin=0, XMax=20000)
    made = api.RemoveLowResTOF(ws, MinWavelength=2.0)
    start = 2.0 * 15 * 1.674927211e-27 / 6.62606896e-34 * 1e-4
    edges = ws.readX(0)
    first = int(np.searchsorted(edges, start))
    expect("early", made.readY(0)[: first - 1].sum(), 0)
    expect("late", made.readY(0)[first:], ws.readY(0)[first:])
