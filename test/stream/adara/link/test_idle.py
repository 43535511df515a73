"""Verdicts on silence, by a manual clock: no socket, no thread."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from livereduce.stream.adara.link.idle import (
    ANSWER_S,
    FIRST_WORD_S,
    GRACE_S,
    LONGEST_BETWEEN_S,
    Ask,
    Enough,
    Glimpse,
    Heard,
    Idle,
    Joined,
    Leave,
    Output,
    Silent,
    due_in_s,
    step,
)

NS = 10**9
STEP_S = 0.25


@dataclass
class Link:
    """A connection that is silent from now on, and a server that answers a second one."""

    run: int | None = 10
    paused: bool = False
    now: float = 0.0
    idle: Idle = field(default_factory=Idle)
    asked: list[float] = field(default_factory=list)
    left: list[tuple[float, str]] = field(default_factory=list)
    asking_since: float | None = None

    @property
    def asks(self) -> bool:
        return self.asking_since is not None

    def do(self, fact: Joined | Heard | Silent) -> None:
        self.idle, outputs = step(self.idle, fact, self.now)
        for output in outputs:
            self._note(output)

    def _note(self, output: Output) -> None:
        match output:
            case Ask():
                assert self.asking_since is None
                self.asked.append(self.now)
                self.asking_since = self.now
            case Enough():
                assert self.asking_since is not None
                self.asking_since = None
            case Leave(reason=reason):
                self.left.append((self.now, reason))
                self.asking_since = None

    def pulses(self, every_s: float = 1 / 60, seconds: float = 2.0) -> None:
        end_s = self.now + seconds
        while self.now < end_s:
            self.do(Heard(pulses_ns=[round(self.now * NS)]))
            self.now += every_s
        self.now -= every_s

    def silent(self, seconds: float, answer: Callable[[float], Glimpse] = lambda _: Glimpse()) -> None:
        """`answer` is what the second connection has shown after so many seconds."""
        end_s = self.now + seconds
        while self.now < end_s and not self.left:
            self.now += STEP_S
            glimpse = None if self.asking_since is None else answer(self.now - self.asking_since)
            self.do(Silent(run=self.run, paused=self.paused, glimpse=glimpse))


def link(every_s: float | None = 1 / 60, seconds: float = 2.0, *, run: int | None = 10, paused: bool = False) -> Link:
    """A connection on which something has come: pulses, or only a prologue."""
    one = Link(run=run, paused=paused)
    one.do(Joined())
    if every_s is None:
        one.do(Heard())
    else:
        one.pulses(every_s, seconds)
    return one


def says(run: int | None = 10, *, paused: bool = False, pulses: bool = False) -> Callable[[float], Glimpse]:
    return lambda _: Glimpse(run=run, paused=paused, pulses=pulses)


@pytest.mark.parametrize(("every_s", "limit_s"), [(1 / 60, 4.0), (1.0, 4.0), (10.0, 30.0), (None, 15.0)])
def test_the_server_is_asked_after_a_silence_that_depends_on_the_rate(every_s: float | None, limit_s: float) -> None:
    one = link(every_s, 60.0)
    begun_s = one.now
    assert due_in_s(one.idle, one.now) == pytest.approx(limit_s)
    one.silent(limit_s + 1, says())
    assert [at_s - begun_s for at_s in one.asked] == [pytest.approx(limit_s, abs=STEP_S)]


def test_a_slow_source_is_never_asked() -> None:
    one = link(10.0, 300.0)
    assert (one.asked, one.left) == ([], [])


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("run", [10, 0])
def test_no_answer_means_to_connect_again(run: int, paused: bool) -> None:
    one = link(run=run, paused=paused)
    begun_s = one.now
    one.silent(60.0)
    ((left_s, reason),) = one.left
    assert left_s - begun_s <= 4.0 + ANSWER_S + 2 * STEP_S
    assert reason == "no data for 7 s, and a second connection got no answer"


def test_a_second_connection_that_is_refused_says_so_at_once() -> None:
    one = link()
    one.silent(60.0, lambda _: Glimpse(failed="failed: Connection refused"))
    ((left_s, reason),) = one.left
    assert reason == "no data for 4 s, and a second connection failed: Connection refused"
    assert left_s - one.asked[0] <= STEP_S


@pytest.mark.parametrize(("run", "words"), [(12, "the server is in run 12 now"), (0, "the server is between runs now")])
@pytest.mark.parametrize("paused", [False, True])
def test_another_run_means_to_connect_again(run: int, words: str, paused: bool) -> None:
    one = link(paused=paused)
    one.silent(60.0, says(run))
    ((_, reason),) = one.left
    assert reason.endswith(words)


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("run", [10, 0])
def test_the_same_run_means_to_stay_and_to_ask_again_less_and_less_often(run: int, paused: bool) -> None:
    one = link(run=run, paused=paused)
    one.silent(600.0, says(run, paused=paused))
    assert one.left == []
    between = [after - before for before, after in zip(one.asked, one.asked[1:], strict=False)]
    assert between == sorted(between)
    assert between[0] < 8
    assert between[-1] >= LONGEST_BETWEEN_S
    assert len(one.asked) < 25
    assert one.asking_since is None or one.now - one.asking_since < 3


def test_in_a_pause_a_second_connection_is_sent_the_paused_data_and_that_means_nothing() -> None:
    one = link(paused=True)
    one.silent(600.0, says(paused=True, pulses=True))
    assert one.left == []


def test_a_resume_that_did_not_reach_us() -> None:
    one = link(paused=True)
    one.silent(60.0, says(paused=False, pulses=True))
    ((_, reason),) = one.left
    assert reason.endswith("a second connection gets pulses")


def test_a_pause_that_did_not_reach_us() -> None:
    one = link()
    one.silent(60.0, says(paused=True))
    ((_, reason),) = one.left
    assert reason.endswith("the server says that run 10 is paused")


def test_pulses_on_the_second_connection_alone_mean_to_connect_again() -> None:
    one = link()
    one.silent(60.0, lambda waited_s: Glimpse(run=10, pulses=waited_s > 0.3))
    ((left_s, reason),) = one.left
    assert reason.endswith("and a second connection gets pulses")
    assert left_s - one.asked[0] < 0.3 + GRACE_S + 2 * STEP_S


def test_pulses_that_come_again_at_this_very_moment_keep_the_connection() -> None:
    one = link()
    one.silent(4.3, says(pulses=True))
    assert one.asks
    one.do(Heard(pulses_ns=[round(one.now * NS)]))
    assert (one.left, one.asks) == ([], False)
    one.silent(3.0, says())
    assert len(one.asked) == 1


def test_pulses_of_a_slow_source_are_waited_for_on_the_second_connection_too() -> None:
    one = link(5.0, 60.0)
    one.silent(60.0, lambda waited_s: Glimpse(run=10, pulses=waited_s > 9.0))
    ((_, reason),) = one.left
    assert reason.endswith("a second connection gets pulses")


def test_a_server_that_accepts_and_says_nothing() -> None:
    one = Link(run=None)
    one.do(Joined())
    one.silent(60.0)
    assert one.left == [(FIRST_WORD_S, "the server accepted the connection and sent nothing for 10 s")]
    assert one.asked == []


def test_a_new_connection_has_to_say_something_whatever_the_last_one_said() -> None:
    one = link(paused=True)
    one.do(Joined())
    one.silent(60.0, says(paused=True))
    assert [reason for _, reason in one.left] == ["the server accepted the connection and sent nothing for 10 s"]


def test_the_rate_is_known_on_the_next_connection() -> None:
    one = link(10.0, 60.0)
    one.do(Joined())
    one.do(Heard())
    assert due_in_s(one.idle, one.now) == pytest.approx(30.0)


def test_what_is_heard_makes_the_questions_frequent_again() -> None:
    one = link()
    one.silent(200.0, says())
    one.pulses()
    before, begun_s = len(one.asked), one.now
    one.silent(5.0, says())
    assert one.asked[before] - begun_s == pytest.approx(4.0, abs=STEP_S)
