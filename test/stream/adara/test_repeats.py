"""Repeats are what was delivered: what an honest server can do is exact, what it cannot do is dropped or flagged."""

import numpy as np
import pytest

from helpers import packets as p
from helpers.decoding import Stream, edges_of, items_of, logs_of, monitors_of, pulses_of, table_of
from helpers.packets import END_RUN, NEW_RUN, NO_RUN, NS, PAUSE, RESUME, RUN_BOF, RUN_EOF, STATE, T0
from livereduce.stream.adara.delivered import nothing_delivered
from livereduce.stream.adara.repeats import SLACK, Seen
from livereduce.stream.adara.session import ONLY_REPEATS, OVERLAP_MISSING, SessionState
from livereduce.stream.items import Gap, Item, Paused, Resumed, RunEnded, RunStarted

FUTURE_S = 10**8
RUN = p.run_status(T0, NEW_RUN, 5, start_s=5)
BOUNDARY = p.run_status(T0, RUN_EOF, 5, start_s=5) + p.run_status(T0, RUN_BOF, 5, start_s=5) + p.geometry(T0, "<i/>")


def at(seconds: float) -> int:
    return T0 + round(seconds * NS)


def pulse(seconds: float, number: int | None = None) -> bytes:
    """A monitor and a banked packet, known by a number: that of the second, if none is given."""
    number = int(seconds) if number is None else number
    return p.monitors(at(seconds), {1: [number]}) + p.pulse(at(seconds), (number, 5))


def pulses(first: int, stop: int) -> bytes:
    return b"".join(pulse(k) for k in range(first, stop))


