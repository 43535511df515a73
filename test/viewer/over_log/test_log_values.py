"""The numbers of logs as they come: steps in the order of time, over runs, within a bound."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.stream.items import LogBatch
from livereduce.viewer.over_log import log_values
from livereduce.viewer.over_log.log_values import SCAN_INDEX, LogListed, RunLogValues


def batch(name: str, *steps: tuple[int, float], units: str = "K", invalid: tuple[bool, ...] = ()) -> LogBatch:
    return LogBatch(
        run=1, name=name, units=units, time_ns=np.array([time for time, _ in steps], np.int64),
        value=np.array([value for _, value in steps], np.float64), invalid=np.array(invalid) if invalid else None,
    )  # fmt: skip


def at(logs: RunLogValues, name: str, *times: int) -> list[float | None]:
    found = logs.of(name)
    assert found is not None
    return [None if np.isnan(one) else one for one in found.at(np.array(times)).tolist()]


@given(st.lists(st.tuples(st.integers(0, 30), st.floats(-9, 9)), min_size=1), st.lists(st.integers(1, 5), min_size=1))
def test_in_whatever_order_and_pieces_they_come_the_newest_of_each_time_counts(
    steps: list[tuple[int, float]], cuts: list[int]
) -> None:
    logs, left, k = RunLogValues(), list(steps), 0
    while left:
        size = cuts[k % len(cuts)]
        logs.take(batch("T", *left[:size]))
        left, k = left[size:], k + 1
    for time in range(31):
        last = max((begins for begins, _ in steps if begins <= time), default=None)
        expected: list[float | None] = [None, *(value for begins, value in steps if begins == last)][-1:]
        assert at(logs, "T", time) == expected


def test_what_must_not_be_used_is_a_gap_and_texts_are_no_log() -> None:
    logs = RunLogValues()
    logs.take(
        batch("T", (1, 5.0), (2, 6.0), (3, np.nan), (4, np.inf), (5, 7.0), invalid=(False, True, False, False, False))
    )
    logs.take(LogBatch(run=1, name="sample", units="", time_ns=np.array([1]), value=("water",)))
    assert at(logs, "T", 0, 1, 2, 3, 4, 5) == [None, 5.0, None, None, None, 7.0]
    assert list(logs) == ["T"]
    assert logs.of("sample") is None


def test_a_value_lasts_into_the_next_run_but_a_scan_does_not() -> None:
    logs = RunLogValues()
    logs.take(batch("T", (1, 5.0), (2, 6.0)))
    logs.take(batch(SCAN_INDEX, (1, 3.0)))
    logs.begin_run()
    assert at(logs, "T", 1, 2, 9) == [None, 6.0, 6.0]
    assert logs.of(SCAN_INDEX) is None
    assert [one.values for one in logs.listed()] == [1]


def test_the_list_begins_with_the_scan_index_and_what_varies() -> None:
    logs = RunLogValues()
    logs.take(batch("a_still", (1, 5.0), (2, 5.0)))
    logs.take(batch("b_varies", (1, 5.0), (2, 6.0)))
    logs.take(batch("never", (1, np.nan)))
    logs.take(batch(SCAN_INDEX, (1, 1.0), units=""))
    assert [one.name for one in logs.listed()] == [SCAN_INDEX, "b_varies", "a_still", "never"]
    varies, never = logs.listed()[1], logs.listed()[3]
    assert varies == LogListed(name="b_varies", units="K", values=2, first=5.0, last=6.0, varies=True)
    assert (never.first, never.last, never.varies) == (None, None, False)


def test_there_is_a_bound_and_what_is_given_up_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_values, "MAX_VALUES_IN_ALL", 10)
    logs = RunLogValues()
    logs.take(batch("slow", (1, 1.0)))
    for time in range(20):
        logs.take(batch("fast", (time, float(time))))
    fast: Any = logs.of("fast")
    assert len(fast.value) <= 9
    assert fast.given_up + len(fast.value) == 20
    assert at(logs, "fast", 0, 19) == [None, 19.0]
    assert at(logs, "slow", 5) == [1.0]
    assert {one.name: one.values for one in logs.listed()} == {"fast": 20, "slow": 1}
