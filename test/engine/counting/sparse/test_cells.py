"""Sparse counts: any rows of them are those of an array."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from livereduce.engine.counting import counts as counts_module
from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.counts import Counts, check_cells, stacked
from livereduce.engine.counting.dense.cells import DenseCells
from livereduce.engine.counting.sparse import cells as sparse
from livereduce.engine.counting.sparse.cells import SparseCells, SparseCounts, TooManyCells

EVEN = Binning(np.arange(0, 7001, 10, dtype=np.int64))
"""700 bins: a block of 65 536 cells ends within a row."""
SEARCHED = Binning(np.append(np.arange(0, 700, dtype=np.int64), 2_000_000_000))
ROWS = 120


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Much is sorted in, and becomes an array, with few events."""
    monkeypatch.setattr(sparse, "MOST_FRESH", 50)
    monkeypatch.setattr(sparse, "MOST_EVENTS", 40)
    monkeypatch.setattr(sparse, "_AT_ONCE", 1500)


def table(rows: int = ROWS) -> NDArray[np.int32]:
    return np.append(np.arange(rows, dtype=np.int32), np.int32(-1))


Piece = tuple[NDArray[np.int32], NDArray[np.int32]]


@st.composite
def pieces(draw: st.DrawFn) -> list[Piece]:
    """Events all over the cells, or most of them in a few."""
    made = []
    for seed, events, width in draw(
        st.lists(st.tuples(st.integers(0, 99), st.integers(0, 200), st.sampled_from((3, 150))), max_size=4)
    ):
        rng = np.random.default_rng(seed)
        tof = rng.integers(-20, 7020, events) if width > 3 else rng.integers(2990, 3010, events)
        made.append((tof.astype(np.int32), rng.integers(-1, width, events).astype(np.int32)))
    return made


def both(binning: Binning, added: list[Piece]) -> tuple[DenseCells, SparseCells]:
    dense, few = DenseCells(binning, ROWS), SparseCells(binning, ROWS)
    for part in added:
        assert dense.add([part], table()) == few.add([part], table())
    return dense, few


@settings(deadline=None)
@given(pieces(), st.sampled_from((EVEN, SEARCHED)), st.integers(0, ROWS), st.integers(0, ROWS))
def test_any_slice_is_that_of_an_array(added: list[Piece], binning: Binning, start: int, stop: int) -> None:
    dense, few = both(binning, added)
    expected, found = dense.values(), few.values()
    assert np.array_equal(found[start:stop], expected[start:stop])
    assert np.array_equal(found[-1], expected[-1])
    assert found.sum() == expected.sum()
    of_rows, of_bins = found.sums()
    assert np.array_equal(of_rows, expected.sum(axis=1))
    assert np.array_equal(of_bins, expected.sum(axis=0))


@settings(deadline=None, max_examples=30)
@given(pieces(), pieces(), st.integers(0, 9), st.booleans())
def test_counts_are_added_as_to_an_array(first: list[Piece], later: list[Piece], seed: int, is_whole: bool) -> None:
    dense, few = both(EVEN, first)
    dense_too, few_too = both(EVEN, later)
    rng = np.random.default_rng(seed)
    rows = rng.integers(-1, ROWS, ROWS).astype(np.int32)
    fractions = np.where(rng.random((ROWS, EVEN.bins)) < 0.001, rng.integers(0, 90, (ROWS, EVEN.bins)), 0.0)
    fractions = fractions if is_whole else fractions / 3 - 1
    for what in (few_too.values(), dense_too.values(), fractions):
        unknown = few.add_counts(rows, what)
        expected = what if isinstance(what, np.ndarray) else what[:]
        assert unknown == pytest.approx(expected[rows < 0].sum())
        assert dense.add_counts(rows, what) == pytest.approx(unknown)
        np.testing.assert_allclose(few.values()[:], dense.values())


def test_values_that_were_given_out_stay() -> None:
    _, few = both(EVEN, [(np.full(100, 55, np.int32), np.full(100, 3, np.int32))])
    given_out = few.values()
    assert len(given_out.arrays) == 1
    few.add([(np.full(100, 55, np.int32), np.full(100, 3, np.int32))], table())
    assert (given_out[3][5], few.values()[3][5]) == (100, 200)
    assert given_out.sum() == 100


def test_rows_are_added_behind() -> None:
    few = SparseCells(EVEN, 1)
    few.add([(np.array([5, 5], np.int32), np.array([0, 1], np.int32))], table(1))
    few.grow(300)
    few.add([(np.array([15], np.int32), np.array([299], np.int32))], table(300))
    assert few.values().shape == (300, 700)
    assert (few.values()[0][0], few.values()[299][1], few.values().sum()) == (1, 1, 2)


def test_the_memory_is_that_of_the_events() -> None:
    few = SparseCells(Binning(np.arange(0, 8001, dtype=np.int64)), 1_000_000)
    rng = np.random.default_rng(1)
    few.add([(rng.integers(0, 8000, 1000, np.int32), rng.integers(0, 1_000_000, 1000, np.int32))], table(1_000_000))
    held = few.values()
    assert held.size == 8_000_000_000
    assert held.nbytes < 1.1e6
    assert held.sum() == 1000
    assert held[999_999].shape == (8000,)


def test_a_row_that_is_not_there() -> None:
    few = SparseCells(EVEN, 2).values()
    for row in (2, -3):
        with pytest.raises(IndexError, match=f"row {row} of 2"):
            few[row]
    with pytest.raises(ValueError, match="only consecutive rows"):
        few[::2]
    assert few[2:].shape == (0, 700)


# --- as they are given out ---


def of(cells: DenseCells | SparseCells, pixels: list[int]) -> Counts:
    return Counts(counts=cells.values(), binning=EVEN, pixels=np.array(pixels, np.int32))


@pytest.fixture
def pair() -> tuple[Counts, Counts]:
    rng = np.random.default_rng(2)
    dense, few = both(EVEN, [(rng.integers(0, 7000, 300, np.int32), rng.integers(0, ROWS, 300, np.int32))])
    return of(dense, list(range(ROWS))), of(few, list(range(ROWS)))


def test_counts_are_the_same_whatever_holds_them(pair: tuple[Counts, Counts]) -> None:
    dense, few = pair
    assert isinstance(few.counts, SparseCounts)
    assert np.array_equal(few.table(), dense.table())
    assert np.array_equal(few.total().table(), dense.total().table())
    assert few.copy().counts is few.counts


def test_counts_are_put_one_behind_the_other(pair: tuple[Counts, Counts]) -> None:
    dense, few = pair
    expected = np.concatenate([dense.table()] * 3)
    of_arrays = stacked([dense] * 3)
    assert isinstance(of_arrays, np.ndarray)
    assert np.array_equal(of_arrays, expected)
    together = stacked([few, dense, few])
    assert isinstance(together, SparseCounts)
    assert np.array_equal(together[:], expected)


def test_what_memory_cannot_hold_is_refused_with_its_size(
    monkeypatch: pytest.MonkeyPatch, pair: tuple[Counts, Counts]
) -> None:
    monkeypatch.setattr(counts_module, "usable_memory_bytes", lambda: 16_000_000_000)
    check_cells(1_000_000, 500)
    with pytest.raises(TooManyCells, match=r"1,000,000 spectra × 8,000 bins .* 128 GB, .* the 16 GB"):
        check_cells(1_000_000, 8000)
    monkeypatch.setattr(counts_module, "usable_memory_bytes", lambda: 1000)
    with pytest.raises(TooManyCells, match="wider bins"):
        pair[1].table()
