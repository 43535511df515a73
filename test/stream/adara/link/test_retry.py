"""Retries of a server, and their log lines: by a manual clock."""

from dataclasses import dataclass, field

import pytest

from livereduce.stream.adara.link.retry import (
    EVERY_FOR_S,
    EVERY_S,
    LONGEST_DELAY_S,
    MAX_TOLD,
    Retry,
    broke,
    delay_s,
    holds,
    lost,
    settled,
)

KINDS = [
    "no connection to a:1: Connection refused",
    "no connection to a:1: timed out",
    "no connection to a:1: Name or service not known",
]


@dataclass
class Tries:
    """A server that does not serve, tried as the policy says."""

    retry: Retry = field(default_factory=Retry)
    now: float = 1000.0
    at: list[float] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def lose(self, reason: str, *, accepted: bool) -> float:
        self.retry, line = lost(self.retry, reason, self.now, accepted=accepted)
        self.told += [line] if line else []
        wait_s = delay_s(self.retry, self.now, accepted=accepted)
        self.now += wait_s
        self.at.append(self.now)
        return wait_s


@pytest.mark.parametrize("reason", KINDS)
@pytest.mark.parametrize("down_s", [0.5, 3.0, 17.2, 59.0])
def test_a_server_that_is_back_within_a_minute_is_found_within_a_second(reason: str, down_s: float) -> None:
    tries = Tries()
    assert tries.lose("the server closed the connection", accepted=True) == 0.0
    while tries.now < 1000.0 + down_s:
        tries.lose(reason, accepted=False)
    assert tries.now - (1000.0 + down_s) <= EVERY_S
    assert tries.told == ["connection lost: the server closed the connection", reason]


def test_a_server_that_was_never_there_is_tried_every_second_too() -> None:
    tries = Tries()
    assert [tries.lose(KINDS[0], accepted=False) for _ in range(50)] == [EVERY_S] * 50


def test_after_a_minute_it_is_tried_less_and_less_often() -> None:
    tries = Tries()
    waits = [tries.lose(KINDS[0], accepted=False) for _ in range(2000)]
    assert waits == sorted(waits)
    assert waits[int(EVERY_FOR_S) - 1] == EVERY_S
    assert waits[-1] == LONGEST_DELAY_S
    assert len([at_s for at_s in tries.at if at_s <= 1000.0 + 600.0]) < 220


def test_a_server_that_accepts_and_hangs_up_is_not_hammered() -> None:
    tries = Tries()
    waits = [tries.lose("the server closed the connection", accepted=True) for _ in range(1100)]
    assert waits[:6] == [0.0, 1.0, 2.0, 4.0, 8.0, 10.0]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_DELAY_S
    assert tries.told == ["connection lost: the server closed the connection"]


def test_a_reset_while_the_server_goes_down_costs_no_more_than_a_second() -> None:
    tries = Tries()
    tries.lose("the server closed the connection", accepted=True)
    assert tries.lose("connection broken: reset", accepted=True) == EVERY_S
    assert [tries.lose(KINDS[0], accepted=False) for _ in range(5)] == [EVERY_S] * 5


def test_a_new_pulse_ends_the_series() -> None:
    tries = Tries()
    for _ in range(20):
        tries.lose("the server closed the connection", accepted=True)
    tries.retry = settled(tries.retry)
    assert tries.lose("the server closed the connection", accepted=True) == 0.0
    assert len(tries.told) == 2


def test_reasons_that_differ_each_time_do_not_fill_the_log() -> None:
    tries = Tries()
    for k in range(100):
        tries.lose(f"impossible packet at byte {k}", accepted=True)
    assert len(tries.told) == MAX_TOLD


def test_a_connection_after_a_loss_must_hold_before_it_counts() -> None:
    assert holds(Retry(), 0.0)
    again, _ = lost(Retry(), "x", 0.0, accepted=True)
    assert not holds(again, 1.9)
    assert holds(again, 2.0)
    assert holds(settled(again), 0.0)


def test_where_framing_broke_is_remembered_over_a_new_pulse() -> None:
    retry = broke(broke(Retry(), 7), 7)
    assert (settled(retry).broken_at_ns, settled(retry).broken_times) == (7, 2)
    assert broke(retry, 8).broken_times == 1
