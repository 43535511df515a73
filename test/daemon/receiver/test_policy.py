"""When the receiver is ended: by a manual clock, and in thousands of random histories."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.stepping import histories, run_history
from livereduce.daemon.facts import (
    Action,
    AskStop,
    Beaten,
    Dump,
    EndReceiver,
    Kill,
    ReceiverEnded,
    Terminate,
    Tick,
    Unintelligible,
)
from livereduce.daemon.receiver.policy import (
    ReceiverFact,
    ReceiverStarted,
    ReceiverState,
    next_due,
    step,
    why_ended,
)
from livereduce.messages.beat import SILENCE_LIMITS_S, Phase

RECEIVES = Beaten(phase=Phase.WAITING)
ENDED = ReceiverEnded(code=0, reason="it ended")
NONSENSE = Unintelligible(reason="nonsense")


def play(
    *facts: tuple[float, ReceiverFact], state: ReceiverState | None = None
) -> tuple[ReceiverState, list[tuple[float, Action]]]:
    state, seen = state or ReceiverState(), []
    for now, fact in facts:
        state, actions = step(state, fact, now)
        seen += [(now, action) for action in actions]
    return state, seen


def at_work() -> ReceiverState:
    return play((0, ReceiverStarted()), (0, RECEIVES))[0]


def ticks(first: int, last: int) -> list[tuple[float, ReceiverFact]]:
    return [(float(now), Tick()) for now in range(first, last + 1)]


@pytest.mark.parametrize(("phase", "limit_s"), SILENCE_LIMITS_S.items())
def test_silence_is_judged_by_phase(phase: Phase, limit_s: float) -> None:
    state, actions = play((0, ReceiverStarted()), (0, Beaten(phase=phase)), *ticks(1, int(limit_s) - 1))
    assert (actions, next_due(state)) == ([], limit_s)
    state, actions = play(*ticks(int(limit_s), int(limit_s) + 13), state=state)
    assert actions == [(limit_s, Dump()), (limit_s + 1, Terminate()), (limit_s + 11, Kill())]


def test_the_reason_says_who_was_stuck_where() -> None:
    state, _ = play(*ticks(1, 30), state=at_work())
    expected = "livereduce killed the receiver: stuck while receiving for 30 s (limits.waiting)"
    assert why_ended(state, "the receiver was killed by SIGTERM") == expected
    assert why_ended(at_work(), "the receiver was killed by SIGTERM") == "the receiver was killed by SIGTERM"


def test_the_limits_are_those_of_its_start() -> None:
    state, _ = play((0, ReceiverStarted(silence_s={**SILENCE_LIMITS_S, Phase.WAITING: 5.0})), (0, RECEIVES))
    assert play(*ticks(1, 5), state=state)[1] == [(5, Dump())]


def test_one_that_beats_again_after_the_dump_goes_on_and_after_sigterm_it_is_too_late() -> None:
    state, actions = play(*ticks(1, 30), (30.5, RECEIVES), *ticks(31, 40), state=at_work())
    assert (state.ending, actions) == (None, [(30, Dump())])
    state, actions = play(*ticks(1, 31), (32, RECEIVES), *ticks(33, 42), state=at_work())
    assert actions == [(30, Dump()), (31, Terminate()), (41, Kill())]


def test_the_daemons_own_standstill_is_no_silence() -> None:
    state, actions = play(*ticks(1, 20), (3600, Tick()), *ticks(3601, 3607), state=at_work())
    assert actions == []
    assert play((3608, Tick()), state=state)[1] == [(3608, Dump())]


def test_one_that_speaks_nonsense_is_ended_the_hard_way() -> None:
    state, actions = play((1, NONSENSE), (1, NONSENSE), *ticks(2, 11), state=at_work())
    assert actions == [(1, Terminate()), (11, Kill())]
    assert why_ended(state, "x") == "livereduce killed the receiver: nonsense"


def test_one_that_nobody_needs_is_asked_first() -> None:
    _, actions = play((1, EndReceiver()), *ticks(2, 23), state=at_work())
    assert actions == [(1, AskStop()), (3, Terminate()), (13, Kill()), (23, Kill())]


def test_each_further_request_takes_the_next_step_at_once() -> None:
    _, actions = play(*((float(now), EndReceiver()) for now in range(4)), state=at_work())
    assert actions == [(0, AskStop()), (1, Terminate()), (2, Kill()), (3, Kill())]


def test_one_that_hangs_is_not_given_more_time_when_nobody_needs_it() -> None:
    state, actions = play(*ticks(1, 31), (32, EndReceiver()), *ticks(33, 42), state=at_work())
    assert actions == [(30, Dump()), (31, Terminate()), (41, Kill())]
    assert why_ended(state, "as asked") == "as asked"


def test_each_receiver_begins_anew() -> None:
    state, _ = play(*ticks(1, 32), (33, ENDED), state=at_work())
    assert state == ReceiverState()
    assert next_due(state) is None
    state, actions = play((40, ReceiverStarted()), *ticks(40, 219), state=state)
    assert actions == []
    assert play((220, Tick()), state=state)[1] == [(220, Dump())]


FACTS = st.one_of(
    st.just(Tick()),
    st.just(Tick()),
    st.builds(Beaten, phase=st.sampled_from(Phase)),
    st.just(ReceiverStarted()),
    st.just(NONSENSE),
    st.just(EndReceiver()),
    st.just(ENDED),
)


class Watching:
    """What must hold at every step."""

    def __init__(self) -> None:
        self.heard_at, self.needed = 0.0, True

    def __call__(
        self, before: ReceiverState, fact: ReceiverFact, now: float, after: ReceiverState, actions: Any
    ) -> None:
        if isinstance(fact, Beaten | ReceiverStarted):
            self.heard_at = now
        if isinstance(fact, ReceiverStarted | ReceiverEnded):
            self.needed = True
        elif isinstance(fact, EndReceiver) and before.alive:
            self.needed = False
        if actions:
            assert before.alive
        if Dump() in actions:
            assert self.needed
            assert now - self.heard_at >= before.silence_s[before.phase], "nothing is ended while it beats"
        if {Terminate(), Kill()} & set(actions):
            assert after.ending
            assert after.why
        assert after.alive or next_due(after) is None
        assert not after.alive or next_due(after) is not None, "a receiver is never left alone"


@settings(max_examples=1000)
@given(histories(FACTS))
def test_random_histories_keep_the_rules(history: list[tuple[float, ReceiverFact]]) -> None:
    run_history(step, ReceiverState(), history, Watching())


@settings(max_examples=300)
@given(histories(FACTS))
def test_one_that_nobody_needs_always_ends(history: list[tuple[float, ReceiverFact]]) -> None:
    state, _ = run_history(step, ReceiverState(), history)
    now = sum(wait for wait, _ in history)
    if not state.alive:
        state, _ = step(state, ReceiverStarted(), now)
    _, actions = play((now, EndReceiver()), (now, EndReceiver()), (now, EndReceiver()), state=state)
    assert actions[-1] == (now, Kill())
