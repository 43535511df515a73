"""Times of flight that are too early; spectra of a sample workspace, 10 m before and 5 m behind the sample."""

from typing import Any

import numpy as np
import pytest

H_OVER_M = 3956.0340


def sample(simpleapi: Any, kind: str = "Histogram") -> Any:
    return simpleapi.CreateSampleWorkspace(
        kind, "Flat background", NumBanks=1, BankPixelWidth=2, XMin=100, XMax=20100, BinWidth=1000, OutputWorkspace="ws"
    )


@pytest.mark.parametrize("kind", ["Histogram", "Event"])
def test_wavelengths_that_are_too_short(simpleapi: Any, kind: str) -> None:
    data = sample(simpleapi, kind)
    late = simpleapi.RemoveLowResTOF(data, MinWavelength=2.0)
    start = 15 * 2.0 / H_OVER_M * 1e6
    assert 7000 < start < 8000
    edges, y = late.readX(0), late.readY(0)
    assert not y[edges[:-1] < start - 1000].any()
    assert y[edges[:-1] > start].tolist() == data.readY(0)[edges[:-1] > start].tolist()


def test_what_is_too_early_is_kept_apart(simpleapi: Any) -> None:
    data = sample(simpleapi, "Event")
    made = simpleapi.RemoveLowResTOF(data, ReferenceDIFC=1e4, LowResTOFWorkspace="low", OutputWorkspace="high", K=10.0)
    low = simpleapi.mtd["low"]
    assert [ws.name() for ws in made] == ["high", "low"]
    # a detector in the beam has no d, and nothing is known of its resolution
    own = simpleapi.mtd["ws"].spectrumInfo()
    known = [row for row in range(4) if own.twoTheta(row) > 0]
    for row in range(4):
        both = made[0].getSpectrum(row).getNumberEvents() + low.getSpectrum(row).getNumberEvents()
        assert both == (data.getSpectrum(row).getNumberEvents() if row in known else 0)
    assert low.getNumberEvents() > 0
    with pytest.raises(ValueError, match="ReferenceDIFC or MinWavelength is missing"):
        simpleapi.RemoveLowResTOF(data, OutputWorkspace="x")


def test_early_neutrons_are_of_the_frame_before(simpleapi: Any) -> None:
    """Tmin at 15 m is 5000 µs for LRef 15; what comes earlier comes a frame of 15000 µs later."""
    events = simpleapi.UnwrapSNS(sample(simpleapi, "Event"), LRef=15.0, Tmin=5100, Tmax=20100)
    histogram = simpleapi.UnwrapSNS(sample(simpleapi), LRef=15.0, Tmin=5100, Tmax=20100)
    assert events.getNumberEvents() == sample(simpleapi, "Event").getNumberEvents()
    assert events.getSpectrum(0).getTofMin() >= 5100
    x = np.concatenate([np.arange(5100, 20101, 1000), np.arange(15100, 20100, 1000)])
    assert histogram.readX(0).tolist() == events.readX(0).tolist() == x.tolist()
    assert histogram.readY(0).sum() == pytest.approx(sample(simpleapi).readY(0).sum())
    same = simpleapi.UnwrapSNS(sample(simpleapi), LRef=1e6)
    assert same.readX(0).tolist() == sample(simpleapi).readX(0).tolist()
    with pytest.raises(ValueError, match="LRef must be above 0"):
        simpleapi.UnwrapSNS(sample(simpleapi), OutputWorkspace="x")
