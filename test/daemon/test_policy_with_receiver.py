"""The policy where workers read from a receiver: it outlives them, and they do not outlive it."""

from dataclasses import replace

import pytest

from helpers.policies import CHANGED, CRASH, GOOD, STOP, WORKS, play
from livereduce.daemon.facts import (
    AskRecycle,
    AskRenew,
    AskStop,
    DaemonState,
    Dump,
    EndReceiver,
    Exit,
    Judge,
    Judged,
    Kill,
    Outgrown,
    ReceiverEnded,
    Reconfigured,
    Start,
    StartReceiver,
    Terminate,
    Tick,
    WorkerEnded,
)
from livereduce.daemon.policy import step
from livereduce.messages.status import StateWord

READS = replace(GOOD, stream="adara://bl11a:31415")
LEFT = WorkerEnded(code=0, reason="left")
GONE = ReceiverEnded(code=-9, reason="the receiver was killed by SIGKILL")
ENDED = ReceiverEnded(code=0, reason="as asked")


def receiving(at: float = 0.0) -> DaemonState:
    return play((at, READS), (at, WORKS))[0]


def test_a_receiver_is_started_first_and_outlives_the_worker() -> None:
    state, actions = play((0, Tick()), (0, READS), (1, WORKS), (5, CRASH), (5, Tick()), (5, READS))
    assert actions == [
        (0, Judge()),
        (0, StartReceiver()),
        (0, Start(reason="the daemon has started")),
        (5, Judge()),
        (5, Start(reason="killed by SIGSEGV")),
    ]
    assert (state.receiving, state.restarts) == (READS.stream, 1)


def test_it_goes_on_during_the_back_off() -> None:
    state, actions = play((1, CRASH), (1, READS), (2, CRASH), (3, Tick()), (4, Tick()), (4, READS), state=receiving())
    assert [type(action) for _, action in actions] == [Start, Judge, Start]
    assert state.receiving


def test_a_change_of_scripts_leaves_what_is_pending_to_the_next_worker() -> None:
    state, actions = play((1, CHANGED), (1.1, LEFT), (1.1, Tick()), (1.1, READS), state=receiving())
    assert actions == [(1, AskRenew()), (1.1, Judge()), (1.1, Start(reason=CHANGED.reason))]
    assert (state.restarts, state.renewals) == (0, 1)


def test_so_does_a_worker_that_is_replaced_for_its_memory() -> None:
    full = Outgrown(reason="700 MB of 650 MB")
    recycled = WorkerEnded(code=75, reason="left")
    _, actions = play((1, full), (2, recycled), (2, Tick()), (2, READS), state=receiving())
    assert actions == [(1, AskRecycle()), (2, Judge()), (2, Start(reason=full.reason))]


def test_without_its_receiver_the_worker_is_ended_and_both_count_as_one_failure() -> None:
    state, actions = play((5, GONE), (15, Tick()), state=receiving())
    assert actions == [(5, Terminate()), (15, Kill())]
    assert (state.word, state.why) == (StateWord.RESTARTING, GONE.reason)
    state, actions = play((16, CRASH), (16, Tick()), (16, READS), state=state)
    assert actions == [(16, Judge()), (16, StartReceiver()), (16, Start(reason=GONE.reason))]
    assert (state.restarts, state.failures) == (1, 1)


def test_receivers_that_die_one_after_another_back_off_as_workers_do() -> None:
    state, now, waits = receiving(), 100.0, []
    for _ in range(4):
        state, _ = play((now, GONE), (now, CRASH), state=state)
        assert state.due is not None
        waits.append(state.due - now)
        now = state.due
        state, actions = play((now, Tick()), (now, READS), (now, WORKS), state=state)
        assert actions[1:] == [(now, StartReceiver()), (now, Start(reason=GONE.reason))]
    assert waits == [0, 2, 4, 8]


def test_a_receiver_that_dies_during_the_back_off_is_started_with_the_next_worker() -> None:
    state, actions = play((1, CRASH), (1, READS), (2, CRASH), (3, GONE), (3, Tick()), state=receiving())
    assert [type(action) for _, action in actions] == [Start]
    _, actions = play((4, Tick()), (4, READS), state=state)
    assert actions == [(4, Judge()), (4, StartReceiver()), (4, Start(reason="killed by SIGSEGV"))]


def test_a_hung_worker_whose_receiver_dies_cannot_go_on_by_a_beat() -> None:
    stalled = play(*((now, Tick()) for now in range(1, 31)), state=receiving())
    assert stalled[1] == [(30, Dump())]
    state, actions = play((31, GONE), (31.5, WORKS), (41, Tick()), state=stalled[0])
    assert actions == [(31, Terminate()), (41, Kill())]
    assert (state.word, state.why) == (StateWord.RESTARTING, GONE.reason)


