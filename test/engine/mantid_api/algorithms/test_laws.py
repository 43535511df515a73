"""Laws that hold for any data: counts are kept, sides may be exchanged, events and counts agree, units go back."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.pending_events import ROWS, contents, edge_grids
from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.mantid_api.algorithms.spectra.arithmetic import divide, minus, multiply, plus, scale
from livereduce.engine.mantid_api.algorithms.spectra.cropping import crop_workspace
from livereduce.engine.mantid_api.algorithms.spectra.normalising import normalise_by_current
from livereduce.engine.mantid_api.algorithms.spectra.rebinning import in_bins, rebin
from livereduce.engine.mantid_api.algorithms.spectra.summing import sum_spectra
from livereduce.engine.mantid_api.algorithms.spectra.units import convert_units
from livereduce.engine.matrix.events.event_pass import carried_out, numbers
from livereduce.engine.matrix.events.pending_events import PendingEvents
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix, single_value
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.stream.items import F8

laws = settings(deadline=None, max_examples=30)
REBIN: dict[str, Any] = {
    "preserve_events": True,
    "full_bins_only": False,
    "ignore_bin_errors": False,
    "use_reverse_logarithmic": False,
    "power": None,
    "binning_mode": "Default",
}
SUM: dict[str, Any] = {
    "start_workspace_index": 0,
    "end_workspace_index": None,
    "list_of_workspace_indices": (),
    "include_monitors": True,
    "weighted_sum": False,
    "multiply_by_spectra": True,
    "remove_special_values": False,
}
ELASTIC: dict[str, Any] = {"e_mode": "Elastic", "e_fixed": None, "align_bins": False, "convert_from_point_data": True}
UNITS = ("Wavelength", "dSpacing", "MomentumTransfer", "QSquared", "Momentum", "Energy", "Energy_inWavenumber")


def instrument() -> InstrumentGeometry:
    return InstrumentGeometry(
        name="any",
        source=np.array([0.0, 0, -15]),
        sample=np.zeros(3),
        ids=np.array([1, 2, 3], np.int32),
        position=np.array([[2.0, 0, 0], [0, 1.5, 1.5], [0.5, 0, -1]]),
        is_monitor=np.zeros(3, np.bool_),
    )


def matrix_of(content: Histograms | PendingEvents) -> Matrix:
    spectra = SpectrumTable.of_pixels(np.arange(1, content.rows + 1, dtype=np.int32))
    return Matrix(content=content, spectra=spectra, geometry=instrument())


@st.composite
def edges(draw: st.DrawFn) -> F8:
    widths = draw(st.lists(st.floats(0.125, 100), min_size=1, max_size=12))
    return draw(st.floats(1, 1000)) + np.cumsum([0, *widths])


@st.composite
def counted(draw: st.DrawFn, x: F8 | None = None) -> Matrix:
    """Three spectra with counts."""
    grid = draw(edges()) if x is None else x
    size = ROWS * (len(grid) - 1)
    y = np.array(draw(st.lists(st.integers(0, 1000), min_size=size, max_size=size)), np.float64).reshape(ROWS, -1)
    return matrix_of(Histograms.table(grid, y, np.sqrt(y)))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Matrix, Matrix]:
    x = draw(edges())
    return draw(counted(x)), draw(counted(x))


@laws
@given(counted(), st.integers(1, 20), st.booleans())
def test_rebin_over_the_whole_range_keeps_counts_and_variances(matrix: Matrix, bins: int, logarithmic: bool) -> None:
    x = matrix.histograms.x.row(0)
    step = -0.1 if logarithmic else (x[-1] - x[0]) / bins
    made = rebin(input_workspace=matrix, params=(x[0], step, x[-1]), **REBIN).histograms
    old = matrix.histograms
    assert made.y_table().sum(axis=1) == pytest.approx(old.y_table().sum(axis=1))
    assert (made.e_table() ** 2).sum(axis=1) == pytest.approx((old.e_table() ** 2).sum(axis=1))


@laws
@given(counted(), edges())
def test_rebin_of_parts_is_as_rebin_of_all(matrix: Matrix, x: F8) -> None:
    """Each spectrum is rebinned for itself: common and ragged bins give the same, to the last bit."""
    common = in_bins(matrix, Grid(x)).histograms
    ragged = in_bins(matrix, Grid.ragged([x] * ROWS)).histograms
    assert np.array_equal(common.y, ragged.y)
    assert np.array_equal(common.e, ragged.e)


@laws
@given(pairs())
def test_plus_commutes_and_minus_takes_back(both: tuple[Matrix, Matrix]) -> None:
    one, two = both
    here = plus(lhs_workspace=one, rhs_workspace=two).histograms
    there = plus(lhs_workspace=two, rhs_workspace=one).histograms
    assert np.array_equal(here.y, there.y)
    assert np.array_equal(here.e, there.e)
    summed = plus(lhs_workspace=one, rhs_workspace=two)
    assert np.array_equal(minus(lhs_workspace=summed, rhs_workspace=two).histograms.y, one.histograms.y)


@laws
@given(counted(), st.floats(0.125, 8), st.floats(0, 2))
def test_divide_takes_multiply_back(matrix: Matrix, value: float, error: float) -> None:
    number = single_value(value, error)
    there = multiply(lhs_workspace=matrix, rhs_workspace=number)
    back = divide(lhs_workspace=there, rhs_workspace=number).histograms
    assert back.y == pytest.approx(matrix.histograms.y)
    assert np.all(back.e >= matrix.histograms.e * (1 - 1e-12)), "an error only grows"


@laws
@given(contents(), contents(), edge_grids())
def test_events_joined_count_as_their_counts_added(one: PendingEvents, two: PendingEvents, grid: Grid) -> None:
    left, right = matrix_of(replace(one, x=grid)), matrix_of(replace(two, x=grid))
    joined = plus(lhs_workspace=left, rhs_workspace=right)
    assert joined.events is not None
    assert int(numbers(joined.events).sum()) == int(numbers(one).sum() + numbers(two).sum())
    y = left.histograms.y + right.histograms.y
    assert joined.histograms.y == pytest.approx(y, nan_ok=True, abs=1e-12)


@laws
@given(contents(), edge_grids(), st.one_of(st.floats(-4, -0.125), st.floats(0.125, 4)), st.floats(0, 2))
def test_weighted_events_count_as_weighted_counts(
    events: PendingEvents, grid: Grid, value: float, error: float
) -> None:
    """Values agree. The error of a value is that of each event, not of the sum, so errors of events are not more."""
    matrix = matrix_of(replace(events, x=grid))
    for operation in (multiply, divide):
        of_events = operation(lhs_workspace=matrix, rhs_workspace=single_value(value, error))
        assert of_events.events is not None
        plain = replace(matrix, content=matrix.histograms)
        of_counts = operation(lhs_workspace=plain, rhs_workspace=single_value(value, error)).histograms
        assert of_events.histograms.y == pytest.approx(of_counts.y, nan_ok=True, abs=1e-9)
        exact = operation(lhs_workspace=matrix, rhs_workspace=single_value(value)).histograms
        also = operation(lhs_workspace=plain, rhs_workspace=single_value(value)).histograms
        assert exact.e == pytest.approx(also.e, nan_ok=True, abs=1e-9)


@laws
@given(contents(), edge_grids())
def test_pending_and_carried_out_events_are_the_same_to_the_last_bit(events: PendingEvents, grid: Grid) -> None:
    lazy = matrix_of(replace(events, x=grid))
    eager = replace(lazy, content=replace(carried_out(events), x=grid))
    for one, two in zip(_several(lazy), _several(eager), strict=True):
        assert np.array_equal(one.y, two.y, equal_nan=True)
        assert np.array_equal(one.e, two.e, equal_nan=True)


def _several(matrix: Matrix) -> list[Histograms]:
    return [
        multiply(lhs_workspace=matrix, rhs_workspace=single_value(2.0, 0.5)).histograms,
        sum_spectra(input_workspace=matrix, **SUM).histograms,
        scale(input_workspace=matrix, factor=0.5, operation="Multiply").histograms,
    ]


@laws
@given(counted(), st.sampled_from(UNITS))
def test_units_go_there_and_back(matrix: Matrix, unit: str) -> None:
    there = convert_units(input_workspace=matrix, target=unit, **ELASTIC)
    back = convert_units(input_workspace=there, target="TOF", **ELASTIC)
    assert back.histograms.y_table().tolist() == matrix.histograms.y_table().tolist()
    for row in range(ROWS):
        assert back.histograms.x.row(row) == pytest.approx(matrix.histograms.x.row(row), rel=1e-12)


@laws
@given(counted(), st.sampled_from(("DeltaE", "DeltaE_inWavenumber")), st.sampled_from(("Direct", "Indirect")))
def test_energy_transfer_goes_back_where_it_can_be_reached(matrix: Matrix, unit: str, mode: str) -> None:
    how = ELASTIC | {"e_mode": mode, "e_fixed": 9.0}
    late = matrix.with_histograms(replace(matrix.histograms, x=Grid(matrix.histograms.x.values + 20_000)))
    there = convert_units(input_workspace=late, target=unit, **how)
    back = convert_units(input_workspace=there, target="TOF", **how).histograms
    assert back.y_table().tolist() == late.histograms.y_table().tolist()
    for row in range(ROWS):
        assert back.x.row(row) == pytest.approx(late.histograms.x.row(row), rel=1e-9)


@laws
@given(contents(), st.sampled_from(UNITS))
def test_events_in_another_unit_are_counted_as_before(events: PendingEvents, unit: str) -> None:
    plain = replace(events, maps=None, removed_ns=(), weight=None, variance=None)
    matrix = matrix_of(replace(plain, x=Grid(np.array([0.5, 3.0, 9.0, 40.0]))))
    there = convert_units(input_workspace=matrix, target=unit, **ELASTIC)
    y = matrix.histograms.y_table()
    falls = unit not in ("Wavelength", "dSpacing")
    seen = there.histograms.y_table()
    at_edges = np.isin(carried_out(plain).x_of, [0.5, 3.0, 9.0, 40.0]).any()
    if not at_edges:  # an event exactly at an edge belongs to the other bin where X falls
        assert seen.tolist() == (y[:, ::-1] if falls else y).tolist()


@laws
@given(counted(), st.floats(0.1, 1e6))
def test_normalising_is_linear(matrix: Matrix, charge: float) -> None:
    def normalised(one: Matrix) -> Histograms:
        logs = one.logs.copy()
        logs.set_plain("gd_prtn_chrg", charge)
        return normalise_by_current(input_workspace=replace(one, logs=logs), recalculate_p_charge=False).histograms

    one = normalised(matrix)
    assert one.y * charge == pytest.approx(matrix.histograms.y)
    assert one.e * charge == pytest.approx(matrix.histograms.e)
    doubled = normalised(scale(input_workspace=matrix, factor=2.0, operation="Multiply"))
    assert doubled.y == pytest.approx(2 * one.y)


@laws
@given(counted(), st.data())
def test_cropping_takes_whole_bins_between_the_limits(matrix: Matrix, data: st.DataObject) -> None:
    x = matrix.histograms.x.row(0)
    low, high = sorted(data.draw(st.lists(st.floats(x[0], x[-1]), min_size=2, max_size=2)))
    made = crop_workspace(
        input_workspace=matrix, x_min=low, x_max=high, start_workspace_index=0, end_workspace_index=None
    ).histograms
    kept = made.x.row(0)
    assert set(kept) <= set(x)
    assert len(kept) == 2 or (kept[0] >= low * (1 - 1e-14) and kept[-1] <= high * (1 + 1e-14))
    assert made.rows == ROWS


@laws
@given(contents(), edge_grids(), st.data())
def test_events_are_weighted_with_the_bin_that_they_are_in(
    events: PendingEvents, grid: Grid, data: st.DataObject
) -> None:
    """Each event for itself: as one value for all where all bins have it, and only within the bins."""
    left = matrix_of(replace(events, x=grid))
    lists = carried_out(events)
    sizes = np.maximum(grid.sizes(ROWS) - 1, 0)
    if not sizes.all() or sizes[0] < 2:
        return
    value = data.draw(st.sampled_from([2.0, -0.5, 3.0]))
    y = [np.full(size, value) for size in sizes]
    right = matrix_of(Histograms.ragged(grid, y, [np.zeros(size) for size in sizes]))
    for operation, factor in ((multiply, value), (divide, 1 / value)):
        made = operation(lhs_workspace=left, rhs_workspace=right).events
        assert made is not None
        seen = carried_out(made)
        for row in range(ROWS):
            part, edges_of_row = slice(*lists.first[row : row + 2]), grid.row(row)
            x_of = lists.x_of[part]
            weight = np.ones(len(x_of)) if lists.weight is None else lists.weight[part]
            inside = (x_of >= edges_of_row[0]) & (x_of < edges_of_row[-1])
            assert seen.weight is not None
            np.testing.assert_array_equal(seen.weight[part], np.where(inside, weight * factor, weight))
