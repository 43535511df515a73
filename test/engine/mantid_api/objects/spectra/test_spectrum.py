import numpy as np
import pytest

from helpers.workspaces import events_workspace, histogram_workspace, workspace_of
from livereduce.engine.values.date_and_time import DateAndTime


def test_an_event_list_has_its_events() -> None:
    for ws in (events_workspace(), workspace_of(events_workspace().matrix)):
        spectrum = ws.getSpectrum(0)
        assert (spectrum.getNumberEvents(), len(spectrum), ws.getSpectrum(1).getNumberEvents()) == (2, 2, 1)
        assert spectrum.getTofs().tolist() == [1, 11]
        assert spectrum.getWeights().tolist() == spectrum.getWeightErrors().tolist() == [1, 1]
        assert (spectrum.getTofMin(), spectrum.getTofMax()) == (1, 11)
        assert spectrum.getPulseTimes() == [DateAndTime(1), DateAndTime(1)]
        assert ws.getSpectrum(2).getPulseTimesAsNumpy()[0] == np.datetime64("1990-01-01T00:00:00.000000002")
        assert (ws.getSpectrum(2).getPulseTimeMin(), ws.getSpectrum(2).getPulseTimeMax()) == (DateAndTime(2),) * 2
        assert [len(one) for one in ws] == [2, 1, 1]
        assert [ws.getSpectrum(row).getTofs().tolist() for row in (0, 1, 2) * 3][-1] == [39]
        assert (ws.getEventXMin(), ws.getEventXMax()) == (1, 39)


def test_histograms_have_no_events() -> None:
    with pytest.raises(RuntimeError, match="'histogram' holds histograms, not events"):
        histogram_workspace([[1]]).getSpectrum(0).getTofs()


def test_numbers_and_detectors_are_read_and_set() -> None:
    ws = histogram_workspace([[1], [2], [3]], ids=[10, 20, 30])
    spectrum = ws.getSpectrum(1)
    assert (spectrum.getSpectrumNo(), spectrum.getDetectorIDs(), spectrum.hasDetectorID(20)) == (2, [20], True)
    spectrum.setSpectrumNo(7)
    spectrum.addDetectorID(15)
    assert ws.getSpectrumNumbers() == [1, 7, 3]
    assert (ws.getIndexFromSpectrumNumber(7), ws.getIndicesFromDetectorIDs([15, 30, 20, 99])) == (1, [1, 2])
    assert [one.getDetectorIDs() for one in ws] == [[10], [15, 20], [30]]
    spectrum.setDetectorID(5)
    ws.getSpectrum(0).clearDetectorIDs()
    assert [one.getDetectorIDs() for one in ws] == [[], [5], [30]]
    assert ws.readY(2).tolist() == [3]
    with pytest.raises(RuntimeError, match="no spectrum number 2"):
        ws.getIndexFromSpectrumNumber(2)
