"""Stretches of events: neighbours in memory are one, and what is given up is dropped with all before it."""

import numpy as np

from helpers.items import event_batch
from livereduce.viewer.held_events import HeldEvents

TOF, PIXEL = np.arange(1000, dtype=np.int32), np.arange(1000, 2000, dtype=np.int32)


def test_neighbours_in_memory_are_one_stretch() -> None:
    held = HeldEvents()
    for start in range(0, 1000, 10):
        held.add(event_batch(1, TOF[start : start + 10], PIXEL[start : start + 10]))
    (one,) = held
    assert (one.first, one.size, held.total) == (0, 1000, 1000)
    assert one.tof_ns.base is TOF
    np.testing.assert_array_equal(one.pixel, PIXEL)


def test_a_gap_in_memory_begins_another_one() -> None:
    held = HeldEvents()
    held.add(event_batch(1, TOF[:10], PIXEL[:10]))
    held.add(event_batch(1, TOF[10:20], PIXEL[11:21]))
    held.add(event_batch(1))
    held.add(event_batch(1, TOF[30:40], PIXEL[21:31]))
    assert [(one.first, one.size, one.tof_start) for one in held] == [(0, 10, 0), (10, 10, 10), (20, 10, 30)]
    assert held.first == 0


def test_what_is_given_up_goes_with_all_before_it() -> None:
    held, others = HeldEvents(), [TOF.copy() for _ in range(3)]
    for other in others:
        held.add(event_batch(1, other[:10], PIXEL[:10]))
    held.drop(lambda column: column.base is not others[1])
    assert [one.first for one in held] == [20]
    assert (held.first, held.total) == (20, 30)
    held.drop(lambda _: False)
    assert (list(held), held.first) == ([], 30)
