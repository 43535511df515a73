"""The policy by a manual clock: single histories that a person can follow, and thousands of random ones."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.policies import CHANGED, CRASH, GOOD, STOP, WORKS, play
from helpers.stepping import histories, run_history
from livereduce.daemon.back_off import wait_s
from livereduce.daemon.facts import (
    AskRecycle,
    AskStop,
    Beaten,
    DaemonState,
    Dump,
    Ending,
    EndReceiver,
    Exit,
    Fact,
    Judge,
    Judged,
    Kill,
    Limits,
    Outdated,
    Outgrown,
    ReceiverEnded,
    Reconfigured,
    Start,
    StartReceiver,
    StopAsked,
    Terminate,
    Tick,
    Unintelligible,
    WorkerEnded,
)
from livereduce.daemon.policy import STUCK, next_due, step
from livereduce.messages.beat import SILENCE_LIMITS_S, Phase
from livereduce.messages.status import StateWord

BAD = Judged(fingerprint="b", problems=("no proc script", "no post_proc script"))
ELSEWHERE = Judged(fingerprint="e", relaunch="this was launched for another configuration")
KILLED_WAITING = "livereduce killed the worker: stuck while waiting for data for 30 s (limits.waiting), at p.py:4"


def running(at: float = 0.0) -> DaemonState:
    return play((at, GOOD), (at, WORKS))[0]


def test_starts_once_usable_and_runs_from_the_first_beat_of_work() -> None:
    state, actions = play((0, Tick()), (0, GOOD), (1, Beaten(phase=Phase.STARTING)))
    assert actions == [(0, Judge()), (0, Start(reason="the daemon has started"))]
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
        assert step(state, Tick(), now)[1] == (Judge(),)
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
    state, _ = step(running(), WorkerEnded(code=0, reason="left unasked"), 5)
    assert (state.word, state.why, state.restarts) == (StateWord.RESTARTING, "left unasked", 1)


def test_a_worker_that_speaks_nonsense_is_ended_the_hard_way_and_backs_off() -> None:
    state, actions = play((1, Unintelligible(reason="nonsense")), (1, Unintelligible(reason="more")), state=running())
    assert (state.word, state.why, actions) == (StateWord.RESTARTING, "nonsense", [(1, Terminate())])
    state, _ = play((2, CRASH), (2, GOOD), (2, WORKS), (3, Unintelligible(reason="nonsense")), state=state)
    state, _ = step(state, CRASH, 4)
    assert (state.restarts, state.due) == (2, 4 + 2)


def test_parks_on_what_is_unusable_and_goes_on_by_itself() -> None:
    state, actions = play((0, BAD), (1.9, Tick()), (2, Tick()))
    assert (state.word, state.why) == (StateWord.PARKED, "no proc script; no post_proc script")
    assert actions == [(2, Judge())]
    state, actions = play((2, BAD), (4, Tick()), (4, GOOD), state=state)
    assert actions == [(4, Judge()), (4, Start(reason="configuration and scripts can be used now"))]
    assert state.word is StateWord.STARTING


def test_parked_since_the_first_look_also_when_the_reason_changes() -> None:
    state, _ = play((0, BAD), (2, replace(BAD, problems=("something else",))))
    assert (state.since, state.why) == (0, "something else")


def test_what_a_worker_refused_stays_parked_until_it_changes() -> None:
    state, actions = step(running(), WorkerEnded(code=78, reason="proc does not compile"), 10)
    assert (state.word, state.why, state.restarts, actions) == (StateWord.PARKED, "proc does not compile", 0, ())
    state, actions_ = play((12, Tick()), (12, GOOD), (14, Tick()), (14, GOOD), state=state)
    assert actions_ == [(12, Judge()), (14, Judge())]
    assert state.why == "proc does not compile"
    state, actions = step(state, Judged(fingerprint="changed"), 16)
    assert [type(action) for action in actions] == [Start]


def test_what_a_worker_refused_is_tried_again_now_and_then() -> None:
    """Only it can find out: its environment may have been in the middle of being replaced."""
    refusal = WorkerEnded(code=78, reason="mantid does not import")
    state, _ = step(running(), refusal, 10)
    for start in (310, 621, 932):
        state, actions = play((start - 0.1, GOOD), (start, GOOD), state=state)
        assert actions == [(start, Start(reason="trying again what the worker could not use, after 300 s"))]
        state, _ = play((start + 1, Beaten(phase=Phase.STARTING)), (start + 11, refusal), state=state)
        assert (state.word, state.since, state.restarts) == (StateWord.PARKED, start + 11, 0)


def test_trying_again_what_was_refused_is_no_change_by_a_person() -> None:
    state = replace(running(), failures=5, failed_at=9.0)
    state, _ = step(state, WorkerEnded(code=78, reason="mantid does not import"), 10)
    assert step(state, GOOD, 310)[0].failures == 5
    assert step(state, Judged(fingerprint="changed"), 310)[0].failures == 0


def test_becoming_unusable_while_backing_off_parks() -> None:
    state, _ = play((0, CRASH), (0, GOOD), (1, CRASH), (3, Tick()), (3, BAD), state=running())
    assert state.word is StateWord.PARKED


def test_the_stop_ladder_by_the_clock() -> None:
    state, actions = play(
        (0, STOP), (19, Tick()), (20, Tick()), (29, Tick()), (30, Tick()), (40, Tick()), state=running()
    )
    assert actions == [(0, AskStop()), (20, Terminate()), (30, Kill()), (40, Kill())]
    assert state.word is StateWord.STOPPING
    state, actions = play((41, WorkerEnded(code=-9, reason="killed")), state=state)
    assert (state.word, actions) == (StateWord.STOPPED, [(41, Exit(code=0))])


def test_a_second_request_goes_one_rung_up_at_once() -> None:
    _, actions = play((0, STOP), (1, STOP), (5, Tick()), (6, STOP), (16, Tick()), state=running())
    assert actions == [(0, AskStop()), (1, Terminate()), (6, Kill()), (16, Kill())]


@pytest.mark.parametrize(
    "state",
    [DaemonState(), play((0, BAD))[0], play((1, CRASH), state=running())[0]],
    ids=["starting", "parked", "restarting"],
)
def test_without_a_worker_a_stop_is_immediate(state: DaemonState) -> None:
    state, actions = step(state, STOP, 3)
    assert (state.word, actions) == (StateWord.STOPPED, (Exit(code=0),))
    for fact in (GOOD, Tick(), WORKS, CRASH, STOP):
        assert step(state, fact, 1e6) == (state, ())


def test_a_lost_answer_to_a_look_is_asked_for_again() -> None:
    _, actions = play((0, Tick()), (1, Tick()), (2, Tick()))
    assert actions == [(0, Judge()), (2, Judge())]


# ---- silence


def ticks(first: float, last: float, step_s: float = 1.0) -> list[tuple[float, Fact]]:
    count = int((last - first) / step_s) + 1
    return [(first + n * step_s, Tick()) for n in range(count)]


@pytest.mark.parametrize(("phase", "limit_s"), SILENCE_LIMITS_S.items())
def test_silence_is_judged_by_phase(phase: Phase, limit_s: float) -> None:
    state, actions = play((0, GOOD), (0, Beaten(phase=phase)), *ticks(1, limit_s - 1))
    assert (state.ending, actions) == (None, [(0, Start(reason="the daemon has started"))])
    state, actions = play((limit_s, Tick()), state=state)
    assert actions == [(limit_s, Dump())]
    assert (state.word, state.why) == (
        StateWord.STALLED,
        f"stuck {STUCK[phase]} for {limit_s:g} s (limits.{phase})",
    )


def test_starting_counts_from_the_start() -> None:
    state, _ = play((50, GOOD), *ticks(51, 229))
    assert state.word is StateWord.STARTING
    assert play((230, Tick()), state=state)[1] == [(230, Dump())]


def test_the_limits_are_those_that_were_judged_with_the_start() -> None:
    state, _ = play((0, replace(GOOD, silence_s={**SILENCE_LIMITS_S, Phase.WAITING: 5.0})), (0, WORKS))
    assert play(*ticks(1, 5), state=state)[1] == [(5, Dump())]


def stalled() -> DaemonState:
    return play(*ticks(1, 30), state=running())[0]


def test_the_ladder_of_a_hang_ends_in_a_restart_that_counts() -> None:
    state, actions = play((30.5, Tick()), (31, Tick()), (40, Tick()), (41, Tick()), state=stalled())
    assert actions == [(31, Terminate()), (41, Kill())]
    state, actions = play((43, WorkerEnded(code=-9, reason="killed by SIGKILL", stood_at="p.py:4")), state=state)
    assert (state.word, state.why) == (
        StateWord.RESTARTING,
        KILLED_WAITING,
    )
    assert (state.restarts, state.failures, state.due) == (1, 1, 43)
    state, actions = play((43, Tick()), (43, GOOD), state=state)
    assert actions == [(43, Judge()), (43, Start(reason=KILLED_WAITING))]


def test_a_worker_that_beats_again_after_the_dump_goes_on() -> None:
    state, actions = play((30.5, WORKS), *ticks(31, 60), state=stalled())
    assert (state.word, state.ending, actions) == (StateWord.RUNNING, None, [])
    assert play((61, Tick()), state=state)[1] == [(61, Dump())]


def test_beats_that_only_tell_of_silence_do_not_hide_it() -> None:
    """Mantid's loop is not the one that beats."""
    beats: list[tuple[float, Fact]] = [(now, Beaten(phase=Phase.WAITING, silent_s=now)) for now in range(1, 31)]
    ticked = [fact for pair in zip(beats, ticks(1, 30), strict=True) for fact in pair]
    state, actions = play(*ticked, state=running())
    assert (state.word, actions) == (StateWord.STALLED, [(30, Dump())])
    state, actions = play((30.5, Beaten(phase=Phase.WAITING, silent_s=30.5)), (31, Tick()), state=state)
    assert (state.word, actions) == (StateWord.STALLED, [(31, Terminate())])


