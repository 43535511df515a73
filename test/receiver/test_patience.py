"""When the receiver waits for the recorder: while a run is caught up with, and for a few seconds in all."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.receiver.patience import LIVE_S, MOST_S, STILL_S, Patience, RingSight, step

T0 = 10**18
DAY_S = 86_400.0


class Reading:
    """A receiver that reads `pace` seconds of the stream a second, while it does not wait."""

    def __init__(self, *, pace: float, age_s: float = DAY_S) -> None:
        self.pace, self.age_s = pace, age_s
        self.state, self.now, self.read_s, self.taken = Patience(), 0.0, 0.0, 0
        self.waited_s = 0.0

    def look(self, passed_s: float, *, has_room: bool, run: int = 1, takes: bool = True) -> bool:
        self.now += passed_s
        self.taken += takes
        if self.state.waits:
            self.waited_s += passed_s
        else:
            self.read_s += passed_s
        age_s = self.age_s - max(0.0, self.pace - 1) * self.read_s
        newest_ns = T0 + int(1e9 * self.pace * self.read_s)
        seen = RingSight(run=run, newest_ns=newest_ns, age_s=age_s, has_room=has_room, taken=self.taken)
        self.state = step(self.state, seen, self.now)
        return self.state.waits

    def looks(self, seconds: float, *, has_room: bool, run: int = 1, takes: bool = True) -> float:
        """How long it has waited in that time."""
        before = self.waited_s
        for _ in range(round(seconds / 0.01)):
            self.look(0.01, has_room=has_room, run=run, takes=takes)
        return self.waited_s - before


def test_a_run_that_is_caught_up_with_waits_for_room() -> None:
    reading = Reading(pace=20)
    assert reading.looks(0.1, has_room=True) == 0
    assert reading.looks(0.5, has_room=False) == pytest.approx(0.5, abs=0.02)
    assert not reading.look(0.01, has_room=True)


def test_a_stream_that_comes_as_it_happens_never_waits_nor_if_its_stamps_are_old() -> None:
    assert Reading(pace=1, age_s=0).looks(10, has_room=False) == 0
    old = Reading(pace=1)
    old.looks(1.1, has_room=True)  # in the first second it might be about to be caught up with
    assert old.looks(10, has_room=False) == 0


def test_when_the_stream_has_been_caught_up_with_the_waiting_ends() -> None:
    reading = Reading(pace=20, age_s=20.0)
    reading.looks(0.95, has_room=True)
    assert reading.age_s - 19 * reading.read_s < LIVE_S
    assert reading.looks(1, has_room=False) == 0


def test_a_slow_disk_costs_a_run_so_much_and_no_more() -> None:
    reading = Reading(pace=20)
    reading.looks(0.1, has_room=True)
    assert reading.looks(60, has_room=False) == pytest.approx(MOST_S, abs=0.02)
    assert reading.looks(10, has_room=False, run=2) == pytest.approx(MOST_S, abs=0.02), "each run has its own"


def test_a_recorder_that_hangs_is_not_waited_for_again_in_this_run() -> None:
    reading = Reading(pace=20)
    reading.looks(0.1, has_room=True)
    assert reading.looks(30, has_room=False, takes=False) == pytest.approx(STILL_S, abs=0.02)
    assert reading.looks(5, has_room=False) == 0


def test_between_runs_nothing_is_waited_for() -> None:
    reading = Reading(pace=20)
    reading.looks(0.1, has_room=True)
    assert reading.looks(5, has_room=False, run=0) == 0


def test_a_run_that_is_sent_again_is_known_at_once() -> None:
    reading = Reading(pace=20)
    reading.looks(3, has_room=True)
    reading.read_s = 0.0
    reading.looks(0.05, has_room=True)
    assert reading.look(0.01, has_room=False)


SIGHTS = st.builds(
    RingSight,
    run=st.integers(0, 2),
    newest_ns=st.one_of(st.just(0), st.integers(T0, T0 + 10**12)),
    age_s=st.floats(-10, 1e6),
    has_room=st.booleans(),
    taken=st.integers(0, 3),
)


@given(st.lists(st.tuples(st.floats(0, 2), SIGHTS), max_size=80))
def test_whatever_comes_it_waits_no_longer_than_allowed_and_never_for_a_live_stream(
    history: list[tuple[float, RingSight]],
) -> None:
    state, now, waited_s, longest_s = Patience(), 0.0, 0.0, 0.0
    for passed_s, seen in history:
        now += passed_s
        waited_s += passed_s if state.waits else 0.0
        longest_s = max(longest_s, passed_s)
        state = step(state, seen, now)
        if state.waits:
            assert seen.run
            assert not seen.has_room
            assert seen.age_s >= LIVE_S
    edges = 1 + sum(one.run != two.run for (_, one), (_, two) in pairwise(history))
    assert waited_s <= edges * (MOST_S + longest_s)