def numbers(items: list[Item]) -> list[int]:
    """Of the pulses that count; monitors must tell the same."""
    found = [events[0][0] // 100 for _, _, events in pulses_of(items)]
    assert [tofs[0] // 100 for _, tofs in monitors_of(items).get(1, [])] == found
    return found


def reasons(items: list[Item]) -> list[str]:
    return [item.reason for item in items if isinstance(item, Gap)]


# ---- what an honest server can do


@pytest.mark.parametrize("seconds", [FUTURE_S, -3600], ids=["a stamp in the future", "a clock set back"])
def test_a_wrong_stamp_before_a_file_boundary_costs_nothing(seconds: int) -> None:
    odd = pulse(50 + seconds, 50)
    items = items_of(RUN, pulses(1, 50), odd, BOUNDARY, pulses(51, 100), p.run_status(at(101), END_RUN, 5))
    assert numbers(items) == list(range(1, 100))
    assert reasons(items) == []


def test_a_clock_set_back_at_a_file_boundary_costs_nothing() -> None:
    items = items_of(RUN, pulses(50, 60), BOUNDARY, pulses(1, 10), BOUNDARY, pulses(10, 20))
    assert numbers(items) == [*range(50, 60), *range(1, 20)]


def test_a_complete_replay_after_a_stamp_in_the_future_adds_what_is_new() -> None:
    stream, sent = Stream(), RUN + pulses(1, 40) + pulse(FUTURE_S, 40)
    stream.connect()
    items = stream.feed(sent)
    stream.connect()
    items += stream.feed(sent + pulses(41, 80))
    assert (numbers(items), reasons(items)) == (list(range(1, 80)), [])
    assert stream.state.window.unexpected == 0


def test_the_packets_of_one_pulse_share_a_stamp_and_a_file_ends_between_them() -> None:
    packets = [p.pulse(at(k // 3), (k, 5)) for k in range(60)]
    items = items_of(RUN, *(packet + (BOUNDARY if k % 2 else b"") for k, packet in enumerate(packets)))
    assert [events[0][0] // 100 for _, _, events in pulses_of(items)] == list(range(60))
    assert reasons(items) == []


@pytest.mark.parametrize("cut", range(1, 18))
def test_a_cut_between_packets_that_share_a_stamp(cut: int) -> None:
    packets = [make(at(k // 6), k) for k in range(18) for make in (_monitor, _banked)]
    stream = Stream()
    stream.connect()
    items = stream.feed(RUN + b"".join(packets[:cut]))
    stream.connect()
    items += stream.feed(RUN + b"".join(packets))
    assert numbers(items) == list(range(18))


def _monitor(time_ns: int, number: int) -> bytes:
    return p.monitors(time_ns, {1: [number]})


def _banked(time_ns: int, number: int) -> bytes:
    return p.pulse(time_ns, (number, 5))


def test_a_pause_that_is_replayed_is_told_once() -> None:
    first = RUN + pulses(1, 5) + p.annotation(at(5), PAUSE, "Run 5 Paused.") + p.run_status(at(5), RUN_EOF, 5)
    stream = Stream()
    stream.connect()
    items = stream.feed(first)
    assert edges_of(items)[-1] == Paused(run=5, time_ns=at(5))
    stream.connect()
    assert edges_of(stream.feed(first)) == []
    assert stream.state.paused
    stream.connect()
    resumed = p.run_status(at(9), RUN_BOF, 5) + p.annotation(at(9), RESUME, "Run 5 Resumed.")
    items = stream.feed(first + resumed + pulses(9, 12))
    assert edges_of(items) == [Resumed(run=5, time_ns=at(9))]
    assert numbers(items) == [9, 10, 11]


def test_a_scan_and_a_text_that_are_replayed_are_told_once() -> None:
    said = p.annotation(at(3), 1, "go", scan=7) + p.variable(3, at(9), 1, 2, "late") + p.variable(3, at(4), 1, 2, "x")
    stream = Stream()
    stream.connect()
    items = stream.feed(RUN + pulses(1, 3) + said)
    stream.connect()
    items += stream.feed(RUN + pulses(1, 3) + said + pulses(3, 5))
    assert logs_of(items) == {"scan_index": [(at(3), 7.0)], "device1.2": [(at(9), "late"), (at(4), "x")]}


# ---- what the memory has forgotten


def forgetful(run: int = 5) -> Stream:
    """A session that remembers eight packets at least and sixteen at most."""
    banked, monitor = (Seen(delivered=nothing_delivered(8)) for _ in range(2))
    stream = Stream(SessionState(banked=banked, monitor=monitor))
    stream.connect()
    assert len(edges_of(stream.feed(p.run_status(T0, NEW_RUN, run, start_s=run)))) == 1
    return stream


def test_a_replay_from_beyond_the_memory_is_exact_when_it_reaches_what_is_remembered() -> None:
    stream = forgetful()
    items = stream.feed(pulses(1, 50))
    for _ in range(2):
        stream.connect()
        items += stream.feed(RUN + pulses(1, 30))
    stream.connect()
    items += stream.feed(RUN + pulses(1, 90))
    assert (numbers(items), reasons(items)) == (list(range(1, 90)), [])


def test_a_replay_that_does_not_reach_what_is_remembered_is_a_gap() -> None:
    stream = forgetful()
    items = stream.feed(pulses(1, 50))
    stream.connect()
    items += stream.feed(p.run_status(T0, STATE, 5) + pulses(1, 30) + pulses(60, 70))
    assert numbers(items) == [*range(1, 50), *range(60, 70)]
    assert reasons(items) == [OVERLAP_MISSING]


def test_a_run_that_ends_within_such_a_replay_is_a_gap() -> None:
    stream = forgetful()
    items = stream.feed(pulses(1, 50))
    stream.connect()
    items += stream.feed(p.run_status(T0, STATE, 5) + pulses(1, 30) + p.run_status(at(60), END_RUN, 5))
    assert (numbers(items), reasons(items)) == (list(range(1, 50)), [OVERLAP_MISSING])


def test_after_a_stamp_in_the_future_was_forgotten_no_more_is_dropped_than_was_forgotten() -> None:
    stream = forgetful()
    items = stream.feed(pulse(FUTURE_S, 0) + pulses(1, 50))
    forgotten = stream.state.banked.delivered.forgotten
    stream.connect()
    items += stream.feed(p.run_status(T0, STATE, 5) + pulses(100, 200))
    assert numbers(items) == [0, *range(1, 50), *range(100 + forgotten, 200)]
    assert reasons(items) == [OVERLAP_MISSING]


# ---- what no honest server does


def test_pulses_that_are_said_twice_count_once() -> None:
    stream = Stream()
    items = stream.feed(RUN + b"".join(2 * pulse(k) for k in range(1, 50)))
    assert (numbers(items), reasons(items)) == (list(range(1, 50)), [])
    assert (stream.state.window.unexpected, stream.state.window.repeated_pulses) == (98, 49)


@pytest.mark.parametrize("back", [3, 20, 49])
def test_a_block_that_is_sent_again_counts_once(back: int) -> None:
    logs = [p.variable(2, at(k), 1, 2, k) for k in range(100)]
    data = [pulse(k) + logs[k] for k in range(100)]
    stream = Stream()
    items = stream.feed(RUN + b"".join([*data[:50], *data[50 - back : 50], *data[50:]]))
    assert (numbers(items), reasons(items)) == (list(range(100)), [])
    assert [value for _, value in logs_of(items)["device1.2"]] == list(range(100))
    assert stream.state.window.unexpected == 2 * back


def test_a_server_that_only_repeats_is_a_gap_that_is_said_once() -> None:
    stream = Stream()
    stream.feed(RUN + pulses(1, 20))
    rounds = 3 * SLACK // 19
    items = [item for _ in range(rounds) for item in stream.feed(pulses(1, 20))]
    assert (numbers(items), reasons(items)) == ([], [ONLY_REPEATS])
    items = stream.feed(pulses(20, 30))
    assert (numbers(items), reasons(items)) == (list(range(20, 30)), [])


def test_replays_of_one_connection_after_another_are_no_gap() -> None:
    stream = Stream()
    stream.connect()
    stream.feed(RUN + pulses(1, 200))
    for _ in range(5):
        stream.connect()
        assert stream.feed(RUN + pulses(1, 200)) == []


def test_two_runs_in_turn_are_gaps_of_those_that_come_back() -> None:
    """The result of a run that comes back holds only what came last: it must say so."""
    begin = [p.run_status(at(k), NEW_RUN, 1 + k % 2, start_s=at(k) // NS) for k in range(6)]
    items = items_of(*(begin[k] + pulses(10 * k, 10 * k + 10) for k in range(6)))
    assert numbers(items) == list(range(60))
    assert [(gap.run, "came back" in gap.reason) for gap in items if isinstance(gap, Gap)] == [
        (1, True), (2, True), (1, True), (2, True),
    ]  # fmt: skip


def test_a_run_that_a_server_gives_from_its_start_on_another_connection_has_not_come_back() -> None:
    """A server that was started again may count from 1 again."""
    stream = Stream()
    stream.connect()
    items = stream.feed(RUN + pulses(1, 5) + p.run_status(at(5), END_RUN, 5) + p.run_status(at(5), NO_RUN))
    stream.connect()
    items += stream.feed(RUN + pulses(1, 5))
    assert numbers(items) == [1, 2, 3, 4, 1, 2, 3, 4]
    assert not any("came back" in reason for reason in reasons(items))


@pytest.mark.parametrize("kind", [NEW_RUN, STATE])
def test_another_run_of_the_same_number_is_not_added_to_the_first(kind: int) -> None:
    """A server that is started again in the middle of a run may give its number to the next one."""
    stream = Stream()
    stream.connect()
    items = stream.feed(RUN + pulses(1, 5))
    stream.connect()
    items += stream.feed(p.run_status(at(50), kind, 5, start_s=50) + pulses(51, 60))
    edges = [item for item in items if isinstance(item, RunStarted | RunEnded)]
    assert [type(edge) for edge in edges] == [RunStarted, RunEnded, RunStarted]
    assert numbers(items) == [*range(1, 5), *range(51, 60)]
    first, second = reasons(items)
    assert "down when run 5 ended" in first
    assert "came back" in second


def test_a_start_that_a_server_does_not_say_is_no_other_run() -> None:
    stream = Stream()
    stream.connect()
    items = stream.feed(RUN + pulses(1, 5))
    stream.connect()
    items += stream.feed(p.run_status(at(1), STATE, 5) + pulses(3, 9))
    assert (numbers(items), reasons(items)) == (list(range(1, 9)), [])


def test_the_same_packets_in_another_run_are_others() -> None:
    items = items_of(RUN, pulses(1, 5), p.run_status(at(9), NEW_RUN, 6, start_s=9), pulses(1, 5))
    assert numbers(items) == [1, 2, 3, 4, 1, 2, 3, 4]


def test_a_block_may_end_anywhere_in_all_of_this() -> None:
    data = RUN + pulses(1, 9) + pulse(FUTURE_S, 9) + BOUNDARY + pulses(5, 9) + pulses(10, 15) + 2 * pulse(15)
    ends = (table_of(data).at + table_of(data).length).tolist()
    for end in ends:
        stream = Stream()
        items = stream.feed(data[: 4 * end]) + stream.feed(data[4 * end :])
        assert numbers(items) == list(range(1, 16))
        assert stream.state.window.repeated_pulses == 5
    assert np.unique(ends).size == len(ends)