def test_silence_in_the_phase_before_does_not_count_in_the_next() -> None:
    state, actions = play((1, Beaten(phase=Phase.PROCESS, silent_s=599.0)), (1, WORKS), (2, Tick()), state=running())
    assert (state.word, actions) == (StateWord.RUNNING, [])


def test_a_beat_after_sigterm_is_too_late() -> None:
    state, actions = play((31, Tick()), (32, WORKS), (41, Tick()), state=stalled())
    assert (state.word, actions) == (StateWord.STALLED, [(31, Terminate()), (41, Kill())])


def test_the_daemons_own_standstill_is_no_silence_of_the_worker() -> None:
    state, actions = play(*ticks(1, 20), (3600, Tick()), *ticks(3601, 3607), state=running())
    assert (state.word, actions) == (StateWord.RUNNING, [])
    assert play((3608, Tick()), state=state)[1] == [(3608, Dump())]


def test_a_slow_loop_still_sees_a_hang() -> None:
    _, actions = play(*ticks(5, 75, 5.0), state=running())
    assert actions == [(75, Dump())]


def test_a_series_of_hangs_backs_off_and_health_before_one_forgets() -> None:
    state = stalled()
    state, _ = play((32, WorkerEnded(code=-15, reason="x")), (32, GOOD), (32, WORKS), *ticks(33, 62), state=state)
    state, _ = play((64, WorkerEnded(code=-15, reason="x")), state=state)
    assert (state.failures, state.due) == (2, 66)
    state, _ = play((66, GOOD), (66, WORKS), (366, WORKS), *ticks(366, 396), state=state)
    assert (state.word, state.failures) == (StateWord.STALLED, 0)


