"""Fits, and what stands on them."""

from typing import Any

import numpy as np

VANADIUM = (0.8089, 0.8737, 0.9571, 1.0701, 1.2356, 1.5133, 2.1401)


def case_fixed_energy(api: Any, expect: Any) -> None:
    """GetEi: the energy as given. Source: Mantid GetEi-v2.rst, worked example (printed with two digits)."""
    ws = api.CreateSampleWorkspace(bankPixelWidth=1, binWidth=10)
    energy, peak, index, tzero = api.GetEi(ws, Monitor1Spec=1, Monitor2Spec=2, EnergyEstimate=15.0, FixEi=True)
    expect("energy", energy, 15.0, 1e-12)
    expect("peak", round(peak, 2), 8854.69)
    expect("index and Tzero", [index, round(tzero, 2)], [0, 0.0])


def _vanadium(api: Any) -> tuple[Any, Any]:
    """Narrow peaks of vanadium on a slope."""
    x = np.exp(np.arange(np.log(0.7), np.log(2.6), 0.0008))
    d = (x[1:] + x[:-1]) / 2
    slope = 1000 - 100 * d
    y = slope + sum(500 * np.exp(-0.5 * ((d - centre) / (0.0025 * centre)) ** 2) for centre in VANADIUM)
    ws = api.CreateWorkspace(DataX=x, DataY=y, DataE=np.sqrt(y), UnitX="dSpacing", OutputWorkspace="vanadium")
    return ws, slope


def case_strip_vanadium(api: Any, expect: Any) -> None:
    """StripVanadiumPeaks: only the background is left. Source: Mantid StripVanadiumPeaks-v2.rst, list of the peaks.

    What a fit leaves of a peak of 500 is a few counts, so the tolerance is 1 % of the background.
    """
    ws, slope = _vanadium(api)
    made = api.StripVanadiumPeaks(ws, BackgroundType="Linear")
    expect("what is left", made.readY(0) / slope, np.ones(len(slope)), 0.01)
    expect("errors", made.readE(0), ws.readE(0))


def case_strip_peaks(api: Any, expect: Any) -> None:
    """StripPeaks: peaks at given places, others stay. Source: Mantid StripPeaks-v1.rst; StripPeaks.cpp."""
    ws, slope = _vanadium(api)
    made = api.StripPeaks(ws, PeakPositions=[1.0701, 1.2356], FWHM=7, BackgroundType="Linear")
    d = (ws.readX(0)[1:] + ws.readX(0)[:-1]) / 2
    near = (d > 1.0) & (d < 1.35)
    expect("what is left", made.readY(0)[near] / slope[near], np.ones(int(near.sum())), 0.01)
    expect("the others", made.readY(0)[d > 1.4], ws.readY(0)[d > 1.4], 1e-12)


def case_fit_of_the_page(api: Any, expect: Any) -> None:
    """Fit: a Gaussian without the background of its data. Source: Fit-v1.rst, example with a table (two digits).

    The same points, as a workspace.
    """
    x = np.arange(99) * 0.1
    y = 10 * np.exp(-0.5 * (x - 5.0) ** 2 / 0.7**2) + 0.5
    ws = api.CreateWorkspace(DataX=x, DataY=y, DataE=np.full(99, 0.5), OutputWorkspace="data")
    function = "name=Gaussian, PeakCentre=4, Height=8, Sigma=1"
    made = api.Fit(Function=function, InputWorkspace=ws, StartX=1, EndX=20, Output="fit")
    expect("status", made.OutputStatus, "success")
    expect("χ²", round(made.OutputChi2overDoF, 2), 0.59)
    expect("parameters", [round(one, 2) for one in made.OutputParameters.column(1)[:3]], [10.33, 5.0, 0.75])
    expect("spectra", made.OutputWorkspace.getNumberHistograms(), 3)
    expect("a calculated value", round(float(made.OutputWorkspace.readY(1)[19]), 4), 0.2125)


def case_fit_gaussian(api: Any, expect: Any) -> None:
    """Fit: a Gaussian on a slope, exact data. Source: Mantid Fit-v1.rst, the functions; least squares is 0 there."""
    x = np.linspace(0, 10, 101)
    y = 3 + 0.5 * x + 20 * np.exp(-0.5 * ((x - 4.2) / 0.7) ** 2)
    ws = api.CreateWorkspace(DataX=x, DataY=y, DataE=np.ones_like(y), OutputWorkspace="data")
    function = "name=Gaussian,Height=15,PeakCentre=4,Sigma=1;name=LinearBackground,A0=0,A1=0"
    made = api.Fit(Function=function, InputWorkspace=ws, Output="fitted")
    expect("status", made.OutputStatus, "success")
    expect("χ²", made.OutputChi2overDoF, 0.0, 1e-6)
    values = dict(zip(made.OutputParameters.column("Name"), made.OutputParameters.column("Value"), strict=True))
    for name, figure in (("f0.Height", 20), ("f0.PeakCentre", 4.2), ("f0.Sigma", 0.7), ("f1.A0", 3), ("f1.A1", 0.5)):
        expect(name, values[name], figure, 1e-4)


def case_fit_line(api: Any, expect: Any) -> None:
    """Fit: errors of parameters of a line. Source: Fit-v1.rst, "not scaled" covariance: weighted least squares.

    With unit errors at x = -2 … 2 the error of the offset is 1/√5 and of the slope 1/√10.
    """
    ws = api.CreateWorkspace(DataX=[-2, -1, 0, 1, 2], DataY=[-3, -1, 1, 3, 5], DataE=[1] * 5, OutputWorkspace="line")
    made = api.Fit(Function="name=LinearBackground,A0=0,A1=0", InputWorkspace=ws, Output="fitted")
    table = made.OutputParameters
    expect("values", table.column("Value")[:2], [1.0, 2.0], 1e-6)
    expect("errors", table.column("Error")[:2], [5**-0.5, 10**-0.5], 1e-4)