def test_a_script_that_changes_meanwhile_makes_it_no_failure() -> None:
    state, actions = play((1, GONE), (2, CHANGED), (3, CRASH), (3, Tick()), (3, READS), state=receiving())
    assert actions == [(1, Terminate()), (3, Judge()), (3, StartReceiver()), (3, Start(reason=CHANGED.reason))]
    assert (state.restarts, state.failures) == (0, 0)


def test_what_the_receiver_refuses_parks() -> None:
    refused = ReceiverEnded(code=78, reason="the receiver cannot run: no such host")
    state, actions = play((1, refused), (2, CRASH), (4, Tick()), (4, READS), state=receiving())
    assert actions == [(1, Terminate()), (4, Judge())]
    assert (state.word, state.why, state.restarts) == (StateWord.PARKED, refused.reason, 0)
    assert [type(action) for action in step(state, READS, 302)[1]] == [StartReceiver, Start]


def test_parked_nobody_reads_and_the_receiver_is_ended() -> None:
    bad = Judged(fingerprint="b", problems=("no script",))
    state, actions = play((1, CHANGED), (1, LEFT), (1, Tick()), (1, bad), (3, Tick()), (3, bad), state=receiving())
    assert actions == [(1, AskRenew()), (1, Judge()), (1, EndReceiver()), (3, Judge())]
    state, actions = play((3.5, READS), (3.6, ENDED), (3.6, Tick()), (3.6, READS), state=state)
    assert actions == [
        (3.6, Judge()),
        (3.6, StartReceiver()),
        (3.6, Start(reason="configuration and scripts can be used now")),
    ], "nothing starts on a receiver that is being ended"
    assert state.restarts == 0


def test_a_refusal_by_the_worker_ends_the_receiver() -> None:
    refusal = WorkerEnded(code=78, reason="proc does not compile")
    assert step(receiving(), refusal, 1)[1] == (EndReceiver(),)


@pytest.mark.parametrize("other", [Judged(fingerprint="o", stream="adara://other:1"), GOOD], ids=["stream", "engine"])
def test_another_stream_has_another_receiver(other: Judged) -> None:
    state, actions = play((1, CHANGED), (1, LEFT), (1, other), (3, Tick()), (3, other), state=receiving())
    assert actions == [(1, AskRenew()), (1, EndReceiver()), (3, Judge())]
    state, actions = play((3.5, ENDED), (3.5, Tick()), (3.5, other), state=state)
    started = [StartReceiver] if other.stream else []
    assert [type(action) for _, action in actions] == [Judge, *started, Start]
    assert state.receiving == other.stream


def test_to_stop_the_worker_goes_first_so_that_its_last_result_is_whole() -> None:
    state, actions = play((0, STOP), (5, LEFT), (6, ENDED), state=receiving())
    assert actions == [(0, AskStop()), (5, EndReceiver()), (6, Exit(code=0))]
    assert (state.word, state.why) == (StateWord.STOPPED, STOP.by)


def test_a_further_request_to_stop_hurries_the_receiver_and_nothing_else_matters() -> None:
    state, actions = play((0, STOP), (1, LEFT), state=receiving())
    state, actions = play(
        (1, READS), (1, CHANGED), (1, Tick()), (1, Reconfigured(reason="x")), (2, STOP), (3, GONE), state=state
    )
    assert actions == [(2, EndReceiver()), (3, Exit(code=0))]


def test_a_request_to_stop_while_the_receiver_is_being_ended_waits_for_it() -> None:
    bad = Judged(fingerprint="b", problems=("no script",))
    state, actions = play((1, CHANGED), (1, LEFT), (1, bad), (2, STOP), (3, ENDED), state=receiving())
    assert actions[1:] == [(1, EndReceiver()), (2, EndReceiver()), (3, Exit(code=0))]
    assert state.word is StateWord.STOPPED


def test_a_receiver_that_dies_while_all_stops_changes_nothing() -> None:
    state, actions = play((0, STOP), (1, GONE), (5, LEFT), state=receiving())
    assert actions == [(0, AskStop()), (5, Exit(code=0))]
    assert state.restarts == 0


def test_without_a_receiver_there_is_none_to_end() -> None:
    state, actions = play((0, GOOD), (0, WORKS), (1, GONE), (2, CHANGED), (3, STOP), (3, LEFT))
    assert [type(action) for _, action in actions] == [Start, AskStop, AskStop, Exit]
    assert state.restarts == 0
