"""RefRoi."""

from typing import Any

import numpy as np


def _six(api: Any, unit: str = "") -> Any:
    """2 × 3 pixels with as many counts as their index."""
    counts = np.repeat(np.arange(6.0), 2)
    return api.CreateWorkspace(
        DataX=[1.0, 2, 4], DataY=counts, DataE=np.sqrt(counts), NSpec=6, UnitX=unit, OutputWorkspace="six"
    )


def case_ref_roi(api: Any, expect: Any) -> None:
    """RefRoi: sums along both axes, and of all pixels. Source: Mantid RefRoi.cpp, followed by hand."""
    six = _six(api)
    of = {"NXPixel": 2, "NYPixel": 3, "ConvertToQ": False}
    made = api.RefRoi(six, **of, IntegrateY=True)
    expect("along y", made.extractY()[:, 0], [3, 12])
    expect("E along y", made.extractE()[:, 0], np.sqrt([3, 12]), 1e-15)
    made = api.RefRoi(six, **of, IntegrateY=False)
    expect("along x", made.extractY()[:, 0], [3, 5, 7])
    made = api.RefRoi(six, **of, SumPixels=True)
    expect("all", made.extractY()[:, 0], [15])
    made = api.RefRoi(six, **of, YPixelMin=1, YPixelMax=2)
    expect("a region", made.extractY()[:, 0], [3, 9])
    made = api.RefRoi(six, **of, SumPixels=True, XPixelMin=1, XPixelMax=1, NormalizeSum=True)
    expect("one column", made.extractY()[:, 0], [12])
    averaged = {"SumPixels": True, "NormalizeSum": True, "AverageOverIntegratedAxis": True}
    made = api.RefRoi(six, **of, **averaged)
    expect("mean", made.extractY()[:, 0], [2.5], 1e-15)
    expect("E of the mean", made.extractE()[:, 0], [np.sqrt(15) / 6], 1e-15)


def case_ref_roi_weighted(api: Any, expect: Any) -> None:
    """RefRoi: weighted by errors. Source: Mantid RefRoi.cpp, followed by hand."""
    six = _six(api)
    made = api.RefRoi(
        six, NXPixel=2, NYPixel=3, ConvertToQ=False, SumPixels=True, NormalizeSum=True, ErrorWeighting=True
    )
    expect("Y", made.extractY()[:, 0], [2 / (1 / 3 + 1 / 12)], 1e-14)
    expect("E", made.extractE()[:, 0], [1 / np.sqrt(1 / 3 + 1 / 12)], 1e-14)


def case_ref_roi_q(api: Any, expect: Any) -> None:
    """RefRoi: X as Q, in the other order. Source: Mantid RefRoi.cpp."""
    six = _six(api, "Wavelength")
    made = api.RefRoi(six, NXPixel=2, NYPixel=3, ScatteringAngle=30)
    expect("X", made.readX(0), 2 * np.pi / np.array([4.0, 2, 1]), 1e-14)
    expect("unit", made.getAxis(0).getUnit().unitID(), "MomentumTransfer")
    expect("is a distribution", made.isDistribution(), True)
    plain = _six(api)
    errors = (ValueError, RuntimeError)
    expect.raises("no wavelength", errors, lambda: api.RefRoi(plain, NXPixel=2, NYPixel=3, OutputWorkspace="made"))