def test_a_stop_request_during_a_hang_wins_and_does_not_wait_longer() -> None:
    state, actions = play((30, STOP), (31, Tick()), (41, Tick()), state=stalled())
    assert actions == [(30, AskStop()), (31, Terminate()), (41, Kill())]
    assert step(state, CRASH, 43)[1] == (Exit(code=0),)


def test_when_the_next_tick_matters() -> None:
    assert next_due(DaemonState()) == 0
    state = play((5, Beaten(phase=Phase.PROCESS)), state=running())[0]
    assert next_due(state) == 605
    assert next_due(stalled()) == 30 + DaemonState().limits.dump_s
    assert next_due(play((0, STOP), state=running())[0]) == 20
    assert next_due(step(play((0, STOP), state=running())[0], CRASH, 1)[0]) is None


# ---- scripts and configuration under a running worker


def test_changed_scripts_begin_anew_at_once_and_count_as_no_failure() -> None:
    state, actions = play((0, CRASH), (0, GOOD), (1, WORKS), (5, CHANGED), (6, Tick()), state=running())
    assert actions[1:] == [(5, AskStop())]
    assert (state.word, state.why) == (StateWord.RESTARTING, CHANGED.reason)
    state, actions = play((6, WorkerEnded(code=0, reason="left")), (6, Tick()), (6, GOOD), state=state)
    assert actions == [(6, Judge()), (6, Start(reason=CHANGED.reason))]
    assert (state.failures, state.restarts, state.renewals) == (0, 1, 1)


