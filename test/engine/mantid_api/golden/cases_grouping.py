"""GroupDetectors."""

from typing import Any

import numpy as np


def _spectra(api: Any, count: int, error: float = 1.0) -> Any:
    y = np.repeat(np.arange(1.0, count + 1), 3)
    e = np.full(len(y), error)
    return api.CreateWorkspace(DataX=[0, 1, 2, 3], DataY=y, DataE=e, NSpec=count, OutputWorkspace="spectra")


def case_group_lists(api: Any, expect: Any) -> None:
    """GroupDetectors: sums by lists. Source: Mantid Framework/DataHandling/test/GroupDetectors2Test.h."""
    ws = _spectra(api, 6)
    made = api.GroupDetectors(ws, SpectraList=[1, 4])
    expect("number of spectra", made.getNumberHistograms(), 1)
    expect("Y of 1 and 4", made.readY(0), [5, 5, 5])
    expect("E of 1 and 4", made.readE(0), np.full(3, np.sqrt(2)), 1e-14)
    made = api.GroupDetectors(ws, WorkspaceIndexList=[2, 3, 4, 5])
    expect("Y of indices 2 to 5", made.readY(0), [18, 18, 18])
    expect("E of indices 2 to 5", made.readE(0), [2, 2, 2], 1e-14)
    made = api.GroupDetectors(ws, WorkspaceIndexList=list(range(6)))
    expect("Y of all", made.readY(0), [21, 21, 21])
    expect("E of all", made.readE(0), np.full(3, np.sqrt(6)), 1e-14)
    expect.raises(
        "an index too many",
        (ValueError, RuntimeError, IndexError),
        lambda: api.GroupDetectors(ws, WorkspaceIndexList=[6]),
    )


def case_group_keep(api: Any, expect: Any) -> None:
    """GroupDetectors: what is in no group comes behind. Source: Mantid GroupDetectors-v2.rst, worked example 6."""
    ws = _spectra(api, 10)
    first = api.GroupDetectors(ws, SpectraList=[1, 2, 3], KeepUngroupedSpectra=True)
    expect("number of spectra", first.getNumberHistograms(), 8)
    expect("Y of the first two", [first.readY(0)[0], first.readY(1)[0]], [6, 4])
    second = api.GroupDetectors(ws, SpectraList=[2, 3, 4], KeepUngroupedSpectra=True)
    expect("Y of 2 to 4, then of 1", [second.readY(0)[0], second.readY(1)[0]], [9, 1])
    third = api.GroupDetectors(first, SpectraList=[4, 5, 6], KeepUngroupedSpectra=True)
    expect("in a chain", [third.readY(row)[0] for row in range(3)], [15, 6, 7])
    expect("in a chain, number of spectra", third.getNumberHistograms(), 6)


def case_group_pattern(api: Any, expect: Any) -> None:
    """GroupDetectors: GroupingPattern. Source: Mantid GroupDetectors-v2.rst, section on the pattern."""
    ws = _spectra(api, 10)
    made = api.GroupDetectors(ws, GroupingPattern="0+2,3:5,6-8")
    expect("Y", [made.readY(row)[0] for row in range(made.getNumberHistograms())], [4, 4, 5, 6, 24])


def case_group_average(api: Any, expect: Any) -> None:
    """GroupDetectors: the mean of three. Source: Mantid Framework/DataHandling/test/GroupDetectors2Test.h."""
    ws = api.CreateWorkspace(DataX=[0, 1], DataY=[2.0, 2.0, 2.0], DataE=[1.0, 1.0, 1.0], NSpec=3)
    made = api.GroupDetectors(ws, SpectraList=[1, 2, 3], Behaviour="Average")
    expect("Y", made.readY(0), [2])
    expect("E", made.readE(0), [np.sqrt(3) / 3], 1e-14)


def case_group_sample(api: Any, expect: Any) -> None:
    """GroupDetectors: detectors of a group. Source: Mantid GroupDetectors-v2.rst, worked examples 2 to 4."""
    ws = api.CreateSampleWorkspace()
    for given in ({"SpectraList": [1, 3, 5]}, {"DetectorList": [100, 102, 104]}, {"WorkspaceIndexList": [0, 2, 4]}):
        made = api.GroupDetectors(ws, **given)
        expect(f"Y by {next(iter(given))}", made.readY(0)[0], 0.9, 1e-12)
        expect(f"ids by {next(iter(given))}", sorted(made.getSpectrum(0).getDetectorIDs()), [100, 102, 104])
