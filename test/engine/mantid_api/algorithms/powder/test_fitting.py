from typing import Any

import numpy as np
import pytest

FUNCTION = "name=Gaussian,Height=80,PeakCentre=4.8,Sigma=0.5;name=LinearBackground,A0=1,A1=0"


def peak(simpleapi: Any) -> Any:
    edges = np.linspace(0, 10, 101)
    x = (edges[1:] + edges[:-1]) / 2
    y = 100 * np.exp(-0.5 * ((x - 5) / 0.4) ** 2) + 10 + 2 * x
    return simpleapi.CreateWorkspace(DataX=edges, DataY=y, DataE=np.sqrt(y), OutputWorkspace="peak")


def test_a_peak_on_a_slope(simpleapi: Any) -> None:
    found = simpleapi.Fit(Function=FUNCTION, InputWorkspace=peak(simpleapi), Output="out")
    assert (found.OutputStatus, found.OutputChi2overDoF) == ("success", pytest.approx(0, abs=1e-10))
    table = found.OutputParameters.toDict()
    assert table["Name"] == ["f0.Height", "f0.PeakCentre", "f0.Sigma", "f1.A0", "f1.A1", "Cost function value"]
    assert table["Value"][:5] == pytest.approx([100, 5, 0.4, 10, 2], rel=1e-6)
    assert all(error > 0 for error in table["Error"][:5])
    curves = simpleapi.mtd["out_Workspace"]
    np.testing.assert_allclose(curves.readY(1), curves.readY(0), rtol=1e-6)
    assert found.OutputNormalisedCovarianceMatrix.cell("f0.Sigma", 2) == pytest.approx(100)
    assert "out_Parameters" in simpleapi.mtd


def test_errors_are_those_of_a_straight_line(simpleapi: Any) -> None:
    """The line y = a: its error is e / √n."""
    data = simpleapi.CreateWorkspace(DataX=np.arange(25.0), DataY=np.tile([9.0, 11.0], 13)[:25], DataE=np.full(25, 2.0))
    found = simpleapi.Fit("name=FlatBackground,A0=1", data, Output="flat")
    table = found.OutputParameters.toDict()
    assert table["Value"][0] == pytest.approx((13 * 9 + 12 * 11) / 25)
    assert table["Error"][0] == pytest.approx(2 / 5)


def test_ranges_ties_and_no_output(simpleapi: Any) -> None:
    data = peak(simpleapi)
    status, chi, function = simpleapi.Fit(FUNCTION, data, StartX=3, EndX=7, Ties="f1.A1=2", MaxIterations=100)
    assert (status, chi) == ("success", pytest.approx(0, abs=1e-10))
    assert function.endswith("A1=2")
    tied = simpleapi.Fit("name=Gaussian,Height=9,Sigma=1,ties=(PeakCentre=5)", data)
    assert "PeakCentre=5," in tied[-1]


def test_what_is_not_there_is_said(simpleapi: Any) -> None:
    data = peak(simpleapi)
    for arguments, text in (
        ({"Function": "name=Gausian"}, "no function named 'Gausian'; did you mean 'Gaussian'"),
        ({"Function": "name=Gaussian,Hight=3"}, "no parameter named 'Hight'"),
        ({"Function": FUNCTION, "Constraints": "0<f0.Sigma<1"}, "Constraints is not there"),
        ({"Function": FUNCTION, "StartX": 20}, "no point between StartX and EndX"),
    ):
        with pytest.raises(ValueError, match=text):
            simpleapi.Fit(InputWorkspace=data, **arguments)
