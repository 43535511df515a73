"""SumSpectra and Integration."""

from typing import Any

import numpy as np


def case_sum_spectra_weighted(api: Any, expect: Any) -> None:
    """SumSpectra: weighted with 1/E². Source: Mantid SumSpectraTest.h, weighted sum of four spectra."""
    y = np.array([2.0, 3, 1, 10])
    ws = api.CreateWorkspace(DataX=[0.0, 1], DataY=y, DataE=np.sqrt(y), NSpec=4)
    made = api.SumSpectra(ws, WeightedSum=True)
    expect("Y", made.readY(0), [16 / (1 / 2 + 1 / 3 + 1 + 1 / 10)], 1e-14)
    expect("E", made.readE(0), [4], 1e-14)
    mean = api.SumSpectra(ws, WeightedSum=True, MultiplyBySpectra=False)
    expect("Y of the mean", mean.readY(0), [4 / (1 / 2 + 1 / 3 + 1 + 1 / 10)], 1e-14)


def case_sum_spectra_no_error(api: Any, expect: Any) -> None:
    """SumSpectra: spectra without an error in a bin are left out of a weighted sum. Source: Mantid SumSpectraTest.h."""
    error = np.full((7, 3), np.sqrt(2.0))
    error[0, 1] = 0
    ws = api.CreateWorkspace(DataX=[0.0, 1, 2, 3], DataY=np.full(21, 2.0), DataE=error.ravel(), NSpec=7)
    made = api.SumSpectra(ws, WeightedSum=True)
    expect("Y", made.readY(0), [14, 12, 14], 1e-14)
    expect("NumZeroSpectra", made.run().getProperty("NumZeroSpectra").value, 1)


def case_sum_spectra_ranges(api: Any, expect: Any) -> None:
    """SumSpectra: list and range together, each spectrum once. Source: Mantid SumSpectraTest.h, testRunEvent."""
    counts = api.CreateWorkspace(DataX=list(range(21)), DataY=[1.0] * 2000, DataE=[1.0] * 2000, NSpec=100)
    ws = api.ConvertToEventWorkspace(counts)
    made = api.SumSpectra(ws, StartWorkspaceIndex=4, EndWorkspaceIndex=6, ListOfWorkspaceIndices="5,10-15")
    expect("events", made.getNumberEvents(), 180)
    expect("spectra", made.getNumberHistograms(), 1)
    expect("Y", made.readY(0), [9] * 20)
    expect("E", made.readE(0), [3] * 20)
    expect("number", made.getSpectrum(0).getSpectrumNo(), 5)
    expect("NumAllSpectra", made.run().getProperty("NumAllSpectra").value, 9)
    expect("NumZeroSpectra", made.run().getProperty("NumZeroSpectra").value, 0)


def case_sum_spectra_special(api: Any, expect: Any) -> None:
    """SumSpectra: RemoveSpecialValues counts NaN and infinity as 0. Source: Mantid SumSpectra-v1.rst."""
    y = [1.0, np.nan, 2, 3, np.inf, 4]
    ws = api.CreateWorkspace(DataX=[0.0, 1, 2], DataY=y, DataE=[1.0] * 6, NSpec=3)
    made = api.SumSpectra(ws, RemoveSpecialValues=True)
    expect("Y", made.readY(0), [3, 7])
    kept = api.SumSpectra(ws)
    expect("Y with special values", kept.readY(0), [np.inf, np.nan])


def case_integration_partial(api: Any, expect: Any) -> None:
    """Integration: whole bins, and parts of bins. Source: own arithmetic from Mantid Integration.cpp."""
    y = np.array([1.0, 2, 3, 4])
    ws = api.CreateWorkspace(DataX=[0.0, 1, 2, 3, 4], DataY=y, DataE=np.sqrt(y))
    whole = api.Integration(ws, RangeLower=0.5, RangeUpper=3.5)
    expect("X", whole.readX(0), [1, 3])
    expect("Y", whole.readY(0), [5])
    expect("E", whole.readE(0), [np.sqrt(5)], 1e-15)
    parts = api.Integration(ws, RangeLower=0.5, RangeUpper=3.5, IncludePartialBins=True)
    expect("X with parts", parts.readX(0), [0.5, 3.5])
    expect("Y with parts", parts.readY(0), [7.5], 1e-15)
    expect("E with parts", parts.readE(0), [2.5], 1e-15)


def case_integration_whole(api: Any, expect: Any) -> None:
    """Integration: without limits, and of some spectra. Source: Mantid Integration-v1.rst, worked example."""
    ws = api.CreateWorkspace(DataX=np.arange(0, 20001, 200.0), DataY=[1.0] * 400, NSpec=4)
    made = api.Integration(ws)
    expect("X", made.readX(3), [0, 20000])
    expect("Y", made.extractY(), [[100]] * 4)
    some = api.Integration(ws, StartWorkspaceIndex=1, EndWorkspaceIndex=2, RangeLower=0, RangeUpper=2000)
    expect("spectra", some.getNumberHistograms(), 2)
    expect("Y of some", some.extractY(), [[10]] * 2)


