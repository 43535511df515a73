"""MaskBins and what is like it."""

from typing import Any

import numpy as np


def case_mask_bins(api: Any, expect: Any) -> None:
    """MaskBins: every bin that the range touches. Source: Mantid MaskBins-v1.rst, worked example."""
    y = np.full(10, 0.3)
    y[5] = 10.3
    ws = api.CreateWorkspace(DataX=np.arange(0, 101, 10), DataY=y, DataE=np.sqrt(y))
    made = api.MaskBins(ws, XMin=16, XMax=32)
    expect("Y", made.readY(0), [0.3, 0, 0, 0, 0.3, 10.3, 0.3, 0.3, 0.3, 0.3])
    expect("E", made.readE(0)[:5], np.sqrt([0.3, 0, 0, 0, 0.3]), 1e-15)


def _masked(ws: Any, ids: range) -> list[int]:
    return [one for one in ids if ws.getInstrument().getDetector(one).isMasked()]


def case_mask_ways(api: Any, expect: Any) -> None:
    """MaskDetectors: by number, id, index, range. Source: Mantid MaskDetectors-v1.rst, worked examples 1 to 3, 6."""
    for given, masked in (
        ({"SpectraList": [1, 3]}, [100, 102]),
        ({"DetectorList": [101, 103]}, [101, 103]),
        ({"WorkspaceIndexList": [0, 2]}, [100, 102]),
        ({"StartWorkspaceIndex": 2, "EndWorkspaceIndex": 4}, [102, 103, 104]),
    ):
        ws = api.CreateSampleWorkspace()
        api.MaskDetectors(ws, **given)
        expect(f"masked by {next(iter(given))}", _masked(ws, range(100, 110)), masked)
        zero = [100 + row for row in range(10) if not ws.readY(row).any()]
        expect(f"zero by {next(iter(given))}", zero, masked)


def case_mask_components(api: Any, expect: Any) -> None:
    """MaskDetectors: parts of the instrument. Source: Mantid MaskDetectors-v1.rst, worked example 4."""
    ws = api.CreateSampleWorkspace()
    api.MaskDetectors(ws, ComponentList="bank1/bank1(x=3), bank2")
    expect("masked", _masked(ws, range(100, 300)), [*range(130, 140), *range(200, 300)])


def case_mask_of_a_mask(api: Any, expect: Any) -> None:
    """ExtractMask: a mask for another workspace. Source: Mantid ExtractMask-v1.rst, worked example."""
    ws = api.CreateSampleWorkspace(NumBanks=1, BankPixelWidth=3)
    api.MaskDetectors(ws, WorkspaceIndexList=list(range(0, 9, 2)))
    mask, ids = api.ExtractMask(ws)
    expect("ids", list(ids), [9, 11, 13, 15, 17])
    expect("values", [mask.readY(row)[0] for row in range(4)], [1, 0, 1, 0])
    other = api.CreateSampleWorkspace(NumBanks=1, BankPixelWidth=3)
    api.MaskDetectors(other, MaskedWorkspace=mask)
    expect("masked", _masked(other, range(9, 18)), [9, 11, 13, 15, 17])
