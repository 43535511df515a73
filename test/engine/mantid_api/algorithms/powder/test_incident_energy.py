from typing import Any

import numpy as np
import pytest

from livereduce.engine.matrix.conversion.units import MEV_US2_PER_M2

EI, T0_US = 25.0, 12.0
DISTANCES = (11.5, 14.0)


def monitors(simpleapi: Any) -> Any:
    """Two monitors at 0° behind a sample 10 m from the source, with peaks of 25 meV that come 12 µs late."""
    edges = np.arange(3000.0, 9000.0, 2.0)
    centres = (edges[1:] + edges[:-1]) / 2
    y = []
    for distance in DISTANCES:
        time = T0_US + distance * np.sqrt(MEV_US2_PER_M2 / EI)
        y.append(20 + 5000 * np.exp(-0.5 * ((centres - time) / 25) ** 2))
    e = np.sqrt(y).ravel()
    made = simpleapi.CreateWorkspace(
        DataX=edges, DataY=np.ravel(y), DataE=e, NSpec=2, UnitX="TOF", OutputWorkspace="mon"
    )
    simpleapi.EditInstrumentGeometry(made, PrimaryFlightPath=10, SpectrumIDs=[1, 2], L2=[1.5, 4.0], Polar=[0, 0])
    return made


def test_the_energy_of_two_monitors(simpleapi: Any) -> None:
    found = simpleapi.GetEi(monitors(simpleapi), Monitor1Spec=1, Monitor2Spec=2, EnergyEstimate=24.5)
    assert found.IncidentEnergy == pytest.approx(EI, rel=1e-4)
    assert found.Tzero == pytest.approx(T0_US, abs=0.2)
    assert found.FirstMonitorPeak == pytest.approx(T0_US + 11.5 * np.sqrt(MEV_US2_PER_M2 / EI), abs=0.2)
    assert found.FirstMonitorIndex == 0
    assert simpleapi.mtd["mon"].run()["Ei"].value == found.IncidentEnergy


def test_a_fixed_energy_is_the_estimate(simpleapi: Any) -> None:
    data = monitors(simpleapi)
    data.run().addProperty("EnergyRequest", 24.0, "meV", True)
    ei, peak, index, tzero = simpleapi.GetEi(data, FixEi="1", Monitor1Spec=1)
    assert (ei, index, tzero) == (24, 0, 0)
    assert peak == pytest.approx(T0_US + 11.5 * np.sqrt(MEV_US2_PER_M2 / EI), abs=0.2)
    ei, peak, index, tzero = simpleapi.GetEi(data, FixEi=True)
    assert (ei, peak) == (24, 0)
    assert float(simpleapi.GetEi(InputWorkspace=data, FixEi="1").getPropertyValue("IncidentEnergy")) == 24


def test_what_is_missing_is_said(simpleapi: Any) -> None:
    data = monitors(simpleapi)
    with pytest.raises(ValueError, match="EnergyEstimate is missing, and there is no log EnergyRequest"):
        simpleapi.GetEi(data)
    with pytest.raises(ValueError, match="Monitor1Spec and Monitor2Spec are needed"):
        simpleapi.GetEi(data, EnergyEstimate=25)
    with pytest.raises(ValueError, match=r"spectrum 1, 11\.5 m from the source, has no peak between"):
        simpleapi.GetEi(data, 1, 2, EnergyEstimate=400, PeakSearchRange=0.05)
