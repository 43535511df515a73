from typing import Any

import numpy as np
import pytest


def vanadium(simpleapi: Any, unit: str = "dSpacing") -> tuple[Any, np.ndarray]:
    """A sloping background with three of vanadium's peaks in logarithmic bins; and the background alone."""
    edges = 0.9 * 1.0008 ** np.arange(1300)
    d = (edges[1:] + edges[:-1]) / 2
    background = 1000 + 200 * d - 30 * d**2
    peaks = sum(
        h * np.exp(-0.5 * ((d - at) / (0.004 * at)) ** 2) for at, h in ((1.0701, 300), (1.2356, 800), (1.5133, 900))
    )
    y = background + peaks
    made = simpleapi.CreateWorkspace(DataX=edges, DataY=y, DataE=np.sqrt(y), UnitX=unit, OutputWorkspace="van")
    return made, background


@pytest.mark.parametrize("background", ["Linear", "Quadratic"])
def test_the_peaks_of_vanadium_are_gone_and_the_errors_stay(simpleapi: Any, background: str) -> None:
    data, flat = vanadium(simpleapi)
    made = simpleapi.StripVanadiumPeaks(data, BackgroundType=background, PeakPositionTolerance=0.05)
    np.testing.assert_allclose(made.readY(0), flat, rtol=0.01)
    assert made.readE(0).tolist() == data.readE(0).tolist()
    assert np.ptp(data.readY(0) / flat) > 0.3


def test_only_peaks_where_they_should_be_are_taken(simpleapi: Any) -> None:
    data, flat = vanadium(simpleapi)
    made = simpleapi.StripPeaks(data, PeakPositions=[1.25], PeakPositionTolerance=0.001)
    assert made.readY(0).tolist() == data.readY(0).tolist()
    made = simpleapi.StripPeaks(data, PeakPositions=[1.24], PeakPositionTolerance=0.05)
    near = slice(*np.searchsorted(data.readX(0), [1.2, 1.27]))
    np.testing.assert_allclose(made.readY(0)[near], flat[near], rtol=0.01)
    assert made.readY(0).max() == data.readY(0).max()


def test_another_unit_is_refused(simpleapi: Any) -> None:
    data, _ = vanadium(simpleapi, "TOF")
    with pytest.raises(ValueError, match="InputWorkspace must be in dSpacing, not in TOF"):
        simpleapi.StripVanadiumPeaks(data, OutputWorkspace="x")
    with pytest.raises(ValueError, match="PeakPositions is missing"):
        simpleapi.StripPeaks(data, OutputWorkspace="x")
