import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from helpers.items import event_batch
from livereduce.base.errors import OperatorError
from livereduce.engine.counting import histogram
from livereduce.engine.counting.binning import Binning, make_edges_ns
from livereduce.engine.counting.columns import Numbers
from livereduce.engine.counting.counts import Counts
from livereduce.engine.counting.histogram import Histogram
from livereduce.engine.counting.pixels import MAX_PIXEL, PixelTable
from livereduce.engine.counting.sparse.cells import SparseCounts
from livereduce.engine.workspaces.events import Events

I4_MIN, I4_MAX = -(2**31), 2**31 - 1
EDGES = Binning(np.array([0, 10, 20, 40], np.int64))


def events(tof_ns: list[int], pixel: list[int]) -> Events:
    return Events((event_batch(1, tof_ns, pixel),))


def by_numpy(tof_ns: NDArray[np.int32], pixel: NDArray[np.int32], edges_ns: NDArray[np.int64]) -> dict[int, list[int]]:
    """Counts of each pixel, last bin open."""
    open_ended = tof_ns[tof_ns < edges_ns[-1]], pixel[tof_ns < edges_ns[-1]]
    return {
        int(p): np.histogram(open_ended[0][open_ended[1] == p].astype(np.int64), edges_ns)[0].tolist()
        for p in np.unique(pixel)
    }


def array(counts: Counts) -> Numbers:
    assert isinstance(counts.counts, np.ndarray), "they are sparse"
    return counts.counts


def as_rows(counts: Counts) -> dict[int, list[int]]:
    return {int(p): row.astype(int).tolist() for p, row in zip(counts.pixels, array(counts), strict=True)}


edge_lists = st.one_of(
    st.lists(st.integers(-50, 200), min_size=2, max_size=20, unique=True),
    st.lists(st.integers(I4_MIN, I4_MAX), min_size=2, max_size=20, unique=True),
).map(lambda edges: np.array(sorted(edges), np.int64))


@settings(deadline=None)
@given(
    edge_lists,
    st.lists(st.lists(st.tuples(st.integers(-60, 210) | st.integers(I4_MIN, I4_MAX), st.integers(0, 9)))),
    st.booleans(),
)
def test_counts_are_those_of_numpy_whatever_the_edges(
    edges: NDArray[np.int64], pieces: list[list[tuple[int, int]]], promoted: bool
) -> None:
    counted = Histogram(Binning(edges), PixelTable())
    if promoted:
        nothing = np.zeros((0, len(edges) - 1))
        counted.add_counts(Counts(counts=nothing, binning=Binning(edges), pixels=np.array([], np.int32)))
    # On the edges and beside them is where it goes wrong, if it does.
    near = [(int(t), int(t) % 10) for e in edges for t in (e - 1, e, e + 1) if I4_MIN <= t <= I4_MAX]
    everything = near + [event for piece in pieces for event in piece]
    for piece in (near, *pieces):
        counted.add(events([t for t, _ in piece], [p for _, p in piece]))
    tof = np.array([t for t, _ in everything], np.int32)
    pixel = np.array([p for _, p in everything], np.int32)
    expected = by_numpy(tof, pixel, edges)
    assert as_rows(counted.counts()) == expected
    assert counted.outside_tof == len(tof) - sum(map(sum, expected.values()))
    assert counted.unknown_pixel == 0


def test_counts_are_those_of_numpys_histogram2d_on_many_events() -> None:
    rng = np.random.default_rng(1)
    tof, pixel = rng.integers(-10, 17_000_000, 200_000), rng.integers(0, 300, 200_000)
    binning = Binning(make_edges_ns(0, 166.67, 16_667))
    counted = Histogram(binning, PixelTable(np.arange(300, dtype=np.int32)))
    counted.add(Events(tuple(event_batch(1, tof[k::7], pixel[k::7]) for k in range(7))))
    edges = binning.edges_ns.astype(float)
    edges[-1] -= 0.5
    expected, _, _ = np.histogram2d(pixel, tof, bins=[np.arange(301), edges])
    np.testing.assert_array_equal(array(counted.counts()), expected)


def test_bins_too_narrow_for_a_table_are_searched_for() -> None:
    binning = Binning(np.array([0, 1, 3, 2_000_000_000], np.int64))
    assert not binning.has_table
    counted = Histogram(binning, PixelTable(only=(4,)))
    counted.add(events([0, 1, 2, 3, 5, -1, 2_000_000_000, 7], [4, 4, 4, 4, 4, 4, 4, 9]))
    assert as_rows(counted.counts()) == {4: [1, 2, 2]}
    assert (counted.outside_tof, counted.unknown_pixel) == (2, 1)


