"""CropWorkspace, ExtractSpectra and what puts spectra together."""

from typing import Any

import numpy as np

ERRORS = (ValueError, RuntimeError, IndexError)


def _five(api: Any) -> Any:
    """Two spectra of five bins of width 10."""
    edges = [0.0, 10, 20, 30, 40, 50]
    return api.CreateWorkspace(DataX=edges, DataY=range(10), DataE=[1.0] * 10, NSpec=2, OutputWorkspace="five")


def case_crop_at_edges(api: Any, expect: Any) -> None:
    """CropWorkspace: limits at edges. Source: Mantid CropWorkspace-v1.rst, worked example."""
    made = api.CropWorkspace(_five(api), XMin=10.0, XMax=40.0)
    expect("X", made.readX(0), [10, 20, 30, 40])
    expect("Y", made.extractY(), [[1, 2, 3], [6, 7, 8]])


def case_crop_within_bins(api: Any, expect: Any) -> None:
    """CropWorkspace: bins that a limit cuts are left out. Source: Mantid ExtractSpectra.cpp, ExtractSpectra-v1.rst."""
    ws = _five(api)
    made = api.CropWorkspace(ws, XMin=5, XMax=44, StartWorkspaceIndex=1)
    expect("X", made.readX(0), [10, 20, 30, 40])
    expect("Y", made.extractY(), [[6, 7, 8]])
    made = api.CropWorkspace(ws, XMin=25, XMax=25)
    expect("X of one bin", made.readX(0), [20, 30])
    expect("Y of one bin", made.extractY(), [[2], [7]])
    expect.raises("beyond", ERRORS, lambda: api.CropWorkspace(ws, XMin=60, OutputWorkspace="made"))
    expect.raises("order", ERRORS, lambda: api.CropWorkspace(ws, XMin=30, XMax=10, OutputWorkspace="made"))


def case_crop_ragged(api: Any, expect: Any) -> None:
    """CropWorkspace: spectra with different bins keep them, 0 outside. Source: Mantid CropWorkspace-v1.rst."""
    ws = api.CreateWorkspace(DataX=[0.0, 1, 2, 3, 1, 2, 3, 4], DataY=[1.0] * 6, DataE=[1.0] * 6, NSpec=2)
    made = api.CropWorkspace(ws, XMin=1, XMax=3)
    expect("Y", made.extractY(), [[0, 1, 1], [1, 1, 0]])
    expect("E", made.extractE(), [[0, 1, 1], [1, 1, 0]])
    expect("X", made.readX(1), [1, 2, 3, 4])


def case_crop_events(api: Any, expect: Any) -> None:
    """CropWorkspace: events between the limits, both included. Source: Mantid ExtractSpectra.cpp (execEvent)."""
    counts = api.CreateWorkspace(DataX=[0.0, 10, 20, 30, 40, 50], DataY=[1.0] * 5, DataE=[1.0] * 5)
    ws = api.ConvertToEventWorkspace(counts)
    made = api.CropWorkspace(ws, XMin=15, XMax=35)
    expect("events", made.getNumberEvents(), 3)
    expect("X", made.readX(0), [20, 30])
    expect("kind", made.id(), "EventWorkspace")


def case_crop_workspace_ragged(api: Any, expect: Any) -> None:
    """CropWorkspaceRagged: limits of each spectrum's own. Source: Mantid CropWorkspaceRagged-v1.rst."""
    made = api.CropWorkspaceRagged(_five(api), XMin=[0, 20], XMax=[30, 50])
    expect("X of 0", made.readX(0), [0, 10, 20, 30])
    expect("Y of 1", made.readY(1), [7, 8, 9])


def case_extract_spectra(api: Any, expect: Any) -> None:
    """ExtractSpectra: by a list of indices. Source: Mantid ExtractSpectra-v1.rst."""
    ws = api.CreateWorkspace(DataX=[0.0, 1], DataY=[1.0, 2, 3, 4], NSpec=4)
    made = api.ExtractSpectra(ws, WorkspaceIndexList=[3, 1])
    expect("Y", made.extractY().ravel(), [4, 2])
    expect("numbers", [made.getSpectrum(i).getSpectrumNo() for i in range(2)], [4, 2])
    one = api.ExtractSingleSpectrum(ws, 2)
    expect("Y of one", one.extractY(), [[3]])
    expect.raises("an index too many", ERRORS, lambda: api.ExtractSingleSpectrum(ws, 4, OutputWorkspace="made"))


def case_append_spectra(api: Any, expect: Any) -> None:
    """AppendSpectra: numbers that overlap begin with 0 again. Source: Mantid AppendSpectra.cpp."""
    one = api.CreateWorkspace(DataX=[0.0, 1, 2], DataY=[1.0, 2])
    two = api.CreateWorkspace(DataX=[0.0, 1, 2], DataY=[3.0, 4])
    made = api.AppendSpectra(one, two)
    expect("Y", made.extractY(), [[1, 2], [3, 4]])
    expect("numbers", [made.getSpectrum(i).getSpectrumNo() for i in range(2)], [0, 1])
    more = api.AppendSpectra(one, two, Number=2)
    expect("spectra", more.getNumberHistograms(), 3)


def case_conjoin_workspaces(api: Any, expect: Any) -> None:
    """ConjoinWorkspaces: the first is changed, the second is gone. Source: Mantid ConjoinWorkspaces.cpp."""
    one = api.CreateWorkspace(DataX=[0.0, 1, 2], DataY=[1.0, 2])
    two = api.CreateWorkspace(DataX=[0.0, 1, 2], DataY=[3.0, 4])
    expect.raises("numbers overlap", ERRORS, lambda: api.ConjoinWorkspaces(one, two))
    api.ConjoinWorkspaces(InputWorkspace1=one, InputWorkspace2=two, CheckOverlapping=False)
    made = api.mtd["one"]
    expect("Y", made.extractY(), [[1, 2], [3, 4]])
    expect("numbers", [made.getSpectrum(i).getSpectrumNo() for i in range(2)], [1, 2])
    expect("the second is there", api.mtd.doesExist("two"), False)


def case_many_indices(api: Any, expect: Any) -> None:
    """ExtractSpectra: a range of spectra and of X together. Source: Mantid ExtractSpectra-v1.rst."""
    ws = api.CreateWorkspace(DataX=np.arange(0, 20001, 200.0), DataY=[1.0] * 1000, NSpec=10)
    made = api.ExtractSpectra(ws, 200, 1300, WorkspaceIndexList=[1, 3, 5])
    expect("bins", made.blocksize(), 5)
    expect("spectra", made.getNumberHistograms(), 3)