def test_a_long_script_is_cancelled_after_a_short_grace() -> None:
    state, actions = play((0, CHANGED), *ticks(1, 12), state=running())
    assert actions == [(0, AskStop()), (2, Terminate()), (12, Kill())]
    state, _ = play((13, WorkerEnded(code=-9, reason="killed")), state=state)
    assert (state.failures, state.restarts, state.renewals, state.due) == (0, 0, 1, 13)


def test_a_second_change_while_the_first_takes_effect() -> None:
    state, actions = play((0, CHANGED), (2, Tick()), (3, Outdated(reason="again")), state=running())
    assert actions == [(0, AskStop()), (2, Terminate())]
    assert (state.why, state.due) == ("again", 12)


def test_scripts_that_are_gone_cancel_and_park() -> None:
    state, _ = play(
        (0, Outdated(reason="both scripts are gone")), (1, WorkerEnded(code=0, reason="left")), state=running()
    )
    state, actions = play((1, Tick()), (1, BAD), state=state)
    assert (state.word, actions) == (StateWord.PARKED, [(1, Judge())])


def test_a_change_while_backing_off_starts_at_once() -> None:
    state, _ = play((0, CRASH), (0, GOOD), (1, CRASH), state=running())
    assert state.due == 3
    state, actions = play((1.5, CHANGED), (1.5, Tick()), (1.5, GOOD), state=state)
    assert actions == [(1.5, Judge()), (1.5, Start(reason=CHANGED.reason))]


def test_being_asked_to_begin_anew_tries_again_what_was_refused() -> None:
    state, _ = step(running(), WorkerEnded(code=78, reason="refused"), 1)
    _, actions = play((1.5, Outdated(reason="SIGHUP received")), (1.5, Tick()), (1.5, GOOD), state=state)
    assert [type(action) for _, action in actions] == [Judge, Start]


def test_a_hung_worker_with_a_new_script_is_no_failure_any_more() -> None:
    state, _ = play((32, Tick()), (33, CHANGED), (34, WorkerEnded(code=-15, reason="x")), state=stalled())
    assert (state.failures, state.restarts, state.why) == (0, 0, CHANGED.reason)


def test_a_changed_configuration_ends_in_order_and_further_ones_do_not_hurry() -> None:
    changed = Reconfigured(reason="livereduce.conf has changed")
    state, actions = play((0, changed), (1, changed), (2, WorkerEnded(code=0, reason="left")), state=running())
    assert actions == [(0, AskStop()), (2, Exit(code=0))]
    assert (state.word, state.why) == (StateWord.STOPPED, changed.reason)
    state, actions = play((1, CRASH), (1, changed), state=running())
    assert actions == [(1, Exit(code=0))]
    state, actions = play((0, BAD), (0.5, changed), (0.5, Tick()), (0.5, GOOD))
    assert [type(action) for _, action in actions] == [Judge, Start], "parked it goes on by itself"


def test_a_stop_request_wins_over_changed_scripts() -> None:
    state, actions = play((0, CHANGED), (1, STOP), (3, Tick()), (21, Tick()), state=running())
    assert actions == [(0, AskStop()), (1, AskStop()), (21, Terminate())]
    state, actions = play((22, CHANGED), (22, WorkerEnded(code=-15, reason="x")), state=state)
    assert actions == [(22, Exit(code=0))]


# ---- memory

FULL = Outgrown(reason="700 MB of 650 MB")


def test_a_worker_asked_to_leave_for_want_of_memory_is_followed_at_once_and_is_no_failure() -> None:
    state, actions = play((1, FULL), (2, WorkerEnded(code=75, reason="left")), (2, Tick()), (2, GOOD), state=running())
    assert actions == [(1, AskRecycle()), (2, Judge()), (2, Start(reason=FULL.reason))]
    assert (state.failures, state.restarts, state.renewals) == (0, 0, 1)


