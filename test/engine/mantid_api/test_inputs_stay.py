"""No algorithm changes its input, and what a script writes into an output does not reach the input."""

from typing import Any

import numpy as np
import pytest

from livereduce.catalog.declaration import REQUIRED, Algorithm, ArgumentKind
from livereduce.catalog.declared import declared

WORKSPACES = (ArgumentKind.READS, ArgumentKind.READS_ANY)
FURTHER: dict[str, dict[str, Any]] = {
    "AlignAndFocusPowder": {"Params": "0,500,20000", "Dspacing": False},
    "CalculateFlatBackground": {"StartX": 1000, "EndX": 5000},
    "CompressEvents": {"Tolerance": 10.0},
    "ConvertUnits": {"Target": "Wavelength"},
    "CropWorkspace": {"XMin": 2000, "XMax": 10000},
    "CropWorkspaceRagged": {"XMin": [2000.0], "XMax": [9000.0]},
    "ExtractSingleSpectrum": {"WorkspaceIndex": 1},
    "ExtractSpectra": {"WorkspaceIndexList": "0-1"},
    "FilterByLogValue": {"LogName": "proton_charge", "MinimumValue": 50},
    "FilterByTime": {"StartTime": 0, "StopTime": 1000},
    "FilterByXValue": {"XMin": 2000, "XMax": 8000},
    "GroupDetectors": {"WorkspaceIndexList": "0-1"},
    "MaskBins": {"XMin": 2000, "XMax": 4000},
    "Rebin": {"Params": "0,500,20000"},
    "RebinRagged": {"XMin": [2000.0], "XMax": [9000.0], "Delta": [500.0]},
    "RefRoi": {"NXPixel": 2, "NYPixel": 2, "ConvertToQ": False},
    "RemovePromptPulse": {"Width": 500, "Frequency": 60.0},
    "ReplaceSpecialValues": {"NaNValue": 0, "SmallNumberThreshold": 0.5},
    "ResampleX": {"NumberBins": 10},
    "ScaleX": {"Factor": 2.0},
    "SmoothData": {"NPoints": [3]},
    "StripPeaks": {"PeakPositions": [10000.0]},
}
"""What an algorithm must be told besides its workspaces."""
RENAMES = ("RenameWorkspace",)
"""The same object under another name is what these are for."""
READING = sorted(
    name
    for name, one in declared().items()
    if name not in RENAMES
    and any(argument.kind in WORKSPACES for argument in one.arguments)
    and any(argument.kind is ArgumentKind.MAKES for argument in one.arguments)
)


def sample(api: Any, kind: str) -> Any:
    if kind == "events":
        ws = api.CreateSampleWorkspace("Event", NumBanks=1, BankPixelWidth=2, NumEvents=50, OutputWorkspace="input")
    else:
        ws = api.CreateSampleWorkspace(NumBanks=1, BankPixelWidth=2, BinWidth=1000, OutputWorkspace="input")
    for minutes, charge in ((0, 100.0), (10, 99.0), (20, 20.0)):
        api.AddTimeSeriesLog(ws, Name="proton_charge", Time=f"2010-01-01T00:{minutes:02d}:00", Value=charge)
    return ws


def told(ws: Any) -> dict[str, Any]:
    """What a workspace says, as copies."""
    spectra = range(ws.getNumberHistograms())
    said = {"X": ws.extractX(), "Y": ws.extractY(), "E": ws.extractE(), "numbers": ws.getSpectrumNumbers()}
    said |= {"detectors": [ws.getSpectrum(at).getDetectorIDs() for at in spectra], "title": ws.getTitle()}
    said |= {"masked": [ws.spectrumInfo().isMasked(at) for at in spectra], "unit": ws.getAxis(0).getUnit().unitID()}
    said["logs"] = {name: str(ws.run().getProperty(name).value) for name in ws.run().keys()}  # noqa: SIM118
    if ws.id() == "EventWorkspace":
        said["x of events"] = np.concatenate([ws.getSpectrum(at).getTofs() for at in spectra])
    return said


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [what for what, value in before.items() if not np.array_equal(value, after[what])]


def outputs(api: Any, algorithm: Algorithm, ws: Any) -> list[Any]:
    """What a call with the workspace as every input makes; empty where the algorithm refuses it."""
    named = ("LHSWorkspace", "RHSWorkspace", "WorkspaceToMatch", "InputWorkspace")
    given = {
        one.name: ws
        for one in algorithm.arguments
        if one.kind in WORKSPACES and (one.default is REQUIRED or one.name in named)
    }
    made = {f"{one.name}": f"out_{one.name}" for one in algorithm.arguments if one.kind is ArgumentKind.MAKES}
    try:
        result = getattr(api, algorithm.name)(**given, **FURTHER.get(algorithm.name, {}), **made)
    except (ValueError, RuntimeError, TypeError):
        return []
    return [one for one in (result if isinstance(result, tuple) else (result,)) if hasattr(one, "dataX")]


def write_into(ws: Any) -> None:
    for at in range(ws.getNumberHistograms()):
        for arrays in (ws.dataX, *(() if ws.id() == "EventWorkspace" else (ws.dataY, ws.dataE))):
            array = arrays(at)
            array += 1.0
        ws.getSpectrum(at).setSpectrumNo(1000 + at)
        ws.getSpectrum(at).addDetectorID(999)
    ws.getRun().addProperty("written", 1, True)
    ws.setTitle("written")


@pytest.mark.parametrize("kind", ["values", "events"])
@pytest.mark.parametrize("name", READING)
def test_the_input_stays_as_it_was(simpleapi: Any, name: str, kind: str) -> None:
    ws = sample(simpleapi, kind)
    before = told(ws)
    made = outputs(simpleapi, declared()[name], ws)
    assert changes(before, told(ws)) == []
    for one in made:
        assert one is not ws
        write_into(one)
    assert changes(before, told(ws)) == []


def test_most_algorithms_are_tried(simpleapi: Any) -> None:
    tried = [name for name in READING if outputs(simpleapi, declared()[name], sample(simpleapi, "values"))]
    assert len(tried) > 30
