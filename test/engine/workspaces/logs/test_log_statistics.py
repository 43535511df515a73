"""The figures are those of Mantid's Framework/Kernel/test/TimeSeriesPropertyTest.h (6.7 and newer)."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.engine.values.date_and_time import ns_of
from livereduce.engine.workspaces.logs.log_property import LogProperty
from livereduce.engine.workspaces.logs.log_statistics import statistics_of


def series(start: str, step_s: Sequence[float], values: Sequence[float]) -> LogProperty:
    times = ns_of(start) + np.cumsum(np.array(step_s) * 1e9).astype(np.int64)
    return LogProperty("log", np.array(values), "K", times)


def test_eleven_values_ten_seconds_apart() -> None:
    found = series("2007-11-30T16:17:00", [0] + [10] * 10, range(1, 12)).getStatistics()
    assert (found.minimum, found.maximum, found.median, found.mean, found.duration) == (1, 11, 6, 6, 110)
    assert (found.standard_deviation, found.time_standard_deviation) == pytest.approx((10**0.5, 10**0.5))
    assert found.time_mean == 6


def test_values_that_are_not_evenly_spaced() -> None:
    log = series("2007-11-30T17:12:34", [0, 34, 34], [178.3, 179.4, 180.2])
    assert log.getStatistics().duration == 136 - 34
    assert log.timeAverageValue() == pytest.approx(179.3)
    times = (
        "18:37 18:37 19:07 19:37 20:07 20:38 21:08 21:39 22:09 22:39 "
        "23:10 23:40 24:11 24:42 25:12 25:43 26:13 26:43 27:14 27:47"
    )
    field = {"l": 2289.4013671875, "m": 2289.456298828125, "h": 2289.51123046875, "-": 2289.346435546875}
    values = [field[sign] for sign in "llmllhhlhlhmmh-hhmhm"]
    at = np.array([ns_of(f"2018-06-12T23:{text}") for text in times.split()])
    found = statistics_of(np.array(values), at)
    assert found.time_mean == pytest.approx(2289.459125, abs=1e-5)
    assert found.duration == (27 - 18) * 60 + (47 - 37) + (47 - 14)


def test_texts_and_nothing_have_no_statistics() -> None:
    assert np.isnan(statistics_of(["a", "b"], np.array([1, 2])).mean)
    assert np.isnan(statistics_of(np.empty(0), np.empty(0, np.int64)).duration)
    assert statistics_of(42.0, None).time_mean == 42
    with pytest.raises(RuntimeError, match="no average: its values are no numbers"):
        LogProperty("word", ["a"], times_ns=np.array([1])).timeAverageValue()


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_evenly_spaced_values_all_count_alike(values: list[float]) -> None:
    found = series("2007-11-30T16:17:00", [10.0] * len(values), values).getStatistics()
    assert found.time_mean == pytest.approx(found.mean, abs=1e-6)
    assert found.time_standard_deviation == pytest.approx(found.standard_deviation, abs=1e-3)
    assert found.minimum <= found.median <= found.maximum
