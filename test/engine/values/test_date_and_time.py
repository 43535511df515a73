from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.engine.values.date_and_time import DateAndTime, ns_of, times64


def test_a_time_is_read_as_mantid_writes_it() -> None:
    """The texts are those of Mantid's RunTest.py, the trailing space of `str` included."""
    start, end = DateAndTime("2008-12-18T17:58:38"), DateAndTime("2008-12-18T17:59:40")
    assert str(start) == "2008-12-18T17:58:38 "
    assert start.toISO8601String() == "2008-12-18T17:58:38"
    assert (end - start).total_seconds() == 62
    assert start < end
    assert end >= start
    assert start == DateAndTime(start)
    assert DateAndTime("2010-Jan-02 03:04:05.5").toISO8601String() == "2010-01-02T03:04:05.500000000"
    assert DateAndTime("2010-01-01T01:00:00+01:00") == DateAndTime("2010-01-01T00:00:00Z")
    assert DateAndTime("1990-01-02").totalNanoseconds() == 86_400 * 10**9


def test_whole_numbers_are_nanoseconds_and_others_seconds() -> None:
    start = DateAndTime("2008-12-18T17:58:38")
    assert (start + 10**9).toISO8601String() == "2008-12-18T17:58:39"
    assert (start + 1.5 - start).total_nanoseconds() == 1_500_000_000
    assert (start - 10**9).toISO8601String() == "2008-12-18T17:58:37"
    assert str((start + 3661.0) - start) == "01:01:01.000000"


def test_numpy_and_datetime_go_in() -> None:
    noon = DateAndTime("2010-01-01T12:00:00")
    assert DateAndTime(np.datetime64("2010-01-01T12:00")) == noon
    assert DateAndTime(datetime(2010, 1, 1, 12, tzinfo=UTC)) == noon
    assert noon.to_datetime64() == np.datetime64("2010-01-01T12:00")
    assert noon == np.datetime64("2010-01-01T12:00")
    assert DateAndTime(3, 5).totalNanoseconds() == 3_000_000_005
    with pytest.raises(ValueError, match="'noon' is no time"):
        DateAndTime("noon")
    with pytest.raises(TypeError, match="not list"):
        ns_of([1])


@given(st.integers(0, 2**62))
def test_there_and_back(ns: int) -> None:
    assert ns_of(DateAndTime(ns).toISO8601String()) == ns
    assert ns_of(times64(np.array([ns]))[0]) == ns
