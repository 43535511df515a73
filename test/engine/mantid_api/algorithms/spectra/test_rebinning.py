from typing import Any

import numpy as np
import pytest

from helpers.items import event_batch
from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.pixels import PixelTable
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.workspaces.events import Events
from livereduce.engine.workspaces.workspace import Binned


def chunk(tof_us: list[int], pixel: list[int]) -> MatrixWorkspace:
    events = Events((event_batch(3, [1000 * tof for tof in tof_us], pixel, pulse_ns=1),))
    bins = Binning(np.array([0, 10_000, 20_000, 40_000], np.int64))
    return MatrixWorkspace("chunk", events, binned=Binned(bins, PixelTable()), run=3)


def test_events_stay_events(simpleapi: Any) -> None:
    data = chunk([1, 11, 12, 39], [5, 5, 6, 7])
    made = simpleapi.Rebin(data, "0,10,30")
    assert (made.name(), str(made), made.getNumberEvents()) == ("made", "made", 4)
    assert made.readX(0).tolist() == [0, 10, 20, 30]
    assert made.extractY().tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert data.readX(0).tolist() == [0, 10, 20, 40]


def test_events_become_counts_and_arguments_do_not_depend_on_case(simpleapi: Any) -> None:
    data = chunk([1, 11, 12, 39], [5, 5, 6, 7])
    simpleapi.Rebin(inputworkspace=data, PARAMS=[0, 10, 30], preserveEvents=False, OutputWorkspace=data)
    assert data.readX(0).tolist() == [0, 10, 20, 30]
    assert data.getNumberEvents() == 3


def test_an_error_names_algorithm_argument_and_what_was_seen(simpleapi: Any) -> None:
    with pytest.raises(TypeError, match="Rebin has no argument 'Param'; did you mean 'Params'"):
        simpleapi.Rebin(chunk([1], [5]), Param="1,2,3", OutputWorkspace="x")
    with pytest.raises(KeyError, match="Rebin: InputWorkspace: no workspace named 'nowhere'"):
        simpleapi.Rebin("nowhere", "1,2,3", OutputWorkspace="x")
    with pytest.raises(ValueError, match="Rebin: Params must be a number, a list of numbers"):
        simpleapi.Rebin(chunk([1], [5]), Params="abc", OutputWorkspace="x")
