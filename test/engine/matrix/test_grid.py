import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.pending_events import maps
from livereduce.engine.matrix.conversion import unit_maps
from livereduce.engine.matrix.events.pixel_maps import PixelMaps
from livereduce.engine.matrix.grid import HUGE, Grid

EDGES = np.array([0.0, 1.5, 4.0, 30.0])


@given(st.lists(maps().filter(lambda one: one is not None), min_size=1, max_size=2))
def test_edges_that_are_made_when_read_ascend_and_are_those_of_one_spectrum_after_the_other(
    changes: list[PixelMaps],
) -> None:
    grid = Grid(EDGES)
    for change in changes:
        grid = grid.mapped(change)
    rows = grid.rows(5)
    assert not grid.is_common
    assert grid.first is not None
    np.testing.assert_array_equal(np.diff(grid.first), [len(row) for row in rows])
    np.testing.assert_array_equal(grid.sizes(5), [len(row) for row in rows])
    np.testing.assert_array_equal(grid.values, np.concatenate(rows))
    low, high = grid.ends(5)
    np.testing.assert_array_equal(low, [row[0] if len(row) else np.nan for row in rows])
    np.testing.assert_array_equal(high, [row[-1] if len(row) else np.nan for row in rows])
    for row in rows:
        assert np.all(np.diff(row) >= 0)
    np.testing.assert_array_equal(grid.taken(np.array([3, 1])).values, np.concatenate([rows[3], rows[1]]))
    assert grid.is_like(grid.taken(np.arange(5)))
    assert grid.nbytes == EDGES.nbytes


def test_a_unit_that_falls_with_time_turns_the_edges_round_and_a_time_of_0_is_the_greatest_number() -> None:
    change = unit_maps.elastic("TOF", "Momentum", 10.0, np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    row = Grid(EDGES).mapped(change).row(1)
    np.testing.assert_allclose(row[:-1], 2 * np.pi / (3.9560339795566e-3 * EDGES[:0:-1] / 12), rtol=1e-12)
    assert row[-1] == HUGE


def test_times_before_the_fast_neutron_have_no_energy_transfer() -> None:
    change = unit_maps.direct("DeltaE", 25.0, 0.002, np.array([0.01]))
    row = Grid(EDGES).mapped(change).row(0)
    assert len(row) == 3
    assert change.tof_us_of(row, np.zeros(3, np.int32)) == pytest.approx(EDGES[1:])


def test_a_spectrum_that_cannot_be_converted_keeps_its_edges() -> None:
    change = unit_maps.elastic("TOF", "dSpacing", 10.0, np.array([1.0, 1.0]), np.array([0.0, 1.0]))
    grid = Grid(EDGES).mapped(change)
    np.testing.assert_array_equal(grid.row(0), EDGES)
    assert grid.row(1)[-1] != EDGES[-1]


def test_there_and_back() -> None:
    there = unit_maps.elastic("TOF", "Energy", 10.0, np.array([1.0]), np.array([1.0]))
    back = unit_maps.elastic("Energy", "TOF", 10.0, np.array([1.0]), np.array([1.0]))
    np.testing.assert_allclose(Grid(EDGES[1:]).mapped(there).mapped(back).row(0), EDGES[1:], rtol=1e-14)


def test_ragged_edges_change_row_by_row() -> None:
    grid = Grid.ragged([np.array([1.0, 2.0]), np.array([3.0])])
    change = PixelMaps(scale=np.array([2.0, 3.0]), zero=np.array([1.0, 0.0]))
    assert [row.tolist() for row in grid.mapped(change).rows(2)] == [[0.0, 2.0], [9.0]]
    assert grid.ends(2)[1].tolist() == [2.0, 3.0]


def test_ends_of_spectra_without_x() -> None:
    low, high = Grid.ragged([np.empty(0), np.array([1.0, 2.0, 3.0]), np.empty(0)]).ends(3)
    np.testing.assert_array_equal(low, [np.nan, 1, np.nan])
    np.testing.assert_array_equal(high, [np.nan, 3, np.nan])
    assert Grid(EDGES).ends(2)[1].tolist() == [30, 30]
    assert np.isnan(Grid(np.empty(0)).ends(1)).all()
