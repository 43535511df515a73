from typing import Any

import numpy as np
import pytest

from helpers.items import S_NS, log_batch
from helpers.spectra import START_NS, pulsed_events


def test_prompt_pulses_are_left_out(simpleapi: Any) -> None:
    x = np.arange(0, 60001, 1000)
    data = simpleapi.CreateWorkspace(DataX=x, DataY=np.ones(60), UnitX="TOF", OutputWorkspace="data")
    made = simpleapi.RemovePromptPulse(data, Width=5000, Frequency=50)
    y = dict(zip(data.readX(0), made.readY(0), strict=False))
    assert [y[tof] for tof in (1000, 10000, 41000, 50000)] == [0, 1, 0, 1]
    same = simpleapi.RemovePromptPulse(data, Width=0, Frequency=50)
    assert same.readY(0).tolist() == data.readY(0).tolist()


def test_the_frequency_comes_from_a_log(simpleapi: Any) -> None:
    data = pulsed_events()
    with pytest.raises(RuntimeError, match="Frequency is missing"):
        simpleapi.RemovePromptPulse(data, Width=0.5, OutputWorkspace="x")
    data.logs.add_log(log_batch(1, "frequency", START_NS + np.arange(3) * S_NS, [5e5, 5e5, 60.0], "Hz"))
    made = simpleapi.RemovePromptPulse(data, Width=0.5)
    assert made.getNumberEvents() == 200  # a pulse at 2 µs would be the first, and the last event is no later
    made = simpleapi.RemovePromptPulse(data, Width=0.5, TMax=3)
    assert made.getNumberEvents() == 100


def test_focussing_needs_groups_and_a_unit(simpleapi: Any) -> None:
    data = simpleapi.CreateWorkspace(DataX=[1, 2], DataY=[1.0], UnitX="dSpacing", OutputWorkspace="data")
    with pytest.raises(ValueError, match="give either GroupingFileName or GroupingWorkspace"):
        simpleapi.DiffractionFocussing(data, OutputWorkspace="x")
    with pytest.raises(ValueError, match="GroupingWorkspace must be one that"):
        simpleapi.DiffractionFocussing(data, GroupingWorkspace=data, OutputWorkspace="x")


def test_the_groups_of_an_older_calibration(simpleapi: Any, tmp_path: Any) -> None:
    data = simpleapi.CreateSampleWorkspace(NumBanks=1, BankPixelWidth=2, XUnit="dSpacing", XMin=1, XMax=5, BinWidth=0.5)
    path = tmp_path / "groups.cal"
    lines = ["# number UDET offset select group", "0 4 0.0 1 1", "1 5 0.0 1 1", "2 6 0.0 1 2", "3 7 0.0 0 2"]
    path.write_text("\n".join(lines))
    made = simpleapi.DiffractionFocussing(data, GroupingFileName=str(path))
    assert made.matrix.spectra.number.tolist() == [1, 2]
    assert [made.matrix.spectra.ids_of(row).tolist() for row in range(2)] == [[4, 5], [6]]
    path.write_text("0 4 zero 1 1")
    with pytest.raises(ValueError, match=r"groups\.cal, line 1: number, detector"):
        simpleapi.DiffractionFocussing(data, GroupingFileName=str(path), OutputWorkspace="x")