@pytest.mark.parametrize("at_once", [False, True])
def test_a_run_that_does_not_fit_is_tried_again_later(at_once: bool) -> None:
    full = replace(FULL, at_once=at_once, wait_s=40.0)
    state, _ = play((1, full), (2, WorkerEnded(code=75, reason="left")), state=running())
    assert (state.word, state.due) == (StateWord.RESTARTING, 42)
    assert step(state, GOOD, 41.9)[1] == ()
    _, actions = play((5, CHANGED), (5, Tick()), (5, GOOD), state=state)
    assert actions[-1] == (5, Start(reason=CHANGED.reason)), "with other scripts it may fit"


def test_leaving_with_75_unasked_is_a_crash() -> None:
    state, _ = step(running(), WorkerEnded(code=75, reason="a script has ended the worker"), 1)
    assert (state.failures, state.restarts) == (1, 1)
    first, second = (WorkerEnded(code=75, reason=reason) for reason in ("x", "y"))
    state, _ = play((1, GOOD), (1, FULL), (2, first), (2, GOOD), (3, second), state=state)
    assert (state.failures, state.why) == (2, "y")


def test_far_too_much_memory_is_ended_the_hard_way_and_counts() -> None:
    state, actions = play((1, replace(FULL, at_once=True)), (11, Tick()), (12, CRASH), state=running())
    assert actions == [(1, Terminate()), (11, Kill())]
    assert (state.why, state.failures) == (FULL.reason, 1)


def test_what_is_for_another_process_ends_the_daemon_once_it_can_be_used() -> None:
    state, actions = play((0, Tick()), (0, replace(ELSEWHERE, problems=("no script",))))
    assert (state.word, state.why, actions) == (StateWord.PARKED, "no script", [(0, Judge())])
    state, actions = play((2, Tick()), (2, ELSEWHERE), state=state)
    assert (state.word, state.why) == (StateWord.STOPPED, ELSEWHERE.relaunch)
    assert actions == [(2, Judge()), (2, Exit(code=0))]


def test_a_worker_that_runs_is_not_ended_for_what_another_process_could_run() -> None:
    assert step(running(), ELSEWHERE, 5) == (running(), ())


# ---- random histories

FACTS = st.one_of(
    st.just(Tick()),
    st.builds(
        Judged,
        fingerprint=st.sampled_from("abc"),
        problems=st.sampled_from([(), (), ("the script is empty",)]),
        stream=st.sampled_from(["", "adara://a", "adara://a", "adara://b"]),
    ),
    st.builds(Beaten, phase=st.sampled_from(Phase)),
    st.builds(WorkerEnded, code=st.sampled_from([None, 0, 1, 70, 75, 78, -9, -11]), reason=st.just("it ended")),
    st.builds(ReceiverEnded, code=st.sampled_from([None, 0, 1, 70, 78, -9, -11]), reason=st.just("the receiver ended")),
    st.just(CHANGED),
    st.builds(Outgrown, reason=st.just("too much"), at_once=st.booleans(), wait_s=st.sampled_from([0.0, 30.0])),
    st.builds(Unintelligible, reason=st.just("nonsense")),
)
ENDINGS = st.sampled_from([STOP, Reconfigured(reason="changed"), ELSEWHERE, replace(ELSEWHERE, problems=("x",))])
FACTS_AND_STOPS = st.one_of(FACTS, FACTS, FACTS, FACTS, FACTS, ENDINGS)


