"""The powder chain, on a calibration that is made here."""

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
