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
