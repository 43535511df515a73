"""Every change done to pending events, against the same change of events that were carried out first."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.pending_events import ROWS, batch, contents, edge_grids, maps, pending
from livereduce.engine.matrix.conversion import unit_maps
from livereduce.engine.matrix.events import event_changes as changes
from livereduce.engine.matrix.events.event_lists import EventLists
from livereduce.engine.matrix.events.event_pass import EventContent, carried_out, counted, numbers
from livereduce.engine.matrix.events.limits import END_NS, LEAST_NS, limits_ns, times_ns
from livereduce.engine.matrix.events.pending_events import PendingEvents
from livereduce.engine.matrix.events.pixel_maps import PixelMaps
from livereduce.engine.matrix.grid import Grid
from livereduce.stream.items import F8, I8

ULPS = 8
"""Two maps in one are rounded in another order than one after the other."""


def assert_alike(lazy: EventContent, eager: EventContent, *, ulps: int = 0, spread: int = 0) -> None:
    """The same events; x and weights to some units in the last place."""
    one, two = carried_out(lazy), carried_out(eager)
    np.testing.assert_array_equal(one.first, two.first)
    assert _close(one.x_of, two.x_of, ulps)
    assert one.pulse_ns is not None
    assert two.pulse_ns is not None
    np.testing.assert_array_equal(one.pulse_ns, two.pulse_ns)
    for left, right in ((one.weight, two.weight), (one.variance, two.variance)):
        assert (left is None) == (right is None)
        if left is not None and right is not None:
            assert _close(left, right, spread)


def _close(one: np.ndarray, two: np.ndarray, ulps: int) -> bool:
    same = (one == two) | (np.isnan(one) & np.isnan(two))
    with np.errstate(invalid="ignore"):
        return bool(np.all(same | (np.abs(one - two) <= ulps * np.spacing(np.maximum(np.abs(one), np.abs(two))))))


def both_ways(
    content: PendingEvents, change: Callable[[EventContent], EventContent]
) -> tuple[EventContent, EventContent]:
    return change(content), change(carried_out(content))


row_maps = maps().filter(lambda one: one is not None).map(lambda one: one.taken(np.arange(ROWS)) if one else one)


@settings(max_examples=40)
@given(contents(), row_maps)
def test_a_map_of_spectra(content: PendingEvents, change: PixelMaps) -> None:
    lazy, eager = both_ways(content, lambda events: changes.mapped(events, change))
    assert_alike(lazy, eager, ulps=0 if content.maps is None or isinstance(lazy, EventLists) else ULPS)


@settings(max_examples=40)
@given(contents(), st.tuples(*[st.integers(-1, 1)] * ROWS))
def test_regrouped(content: PendingEvents, groups: tuple[int, ...]) -> None:
    lazy, eager = both_ways(content, lambda events: changes.regrouped(events, np.array(groups), 2, content.x))
    assert lazy.rows == eager.rows == 2
    np.testing.assert_array_equal(numbers(lazy), numbers(eager))
    one, two = carried_out(lazy), carried_out(eager)
    for row in range(2):
        part = slice(int(one.first[row]), int(one.first[row + 1]))
        np.testing.assert_array_equal(np.sort(one.x_of[part]), np.sort(two.x_of[part]))


@settings(max_examples=40)
@given(contents(), st.tuples(*[st.booleans()] * ROWS))
def test_masked(content: PendingEvents, mask: tuple[bool, ...]) -> None:
    lazy, eager = both_ways(content, lambda events: changes.masked(events, np.array(mask)))
    assert_alike(lazy, eager)
    assert not numbers(lazy)[np.array(mask)].any()


@settings(max_examples=40)
@given(contents(), st.one_of(st.just(0.3), st.just(np.array([1.0, -2.0, 0.1]))))
def test_scaled(content: PendingEvents, factor: float) -> None:
    lazy, eager = both_ways(content, lambda events: changes.scaled(events, factor))
    assert_alike(lazy, eager)


limits = st.one_of(st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 1.0, 5.0]), st.floats(-10, 40))


@settings(max_examples=40)
@given(contents(), limits, limits, st.booleans())
def test_within(content: PendingEvents, low: float, high: float, is_closed: bool) -> None:
    assert_alike(*both_ways(content, lambda events: changes.within(events, low, high, is_closed=is_closed)))


@settings(max_examples=40)
@given(contents(), st.integers(0, 2**32 - 1))
def test_within_limits_that_events_hit(content: PendingEvents, choice: int) -> None:
    x = carried_out(content).x_of
    low, high = (float(x[choice % len(x)]), float(x[(choice >> 16) % len(x)])) if len(x) else (0.0, 1.0)
    for is_closed in (False, True):
        low_of_row = np.array([low, -np.inf, low])
        one = both_ways(content, lambda events: changes.within(events, low_of_row, high, is_closed=is_closed))  # noqa: B023
        assert_alike(*one)


@settings(max_examples=40)
@given(contents(), st.lists(st.tuples(limits, limits).map(lambda pair: (min(pair), max(pair))), max_size=2))
def test_without(content: PendingEvents, intervals: list[tuple[float, float]]) -> None:
    known = [pair for pair in intervals if not np.isnan(pair).any()]
    assert_alike(*both_ways(content, lambda events: changes.without(events, known)))


@settings(max_examples=40)
@given(contents(), st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=3))
def test_of_pulses(content: PendingEvents, seconds: list[tuple[int, int]]) -> None:
    spans = np.array(seconds, np.int64).reshape(-1, 2) * 1_000_000_000
    assert_alike(*both_ways(content, lambda events: changes.of_pulses(events, spans)))


@settings(max_examples=40)
@given(contents(), row_maps, edge_grids())
def test_many_changes_one_after_the_other(content: PendingEvents, change: PixelMaps, edges: Grid) -> None:
    def changed(events: EventContent) -> EventContent:
        events = changes.scaled(changes.within(events, 0.5, 25.0), np.array([1.0, 2.0, 3.0]))
        return changes.regrouped(changes.mapped(events, change), np.array([1, 0, 0]), 2, content.x)

    if content.maps is None:
        lazy, eager = both_ways(content, changed)
        common = edges if edges.is_common else Grid(edges.row(0))
        np.testing.assert_allclose(counted(lazy, common).y, counted(eager, common).y, rtol=1e-12)
        np.testing.assert_allclose(counted(lazy, common).e, counted(eager, common).e, rtol=1e-12)


def test_tables_are_touched_and_columns_shared() -> None:
    content = pending(batch([1000, 2000], [0, 1]))
    change = unit_maps.elastic("TOF", "dSpacing", 10.0, np.ones(4), np.ones(4))
    mapped = changes.mapped(content, change)
    for step in (
        mapped,
        changes.mapped(mapped, unit_maps.elastic("dSpacing", "Wavelength", 10.0, np.ones(4), np.ones(4))),
        changes.masked(content, np.array([True, False, False, False])),
        changes.scaled(content, 2.0),
        changes.within(mapped, 0.1, 0.2),
        changes.without(content, [(0.0, 1.0)]),
        changes.of_pulses(content, np.array([[0, 5]])),
    ):
        assert isinstance(step, PendingEvents)
        assert step.events is content.events


def test_events_without_pulse_times_cannot_be_filtered_by_them() -> None:
    lists = replace(carried_out(pending(batch([1000], [0]))), pulse_ns=None)
    with pytest.raises(ValueError, match="compressed"):
        changes.of_pulses(lists, np.array([[0, 1]]))


@given(st.lists(st.one_of(st.floats(-3e6, 3e6), st.integers(-(10**6), 10**6).map(lambda n: n / 1000)), max_size=9))
def test_the_first_whole_ns_of_an_edge(edges: list[float]) -> None:
    for edge, time in zip(edges, times_ns(np.array(edges)), strict=True):
        if -(2**31) < time < 2**31:
            assert (time - 1) / 1000 < edge <= time / 1000


@given(maps(), st.lists(st.integers(-5000, 30000), min_size=5, max_size=5))
def test_limits_of_an_x_hold_just_the_times_that_have_it(change: PixelMaps | None, times: list[int]) -> None:
    pixel = np.arange(5, dtype=np.int32)

    def x_at(time_ns: I8) -> F8:
        return time_ns / 1000 if change is None else change.apply(time_ns / 1000, pixel)

    x = x_at(np.array(times))
    least, end = limits_ns(change, x, np.nextafter(x, np.inf))
    known = np.isfinite(x)
    for inside in (least, end - 1):
        np.testing.assert_array_equal(x_at(inside)[known], x[known])
    for outside in (least - 1, end):
        is_time = known & (outside >= LEAST_NS) & (outside < END_NS)
        assert not np.any(x_at(outside)[is_time] == x[is_time])
