"""The rate at which something comes, and the silence that means something: by a manual clock."""

import pytest

from livereduce.stream.pace import (
    LEAST_SILENCE_S,
    LONGEST_SILENCE_S,
    REMEMBERED_S,
    TIMES_USUAL,
    Pace,
    came,
    is_overdue,
    wait_from,
)

NS = 10**9


def coming(every_s: float, count: int, pace: Pace | None = None, at_s: float = 0.0) -> Pace:
    """Pulses one by one, each at the time that it carries."""
    pace = pace or Pace()
    for k in range(count):
        pace = came(pace, [round((at_s + k * every_s) * NS)], at_s + k * every_s)
    return pace


def test_before_the_first_one_nothing_is_overdue() -> None:
    assert not is_overdue(Pace(), 1e9)
    assert not Pace().known


def test_one_alone_makes_no_rate() -> None:
    pace = coming(1.0, 1)
    assert not pace.known
    assert not is_overdue(pace, 100.0)
    assert is_overdue(pace, 30.0, unknown_s=30.0)


@pytest.mark.parametrize(("every_s", "limit_s"), [(1 / 60, 4.0), (0.1, 4.0), (1.0, 4.0), (5.0, 15.0), (10.0, 30.0)])
def test_the_limit_follows_from_the_rate(every_s: float, limit_s: float) -> None:
    pace = coming(every_s, 40)
    assert pace.limit_s == pytest.approx(limit_s)
    last_s = 39 * every_s
    assert not is_overdue(pace, last_s + 0.99 * limit_s)
    assert is_overdue(pace, last_s + 1.01 * limit_s)


@pytest.mark.parametrize("every_s", [0.5, 2.0, 10.0, 60.0])
def test_a_slow_source_is_never_overdue_as_long_as_it_keeps_its_pace(every_s: float) -> None:
    pace = Pace()
    for k in range(50):
        at_s = k * every_s + (0.4 * every_s if k % 3 else 0.0)  # it may come late
        assert not (pace.known and is_overdue(pace, at_s))
        pace = came(pace, [round(k * every_s * NS)], at_s)


def test_a_slow_source_that_is_caught_up_with_has_its_own_rate_and_not_that_of_the_replay() -> None:
    pace = came(Pace(), [k * 10 * NS for k in range(100)], 5.0)
    assert pace.limit_s == 30.0


def test_a_single_long_wait_is_not_usual_and_the_second_is() -> None:
    pace = coming(1 / 60, 60)
    pace = coming(1 / 60, 60, pace, at_s=30.0)
    assert pace.limit_s == LEAST_SILENCE_S
    pace = coming(1 / 60, 60, pace, at_s=60.0)
    assert pace.limit_s == pytest.approx(TIMES_USUAL * 29.0, rel=0.05)
    pace = coming(1.0, 20, pace, at_s=62.0 + REMEMBERED_S)
    assert pace.limit_s == LEAST_SILENCE_S


def test_waits_in_which_nobody_listened_do_not_count() -> None:
    pace = Pace()
    for k in range(4):
        pace = came(pace, [(30 * k) * NS + n for n in range(0, NS, NS // 60)], 30.0 * k, counts_waits=False)
    assert pace.limit_s == LEAST_SILENCE_S


def test_times_that_jump_and_go_back_do_not_count_as_a_rate() -> None:
    stamps = [k * NS // 60 for k in range(60)]
    stamps[30] += 3600 * NS
    assert came(Pace(), stamps, 1.0).limit_s == LEAST_SILENCE_S
    assert came(Pace(), [0, 10**6 * NS], 1.0).limit_s == LONGEST_SILENCE_S


def test_what_is_waited_for_from_now_on_is_overdue_only_later() -> None:
    pace = wait_from(coming(1 / 60, 60), 100.0)
    assert not is_overdue(pace, 103.9)
    assert is_overdue(pace, 104.1)


def test_nothing_came() -> None:
    pace = coming(1.0, 3)
    assert came(pace, [], 50.0) == pace
