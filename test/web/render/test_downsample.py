"""Means of neighbouring cells: total and errors stay right, and there are never too many points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.web.render.downsample import downsample_axis, extremes, group_sizes, mean_errors, means, said


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(1, 10**6))
def test_there_are_never_more_cells_than_wanted(rows: int, columns: int, most: int) -> None:
    by_row, by_column = group_sizes(rows, columns, most)
    assert by_row >= 1
    assert by_column >= 1
    assert -(-rows // by_row) * -(-columns // by_column) <= most


@given(st.integers(1, 10**6), st.integers(1, 10**5))
def test_a_spectrum_is_not_thinned_more_than_by_two_too_much(columns: int, most: int) -> None:
    by_row, by_column = group_sizes(1, columns, most)
    assert by_row == 1
    assert -(-columns // by_column) >= min(columns, most) / 2


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 9), st.integers(1, 9))
def test_means_weighted_by_their_cells_are_the_mean_of_all(
    rows: int, columns: int, by_row: int, by_column: int
) -> None:
    values = np.random.default_rng(rows).random((rows, columns))
    weights = means(np.ones((rows, columns)), by_row, by_column)
    assert np.all(weights == 1)
    heights = np.diff([*range(0, rows, by_row), rows])
    widths = np.diff([*range(0, columns, by_column), columns])
    thinned = means(values, by_row, by_column)
    assert (thinned * np.outer(heights, widths)).sum() == pytest.approx(values.sum())


def test_the_error_of_a_mean_is_that_of_independent_cells() -> None:
    assert mean_errors(np.full((1, 4), 2.0), 1, 4)[0, 0] == pytest.approx(2 / np.sqrt(4))
    counts = np.random.default_rng(1).poisson(100, (20_000, 25)).astype(float)
    predicted = mean_errors(np.sqrt(np.full_like(counts, 100.0)), 1, 25)[0, 0]
    assert means(counts, 1, 25).std() == pytest.approx(predicted, rel=0.05)


def test_what_is_no_number_is_left_out() -> None:
    values = np.array([[1.0, np.nan, 3.0, np.inf, np.nan, np.nan]])
    assert means(values, 1, 2).tolist()[0][:2] == [1.0, 3.0]
    assert np.isnan(means(values, 1, 2)[0, 2])


def test_edges_stay_edges_and_points_are_averaged() -> None:
    assert downsample_axis(np.arange(7.0), 3, edges=True).tolist() == [0, 3, 6]
    assert downsample_axis(np.arange(7.0), 3, edges=False).tolist() == [1, 4, 6]
    assert downsample_axis(np.arange(7.0), 1, edges=False).tolist() == list(range(7))


@pytest.mark.parametrize("size", [1.0, 1e154, 1e300, 1e308, 1.7e308, 1e-154, 1e-300, 1e-310])
def test_numbers_of_any_size_have_a_mean_and_its_error(size: float) -> None:
    values = np.full((1, 6), size)
    assert means(values, 1, 3)[0] == pytest.approx([size, size], rel=1e-9)
    assert mean_errors(values, 1, 3)[0] == pytest.approx([size / 3**0.5] * 2, rel=1e-9)


def test_the_extremes_keep_what_a_mean_would_hide() -> None:
    values = np.ones(10)
    values[4], values[7], values[8] = 1000.0, np.nan, np.inf
    low, high, least, most = extremes(values, np.full(10, 0.5), 3)
    assert low.tolist() == [1, 1, 1, 1]
    assert high.tolist() == [1, 1000, 1, 1]
    assert (least.tolist(), most.tolist()) == ([0.5] * 4, [1.5, 1000.5, 1.5, 1.5])
    assert np.isnan(extremes(np.array([np.nan, 1.0]), None, 1)[0]).tolist() == [True, False]


def test_what_was_done_is_said() -> None:
    assert said(1, 1) == ""
    assert said(1, 5) == "each point is the mean of 5 neighbouring ones"
    assert said(2, 5) == "each cell is the mean of 2 × 5 neighbouring ones"
