"""When to connect, what to send, and to whom a ping is answered. Pure.

The web monitor of SNS (data_workflow 0127c05, ``amq_consumer.py``) takes `status` and `pid` of each `src_name` from a
destination with ``STATUS`` in it, whose second word is the instrument. It sends pings with `reply_to` and
`request_time`, and mails somebody if a client that has answered once is silent for six minutes.
"""

import json
import math
import re
from dataclasses import dataclass, replace

from livereduce.base.errors import ExitCode
from livereduce.messages.status import exit_code
from livereduce.notify.facts import Looked

SOURCE = "livereduce"
OLD_S = 60.0
"""A look older than this says nothing any more: the files do not answer."""
CONNECT_S = 20.0
"""A broker that has not said a word for so long after the connection is given up."""
LONGEST_WAIT_S = 60.0
LEAST_BETWEEN_ACKS_S = 1.0
LONGEST_PING = 4096
_ACK = re.compile(r"/(topic|queue)/[A-Za-z0-9_.-]{1,200}\.ACK")
"""Where an answer may go: whoever can send pings must not be able to write elsewhere through us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartTick:
    """Time has passed; `status` and `pid` are those to send now."""

    status: str
    pid: int


@dataclass(frozen=True, slots=True)
class Linked:
    """The broker has accepted us."""


@dataclass(frozen=True, slots=True)
class LinkLost:
    """The connection is lost, or was refused."""

    why: str


@dataclass(frozen=True, slots=True)
class Pinged:
    """The web monitor asks who is there."""

    body: str


@dataclass(frozen=True, slots=True)
class OpenLink:
    """Order: connect to a broker, ``HOST:PORT``."""

    broker: str


@dataclass(frozen=True, slots=True)
class DropLink:
    """Order: give up the connection."""


@dataclass(frozen=True, slots=True)
class Post:
    """Order: send a text to a destination."""

    destination: str
    body: str


@dataclass(frozen=True, slots=True)
class SayOfLink:
    """Order: a line for the log."""

    text: str
    is_warning: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartState:
    """The link.

    Attributes
    ----------
    name
        What answers to pings are signed with: the monitor has one list of all clients.
    opened_s
        When the connection was begun; None if there is none.
    linked
        The broker has accepted it.
    failures
        In a row.
    told
        The failure that was logged last.
    """

    brokers: tuple[str, ...]
    destination: str
    interval_s: float
    name: str
    opened_s: float | None = None
    linked: bool = False
    failures: int = 0
    told: str = ""
    open_at_s: float = 0.0
    beat_at_s: float = 0.0
    ack_at_s: float = 0.0


HeartFact = HeartTick | Linked | LinkLost | Pinged
HeartOrder = OpenLink | DropLink | Post | SayOfLink


def beat(state: HeartState, fact: HeartFact, now: float) -> tuple[HeartState, tuple[HeartOrder, ...]]:
    """The next state, and what to do; `now` in seconds of any clock."""
    match fact:
        case HeartTick():
            return _ticked(state, fact, now)
        case Linked():
            broker = _broker(state)
            said = SayOfLink(f"heartbeat: connected to {broker}, sending to {state.destination}", is_warning=False)
            known = state.failures % len(state.brokers)  # the broker that it is
            return replace(state, linked=True, failures=known, told="", beat_at_s=now), (said,)
        case LinkLost(why):
            return _lost(state, why, now)
        case Pinged(body):
            ack = answer_to(body, state.name)
            if ack is None or not state.linked or now < state.ack_at_s:
                return state, ()
            return replace(state, ack_at_s=now + LEAST_BETWEEN_ACKS_S), (ack,)


def _ticked(state: HeartState, tick: HeartTick, now: float) -> tuple[HeartState, tuple[HeartOrder, ...]]:
    if state.linked:
        if now < state.beat_at_s:
            return state, ()
        body = json.dumps({"src_name": SOURCE, "status": tick.status, "pid": str(tick.pid)})
        return replace(state, beat_at_s=now + state.interval_s), (Post(state.destination, body),)
    if state.opened_s is not None:
        if now - state.opened_s < CONNECT_S:
            return state, ()
        after, said = _lost(state, f"no answer within {CONNECT_S:g} s", now)
        return after, (DropLink(), *said)
    if now < state.open_at_s:
        return state, ()
    return replace(state, opened_s=now), (OpenLink(_broker(state)),)


def _broker(state: HeartState) -> str:
    return state.brokers[state.failures % len(state.brokers)]


def _lost(state: HeartState, why: str, now: float) -> tuple[HeartState, tuple[HeartOrder, ...]]:
    if state.opened_s is None:
        return state, ()
    text = f"heartbeat: {_broker(state)}: {why}"
    wait_s = min(LONGEST_WAIT_S, 2.0 ** min(state.failures, 10))
    after = replace(state, opened_s=None, linked=False, failures=state.failures + 1, open_at_s=now + wait_s, told=text)
    if text == state.told:
        return after, ()
    return after, (SayOfLink(f"{text}; trying again, at last every {LONGEST_WAIT_S:g} s"),)


def answer_to(body: str, name: str) -> Post | None:
    """The answer to a ping; None if it is not one."""
    if len(body) > LONGEST_PING:
        return None
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(asked, dict) or not isinstance(to := asked.get("reply_to"), str) or not _ACK.fullmatch(to):
        return None
    at = asked.get("request_time")
    if isinstance(at, bool) or not isinstance(at, int | float) or not abs(at) < 1e15 or math.isnan(at):
        return None
    return Post(to, json.dumps({"src_name": name, "status": "0", "request_time": at}))


def status_of(looked: Looked | None, age_s: float) -> str:
    """What is sent as status: 0 well, 1 somebody should look, 2 down or not known; as `livereduce status` exits."""
    if looked is None or looked.status is None or age_s > OLD_S:
        return str(int(ExitCode.DOWN))
    return str(int(exit_code(looked.status, looked.down)))
