from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from helpers.pending_events import batch, contents, pending
from livereduce.engine.counting.pixels import PixelTable
from livereduce.engine.matrix.adding import MismatchError, added, joined
from livereduce.engine.matrix.events.event_changes import masked, scaled
from livereduce.engine.matrix.events.event_lists import EventLists
from livereduce.engine.matrix.events.event_pass import carried_out, counted
from livereduce.engine.matrix.events.pending_events import PendingEvents
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.matrix.spectra import SpectrumTable

EDGES = Grid(np.linspace(0, 30, 31))


@settings(max_examples=40)
@given(contents(), contents())
def test_counts_of_joined_events_are_the_sum(one: PendingEvents, two: PendingEvents) -> None:
    together = joined(one, two)
    left, right, both = (counted(events, EDGES) for events in (one, two, together))
    np.testing.assert_allclose(both.y, left.y + right.y, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(both.e, np.hypot(left.e, right.e), rtol=1e-12, atol=1e-12)


@settings(max_examples=40)
@given(contents())
def test_the_same_pending_is_joined_by_reference(one: PendingEvents) -> None:
    copy = replace(one, row_of_pixel=one.row_of_pixel.copy(), maps=None if one.maps is None else replace(one.maps))
    together = joined(one, copy)
    assert isinstance(together, PendingEvents)
    assert together.row_of_pixel is one.row_of_pixel
    assert together.events.pieces == one.events.pieces * 2


def test_lists_are_merged_row_by_row() -> None:
    one, two = pending(batch([1000, 2000, 3000], [0, 2, 0])), pending(batch([4000, 5000], [2, 0]))
    lists = joined(carried_out(one), carried_out(two))
    assert isinstance(lists, EventLists)
    assert lists.x_of.tolist() == [1, 3, 5, 2, 4]
    assert lists.first.tolist() == [0, 3, 3, 5, 5]


def test_weighted_events_joined_to_others() -> None:
    one, two = pending(batch([1000], [0])), scaled(pending(batch([1000], [0])), 3.0)
    assert counted(joined(one, two), EDGES).y.sum() == 4


def matrix_of(content: PendingEvents) -> Matrix:
    return Matrix(content=content, spectra=SpectrumTable.of_pixels(np.arange(content.rows, dtype=np.int32)))


def test_a_chunk_with_pixels_that_were_not_seen_before_has_more_spectra() -> None:
    table = PixelTable(np.array([7, 3], np.int32))
    early = pending(batch([1000], [3]), row_of_pixel=table.row_of_pixel.tolist())
    table.extend_by_events(np.array([5, 3, 5, -1, 2**30], np.int32))
    late = pending(batch([1000, 1000], [5, 3]), row_of_pixel=table.row_of_pixel.tolist())
    assert late.rows == 3
    for left, right in ((early, late), (late, early)):
        together = added(matrix_of(left), matrix_of(right))
        assert isinstance(together.content, PendingEvents)
        assert together.rows == 3
        assert counted(together.content).y.tolist() == [0, 2, 1]


def test_counts_of_a_chunk_with_new_pixels_have_more_spectra() -> None:
    """A script that counts each chunk, on a stream that does not say which pixels there are."""
    few = matrix_of(pending(batch([1000], [0]), row_of_pixel=[0, -1]))
    many = matrix_of(pending(batch([1000, 1000], [0, 1]), row_of_pixel=[0, 1, -1]))
    few, many = (replace(one, content=one.histograms) for one in (few, many))
    for left, right in ((few, many), (many, few)):
        together = added(left, right)
        assert together.rows == together.spectra.rows == 2
        assert together.histograms.y_table().sum(axis=1).tolist() == [2, 1]
        assert together.histograms.e_table().max(axis=1).tolist() == [np.sqrt(2), 1]


def test_a_masked_spectrum_does_not_come_back_with_more_spectra() -> None:
    few = masked(pending(batch([1000, 1000], [0, 1]), row_of_pixel=[0, 1, -1]), np.array([True, False]))
    assert isinstance(few, PendingEvents)
    many = pending(batch([1000], [2]), row_of_pixel=[0, 1, 2, -1])
    assert counted(added(matrix_of(few), matrix_of(many)).events, None).y.tolist() == [0, 1, 1]  # type: ignore[arg-type]


def test_other_spectra_do_not_fit() -> None:
    one = pending(batch([1000], [0]), row_of_pixel=[0, -1])
    other = matrix_of(pending(batch([1000], [0]), row_of_pixel=[0, 1, -1]))
    renumbered = replace(other, spectra=SpectrumTable.of_pixels(np.array([5, 6], np.int32)))
    with pytest.raises(MismatchError, match="2 spectra cannot be added to 1"):
        added(matrix_of(one), renumbered)


def test_many_chunks_share_their_tables() -> None:
    chunk = pending(batch([1000], [0]))
    total = matrix_of(chunk)
    for _ in range(2000):
        total = added(total, matrix_of(chunk))
    assert isinstance(total.content, PendingEvents)
    assert total.content.row_of_pixel is chunk.row_of_pixel
    assert counted(total.content).y[0] == 2001