class Watching:
    """What must hold at every step, whatever happens."""

    def __init__(self) -> None:
        self.workers = self.receivers = 0
        self.receiver_told = False
        self.reads = ""
        self.failures = 0
        self.failed_at = 0.0
        self.heard_at = 0.0
        self.by_person = False
        self.stop_asked = False

    def __call__(self, before: DaemonState, fact: Fact, now: float, after: DaemonState, actions: Any) -> None:
        if isinstance(fact, WorkerEnded):
            self._ended(before, after, now)
        if isinstance(fact, ReceiverEnded):
            self.receivers = 0
            self.receiver_told = False
            assert not self.workers or not self.reads or after.ending, "no worker outlives its receiver"
        if isinstance(fact, Outdated | Reconfigured):
            assert (after.failures, after.restarts) <= (before.failures, before.restarts), "a change is no failure"
            self.by_person = True
        if isinstance(fact, Beaten) and self.workers:
            self.heard_at = now
        gone = before.word is StateWord.RESTARTING or before.alive
        self.stop_asked |= isinstance(fact, StopAsked) or (isinstance(fact, Reconfigured) and gone)
        self.stop_asked |= isinstance(fact, Judged) and bool(fact.relaunch and not fact.problems and not before.alive)
        for action in actions:
            if isinstance(action, StartReceiver):
                self.receivers += 1
                assert self.receivers == 1, "never two receivers"
            if isinstance(action, EndReceiver):
                assert not self.workers, "the worker first"
                assert self.receivers
                self.receiver_told = True
            if isinstance(action, Start):
                self._started(fact, before, now, action)
            if isinstance(action, Exit):
                assert (self.workers, self.receivers) == (0, 0)
                assert self.stop_asked
            if isinstance(action, Dump):
                assert now - self.heard_at >= before.silence_s[before.phase], "nothing is ended while it beats"
            if isinstance(action, Terminate | Kill):
                assert after.ending, "nothing is ended without a reason"
        assert after.alive == bool(self.workers)
        assert bool(after.receiving) == bool(self.receivers)
        assert after.receiver_ends == self.receiver_told
        if after.word is StateWord.PARKED:
            assert self.receiver_told == bool(self.receivers), "nobody will read from it"
        assert after.why
        assert after.alive or after.ending is None
        if self.stop_asked:
            assert after.word in (StateWord.STOPPING, StateWord.STOPPED)

    def _ended(self, before: DaemonState, after: DaemonState, now: float) -> None:
        if not self.workers:
            return
        self.workers = 0
        if before.ending is Ending.RENEW:
            assert after.restarts == before.restarts, "a change is no failure"
            assert after.due == now, "it takes effect at once"
        if after.restarts > before.restarts:
            self.failures = after.failures
            self.failed_at, self.by_person = now, False

    def _started(self, fact: Fact, before: DaemonState, now: float, action: Start) -> None:
        assert isinstance(fact, Judged)
        assert not fact.problems
        assert not self.stop_asked, "a stop request wins"
        assert action.reason
        self.workers += 1
        assert self.workers == 1, "never two workers"
        assert bool(fact.stream) == bool(self.receivers), "a worker reads from a receiver, or alone"
        assert not self.receiver_told, "not from one that is being ended"
        self.reads = fact.stream
        self.heard_at = now
        if before.word is StateWord.RESTARTING and not self.by_person and before.failures > 1:
            assert now - self.failed_at >= max(2.0, wait_s(self.failures, Limits()))


@pytest.mark.timeout(300)
@settings(max_examples=2000)
@given(histories(FACTS_AND_STOPS))
def test_random_histories_keep_the_rules(history: list[tuple[float, Fact]]) -> None:
    run_history(step, DaemonState(), history, Watching())


@settings(max_examples=500)
@given(histories(FACTS), st.integers(0, 5))
def test_after_a_stop_request_the_daemon_always_ends(history: list[tuple[float, Fact]], ticks: int) -> None:
    state, _ = run_history(step, DaemonState(), history)
    now = sum(wait for wait, _ in history)
    facts: list[tuple[float, Fact]] = [(now, STOP), *((now, Tick()) for _ in range(ticks)), (now, CRASH)]
    state, actions = play(*facts, (now, ReceiverEnded(code=0, reason="as asked")), state=state)
    assert state.word is StateWord.STOPPED
    assert actions[-1][1] == Exit(code=0)


@settings(max_examples=500)
@given(histories(FACTS))
def test_left_alone_it_never_gets_stuck(history: list[tuple[float, Fact]]) -> None:
    """From wherever it is: once scripts are good and time passes, there is a worker."""
    state, _ = run_history(step, DaemonState(), history)
    now = sum(wait for wait, _ in history)
    for _ in range(4):
        now += 301
        if state.receiver_ends:
            state, _ = step(state, ReceiverEnded(code=0, reason="as asked"), now)
        state, actions = step(state, Tick(), now)
        if Judge() in actions:
            state, _ = step(state, Judged(fingerprint="new", stream="adara://new"), now)
    assert state.alive
