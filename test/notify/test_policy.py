"""What is sent to whom, and when: by a manual clock, and over random histories."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.statuses import BEGIN, status
from helpers.stepping import histories, run_history
from livereduce.config.notifying import NotifyEntry, Occasion
from livereduce.messages.progress import RunState
from livereduce.messages.status import StateWord, Status
from livereduce.notify.facts import DeadBank, Looked, Message, MetricSeen, OverRun, Say, Send, SendOutcome
from livereduce.notify.occasions import LONGEST_PAUSE_S
from livereduce.notify.policy import MOST_NOTICES, RETRY_S, NotifyState, step
from livereduce.notify.remembered import Remembered, encode_remembered, remembered_of, state_of


def seen(one: Status | None = None, **facts: Any) -> Looked:
    return Looked(instrument="PG3", status=one or status(), **({"over": ()} | facts))


def entry(*on: Occasion, number: int = 1, **facts: Any) -> NotifyEntry:
    return NotifyEntry(number=number, on=on, command=("/bin/true",), **facts)


class Play:
    """The policy, played by hand: messages arrive at once unless told otherwise."""

    def __init__(self, *entries: NotifyEntry, state: NotifyState | None = None, arrives: bool = True) -> None:
        self.state = state or NotifyState(entries=entries)
        self.now = BEGIN
        self.sent: list[Message] = []
        self.said: list[str] = []
        self.arrives = arrives

    def look(self, looked: Looked, after_s: float = 0.0) -> list[str]:
        """What is sent at a look, in words."""
        self.now += after_s
        return self.take(looked)

    def take(self, fact: Looked | SendOutcome) -> list[str]:
        before = len(self.sent)
        self.state, outputs = step(self.state, fact, self.now)
        for output in outputs:
            if isinstance(output, Say):
                self.said.append(output.text)
            else:
                self.sent.append(output.message)
                if self.arrives:
                    self.state, _ = step(self.state, SendOutcome(entry=output.message.entry), self.now)
        return [notice.text for message in self.sent[before:] for notice in message.notices]

    def restart(self) -> "Play":
        again = Play(state=state_of(self.state.entries, remembered_of(self.state)), arrives=self.arrives)
        again.now = self.now
        return again


PARKED = seen(status(StateWord.PARKED))


def test_a_state_is_told_after_a_while_once_and_its_end() -> None:
    play = Play(entry(Occasion.PARKED))
    assert play.look(PARKED) == []
    assert play.look(PARKED, 59) == []
    assert play.look(PARKED, 2) == ["parked: because of parked"]
    assert play.look(PARKED, 1000) == []
    (over,) = play.look(seen(), 10)
    assert over == "parked is over after 18 min; now running: because of running"
    assert play.sent[-1].notices[0].over
    assert play.look(seen(), 1000) == []


def test_what_is_over_soon_is_not_told() -> None:
    play = Play(entry(Occasion.PARKED))
    play.look(PARKED, 30)
    play.look(seen(), 20)
    assert play.look(seen(status(StateWord.PARKED, since=BEGIN + 50)), 50) == []
    assert play.sent == []


@pytest.mark.parametrize("state", [StateWord.DEGRADED, StateWord.STALLED, StateWord.RESTARTING])
def test_degraded_is_one_thing_however_it_changes(state: StateWord) -> None:
    play = Play(entry(Occasion.DEGRADED))
    play.look(seen(status(StateWord.DEGRADED)))
    assert play.look(seen(status(state, since=BEGIN + 60)), 61) == [f"{state}: because of {state}"]
    assert play.look(seen(status(StateWord.DEGRADED, since=BEGIN + 500)), 500) == []


def test_down_is_told_and_what_is_not_known_then_is_not_over() -> None:
    play = Play(entry(Occasion.PARKED, Occasion.DOWN, longer_than_s=10, at_most_every_s=1))
    assert play.look(PARKED, 11) == ["parked: because of parked"]
    down = seen(status(StateWord.PARKED, updated=BEGIN + 12), down="the daemon (pid 1) is gone")
    assert play.look(down, 2) == []
    assert play.look(down, 20) == ["down: the daemon (pid 1) is gone"]
    told = play.look(seen(), 100)
    assert [text.split(" is over")[0] for text in told] == ["parked", "down"]


def test_a_daemon_that_never_was_is_down() -> None:
    play = Play(entry(Occasion.DOWN))
    nothing = Looked(instrument="PG3", status=None, down="no daemon status found")
    play.look(nothing)
    assert play.look(nothing, 61) == ["down: no daemon status found"]


def test_messages_are_rate_limited_and_what_waited_comes_together() -> None:
    play = Play(entry(Occasion.RUN_ENDED))
    runs = tuple(OverRun(run=number) for number in range(1, 40))
    play.look(seen(over=runs[:1]))
    assert play.look(seen(over=runs[:2]), 1) == ["run 2 has ended"]
    assert play.look(seen(over=runs[:3]), 100) == []
    assert play.look(seen(over=runs[:4]), 100) == []
    assert play.look(seen(over=runs[:4]), 101) == ["run 3 has ended", "run 4 has ended"]
    play.look(seen(over=runs), 10)
    assert len(play.look(seen(over=runs), 300)) == MOST_NOTICES
    assert play.sent[-1].held_back == len(runs) - 4 - MOST_NOTICES
    assert play.look(seen(over=runs), 3000) == []


def test_a_state_that_was_over_before_it_could_be_sent_is_counted() -> None:
    play = Play(entry(Occasion.PARKED, Occasion.RUN_ENDED, longer_than_s=0))
    play.look(seen(over=(OverRun(run=1),)))
    play.look(seen(over=(OverRun(run=1), OverRun(run=2))))
    play.look(seen(status(StateWord.PARKED), over=None), 10)
    play.look(seen(over=None), 10)
    assert play.look(seen(over=(OverRun(run=2), OverRun(run=3, incomplete="a gap"))), 300) == [
        "run 3 has ended; incomplete: a gap"
    ]
    assert play.sent[-1].held_back == 1


def test_a_state_that_flaps_is_told_once() -> None:
    play = Play(entry(Occasion.PARKED, longer_than_s=0))
    play.look(PARKED)
    for _ in range(20):
        play.look(seen(), 5)
        play.look(seen(status(StateWord.PARKED, since=play.now)), 5)
    assert len(play.sent) == 1
    play.look(seen(), 1)
    assert play.look(seen(), 300)[0].startswith("parked is over")
    assert play.sent[-1].held_back == 20


def test_runs_that_were_over_before_are_not_told() -> None:
    play = Play(entry(Occasion.RUN_ENDED))
    assert play.look(seen(over=(OverRun(run=1), OverRun(run=2)))) == []


def test_statistics_once_a_run() -> None:
    play = Play(entry(Occasion.STATISTICS, metric="peak", target=0.01, at_most_every_s=1))

    def metric(error: float | None, run: int = 41, name: str = "peak") -> Looked:
        return seen(metrics=(MetricSeen(run=run, name=name, value=100.0, error=error, units="counts"),))

    for looked in (metric(1.5), metric(None), metric(0.5, name="other"), metric(0.0)):
        assert play.look(looked, 10) == []
    assert play.look(metric(0.9), 10) == ["run 41: peak is 100 ± 0.9 counts, 0.9 %"]
    assert play.look(metric(0.5), 10) == []
    assert play.look(metric(0.9, run=42), 10) == ["run 42: peak is 100 ± 0.9 counts, 0.9 %"]


def test_no_result_while_results_are_due() -> None:
    play = Play(entry(Occasion.NO_RESULT, longer_than_s=600))
    play.look(seen(status(last_result=BEGIN - 9000)))
    assert play.look(seen(status(last_result=BEGIN - 9000)), 599) == [], "the run has just begun for us"
    (told,) = play.look(seen(status(last_result=BEGIN - 9000)), 2)
    assert told.startswith("no result in run 41 since ")
    assert play.look(seen(status(last_result=play.now + 999)), 1000) == [
        "no result is over after 27 min; now running: because of running"
    ]


@pytest.mark.parametrize(
    "one", [status(run_state=RunState.PAUSED), status(dark_since=BEGIN), status(run_state=RunState.ENDED)]
)
def test_no_result_is_due_without_beam_or_run(one: Status) -> None:
    play = Play(entry(Occasion.NO_RESULT, longer_than_s=600))
    play.look(seen(one))
    assert play.look(seen(one), 9000) == []


def test_no_result_in_many_short_runs() -> None:
    play = Play(entry(Occasion.NO_RESULT, longer_than_s=600))
    told: list[str] = []
    for run in range(1, 5):
        told += play.look(seen(status(run=run)), 540)
        told += play.look(seen(status(run=run, run_state=RunState.ENDED)), 540)
    assert [text[:21] for text in told] == ["no result in run 2 si"], "between runs none is due, and it is told once"
    assert play.look(seen(status(run=5, last_result=play.now)), 1)[0].startswith("no result is over after ")


def test_time_without_beam_does_not_count_as_time_without_result() -> None:
    play = Play(entry(Occasion.NO_RESULT, longer_than_s=600))
    play.look(seen(status(last_result=BEGIN)))
    assert play.look(seen(status(last_result=BEGIN, dark_since=BEGIN + 300)), 300) == []
    assert play.look(seen(status(last_result=BEGIN)), 3000) == []
    assert play.look(seen(status(last_result=BEGIN)), 299) == []
    assert play.restart().look(seen(status(last_result=BEGIN)), 2) != []


def test_a_beam_trip_is_not_the_end_of_having_no_result() -> None:
    play = Play(entry(Occasion.NO_RESULT, longer_than_s=600, at_most_every_s=1))
    play.look(seen(status(last_result=BEGIN)))
    assert len(play.look(seen(status(last_result=BEGIN)), 601)) == 1
    dark = seen(status(last_result=BEGIN, dark_since=play.now))
    assert play.look(dark, 1) == []
    assert play.look(seen(status(last_result=BEGIN)), 600) == [], "it is told already"
    assert play.look(dark, 1) == []
    (ended,) = play.look(seen(status(last_result=play.now, dark_since=play.now)), 60)
    assert ended.startswith("no result is over after 21 min")
    assert play.look(seen(status(last_result=BEGIN + 1202)), 700) == []


def test_no_result_is_forgotten_when_nothing_runs_any_more() -> None:
    play = Play(entry(Occasion.NO_RESULT, longer_than_s=600, at_most_every_s=1))
    play.look(seen())
    assert len(play.look(seen(), 601)) == 1
    idle = seen(status(run_state=RunState.ENDED))
    assert play.look(idle, 1) == []
    assert play.look(idle, LONGEST_PAUSE_S + 1) == []
    assert play.look(seen(status(run=42)), 1) == []
    assert play.look(seen(status(run=42)), 599) == [], "the first run after that has its own time"
    assert play.look(seen(status(run=42)), 2)[0].startswith("no result in run 42 since ")


def test_no_result_is_told_of_a_daemon_that_went_down_in_a_run() -> None:
    play = Play(entry(Occasion.NO_RESULT, longer_than_s=600))
    play.look(seen(status(last_result=BEGIN)))
    (told,) = play.look(seen(status(last_result=BEGIN), down="it is gone"), 601)
    assert told.endswith("it is gone")


def test_dead_banks_one_by_one() -> None:
    play = Play(entry(Occasion.DEAD_BANK, at_most_every_s=1))
    three = seen(dead_banks=(DeadBank(bank="bank3", text="bank3 counts nothing"),))
    assert play.look(three, 1) == ["bank3 counts nothing"]
    assert play.look(seen(dead_banks=None), 10) == []
    assert play.look(three, 10) == []
    assert play.look(seen(dead_banks=()), 10)[0].startswith("dead bank bank3 is no longer named")


def test_a_failure_is_tried_again_and_given_up() -> None:
    play = Play(entry(Occasion.PARKED, longer_than_s=0), arrives=False)
    play.look(PARKED)
    for wait_s in RETRY_S:
        play.take(SendOutcome(entry=1, problem="no answer within 15 s"))
        assert len(play.sent) == 1 + RETRY_S.index(wait_s)
        play.look(PARKED, wait_s - 1)
        assert len(play.sent) == 1 + RETRY_S.index(wait_s)
        play.look(PARKED, 2)
    assert len(play.sent) == 1 + len(RETRY_S)
    play.take(SendOutcome(entry=1, problem="no answer within 15 s"))
    play.look(PARKED, 3000)
    assert len(play.sent) == 1 + len(RETRY_S)
    assert "given up: no answer" in play.said[-1]
    play.look(seen(), 1)
    assert play.sent[-1].held_back == 1, "the loss is counted in the next message"


def test_what_is_hopeless_is_not_tried_again() -> None:
    play = Play(entry(Occasion.PARKED, longer_than_s=0), arrives=False)
    play.look(PARKED)
    play.take(SendOutcome(entry=1, problem="HTTP status 404", hopeless=True))
    play.look(PARKED, 1000)
    assert len(play.sent) == 1


def test_an_entry_that_hangs_delays_no_other() -> None:
    play = Play(entry(Occasion.PARKED, number=1, longer_than_s=0), entry(Occasion.RUN_ENDED, number=2), arrives=False)
    play.look(PARKED)
    play.look(seen(over=(OverRun(run=7),)), 1000)
    assert [message.entry for message in play.sent] == [1, 2]


def test_a_restart_tells_nothing_twice() -> None:
    play = Play(entry(Occasion.PARKED, Occasion.RUN_ENDED, longer_than_s=0, at_most_every_s=1))
    play.look(seen(over=(OverRun(run=1),)))
    parked = seen(status(StateWord.PARKED), over=(OverRun(run=1), OverRun(run=2)))
    play.look(parked, 10)
    assert len(play.sent) == 1
    again = play.restart()
    assert again.look(parked, 10) == []
    anew = seen(status(StateWord.PARKED, since=play.now + 500), over=(OverRun(run=2), OverRun(run=3)))
    assert play.restart().look(anew, 1000) == ["parked: because of parked", "run 3 has ended"]


@pytest.mark.parametrize("arrives", [True, False])
def test_an_end_that_waits_or_is_on_its_way_survives_a_restart(arrives: bool) -> None:
    """Whoever repairs a configuration ends "parked", and this process with it."""
    play = Play(entry(Occasion.PARKED, longer_than_s=0))
    play.look(PARKED, 5)
    play.arrives = arrives
    assert len(play.look(seen(), 10 if arrives else 310)) == (0 if arrives else 1)
    again = play.restart()
    again.arrives = True
    (over,) = again.look(seen(), 300)
    assert over.startswith("parked is over after ")
    assert again.restart().look(seen(), 300) == []


def test_what_was_not_sent_before_a_restart_is_sent_after() -> None:
    play = Play(entry(Occasion.PARKED, longer_than_s=0), arrives=False)
    play.look(PARKED)
    assert play.restart().look(PARKED, 400) == ["parked: because of parked"]


def test_a_changed_target_is_not_told_all_again() -> None:
    play = Play(entry(Occasion.PARKED, longer_than_s=0))
    play.look(PARKED)
    other = replace(entry(Occasion.PARKED, longer_than_s=0, number=2), command=("/bin/false",))
    again = Play(state=state_of((other,), remembered_of(play.state)))
    assert again.look(PARKED, 400) == []


def test_a_clock_that_is_set_back_does_not_silence() -> None:
    play = Play(entry(Occasion.PARKED, longer_than_s=0))
    play.look(seen(status(StateWord.PARKED, since=BEGIN - 9000)))
    play.now -= 7200
    assert play.look(seen(), 0)[0].startswith("parked is over")


LOOKS = st.builds(
    seen,
    st.builds(
        status,
        st.sampled_from([StateWord.RUNNING, StateWord.PARKED, StateWord.DEGRADED, StateWord.STOPPED]),
        since=st.floats(0, 3000),
        last_result=st.one_of(st.none(), st.floats(0, 3000)),
        run=st.integers(1, 3),
    ),
    down=st.sampled_from(["", "", "gone"]),
    over=st.one_of(st.none(), st.lists(st.integers(1, 6), unique=True).map(lambda all_: tuple(map(over, all_)))),
    metrics=st.one_of(st.just(()), st.integers(1, 3).map(lambda run: (peak(run),))),
    dead_banks=st.sampled_from([None, (), (DeadBank(bank="b", text="b is dead"),)]),
)


def over(run: int) -> OverRun:
    return OverRun(run=run)


def peak(run: int) -> MetricSeen:
    return MetricSeen(run=run, name="peak", value=1.0, error=0.001)


OUTCOMES = st.builds(SendOutcome, entry=st.integers(1, 3), problem=st.sampled_from(["", "", "it failed"]))
ALL = (
    entry(*Occasion, number=1, longer_than_s=10, metric="peak", target=0.1, at_most_every_s=50),
    entry(Occasion.PARKED, Occasion.RUN_ENDED, number=2, longer_than_s=0, at_most_every_s=1),
)


@given(histories(st.one_of(LOOKS, OUTCOMES)))
def test_over_any_history(history: list[tuple[float, Any]]) -> None:
    """One message at a time, never too soon after the last, never empty, and everything survives a restart."""
    last: dict[int, float] = {}

    def look(before: Any, _fact: Any, now: float, after: Any, outputs: Any) -> None:
        for output in outputs:
            if not isinstance(output, Send):
                continue
            message = output.message
            assert message.notices
            assert len({notice.key for notice in message.notices}) == len(message.notices)
            was = before.by_number.get(message.entry)
            if was is None or was.sending is None:
                every_s = ALL[message.entry - 1].at_most_every_s
                assert now - last.get(message.entry, float("-inf")) >= every_s
                last[message.entry] = now
            else:
                assert was.sending == message, "the one before is not done"
        kept = remembered_of(after)
        assert remembered_of(state_of(ALL, kept)) == kept
        assert isinstance(kept, Remembered)
        encode_remembered(kept)

    run_history(step, NotifyState(entries=ALL), history, look)
