"""Batches in two parts are the batch."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from helpers.items import event_batch, log_batch, monitor_batch
from livereduce.stream.coalesce import coalesce_events, coalesce_logs, coalesce_monitors
from livereduce.stream.items import LogBatch
from livereduce.stream.splitting import place_at, split, times_of

COUNTS = st.lists(st.integers(0, 4), min_size=1, max_size=6)


@given(counts=COUNTS, place=st.integers(-1, 8))
def test_events_split_anywhere_are_the_same_events(counts: list[int], place: int) -> None:
    whole = event_batch(5, np.arange(sum(counts)), per_pulse=counts, charge_pc=np.arange(len(counts)), unmapped=3)
    parts = [part for part in split(whole, place) if part is not None]
    assert all(len(part.pulse_ns) and part.first[0] == 0 for part in parts)
    (joined,) = coalesce_events(parts)
    for column in ("tof_ns", "pixel", "first", "pulse_ns", "charge_pc", "flags", "period"):
        assert getattr(joined, column).tolist() == getattr(whole, column).tolist()
    assert joined.unmapped == 3


@given(place=st.integers(-1, 4))
def test_values_and_monitors_split_likewise(place: int) -> None:
    log = log_batch(5, "temp", [1, 2, 3], [10, 20, 30])
    (joined,) = coalesce_logs([part for part in split(log, place) if part is not None])
    assert (joined.time_ns.tolist(), list(joined.value)) == ([1, 2, 3], [10, 20, 30])
    (monitor,) = coalesce_monitors([part for part in split(monitor_batch(5, 1, [7, 8]), place) if part is not None])
    assert monitor.tof_ns.tolist() == [7, 8]


def test_texts_keep_their_marks() -> None:
    log = LogBatch(
        run=1, name="a", units="", time_ns=np.arange(3), value=("x", "y", "z"), invalid=np.array([False, False, True])
    )
    early, late = split(log, 2)
    assert early is not None
    assert late is not None
    assert late.invalid is not None
    assert (early.value, early.invalid, late.value, late.invalid.tolist()) == (("x", "y"), None, ("z",), [True])


def test_the_place_of_a_time_is_where_it_is_reached_first() -> None:
    batch = event_batch(1, pulse_ns=[5, 9, 7, 9], per_pulse=[0, 0, 0, 0])
    assert [place_at(batch, time_ns) for time_ns in (5, 6, 9, 10)] == [0, 1, 1, 4]
    assert times_of(batch).tolist() == [5, 9, 7, 9]
