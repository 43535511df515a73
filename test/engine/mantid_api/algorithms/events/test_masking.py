from typing import Any

import numpy as np
import pytest

from helpers.spectra import pulsed_events, six_spectra
from livereduce.engine.matrix.events.pending_events import PendingEvents


@pytest.mark.parametrize(
    ("arguments", "masked"),
    [
        ({"SpectraList": [1, 3]}, [0, 2]),
        ({"WorkspaceIndexList": "0-1,4"}, [0, 1, 4]),
        ({"StartWorkspaceIndex": 2, "EndWorkspaceIndex": 4}, [2, 3, 4]),
        ({"SpectraList": "1-4", "StartWorkspaceIndex": 2, "EndWorkspaceIndex": 4}, [2, 3]),
        ({}, []),
    ],
)
def test_ways_to_mask(simpleapi: Any, arguments: dict[str, Any], masked: list[int]) -> None:
    data = six_spectra(simpleapi)
    assert simpleapi.MaskDetectors(data, **arguments) is None
    assert np.flatnonzero(data.extractY()[:, 0] == 0).tolist() == masked
    assert np.flatnonzero(data.matrix.is_masked).tolist() == masked


def test_the_mask_of_another_workspace(simpleapi: Any) -> None:
    simpleapi.MaskDetectors(six_spectra(simpleapi), WorkspaceIndexList=[1, 3])
    mask, ids = simpleapi.ExtractMask("six", OutputWorkspace="mask")
    assert (mask.readY(1).tolist(), mask.readY(2).tolist(), list(ids)) == ([1], [0], [])
    for source in ("mask", "six"):
        again = six_spectra(simpleapi, "again")
        simpleapi.MaskDetectors("again", MaskedWorkspace=source)
        assert np.flatnonzero(again.matrix.is_masked).tolist() == [1, 3]
    simpleapi.ClearMaskFlag("again")
    assert not again.matrix.is_masked.any()
    assert again.readY(1)[0] == 0


def test_events_of_masked_detectors_are_gone(simpleapi: Any) -> None:
    data = pulsed_events()
    simpleapi.MaskDetectors(data, DetectorList=[5, 99])
    assert data.getNumberEvents() == 0
    assert isinstance(data.matrix.content, PendingEvents)


def test_masked_bins(simpleapi: Any) -> None:
    data = simpleapi.CreateWorkspace(DataX=np.arange(0, 101, 10), DataY=np.full(10, 0.3), OutputWorkspace="data")
    made = simpleapi.MaskBins(data, XMin=16, XMax=32)
    assert made.readY(0).tolist() == [0.3, 0, 0, 0, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3]
    made = simpleapi.MaskBins(pulsed_events(), 0.5, 1)
    assert made.getNumberEvents() == 100
    made = simpleapi.MaskBins(pulsed_events(), 0.5, 1, InputWorkspaceIndexSet=[0])
    assert made.getNumberEvents() == 100
    with pytest.raises(ValueError, match="XMin must not be above XMax"):
        simpleapi.MaskBins("data", 3, 1, OutputWorkspace="x")


def test_parts_of_the_instrument_by_name(simpleapi: Any) -> None:
    data = simpleapi.CreateSampleWorkspace(NumBanks=2, BankPixelWidth=3)
    simpleapi.MaskDetectors(data, ComponentList="bank2")
    assert np.flatnonzero(data.matrix.is_masked).tolist() == list(range(9, 18))
    with pytest.raises(ValueError, match="MaskDetectors: no component named 'bank7'"):
        simpleapi.MaskDetectors(data, ComponentList="bank7")
