"""Counts of each pixel in wide bins: exact, also for ranges, and for pixels that appear; fewer bins for more pixels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livereduce.engine.counting.pixels import PixelTable
from livereduce.viewer import pixel_counts
from livereduce.viewer.pixel_counts import MOST_BINS, PixelCounts, coarse_binning

LOW, HIGH = 1_000_000, 17_000_000


def drawn(seed: int, events: int = 5000, pixels: int = 50) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(-1000, 20_000_000, events).astype(np.int32), rng.integers(0, pixels, events).astype(np.int32)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), low=st.floats(0, 18_000), width=st.floats(1, 18_000), pieces=st.integers(1, 5))
def test_a_range_is_rounded_outwards_and_its_counts_are_those_of_numpy(
    seed: int, low: float, width: float, pieces: int
) -> None:
    tof_ns, pixel = drawn(seed)
    counts = PixelCounts(PixelTable(np.arange(50, dtype=np.int32)), LOW, HIGH)
    for part in np.array_split(np.arange(len(tof_ns)), pieces):
        counts.add(tof_ns[part], pixel[part])
    assert counts.counts(*counts.range_of(None, None)).sum() == len(tof_ns), "all times of flight, without a range"
    first, behind = counts.range_of(low, low + width)
    from_ns, to_ns = counts.binning.edges_ns[[first, behind]]
    assert LOW <= from_ns < to_ns <= HIGH
    assert from_ns <= max(low * 1000, LOW) or from_ns == HIGH - (to_ns - from_ns)
    assert to_ns >= min((low + width) * 1000, HIGH) or first == behind - 1
    inside = (tof_ns >= from_ns) & (tof_ns < to_ns)
    np.testing.assert_array_equal(counts.counts(first, behind), np.bincount(pixel[inside], minlength=50))


def test_pixels_that_are_not_known_get_rows_as_they_appear() -> None:
    tof_ns, pixel = drawn(1, pixels=300)
    table = PixelTable()
    counts = PixelCounts(table, LOW, HIGH)
    for start in range(0, len(tof_ns), 100):
        counts.add(tof_ns[start : start + 100], 7 * pixel[start : start + 100])
    found = dict(zip(table.pixels.tolist(), counts.counts(0, counts.binning.bins).tolist(), strict=True))
    assert found == {7 * int(one): int(n) for one, n in zip(*np.unique(pixel, return_counts=True), strict=True)}


def test_pixels_that_the_instrument_does_not_have_are_left_out() -> None:
    table = PixelTable(np.arange(10, dtype=np.int32))
    table.grows = False
    counts = PixelCounts(table, LOW, HIGH)
    counts.add(np.full(4, LOW, np.int32), np.array([3, 10, -1, 3], np.int32))
    assert counts.counts(0, counts.binning.bins).tolist() == [0, 0, 0, 2, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("rows", [1, 1000, 1_000_000, 12_000_000])
def test_there_are_fewer_bins_where_there_are_more_pixels(rows: int) -> None:
    bins = coarse_binning(0, HIGH, rows).bins
    assert 3 <= bins <= MOST_BINS
    assert rows * bins <= pixel_counts.MOST_CELLS


def test_pixels_beyond_the_memory_are_left_out_and_the_others_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixel_counts, "MOST_CELLS", MOST_BINS * 100)
    table = PixelTable()
    counts = PixelCounts(table, LOW, HIGH)
    for _ in range(2):
        counts.add(np.full(500, LOW, np.int32), np.arange(500, dtype=np.int32))
    assert counts.counts(0, counts.binning.bins).tolist() == [2] * 100
    assert counts.cells.shape == (table.rows, counts.binning.bins) == (100, MOST_BINS)
    assert table.grows is False
    again = PixelCounts(table, LOW, HIGH)  # of the next run
    again.add(np.full(500, LOW, np.int32), np.arange(500, dtype=np.int32))
    assert again.cells.sum(axis=1).tolist() == [1] * 100
