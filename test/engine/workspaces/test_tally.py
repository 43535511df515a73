"""Missing data of a run: shown with their times, in a text of bounded length."""

from datetime import datetime

from livereduce.base.times import UNIX_MINUS_EPICS_S
from livereduce.engine.workspaces.tally import MAX_GAPS, Tally
from livereduce.stream.items import Gap


def at(hour: int, minute: int, second: int, day: int = 28) -> int:
    """A local time in ns since 1990."""
    unix_s = datetime(2026, 11, day, hour, minute, second).timestamp()
    return (round(unix_s) - UNIX_MINUS_EPICS_S) * 10**9


def gap(from_ns: int = 0, to_ns: int = 0, reason: str = "the connection was down") -> Gap:
    return Gap(run=5, reason=reason, from_ns=from_ns, to_ns=to_ns)


def incomplete(*gaps: Gap) -> str:
    return sum((Tally(gaps=(one,)) for one in gaps), Tally(last_ns=at(15, 0, 0))).incomplete


def test_a_gap_is_told_with_its_times() -> None:
    told = incomplete(gap(at(14, 2, 5), at(14, 2, 9)))
    assert told == "the connection was down (missing 14:02:05 to 14:02:09)"


def test_gaps_of_one_reason_are_told_together_and_others_apart() -> None:
    again = gap(at(14, 2, 5), at(14, 2, 9))
    told = incomplete(again, gap(at(14, 5, 0), at(14, 5, 0)), again, gap(reason="pulses that could not be read"))
    assert told == (
        "the connection was down (missing 14:02:05 to 14:02:09, at 14:05:00); pulses that could not be read"
    )


def test_a_time_that_is_not_known_is_left_open() -> None:
    assert incomplete(gap(at(14, 2, 5))) == "the connection was down (missing from 14:02:05 on)"
    assert incomplete(gap(0, at(14, 2, 9))) == "the connection was down (missing until 14:02:09)"


def test_a_gap_of_another_day_has_its_date() -> None:
    told = incomplete(gap(at(23, 59, 58, day=27), at(0, 0, 1)))
    assert told == "the connection was down (missing 2026-11-27 23:59:58 to 00:00:01)"


def test_many_gaps_are_counted() -> None:
    told = incomplete(*(gap(at(14, 2, second), at(14, 2, second)) for second in range(MAX_GAPS + 3)))
    assert told.endswith(", at 14:02:09); 3 more gaps")