def case_integration_points(api: Any, expect: Any) -> None:
    """Integration: points and distributions are heights. Source: Mantid Integration.cpp (getInputWorkspace)."""
    points = api.CreateWorkspace(DataX=[1.0, 3, 5], DataY=[1.0, 2, 3], DataE=[1.0, 1, 1])
    made = api.Integration(points)
    expect("Y", made.readY(0), [12])
    expect("E", made.readE(0), [np.sqrt(12)], 1e-15)
    heights = api.CreateWorkspace(DataX=[0.0, 2, 5], DataY=[1.0, 2], DataE=[1.0, 1], Distribution=True)
    made = api.Integration(heights)
    expect("Y of a distribution", made.readY(0), [8])
    expect("E of a distribution", made.readE(0), [np.sqrt(13)], 1e-15)


def case_integration_events(api: Any, expect: Any) -> None:
    """Integration: events count to the limits, whatever the bins. Source: Mantid Integration.cpp (events)."""
    counts = api.CreateWorkspace(DataX=list(range(11)), DataY=[1.0] * 10, DataE=[1.0] * 10)
    ws = api.ConvertToEventWorkspace(counts)
    made = api.Integration(ws, RangeLower=2.5, RangeUpper=5.5)
    expect("Y", made.readY(0), [3])
    expect("X", made.readX(0), [2.5, 5.5])
    expect("kind", made.id(), "Workspace2D")


def case_integration_lists(api: Any, expect: Any) -> None:
    """Integration: limits of each spectrum. Source: Mantid Integration-v1.rst."""
    ws = api.CreateWorkspace(DataX=[0.0, 1, 2, 3], DataY=[1.0, 2, 4] * 2, NSpec=2)
    made = api.Integration(ws, RangeLowerList=[0, 1], RangeUpperList=[2, 3], RangeLower=0)
    expect("Y", made.extractY(), [[3], [6]])


def _rounded(api: Any) -> Any:
    """Ten bins from -1 to 1, with edges that are only nearly decimal."""
    x = np.array([-1, -0.8, -0.6, -0.4, -0.2, -2.22045e-16, 0.2, 0.4, 0.6, 0.8, 1])
    x = x / 2.5671 * 13.3 / 13.3 * 2.5671
    return api.CreateWorkspace(DataX=x, DataY=[0.0, 0, 0, 2, 2, 2, 2, 0, 0, 0], OutputWorkspace="rounded")


def case_integration_rounding(api: Any, expect: Any) -> None:
    """Integration: limits that are edges to rounding. Source: Mantid IntegrationTest.h."""
    ws = _rounded(api)
    for low, high, figure in (
        (-0.4, -0.2, 2),
        (-0.2, -0.0, 2),
        (-0.2, 0.2, 4),
        (-0.2, 0.4, 6),
        (-0.4, 0.2, 6),
        (-0.4, 0.4, 8),
        (-1, 1, 8),
        (-1.8, 1.2, 8),
        (-0.4, -0.200001, 0),
        (-0.399999, -0.2, 0),
        (0.6, 6.5, 0),
        (2.2, 3.03, 0),
        (-42.2, -3.03, 0),
    ):
        made = api.Integration(ws, RangeLower=low, RangeUpper=high)
        expect(f"{low} to {high}", made.readY(0), [figure], 1e-8)


def case_integration_one_bin(api: Any, expect: Any) -> None:
    """Integration: both limits in one bin. Source: Mantid IntegrationTest.h (testRangeWithPartialBins…)."""
    y = np.arange(25.0)
    ws = api.CreateWorkspace(DataX=range(6), DataY=y, DataE=np.sqrt(y), NSpec=5)
    of = {"StartWorkspaceIndex": 2, "EndWorkspaceIndex": 4, "IncludePartialBins": True, "RangeLower": 0.1}
    made = api.Integration(ws, RangeUpper=4.5, **of)
    expect("Y", made.extractY().ravel(), [52, 74, 96], 1e-13)
    expect("E", made.extractE().ravel(), [6.899, 8.240, 9.391], 1e-3)
    made = api.Integration(ws, RangeUpper=0.5, **of)
    expect("Y in one bin", made.extractY().ravel(), [4, 6, 8], 1e-13)
    expect("E in one bin", made.extractE().ravel(), [1.265, 1.549, 1.788], 1e-3)
    made = api.Integration(ws, RangeUpper=0.1, **of)
    expect("Y of nothing", made.extractY().ravel(), [0, 0, 0])


def case_integration_sample(api: Any, expect: Any) -> None:
    """Integration: some spectra of a sample workspace. Source: Mantid Integration-v1.rst, worked example."""
    ws = api.CreateSampleWorkspace("Histogram", "Flat background")
    made = api.Integration(ws, StartWorkspaceIndex=11, EndWorkspaceIndex=20)
    expect("spectra", made.getNumberHistograms(), 10)
    expect("Y", made.extractY().ravel(), [100.0] * 10)
    expect("X", made.readX(0), [0, 20000])


def case_sum_spectra_masked(api: Any, expect: Any) -> None:
    """SumSpectra: masked spectra are left out, and counted. Source: Mantid SumSpectraTest.h (testExecWithoutLimits)."""
    ws = api.CreateSampleWorkspace("Histogram", "Flat background", NumBanks=1, BankPixelWidth=3)
    api.MaskDetectors(ws, WorkspaceIndexList=[1])
    made = api.SumSpectra(ws)
    expect("Y", made.readY(0)[:3], [8, 8, 8])
    expect("NumAllSpectra", made.run().getProperty("NumAllSpectra").value, 8)
    expect("NumMaskSpectra", made.run().getProperty("NumMaskSpectra").value, 1)
    expect("detectors", len(made.getSpectrum(0).getDetectorIDs()), 8)
