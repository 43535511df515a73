"""What scripts read of spectra and write into them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.workspaces import events_workspace, histogram_workspace, small_instrument, workspace_of
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.mantid_api.objects.spectra import reading
from livereduce.engine.matrix.events import event_pass
from livereduce.engine.matrix.events.event_pass import EventContent
from livereduce.engine.matrix.histograms import Histograms


def everything(ws: MatrixWorkspace) -> list[Any]:
    return [ws.extractX().tolist(), ws.extractY().tolist(), ws.extractE().tolist()]


def test_what_is_read_cannot_be_written_into_as_in_mantid() -> None:
    ws = histogram_workspace([[1, 4]])
    for values in (ws.readX(0), ws.readY(0), ws.readE(0), ws.x(0)):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 7


def test_what_is_written_changes_this_workspace_and_no_other() -> None:
    ws = histogram_workspace([[1, 4], [9, 16]])
    twin, shared, before = ws.clone(), workspace_of(ws.matrix, "twin"), everything(ws)
    y = ws.dataY(0)
    y[1] = 5
    ws.dataE(1)[:] = [0.5, 0.25]
    ws.dataX(0)[2] = 3
    assert everything(ws) == [[[0, 1, 3], [0, 1, 2]], [[1, 5], [9, 16]], [[1, 2], [0.5, 0.25]]]
    assert ws.matrix.histograms.y.tolist() == [1, 5, 9, 16]
    assert not ws.isCommonBins()
    assert everything(twin) == everything(shared) == before
    later = ws.clone()
    y[0] = 100
    assert (ws.readY(0)[0], later.readY(0)[0]) == (100, 1), "an array goes on belonging to the workspace"
    ws.matrix = twin.matrix
    y[0] = 7
    assert everything(ws) == before, "an array of values that are replaced belongs to nobody"


def test_spectra_are_set_as_mantid_does_and_wrong_lengths_are_named() -> None:
    """MatrixWorkspaceTest.py: lists are taken, other lengths are a ValueError, other places a RuntimeError."""
    ws = histogram_workspace([[0, 0], [0, 0]])
    ws.setX(1, range(3))
    ws.setY(1, [1, 2])
    ws.setE(1, np.array([3, 4]))
    assert (ws.readY(1).tolist(), ws.readE(1).tolist(), ws.isCommonBins()) == ([1, 2], [3, 4], True)
    for put in (ws.setX, ws.setY, ws.setE):
        with pytest.raises(ValueError, match=r"has [23] values of [xye], not 5"):
            put(0, range(5))
    with pytest.raises(RuntimeError, match="has 2 spectra, none at 3"):
        ws.setX(3, range(3))


def test_the_values_of_events_cannot_be_written_but_their_edges() -> None:
    ws = events_workspace()
    with pytest.raises(RuntimeError, match="cannot be written: it holds events"):
        ws.dataY(0)
    ws.dataX(0)[1] = 0.5
    assert ws.extractY().tolist() == [[0, 2, 0], [0, 1, 0], [0, 0, 1]]
    assert ws.readX(1).tolist() == [0, 10, 20, 40]
    assert ws.getNumberEvents() == 4
    for row in range(3):
        ws.setX(row, [0, 20, 30, 40])
    assert ws.extractY().tolist() == [[2, 0, 0], [1, 0, 0], [0, 0, 1]]
    assert ws.matrix.content.x.is_common


def test_a_loop_over_spectra_counts_the_events_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def counting(content: EventContent) -> Histograms:
        calls.append(1)
        return event_pass.counted(content)

    monkeypatch.setattr("livereduce.engine.matrix.matrix.counted", counting)
    ws = workspace_of(events_workspace().matrix)
    assert [ws.readY(row).tolist() for row in range(3)] == [[1, 1, 0], [0, 1, 0], [0, 0, 1]]
    assert [ws.readE(row).sum() for row in range(3)] == [2, 1, 1]
    assert (len(calls), ws.blocksize(), ws.size(), ws.isHistogramData()) == (1, 3, 9, True)
    monkeypatch.setattr(reading, "BLOCK_BYTES", 2 * 16 * 3)
    blocks = workspace_of(events_workspace().matrix)
    assert [blocks.readY(row).tolist() for row in range(3)] == [[1, 1, 0], [0, 1, 0], [0, 0, 1]]
    assert len(calls) == 3, "two blocks of at most two spectra"


def test_spectra_are_those_of_the_instrument_where_it_is_known() -> None:
    """As Mantid's live listener makes them: one for each detector that is no monitor, in the order of ids."""
    ws = events_workspace(geometry=small_instrument())
    assert (ws.getNumberHistograms(), ws.getSpectrumNumbers()) == (3, [1, 2, 3])
    assert ws.extractY().tolist() == workspace_of(ws.matrix).extractY().tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 1]]


def test_ragged_spectra_and_points() -> None:
    ws = histogram_workspace([[1, 2], [3, 4, 5]], [[0, 1, 2], [0, 1, 2, 4]])
    assert (ws.isCommonBins(), ws.isRaggedWorkspace(), ws.size()) == (False, True, 5)
    for ask in (ws.blocksize, ws.extractY):
        with pytest.raises(RuntimeError, match="different numbers of bins"):
            ask()
    points = histogram_workspace([[1, 2]], [5, 6])
    assert (points.isHistogramData(), points.blocksize(), points.yIndexOfX(5.9)) == (False, 2, 1)


def test_bins_are_found_by_x_and_values_by_value() -> None:
    ws = histogram_workspace([[5, 2, 2], [1, 2, np.nan]], [0, 10, 20, 40])
    assert [ws.yIndexOfX(x) for x in (0, 9.9, 10, 40)] == [0, 0, 1, 2]
    with pytest.raises(IndexError, match="x = 41 is outside"):
        ws.yIndexOfX(41)
    assert (ws.findY(0.0), ws.findY(5.0), ws.findY(5.0, (0, 1))) == ((-1, -1), (0, 0), (-1, -1))
    assert (ws.findY(2.0), ws.findY(2.0, (0, 2)), ws.findY(np.nan)) == ((0, 1), (0, 2), (1, 2))


def test_logarithmic_bins_are_recognised() -> None:
    assert histogram_workspace([[1, 1, 1]], [1, 2, 4, 8]).isCommonLogBins()
    assert histogram_workspace([[1, 1, 1]], [1, 2, 4, 5]).isCommonLogBins(), "the last bin may be cut"
    assert not histogram_workspace([[1, 1, 1]], [1, 2, 3, 4]).isCommonLogBins()


@given(st.data())
def test_reading_gives_what_was_written_last(data: st.DataObject) -> None:
    ws = histogram_workspace([[0.0] * 3] * 2)
    model = {what: np.array([ws._read(what, row) for row in range(2)]) for what in "xye"}
    for _ in range(data.draw(st.integers(1, 6))):
        what, row = data.draw(st.sampled_from("xye")), data.draw(st.integers(0, 1))
        place, value = data.draw(st.integers(0, 2)), data.draw(st.floats(-10, 10))
        ws._written(what, row)[place] = value
        model[what][row, place] = value
        if data.draw(st.booleans()):
            twin = ws.clone()
            assert twin.extractY().tolist() == model["y"].tolist()
    for what, extracted in zip("xye", everything(ws), strict=True):
        assert extracted == model[what].tolist()