def test_rows_come_from_the_map_then_in_the_order_first_seen() -> None:
    counted = Histogram(EDGES, PixelTable(np.array([7, 3], np.int32)))
    counted.add(events([1, 1, 1, 1], [9, 3, 5, 9]))
    counted.add(events([11, 11], [4, 7]))
    assert as_rows(counted.counts()) == {7: [0, 1, 0], 3: [1, 0, 0], 5: [1, 0, 0], 9: [2, 0, 0], 4: [0, 1, 0]}


def test_a_configured_list_restricts_and_what_it_leaves_out_is_counted() -> None:
    table = PixelTable(np.array([1, 2, 3], np.int32), only=(3, 1))
    table.extend(np.array([8], np.int32))
    counted = Histogram(EDGES, table)
    counted.add(events([1, 1, 1, 99, 99], [1, 2, 3, 3, 2]))
    assert as_rows(counted.counts()) == {3: [1, 0, 0], 1: [1, 0, 0]}
    assert (counted.unknown_pixel, counted.outside_tof) == (2, 1)


def test_pixels_that_cannot_be_have_no_row() -> None:
    counted = Histogram(EDGES, PixelTable())
    counted.add(events([1, 1, 1], [-1, MAX_PIXEL + 1, 2]))
    assert as_rows(counted.counts()) == {2: [1, 0, 0]}
    assert counted.unknown_pixel == 2


def test_two_histograms_may_share_a_table() -> None:
    table = PixelTable()
    one, two = Histogram(EDGES, table), Histogram(EDGES, table)
    one.add(events([1], [5]))
    two.add(events([1], [6]))
    assert as_rows(one.counts()) == {5: [1, 0, 0], 6: [0, 0, 0]}
    assert as_rows(two.counts()) == {5: [0, 0, 0], 6: [1, 0, 0]}


def test_without_a_table_all_pixels_are_summed() -> None:
    counted = Histogram(EDGES, None)
    counted.add(events([1, 15, 39, 40], [1, 2, -5, 4]))
    assert array(counted.counts()).tolist() == [[1, 1, 1]]
    assert len(counted.counts().pixels) == 0


def test_too_many_rows_become_sparse_and_lose_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histogram, "MOST_DENSE_CELLS", 3 * 4)
    counted = Histogram(EDGES, PixelTable())
    counted.add(events([1, 1, 1], [1, 2, 3]))
    assert array(counted.counts()).shape == (3, 3)
    counted.add(events([11, 11, 1, 50], [4, 5, 6, 6]))
    assert isinstance(counted.counts().counts, SparseCounts)
    assert counted.counts().table().tolist() == [[1, 0, 0], [1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 1, 0], [1, 0, 0]]
    counted.add_counts(Counts(counts=np.ones((2, 3)), binning=EDGES, pixels=np.array([1, 9], np.int32)))
    assert counted.counts().table()[[0, 6]].tolist() == [[2, 1, 1], [1, 1, 1]]
    assert counted.counts().total().table().tolist() == [[6, 4, 2]]
    assert counted.outside_tof == 1


def test_counts_go_over_to_wider_numbers_when_a_cell_overflows() -> None:
    counted = Histogram(EDGES, PixelTable())
    counted.add(events([1] * 65_535, [1] * 65_535))
    assert array(counted.counts()).dtype == np.uint16
    counted.add(events([1] * 70_000 + [11], [1] * 70_000 + [1]))
    assert array(counted.counts()).dtype == np.uint32
    assert as_rows(counted.counts()) == {1: [135_535, 1, 0]}


