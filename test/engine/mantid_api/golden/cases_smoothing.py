"""FFTSmooth, SmoothData and CalculateFlatBackground."""

from typing import Any

import numpy as np

POINTS = list(range(0, 100, 10))


def _two_peaks(api: Any) -> Any:
    x = 0.2 * np.arange(100)
    y = 0.3 + 10 * np.exp(-((x - 6) ** 2) / 0.98) + 8 * np.exp(-((x - 12) ** 2) / 0.5) - 0.1 * (-1.0) ** np.arange(100)
    return api.CreateWorkspace(DataX=x, DataY=y, OutputWorkspace="peaks")


def case_fft_smooth(api: Any, expect: Any) -> None:
    """FFTSmooth: both filters. Source: Mantid FFTSmooth-v2.rst, worked examples (two digits printed)."""
    ws = _two_peaks(api)
    made = api.FFTSmooth(ws, Filter="Zeroing", Params="2")
    expect("Zeroing 2", made.readY(0)[POINTS], [0.30, 0.30, 0.47, 10.30, 0.47, 0.30, 8.30, 0.30, 0.30, 0.30], 0.006)
    expect("E", made.readE(0)[POINTS], [0.0] * 10)
    for params, figures in (
        ("2,2", [0.29, 0.29, 0.46, 10.26, 0.46, 0.29, 8.20, 0.29, 0.29, 0.29]),
        ("5,2", [0.30, 0.30, 0.43, 9.59, 0.43, 0.16, 7.05, 0.16, 0.30, 0.30]),
        ("20,2", [-0.05, 0.44, 2.49, 4.58, 2.63, 1.77, 2.74, 1.48, 0.39, 0.20]),
    ):
        made = api.FFTSmooth(ws, Filter="Butterworth", Params=params)
        expect(f"Butterworth {params}", made.readY(0)[POINTS], figures, 0.006)


def case_fft_smooth_spectra(api: Any, expect: Any) -> None:
    """FFTSmooth: one spectrum, or all. Source: Mantid FFTSmooth2.cpp."""
    ws = api.CreateWorkspace(DataX=range(9), DataY=[1.0] * 8 + [2.0] * 8, NSpec=2)
    one = api.FFTSmooth(ws, WorkspaceIndex=1)
    expect("one", one.extractY(), [[2] * 8], 1e-14)
    every = api.FFTSmooth(ws, AllSpectra=True)
    expect("all", every.extractY(), [[1] * 8, [2] * 8], 1e-14)
    uneven = api.CreateWorkspace(DataX=[0.0, 1, 2, 4, 8], DataY=[1.0] * 4)
    errors = (ValueError, RuntimeError)
    expect.raises("uneven X", errors, lambda: api.FFTSmooth(uneven, OutputWorkspace="made"))
    made = api.FFTSmooth(uneven, IgnoreXBins=True)
    expect("uneven X ignored", made.readX(0), [0, 1, 2, 4, 8])


def case_smooth_data(api: Any, expect: Any) -> None:
    """SmoothData: fewer values at the ends. Source: Mantid SmoothData-v1.rst, SmoothData.cpp."""
    ws = api.CreateWorkspace(DataX=range(9), DataY=[1.0, 2, 3, 4, 5, 6, 7, 8], DataE=[1.0] * 8)
    made = api.SmoothData(ws, 5)
    expect("Y", made.readY(0), [2, 2.5, 3, 4, 5, 6, 6.5, 7], 1e-14)
    expect("E", made.readE(0), 1 / np.sqrt([3, 4, 5, 5, 5, 5, 4, 3]), 1e-14)


def case_flat_background(api: Any, expect: Any) -> None:
    """CalculateFlatBackground: mean and moving average. Source: Mantid CalculateFlatBackground.cpp, by hand."""
    ws = api.CreateWorkspace(DataX=[0.0, 1, 2, 3, 4, 5], DataY=[5.0, 1, 2, 3, 8], DataE=[1.0] * 5)
    made = api.CalculateFlatBackground(ws, StartX=1, EndX=4, Mode="Mean", OutputMode="Return Background")
    expect("mean", made.readY(0), [2.75, 1, 2, 2.75, 2.75], 1e-14)
    made = api.CalculateFlatBackground(ws, StartX=1, EndX=4, Mode="Mean", NullifyNegativeValues=False)
    expect("Y", made.readY(0), [2.25, -1.75, -0.75, 0.25, 5.25], 1e-14)
    expect("E", made.readE(0), [np.sqrt(1 + 4 / 16)] * 5, 1e-14)
    made = api.CalculateFlatBackground(ws, Mode="Moving Average", AveragingWindowWidth=2)
    expect("Y of the moving average", made.readY(0), [3.5, 0, 0.5, 1.5, 6.5], 1e-14)


def case_flat_background_fit(api: Any, expect: Any) -> None:
    """CalculateFlatBackground: a line, at the middle of the limits. Source: Mantid CalculateFlatBackground.cpp."""
    ws = api.CreateWorkspace(DataX=range(11), DataY=2 + 3 * (np.arange(10) + 0.5), DataE=[1.0] * 10)
    returned = {"OutputMode": "Return Background", "NullifyNegativeValues": False}
    made = api.CalculateFlatBackground(ws, StartX=2, EndX=6, **returned)
    expect("Y", made.readY(0), [14] * 10, 1e-6)
    expect("E", made.readE(0), [0] * 10)
