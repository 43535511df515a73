"""The policy by a manual clock: single histories that a person can follow, and thousands of random ones."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.stepping import histories, run_history
from livereduce.daemon.policy import (
    Action,
    AskStop,
    Beaten,
    Ended,
    Exit,
    Fact,
    Judged,
    Kill,
    Limits,
    Look,
    Start,
    State,
    StopAsked,
    Terminate,
    Tick,
    step,
    wait_s,
)
from livereduce.link import Phase
from livereduce.status import StateWord

GOOD = Judged(fingerprint="a")
BAD = Judged(fingerprint="b", problems=("no proc script", "no post_proc script"))
WORKS = Beaten(phase=Phase.WAITING)
CRASH = Ended(code=-11, reason="killed by SIGSEGV")
STOP = StopAsked(by="SIGTERM received")


def play(*facts: tuple[float, Fact], state: State | None = None) -> tuple[State, list[tuple[float, Action]]]:
    """Facts at their times; the actions with theirs."""
    state, seen = state or State(), []
    for now, fact in facts:
        state, actions = step(state, fact, now)
        seen += [(now, action) for action in actions]
    return state, seen


def running(at: float = 0.0) -> State:
    return play((at, GOOD), (at, WORKS))[0]


def test_starts_once_usable_and_runs_from_the_first_beat_of_work() -> None:
    state, actions = play((0, Tick()), (0, GOOD), (1, Beaten(phase=Phase.STARTING)))
    assert actions == [(0, Look()), (0, Start(reason="the daemon has started"))]
    assert (state.word, state.since) == (StateWord.STARTING, 0.0)
    state, actions = play((7, WORKS), (8, WORKS), state=state)
    assert (state.word, state.since, actions) == (StateWord.RUNNING, 7, [])


def test_the_first_restart_is_at_once_then_it_backs_off() -> None:
    now, waits, state = 100.0, [], running()
    for _ in range(11):
        state, _ = step(state, CRASH, now)
        assert state.word is StateWord.RESTARTING
        assert state.due is not None
        waits.append(state.due - now)
        assert step(state, GOOD, state.due - 0.01)[1] == () or waits[-1] == 0
        now = state.due
        assert step(state, Tick(), now)[1] == (Look(),)
        state, actions = step(state, GOOD, now)
        assert actions == (Start(reason="killed by SIGSEGV"),)
        state, _ = step(state, WORKS, now)
    assert waits == [0, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert state.restarts == 11


def test_a_lonely_crash_is_forgotten_after_a_minute_and_back_off_only_by_health() -> None:
    state, _ = step(running(), CRASH, 0)
    state, _ = play((0, GOOD), (0, WORKS), (61, CRASH), state=state)
    assert state.due == 61
    state, _ = play((61, GOOD), (61, WORKS), (70, CRASH), state=state)
    assert state.due == 72
    state, _ = play((72, GOOD), (72, WORKS), (72 + 299, CRASH), state=state)
    assert state.due == 72 + 299 + 4
    state, _ = play((375, GOOD), (375, WORKS), (375 + 300, CRASH), state=state)
    assert state.due == 375 + 300


def test_the_wait_stays_bounded_after_years_of_failures() -> None:
    assert wait_s(10**6, Limits()) == 300.0


def test_leaving_unasked_with_0_is_a_restart_too() -> None:
    state, _ = step(running(), Ended(code=0, reason="left unasked"), 5)
    assert (state.word, state.why, state.restarts) == (StateWord.RESTARTING, "left unasked", 1)


def test_parks_on_what_is_unusable_and_goes_on_by_itself() -> None:
    state, actions = play((0, BAD), (1.9, Tick()), (2, Tick()))
    assert (state.word, state.why) == (StateWord.PARKED, "no proc script; no post_proc script")
    assert actions == [(2, Look())]
    state, actions = play((2, BAD), (4, Tick()), (4, GOOD), state=state)
    assert actions == [(4, Look()), (4, Start(reason="configuration and scripts are usable now"))]
    assert state.word is StateWord.STARTING


def test_parked_since_the_first_look_also_when_the_reason_changes() -> None:
    state, _ = play((0, BAD), (2, replace(BAD, problems=("something else",))))
    assert (state.since, state.why) == (0, "something else")


def test_what_a_worker_refused_stays_parked_until_it_changes() -> None:
    state, actions = step(running(), Ended(code=78, reason="proc does not compile"), 10)
    assert (state.word, state.why, state.restarts, actions) == (StateWord.PARKED, "proc does not compile", 0, ())
    state, actions_ = play((12, Tick()), (12, GOOD), (14, Tick()), (14, GOOD), state=state)
    assert actions_ == [(12, Look()), (14, Look())]
    assert state.why == "proc does not compile"
    state, actions = step(state, Judged(fingerprint="changed"), 16)
    assert [type(action) for action in actions] == [Start]


def test_becoming_unusable_while_backing_off_parks() -> None:
    state, _ = play((0, CRASH), (0, GOOD), (1, CRASH), (3, Tick()), (3, BAD), state=running())
    assert state.word is StateWord.PARKED


def test_the_stop_ladder_by_the_clock() -> None:
    state, actions = play(
        (0, STOP), (19, Tick()), (20, Tick()), (29, Tick()), (30, Tick()), (40, Tick()), state=running()
    )
    assert actions == [(0, AskStop()), (20, Terminate()), (30, Kill()), (40, Kill())]
    assert state.word is StateWord.STOPPING
    state, actions = play((41, Ended(code=-9, reason="killed")), state=state)
    assert (state.word, actions) == (StateWord.STOPPED, [(41, Exit(code=0))])


def test_a_second_request_goes_one_rung_up_at_once() -> None:
    _, actions = play((0, STOP), (1, STOP), (5, Tick()), (6, STOP), (16, Tick()), state=running())
    assert actions == [(0, AskStop()), (1, Terminate()), (6, Kill()), (16, Kill())]


@pytest.mark.parametrize(
    "state",
    [State(), play((0, BAD))[0], play((1, CRASH), state=running())[0]],
    ids=["starting", "parked", "restarting"],
)
def test_without_a_worker_a_stop_is_immediate(state: State) -> None:
    state, actions = step(state, STOP, 3)
    assert (state.word, actions) == (StateWord.STOPPED, (Exit(code=0),))
    for fact in (GOOD, Tick(), WORKS, CRASH, STOP):
        assert step(state, fact, 1e6) == (state, ())


def test_a_lost_answer_to_a_look_is_asked_for_again() -> None:
    _, actions = play((0, Tick()), (1, Tick()), (2, Tick()))
    assert actions == [(0, Look()), (2, Look())]


FACTS = st.one_of(
    st.just(Tick()),
    st.builds(Judged, fingerprint=st.sampled_from("abc"), problems=st.sampled_from([(), (), ("the script is empty",)])),
    st.builds(Beaten, phase=st.sampled_from(Phase)),
    st.builds(Ended, code=st.sampled_from([None, 0, 1, 70, 78, -9, -11]), reason=st.just("it ended")),
)
FACTS_AND_STOPS = st.one_of(FACTS, FACTS, FACTS, st.just(STOP))


class Watching:
    """What must hold at every step, whatever happens."""

    def __init__(self) -> None:
        self.workers = 0
        self.failed_at: list[float] = []
        self.stop_asked = False

    def __call__(self, before: State, fact: Fact, now: float, after: State, actions: Any) -> None:
        if isinstance(fact, Ended) and self.workers:
            self.workers = 0
            if fact.code != 78 and not self.stop_asked:
                self.failed_at.append(now)
        self.stop_asked = self.stop_asked or isinstance(fact, StopAsked)
        for action in actions:
            if isinstance(action, Start):
                self._started(fact, before, now, action)
            if isinstance(action, Exit):
                assert self.workers == 0
                assert self.stop_asked
        assert after.alive == bool(self.workers)
        assert after.why
        if self.stop_asked:
            assert after.word in (StateWord.STOPPING, StateWord.STOPPED)

    def _started(self, fact: Fact, before: State, now: float, action: Start) -> None:
        assert isinstance(fact, Judged)
        assert not fact.problems
        assert not self.stop_asked, "a stop request wins"
        assert action.reason
        self.workers += 1
        assert self.workers == 1, "never two workers"
        if before.word is StateWord.RESTARTING and len(self.failed_at) > 1:
            last, newest = self.failed_at[-2:]
            # Two within a minute: at least 2 s, except where a person's change or health came between.
            if newest - last <= 60 and before.failures > 1:
                assert now - newest >= 2.0
            assert now - newest >= wait_s(before.failures, Limits())


@settings(max_examples=400, deadline=None)
@given(histories(FACTS_AND_STOPS))
def test_random_histories_keep_the_rules(history: list[tuple[float, Fact]]) -> None:
    run_history(step, State(), history, Watching())


@settings(max_examples=200, deadline=None)
@given(histories(FACTS), st.integers(0, 5))
def test_after_a_stop_request_the_daemon_always_ends(history: list[tuple[float, Fact]], ticks: int) -> None:
    state, _ = run_history(step, State(), history)
    now = sum(wait for wait, _ in history)
    facts: list[tuple[float, Fact]] = [(now, STOP), *((now, Tick()) for _ in range(ticks)), (now, CRASH)]
    state, actions = play(*facts, state=state)
    assert state.word is StateWord.STOPPED
    assert actions[-1][1] == Exit(code=0)


@settings(max_examples=200, deadline=None)
@given(histories(FACTS))
def test_left_alone_it_never_gets_stuck(history: list[tuple[float, Fact]]) -> None:
    """From wherever it is: once scripts are good and time passes, there is a worker."""
    state, _ = run_history(step, State(), history)
    now = sum(wait for wait, _ in history)
    for _ in range(2):
        now += 301
        state, actions = step(state, Tick(), now)
        if Look() in actions:
            state, _ = step(state, Judged(fingerprint="new"), now)
    assert state.alive
