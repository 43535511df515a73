"""When the heartbeat connects, what it sends, and whom it answers."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.statuses import status
from helpers.stepping import histories, run_history
from livereduce.messages.status import StateWord
from livereduce.notify.facts import Looked
from livereduce.notify.heartbeat.beating import (
    CONNECT_S,
    LONGEST_WAIT_S,
    OLD_S,
    DropLink,
    HeartState,
    HeartTick,
    Linked,
    LinkLost,
    OpenLink,
    Pinged,
    Post,
    SayOfLink,
    answer_to,
    beat,
    status_of,
)

TOPIC = "/topic/SNS.PG3.STATUS.LIVEREDUCE"
START = HeartState(brokers=("a:1", "b:2"), destination=TOPIC, interval_s=30.0, name="livereduce.PG3")
WELL = HeartTick(status="0", pid=7)
PING = json.dumps({"reply_to": "/topic/SNS.COMMON.STATUS.ACK", "request_time": 12.5})


class Link:
    def __init__(self) -> None:
        self.state, self.now = START, 0.0

    def do(self, fact: Any, after_s: float = 0.0) -> list[Any]:
        self.now += after_s
        self.state, outputs = beat(self.state, fact, self.now)
        return [one for one in outputs if not isinstance(one, SayOfLink)]


def test_it_connects_and_beats() -> None:
    link = Link()
    assert link.do(WELL) == [OpenLink("a:1")]
    assert link.do(WELL, 1) == []
    assert link.do(Linked(), 1) == []
    (post,) = link.do(WELL)
    assert post.destination == TOPIC
    assert json.loads(post.body) == {"src_name": "livereduce", "status": "0", "pid": "7"}
    assert link.do(WELL, 29) == []
    (post,) = link.do(HeartTick(status="2", pid=7), 1)
    assert json.loads(post.body)["status"] == "2"


def test_a_broker_that_says_nothing_is_given_up_for_the_next() -> None:
    link = Link()
    link.do(WELL)
    assert link.do(WELL, CONNECT_S - 1) == []
    assert link.do(WELL, 1) == [DropLink()]
    assert link.do(WELL, 1) == [OpenLink("b:2")]


def test_waits_grow_and_end_with_a_connection() -> None:
    link, waits = Link(), []
    for _ in range(9):
        begun = link.now
        while not link.do(WELL):
            link.now += 0.5
        waits.append(link.now - begun)
        link.do(LinkLost("refused"))
    assert waits[1:5] == [1.0, 2.0, 4.0, 8.0]
    assert waits[-1] == LONGEST_WAIT_S
    link.do(WELL, LONGEST_WAIT_S)
    link.do(Linked())
    link.do(LinkLost("gone"))
    assert link.do(WELL, 2.0) == [OpenLink(link.state.brokers[link.state.failures % 2])]


def test_the_same_failure_is_said_once() -> None:
    state, said = START, []
    for number in range(20):
        state, _ = beat(state, WELL, 1000.0 * number)
        state, outputs = beat(state, LinkLost("refused"), 1000.0 * number)
        said += [one for one in outputs if isinstance(one, SayOfLink)]
    assert 1 <= len(said) <= 20
    single = HeartState(brokers=("a:1",), destination=TOPIC, interval_s=1.0, name="n")
    count = 0
    for number in range(20):
        single, _ = beat(single, WELL, 1000.0 * number)
        single, outputs = beat(single, LinkLost("refused"), 1000.0 * number)
        count += len(outputs)
    assert count == 1


def test_a_ping_is_answered_once_a_second() -> None:
    link = Link()
    assert link.do(Pinged(PING)) == [], "not connected"
    link.do(WELL)
    link.do(Linked())
    (post,) = link.do(Pinged(PING))
    assert post == Post("/topic/SNS.COMMON.STATUS.ACK", post.body)
    assert json.loads(post.body) == {"src_name": "livereduce.PG3", "status": "0", "request_time": 12.5}
    assert link.do(Pinged(PING), 0.1) == []
    assert len(link.do(Pinged(PING), 1)) == 1


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "[" * 4000,
        '{"reply_to": 1, "request_time": 1}',
        '{"reply_to": "/topic/SNS.PG3.STATUS.LIVEREDUCE", "request_time": 1}',
        '{"reply_to": "/queue/CATALOG.READY", "request_time": 1}',
        '{"reply_to": "/topic/A.ACK\\nx:y", "request_time": 1}',
        '{"reply_to": "/topic/A.ACK", "request_time": "1"}',
        '{"reply_to": "/topic/A.ACK", "request_time": NaN}',
        '{"reply_to": "/topic/A.ACK", "request_time": true}',
        '{"reply_to": "/topic/A.ACK", "request_time": 1e999}',
        '{"reply_to": "/topic/A.ACK", "request_time": 1, "x": "' + "x" * 5000 + '"}',
    ],
)
def test_what_is_no_ping_is_not_answered(body: str) -> None:
    assert answer_to(body, "n") is None


def test_the_status_is_that_of_the_command() -> None:
    def looked(state: StateWord, down: str = "") -> Looked:
        return Looked(instrument="PG3", status=status(state), down=down)

    assert status_of(looked(StateWord.RUNNING), 0) == "0"
    assert status_of(looked(StateWord.PARKED), 0) == "1"
    assert status_of(looked(StateWord.RUNNING, "gone"), 0) == "2"
    assert status_of(looked(StateWord.RUNNING), OLD_S + 1) == "2", "the files do not answer"
    assert status_of(None, 0) == "2"


FACTS = st.one_of(
    st.builds(HeartTick, status=st.sampled_from("012"), pid=st.just(1)),
    st.just(Linked()),
    st.just(LinkLost("x")),
    st.text(max_size=50).map(Pinged),
    st.just(Pinged(PING)),
)


@given(histories(FACTS))
def test_over_any_history(history: list[tuple[float, Any]]) -> None:
    def look(before: HeartState, fact: Any, now: float, after: HeartState, outputs: Any) -> None:
        for output in outputs:
            if isinstance(output, Post):
                assert before.linked
            if isinstance(output, OpenLink):
                assert before.opened_s is None
                assert after.opened_s == now

    run_history(beat, START, history, look)
