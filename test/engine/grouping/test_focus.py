import numpy as np
import pytest

from livereduce.engine.grouping.focus import FocusBins, focussed, groups_of_rows
from livereduce.engine.matrix.events.event_lists import EventLists
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.matrix.spectra import SpectrumTable

EDGES = np.array([1.0, 2.0, 4.0, 8.0])


def four(edges: list[np.ndarray] | None = None) -> Matrix:
    """Spectra with Y = 1 … 4, E = Y; detectors 10, 11, 12, 13."""
    y = np.repeat(np.arange(1.0, 5), 3).reshape(4, 3)
    x = Grid(EDGES) if edges is None else Grid.ragged(edges)
    return Matrix(
        content=Histograms.table(x, y, y),
        spectra=SpectrumTable.of_pixels(np.arange(10, 14, dtype=np.int32)),
        unit="dSpacing",
    )


def test_groups_need_all_detectors_of_a_spectrum() -> None:
    spectra = SpectrumTable.of_groups(
        np.array([1, 2, 3, 4], np.int32), [np.array(ids, np.int32) for ids in ([5, 6], [7, 8], [], [9, 99])]
    )
    ids, group = np.array([9, 8, 7, 6, 5], np.int32), np.array([2, 0, 1, 3, 3], np.int32)
    assert groups_of_rows(spectra, ids, group).tolist() == [3, -1, -1, -1]


def test_histograms_in_common_bins_are_added() -> None:
    made = focussed(four(), np.array([5, 2, 5, 0]))
    assert made.spectra.number.tolist() == [2, 5]
    assert made.spectra.ids_of(1).tolist() == [10, 12]
    np.testing.assert_allclose(made.histograms.x.row(0), EDGES)
    np.testing.assert_allclose(made.histograms.y_of(1), [4, 4, 4])
    np.testing.assert_allclose(made.histograms.e_of(1), np.full(3, np.sqrt(10)))


def test_bins_that_some_members_do_not_reach_are_scaled_up() -> None:
    made = focussed(four([EDGES, EDGES / 2, EDGES, EDGES]), np.array([1, 1, 0, 0]))
    x, y = made.histograms.x.row(0), made.histograms.y_of(0)
    np.testing.assert_allclose(x[[0, -1]], [0.5, 8])
    # The last bin, from 3.17 to 8: the first spectrum counts 1 + 0.41 in it, the second reaches to 4 only.
    first = 1 + (4 - x[2]) / 2
    second = 2 * (4 - x[2]) / 2
    np.testing.assert_allclose(y[2], (first + second) * 2 / (1 + (4 - x[2]) / (x[3] - x[2])))


def test_masked_spectra_are_left_out() -> None:
    data = four()
    masked = Matrix(content=data.content, spectra=data.spectra, masked=np.array([True, False, True, False]))
    made = focussed(masked, np.array([1, 1, 2, 2]))
    np.testing.assert_allclose(made.histograms.y_table()[:, 0], [2, 4])
    with pytest.raises(ValueError, match="no spectrum that is not masked belongs to a group"):
        focussed(masked, np.array([1, 0, 2, 0]))


def test_bins_of_the_groups() -> None:
    bins = FocusBins(low=[0.6, 1, 2.2], high=[1, 1.5, 4], step=[0.1])
    lists = EventLists(x_of=np.array([0.7, 1.2, 2.3, 0.1]), first=np.arange(5), x=Grid(EDGES))
    events = Matrix(content=lists, spectra=four().spectra)
    made = focussed(events, np.array([1, 2, 3, 3]), bins=bins)
    assert [len(made.content.x.row(row)) - 1 for row in range(3)] == [4, 5, 18]
    assert made.histograms.y.sum() == 3
    counted = focussed(events, np.array([1, 2, 3, 3]), bins=bins, preserve_events=False)
    assert isinstance(counted.content, Histograms)
    with pytest.raises(ValueError, match="DMin must have one value or one for each of the 2 groups"):
        focussed(events, np.array([1, 2, 2, 2]), bins=bins)