def test_a_cell_of_32_bits_overflows_into_floats(monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Histogram(EDGES, PixelTable())
    counted.add(events([1], [1]))
    full = array(counted.counts()).astype(np.uint32)
    full[0, 0] = 2**32 - 2
    monkeypatch.setattr(counted._cells, "_flat", np.append(full.ravel(), np.zeros(2, np.uint32)))
    counted.add(events([1, 1, 1, 11], [1, 1, 1, 1]))
    assert array(counted.counts()).dtype == np.float64
    assert as_rows(counted.counts()) == {1: [2**32 + 1, 1, 0]}


def test_many_events_outside_the_bins_or_without_a_row_are_all_counted() -> None:
    counted = Histogram(EDGES, PixelTable(only=(1,)))
    counted.add(events([9_999] * 70_000 + [1] * 66_000, [1] * 70_000 + [2] * 66_000))
    assert (counted.outside_tof, counted.unknown_pixel) == (70_000, 66_000)


def test_counts_are_added_by_pixel() -> None:
    counted = Histogram(EDGES, PixelTable())
    counted.add(events([1, 11], [5, 6]))
    counted.add_counts(Counts(counts=np.full((2, 3), 0.5), binning=EDGES, pixels=np.array([6, 2], np.int32)))
    assert array(counted.counts()).tolist() == [[1, 0, 0], [0.5, 1.5, 0.5], [0.5, 0.5, 0.5]]


def test_counts_that_do_not_go_together_are_refused() -> None:
    counted = Histogram(EDGES, PixelTable())
    other = Binning(np.array([0, 10], np.int64))
    with pytest.raises(ValueError, match=r"1 bins from 0 to 0.01 µs cannot be added to counts in 3 bins"):
        counted.add_counts(Counts(counts=np.ones((1, 1)), binning=other, pixels=np.array([1], np.int32)))
    with pytest.raises(ValueError, match="sum over all spectra"):
        counted.add_counts(Counts(counts=np.ones((1, 3)), binning=EDGES, pixels=np.array([], np.int32)))


def test_a_view_is_read_only_and_a_copy_stays() -> None:
    counted = Histogram(EDGES, PixelTable())
    counted.add(events([1], [5]))
    view, kept = counted.counts(), counted.counts().copy()
    with pytest.raises(ValueError, match="read-only"):
        array(view)[0, 0] = 9
    counted.add(events([1], [5]))
    assert (array(view)[0, 0], array(kept)[0, 0]) == (2, 1)


def test_linear_edges_end_at_the_maximum() -> None:
    assert make_edges_ns(0, 10, 40).tolist() == [0, 10_000, 20_000, 30_000, 40_000]
    assert make_edges_ns(0, 10, 34).tolist() == [0, 10_000, 20_000, 30_000, 34_000]
    assert make_edges_ns(0, 10, 32).tolist() == [0, 10_000, 20_000, 32_000], "a sliver is merged, as in Mantid"
    assert make_edges_ns(0, 100, 40).tolist() == [0, 40_000]
    assert len(make_edges_ns(0, 16666.7 / 100, 16666.7)) == 101


def test_logarithmic_edges_grow_by_a_factor() -> None:
    assert make_edges_ns(1000, -1, 8000).tolist() == [1_000_000, 2_000_000, 4_000_000, 8_000_000]
    edges = make_edges_ns(300, -0.01, 16_666)
    np.testing.assert_allclose(edges[1:-1] / edges[:-2], 1.01, rtol=1e-5)
    assert (edges[0], edges[-1]) == (300_000, 16_666_000)


@settings(deadline=None)
@given(st.floats(0.001, 1000), st.floats(0.1, 500) | st.floats(-2, -0.001), st.floats(0.001, 2e4))
def test_edges_are_increasing_and_span_the_range(min_us: float, step_us: float, width_us: float) -> None:
    edges = make_edges_ns(min_us, step_us, min_us + width_us)
    assert all(a < b for a, b in itertools.pairwise(edges.tolist()))
    assert (edges[0], edges[-1]) == (round(min_us * 1000), round((min_us + width_us) * 1000))


@pytest.mark.parametrize(
    ("bins", "problem"),
    [
        ((0, 0, 1), "step other than 0"),
        ((5, 1, 5), "max to be greater than min"),
        ((0, -0.1, 5), "logarithmic"),
        ((0, 1, 3e6), "2.147 s"),
        ((0, float("nan"), 3e6), "finite"),
        ((0, 1e-6, 16_667), "bins are more than"),
    ],
)
def test_bins_that_cannot_be_are_the_operators_to_mend(bins: tuple[float, float, float], problem: str) -> None:
    with pytest.raises(OperatorError, match=problem):
        make_edges_ns(*bins)


def test_what_is_not_counted_goes_with_the_counts() -> None:
    counted = Histogram(EDGES, PixelTable())
    counted.add(events([1, 99, 99, 1], [1, 1, 2, -1]))
    for made in (counted.counts(), counted.counts().total(), counted.counts().copy()):
        assert (made.outside_tof, made.unknown_pixel) == (2, 1)
    both = Histogram(EDGES, PixelTable())
    both.add_counts(counted.counts())
    both.add_counts(counted.counts())
    assert (both.outside_tof, both.unknown_pixel) == (4, 2)


def test_counts_of_a_pixel_without_a_row_are_not_lost_in_silence() -> None:
    counted = Histogram(EDGES, PixelTable(only=(1,)))
    counted.add_counts(Counts(counts=np.ones((2, 3)), binning=EDGES, pixels=np.array([1, 9], np.int32)))
    assert (as_rows(counted.counts()), counted.unknown_pixel) == ({1: [1, 1, 1]}, 3)
