"""What is held: from the oldest run that is not published, and within a limit."""

from livereduce.stream.held.holding import (
    Extent,
    Holding,
    after_freeing,
    all_freed,
    edge,
    moved_other,
    new_worker,
    reported,
    to_free,
    view_from,
    with_other,
    without_other,
)
from livereduce.stream.held.segments import SegmentId, SegmentKind
from livereduce.stream.items import Paused, RunEnded, RunStarted


def extent(number: int, last: int, used: int = 100, kind: SegmentKind = SegmentKind.COLUMN, start: int = 0) -> Extent:
    return Extent(id=SegmentId(number=number, kind=kind, size=100, start=start), last=last, used=used)


def two_runs() -> Holding:
    state = edge(Holding(), RunStarted(run=1, time_ns=0), 10, 20)
    state = edge(state, RunEnded(run=1, time_ns=0), 90, 100)
    return edge(state, RunStarted(run=2, time_ns=0), 110, 120)


def test_a_reader_can_begin_before_a_run_starts_and_after_it_ended() -> None:
    assert two_runs().begins == (0, 10, 100, 110)


def test_nothing_else_is_an_edge() -> None:
    assert edge(Holding(), Paused(run=1, time_ns=0), 10, 20) == Holding()


def test_a_new_worker_begins_at_the_last_edge_that_is_released() -> None:
    assert reported(two_runs(), consumed=0, released=105, written=200).begins == (100, 110)
    assert reported(two_runs(), consumed=0, released=99, written=200).begins == (10, 100, 110)


def test_a_worker_takes_nothing_back_and_is_not_ahead_of_the_stream() -> None:
    state = reported(two_runs(), consumed=150, released=105, written=200)
    again = reported(state, consumed=0, released=0, written=200)
    assert again == state
    ahead = reported(state, consumed=1 << 60, released=1 << 60, written=200)
    assert (ahead.consumed, ahead.released) == (200, 200)


def test_what_is_before_the_first_begin_is_freed() -> None:
    state = reported(two_runs(), consumed=0, released=105, written=200)
    assert to_free(state, (extent(1, 90), extent(2, 100), extent(3, 101)), None) == (1, 2)


def test_over_the_limit_the_oldest_that_is_consumed_is_given_up() -> None:
    state = reported(two_runs(), consumed=60, released=0, written=200)
    held = (extent(1, 30), extent(2, 50), extent(3, 90), extent(4, 95))
    assert to_free(state, held, 400) == ()
    assert to_free(state, held, 300) == (1,)
    assert to_free(state, held, 0) == (1, 2)


def test_a_run_of_which_something_was_given_up_is_not_held_from_its_start() -> None:
    state = reported(two_runs(), consumed=60, released=15, written=200)
    assert state.from_start
    gone = after_freeing(state, (extent(1, 30),))
    assert not gone.from_start
    assert all_freed(500).from_start
    assert all_freed(500).begins == (500,)


def test_a_segment_of_a_published_run_is_no_loss() -> None:
    state = reported(two_runs(), consumed=0, released=105, written=200)
    assert after_freeing(state, (extent(1, 90),)).from_start
    journal = extent(2, 100, kind=SegmentKind.JOURNAL, start=0)
    assert after_freeing(state, (journal,)).from_start


def test_a_new_worker_needs_again_what_the_one_before_has_consumed() -> None:
    state = reported(two_runs(), consumed=60, released=15, written=200)
    assert new_worker(state).consumed == 10


def test_what_only_another_reader_needs_is_held_as_long_as_there_is_room() -> None:
    state = with_other(reported(two_runs(), consumed=150, released=105, written=200), 10)
    held = (extent(1, 5), extent(2, 60), extent(3, 100), extent(4, 140), extent(5, 190))
    assert to_free(state, held, None) == (1,)
    assert to_free(state, held, 400) == (1,)
    assert to_free(without_other(state, 10), held, None) == (1, 2, 3)


def test_at_the_limit_other_readers_lose_first_and_workers_lose_only_what_they_have_consumed() -> None:
    state = with_other(reported(two_runs(), consumed=150, released=105, written=200), 10)
    held = (extent(2, 60), extent(3, 100), extent(4, 140), extent(5, 190))
    assert to_free(state, held, 300) == (2,)
    assert to_free(state, held, 200) == (2, 3)
    assert to_free(state, held, 0) == (2, 3, 4)


def test_a_reader_is_dropped_when_something_is_freed_that_it_needs_and_only_then() -> None:
    state = with_other(with_other(reported(two_runs(), consumed=150, released=105, written=200), 10), 110)
    assert after_freeing(state, (extent(1, 5),)).others == (10, 110)
    assert after_freeing(state, (extent(2, 60),)).others == (110,)
    assert after_freeing(state, (extent(2, 60),)).from_start
    assert after_freeing(state, (extent(4, 140),)).others == ()


def test_readers_that_begin_at_one_place_go_one_by_one() -> None:
    state = with_other(with_other(two_runs(), 10), 10)
    assert without_other(state, 10).others == (10,)
    assert without_other(without_other(without_other(state, 10), 10), 10).others == ()


def test_another_reader_changes_nothing_for_a_worker() -> None:
    state = reported(two_runs(), consumed=60, released=15, written=200)
    other = with_other(state, 10)
    assert new_worker(other).consumed == new_worker(state).consumed
    assert reported(other, consumed=90, released=20, written=200).begins == (10, 100, 110)
    assert all_freed(500).others == ()


def test_a_viewer_begins_with_the_run_or_where_what_holds_on_was_told_last() -> None:
    state = two_runs()
    assert view_from(state, in_run=True, standing=None) == 110
    between = edge(edge(Holding(), RunStarted(run=1, time_ns=0), 10, 20), RunEnded(run=1, time_ns=0), 90, 100)
    assert view_from(between, in_run=False, standing=None) == 10, "the run that has ended"
    given_up = after_freeing(state, (extent(1, 150),))
    assert view_from(given_up, in_run=True, standing=None) is None
    assert view_from(given_up, in_run=True, standing=140) is None
    assert view_from(given_up, in_run=True, standing=160) == 160


def test_a_viewer_moves_on_and_never_back_nor_ahead_of_the_stream() -> None:
    state = with_other(two_runs(), 10)
    state = moved_other(state, 10, 60, 200)
    assert state.others == (60,)
    assert moved_other(state, 60, 20, 200).others == (60,)
    assert moved_other(state, 60, 1 << 60, 200).others == (200,)
    assert to_free(reported(state, consumed=0, released=105, written=200), (extent(1, 50), extent(2, 90)), None) == (1,)
