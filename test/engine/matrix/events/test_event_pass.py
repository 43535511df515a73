"""Compiled passes over events against the definition, event by event in plain Python."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.pending_events import batch, contents, edge_grids, pending
from livereduce.engine.matrix.events import event_pass
from livereduce.engine.matrix.events.event_lists import EventLists
from livereduce.engine.matrix.events.passes import sharing
from livereduce.engine.matrix.events.passes.bin_table import BinTable
from livereduce.engine.matrix.events.pending_events import PendingEvents
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.stream.items import F8

Event = tuple[int, float, float, float, int]
"""Row, x, weight, variance, pulse time."""


def events_of(content: PendingEvents) -> list[Event]:
    """What counts, by the words of `PendingEvents`."""
    found = []
    for number, piece in enumerate(content.events.pieces):
        kept = content.kept[number] if content.kept is not None else None
        for pulse in range(len(piece.pulse_ns)):
            if kept is None or kept[pulse]:
                for place in range(int(piece.first[pulse]), int(piece.first[pulse + 1])):
                    time, pixel = int(piece.tof_ns[place]), int(piece.pixel[place])
                    one = event_of(content, time, pixel)
                    found += [] if one is None else [(*one, int(piece.pulse_ns[pulse]))]
    return found


def event_of(content: PendingEvents, time: int, pixel: int) -> tuple[int, float, float, float] | None:
    last = len(content.row_of_pixel) - 1
    entry = pixel if 0 <= pixel < last else last
    row = int(content.row_of_pixel[entry])
    if content.least_ns is not None and content.end_ns is not None:
        row = row if content.least_ns[entry] <= time < content.end_ns[entry] else -1
    if any(start <= time < end for start, end in content.removed_ns):
        row = -1
    x = time / 1000
    if content.maps is not None:
        x = float(content.maps.apply(np.array([x]), np.array([pixel], np.int32))[0])
    if row < 0 or not np.isfinite(x):
        return None
    if content.weight is None or content.variance is None:
        return row, x, 1.0, 1.0
    return row, x, float(content.weight[entry]), float(content.variance[entry])


def histograms_of(events: list[Event], edges: Grid, rows: int) -> tuple[list[F8], list[F8]]:
    y = [np.zeros(max(0, len(edges.row(row)) - 1)) for row in range(rows)]
    variance = [np.zeros(len(one)) for one in y]
    for row, x, weight, square, _ in events:
        here = int(np.searchsorted(edges.row(row), x, side="right")) - 1
        if 0 <= here < len(y[row]):
            y[row][here] += weight
            variance[row][here] += square
    return y, variance


def assert_like(histograms: Histograms, y: list[F8], variance: list[F8]) -> None:
    """Equal to the rounding of a sum of few terms: equal weights are counted and multiplied."""
    np.testing.assert_allclose(histograms.y, np.concatenate([np.empty(0), *y]), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(histograms.e**2, np.concatenate([np.empty(0), *variance]), rtol=1e-12, atol=1e-12)


@settings(max_examples=40)
@given(contents(), edge_grids())
def test_counted(content: PendingEvents, edges: Grid) -> None:
    y, variance = histograms_of(events_of(content), edges, content.rows)
    assert_like(event_pass.counted(content, edges), y, variance)
    assert_like(event_pass.counted(event_pass.carried_out(content), edges), y, variance)


@settings(max_examples=40)
@given(contents())
def test_carried_out(content: PendingEvents) -> None:
    events = sorted(events_of(content), key=lambda event: event[0])
    lists = event_pass.carried_out(content)
    np.testing.assert_array_equal(lists.row_of, [event[0] for event in events])
    np.testing.assert_array_equal(lists.x_of, [event[1] for event in events])
    np.testing.assert_array_equal(lists.pulse_ns, [event[4] for event in events])
    if lists.weight is not None and lists.variance is not None:
        np.testing.assert_array_equal(lists.weight, [event[2] for event in events])
        np.testing.assert_array_equal(lists.variance, [event[3] for event in events])
    np.testing.assert_array_equal(event_pass.numbers(content), np.diff(lists.first))
    np.testing.assert_array_equal(event_pass.numbers(lists), np.diff(lists.first))


@settings(max_examples=40)
@given(contents(), st.booleans())
def test_ranges(content: PendingEvents, is_lists: bool) -> None:
    events = events_of(content)
    seen = event_pass.carried_out(content) if is_lists else content
    least, most = event_pass.row_ranges(seen)
    for row in range(content.rows):
        x = [event[1] for event in events if event[0] == row]
        assert (least[row], most[row]) == (min(x, default=np.inf), max(x, default=-np.inf))
    assert event_pass.x_range(seen) == (least.min(), most.max())


@settings(max_examples=40)
@given(contents(), st.integers(0, 2), st.booleans())
def test_events_of_one_row(content: PendingEvents, row: int, is_lists: bool) -> None:
    whole = event_pass.carried_out(content)
    alone = event_pass.events_of_row(whole if is_lists else content, row)
    part = slice(int(whole.first[row]), int(whole.first[row + 1]))
    assert alone.rows == 1
    np.testing.assert_array_equal(alone.x_of, whole.x_of[part])
    assert whole.pulse_ns is not None
    assert alone.pulse_ns is not None
    np.testing.assert_array_equal(alone.pulse_ns, whole.pulse_ns[part])


def test_an_event_on_an_edge_belongs_to_the_bin_above_and_the_last_edge_to_none() -> None:
    edges = Grid(np.array([1.0, 2.0, 2.5, 10.0]))
    content = pending(batch([999, 1000, 1999, 2000, 2499, 2500, 9999, 10000], [0] * 8), row_of_pixel=[0, -1])
    np.testing.assert_array_equal(event_pass.counted(content, edges).y, [2, 2, 2])


def test_more_events_than_a_block_in_pulses_that_lie_across_blocks() -> None:
    random = np.random.default_rng(5)
    size = 3 * 2**14 + 17
    first = [0, *sorted(random.integers(0, size, 7).tolist()), size]
    piece = batch(random.integers(0, 30_000, size), random.integers(-1, 7, size), first=first)
    content = replace(pending(piece, piece), kept=(np.arange(8) % 3 > 0, None))
    edges = Grid(np.linspace(0, 30, 301))
    y, variance = histograms_of(events_of(content), edges, content.rows)
    assert_like(event_pass.counted(content, edges), y, variance)
    assert_like(event_pass.counted(event_pass.carried_out(content), edges), y, variance)


@pytest.mark.parametrize(
    "edges",
    [
        pytest.param(np.linspace(0.0, 16.0, 161), id="linear"),
        pytest.param(0.3 * 1.0008 ** np.arange(4000), id="logarithmic"),
        pytest.param(np.concatenate([np.linspace(0.1, 1, 50), 1.01 ** np.arange(1, 100)]), id="both"),
        pytest.param(np.array([-3.0, -1.0, -0.99, 0.0, 1e-3, 2.0]), id="through zero"),
        pytest.param(np.array([5.0, np.nextafter(5.0, 6)]), id="one bin of an ulp"),
    ],
)
def test_each_edge_and_its_neighbours_are_found_exactly(edges: F8) -> None:
    assert BinTable.of(edges) is not None
    x = np.concatenate([edges, np.nextafter(edges, -np.inf), np.nextafter(edges, np.inf)])
    lists = EventLists(x_of=x, first=np.array([0, len(x)], np.int64), x=Grid(edges))
    here = np.searchsorted(edges, x, side="right") - 1
    inside = (here >= 0) & (here < len(edges) - 1)
    expected = np.bincount(here[inside], minlength=len(edges) - 1)
    np.testing.assert_array_equal(event_pass.counted(lists).y, expected)


@pytest.mark.parametrize(
    "edges",
    [
        pytest.param(np.array([0.0, 1e-300, 1.0]), id="one bin far narrower than the range"),
        pytest.param(np.array([0.0, np.inf]), id="no end"),
        pytest.param(np.array([1.0]), id="no bin"),
        pytest.param(np.empty(0), id="nothing"),
    ],
)
def test_edges_without_a_table_are_searched(edges: F8) -> None:
    assert BinTable.of(edges) is None
    content = pending(batch([0, 1, 999, 5000], [0, 0, 0, 0]), row_of_pixel=[0, -1])
    expected, _ = histograms_of(events_of(content), Grid(edges), 1)
    np.testing.assert_array_equal(event_pass.counted(content, Grid(edges)).y, expected[0])


@pytest.mark.parametrize("edges", [Grid(np.array([0.0, 2.0, 1.0])), Grid(np.array([0.0, np.nan, 1.0]))])
def test_edges_that_do_not_ascend_are_refused(edges: Grid) -> None:
    with pytest.raises(ValueError, match="do not ascend"):
        event_pass.counted(pending(batch([1], [0])), edges)


def test_ragged_edges_may_fall_from_one_spectrum_to_the_next() -> None:
    edges = Grid.ragged([np.array([5.0, 6.0]), np.empty(0), np.array([1.0, 2.0, 3.0]), np.array([0.0, 9.0])])
    content = pending(batch([5500, 5500, 1500, 2500, 100], [0, 1, 2, 2, 3]))
    np.testing.assert_array_equal(event_pass.counted(content, edges).y, [1, 1, 1, 1])


def test_no_spectra_and_no_events() -> None:
    nothing = pending(row_of_pixel=[-1])
    none = replace(nothing, rows=0)
    for content in (nothing, none, event_pass.carried_out(none), pending(batch([], []))):
        assert event_pass.numbers(content).sum() == 0
        assert event_pass.x_range(content) == (np.inf, -np.inf)
        assert event_pass.counted(content, Grid(np.array([0.0, 1.0]))).y.sum() == 0


def test_histograms_in_their_own_edges_are_counted_once() -> None:
    content = pending(batch([1000], [0]))
    assert event_pass.counted(content) is event_pass.counted(content)
    assert not event_pass.counted(content).y.flags.writeable


def test_weights_that_are_no_numbers_spoil_only_their_own_spectra() -> None:
    weight = np.array([np.nan, 2.0, np.nan, 1.0, 1.0])
    content = replace(pending(batch([1000, 1000], [0, 1])), weight=weight, variance=weight)
    np.testing.assert_array_equal(event_pass.counted(content).y, [np.nan, 2, 0, 0])


@settings(max_examples=40)
@given(contents(), edge_grids(), st.integers(1, 4))
def test_threads_count_the_same(content: PendingEvents, edges: Grid, cores: int) -> None:
    alone = event_pass.counted(content, edges)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sharing, "EVENTS_OF_A_THREAD", 1)
        patch.setattr("os.sched_getaffinity", lambda _: set(range(cores)))
        parts = sharing.shares_of(content)
        together = event_pass.counted(content, edges)
    assert sum((part.events.pieces for part in parts), ()) == content.events.pieces
    assert len(parts) <= max(1, cores)
    np.testing.assert_array_equal(together.y, alone.y)
    np.testing.assert_array_equal(together.e, alone.e)
