from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose


def test_one_peak_of_events(simpleapi: Any) -> None:
    ws = simpleapi.CreateSampleWorkspace("Event")
    assert ws.getNumberHistograms() == 200
    assert ws.getNumberEvents() == 200 * 950
    y = ws.readY(0)
    assert (y[0], y[50], y[99]) == (7, 257, 7)
    geometry = ws.matrix.instrument()
    assert geometry.l1 == 10
    assert geometry.ids[[0, -1]].tolist() == [100, 299]
    places = [[0.0, 0, 5], [0.0, 0.008, 5], [0.008, 0, 5], [0.0, 0, 10]]
    assert_allclose(geometry.position[[0, 1, 10, 100]], places)


def test_places_of_events_are_those_of_mantid(simpleapi: Any) -> None:
    # the first two numbers of a Mersenne twister that begins with 0: pulse and place of the first event
    ws = simpleapi.CreateSampleWorkspace("Event", NumBanks=1, BankPixelWidth=1)
    first = ws.matrix.content
    u = [2357136044 / 2.0**32, 2546248239 / 2.0**32]
    assert_allclose(first.x_of[0], u[1] * 200, rtol=1e-12)
    start = np.datetime64("2010-01-01T00:00:00", "ns") - np.datetime64("1990-01-01", "ns")
    assert_allclose((first.pulse_ns[0] - int(start.astype(np.int64))) / 3.6e12, u[0], rtol=1e-9)


def test_events_are_the_same_each_time(simpleapi: Any) -> None:
    one, two = (simpleapi.CreateSampleWorkspace("Event", OutputWorkspace=name).matrix.content for name in ("a", "b"))
    assert np.array_equal(one.x_of, two.x_of)


@pytest.mark.parametrize(
    ("function", "bins"),
    [
        ("One Peak", {0: 0.3, 50: 10.3}),
        ("Flat background", {0: 1.0, 99: 1.0}),
        ("Multiple Peaks", {30: 10.3, 60: 8.3, 0: 0.3}),
        ("Exp Decay", {0: 100 * np.exp(-0.1)}),
    ],
)
def test_functions(simpleapi: Any, function: str, bins: dict[int, float]) -> None:
    ws = simpleapi.CreateSampleWorkspace(Function=function)
    y, e = ws.readY(7), ws.readE(7)
    for at, height in bins.items():
        assert y[at] == pytest.approx(height)
        assert e[at] == pytest.approx(np.sqrt(height))


def test_a_function_of_its_own(simpleapi: Any) -> None:
    text = "name=LinearBackground, A0=0.5; name=Gaussian, PeakCentre=9.5, Height=3, Sigma=0.1"
    ws = simpleapi.CreateSampleWorkspace(
        Function="User Defined", UserDefinedFunction=text, XUnit="dSpacing", XMin=0, XMax=20, BinWidth=1
    )
    assert ws.readY(0)[[0, 9]].tolist() == [0.5, 3.5]
    with pytest.raises(ValueError, match="no function named 'Gausian'"):
        simpleapi.CreateSampleWorkspace(
            Function="User Defined", UserDefinedFunction="name=Gausian", OutputWorkspace="w"
        )


def test_monitors_come_first(simpleapi: Any) -> None:
    ws = simpleapi.CreateSampleWorkspace(NumMonitors=2, NumBanks=1, BankPixelWidth=2)
    assert ws.matrix.spectra.ids.tolist() == [8, 9, 4, 5, 6, 7]
    geometry = ws.matrix.instrument()
    assert geometry.is_monitor.tolist() == [False] * 4 + [True] * 2
    assert geometry.position[4:, 2].tolist() == [2.5, 7.5]


def test_run_times_and_wrong_arguments(simpleapi: Any) -> None:
    logs = simpleapi.CreateSampleWorkspace(RunEnd="2020-01-01T05:00:00", OutputWorkspace="a").getRun()
    assert logs["run_start"].value.startswith("2020-01-01T04:00:00")
    with pytest.raises(ValueError, match="XMax"):
        simpleapi.CreateSampleWorkspace(XMin=5, XMax=1, OutputWorkspace="a")
    assert simpleapi.CreateSampleWorkspace(BinWidth=90000, OutputWorkspace="a").blocksize() == 1
