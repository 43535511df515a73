"""The source over real sockets: it survives whatever a connection does, and no pulse counts twice or goes missing."""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from helpers import packets as p
from helpers.decoding import edges_of, items_of, logs_of, monitors_of, pulses_of
from helpers.packets import END_RUN, NEW_RUN, NO_RUN, NS, STATE, T0, words
from helpers.scripted import Scripted, sends, sends_and_resets
from livereduce.stream.adara import client
from livereduce.stream.adara.client import (
    NEWEST_INDEX,
    NOW,
    RUN_START,
    AdaraSource,
    start_second,
)
from livereduce.stream.adara.link import retry
from livereduce.stream.adara.link.retry import Retry, broke
from livereduce.stream.adara.position import position_after
from livereduce.stream.adara.session import SessionState, resuming, starting_at
from livereduce.stream.adara.unpacking import Reported, report
from livereduce.stream.adara.wire.block import Block
from livereduce.stream.adara.wire.layout import MAX_PAYLOAD_BYTES
from livereduce.stream.items import At, Gap, Geometry, Item, RunStarted, SourceLost, StartFrom, StartTime

WAIT_S = 600.0
"""Longer than any test may take: whoever waits for it where something has happened fails."""
SECOND = T0 // NS
RUN = p.run_status(T0, NEW_RUN, 101, start_s=SECOND)
IMPOSSIBLE = words(7, 0x400001, 1, 2)


def pulse(k: int) -> bytes:
    """RTDL, monitor, banked events and a variable; half a second apart."""
    time_ns = T0 + k * NS // 2
    return (
        p.rtdl(time_ns)
        + p.monitors(time_ns, {1: [k, k]})
        + p.pulse(time_ns, (k, 1), (k, 2))
        + p.variable(2, time_ns, 1, 2, k)
    )


def stream(*pulses: int) -> bytes:
    return b"".join(pulse(k) for k in pulses)


@dataclass
class Got:
    """What a source gave, and the losses between."""

    items: list[Item] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)


def read(source: AdaraSource, until: Callable[[Got], bool], timeout_s: float = WAIT_S) -> Got:
    """Read on through losses until there is enough."""
    got = Got()
    for _ in range(100_000):
        try:
            got.items += source.read(timeout_s)
        except SourceLost as lost:
            got.losses.append(lost.reason if lost.retry else "for good")
        if until(got):
            return got
    raise AssertionError(f"never enough: {got}")


def losses(count: int) -> Callable[[Got], bool]:
    return lambda got: len(got.losses) == count


def pulse_numbers(items: Sequence[Item]) -> list[int]:
    return [(time_ns - T0) * 2 // NS for _, time_ns, _ in pulses_of(items)]


def opened(server: Scripted, at: At = StartFrom.RUN_START) -> AdaraSource:
    source = AdaraSource("127.0.0.1", server.port)
    source.open(at)
    return source


@pytest.fixture(autouse=True)
def short_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "EVERY_S", 1e-4)


def test_a_run_from_its_start() -> None:
    data = RUN + p.descriptor(T0, 1, "d", {2: ("temp", "K")}) + stream(1, 2, 3)
    with Scripted(sends(data)) as server:
        source = opened(server)
        got = read(source, losses(1))
    assert (server.starts, got.losses) == ([RUN_START], ["the server closed the connection"])
    assert edges_of(got.items) == [RunStarted(run=101, time_ns=T0)]
    assert pulse_numbers(got.items) == [1, 2, 3]
    assert [value for _, value in logs_of(got.items)["temp"]] == [1.0, 2.0, 3.0]
    assert source.position() == position_after(run=101, pulse_ns=T0 + 3 * NS // 2)


@pytest.mark.parametrize(
    ("at", "start"),
    [
        (StartFrom.NOW, 0),
        (StartFrom.RUN_START, 1),
        (StartTime(T0 + 5), SECOND),
        (position_after(run=101, pulse_ns=T0 + 5), SECOND),
    ],
)
def test_where_to_begin_goes_into_the_hello(at: At, start: int) -> None:
    with Scripted(sends(b"")) as server:
        read(opened(server, at), losses(1))
    assert server.starts == [start]


def test_nothing_is_sent_after_the_hello() -> None:
    server = Scripted()

    def play(connection: socket.socket) -> None:
        connection.sendall(RUN + stream(1, 2))
        server.held(connection)

    with server.add(play):
        source = opened(server)
        read(source, lambda got: pulse_numbers(got.items) == [1, 2])
        assert source.read(0.01) == []
        source.close()
        source.close()
    assert [len(said) for said in server.hellos] == [20]
    assert server.more == [b""]


def test_items_are_given_while_the_server_is_silent() -> None:
    server = Scripted()

    def play(connection: socket.socket) -> None:
        connection.sendall(RUN + stream(1) + pulse(2)[:-1])
        server.held(connection)

    with server.add(play):
        source = opened(server)
        read(source, lambda got: pulse_numbers(got.items) == [1, 2])
        source.close()


def test_one_byte_at_a_time() -> None:
    data = RUN + stream(1, 2)
    with Scripted(sends(*(data[k : k + 1] for k in range(len(data))))) as server:
        got = read(opened(server), losses(1))
    assert pulses_of(got.items) == pulses_of(items_of(data))


def test_a_packet_larger_than_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "Block", lambda: Block(64))
    large = p.pulse(T0 + 5 * NS, *((k, k) for k in range(500)))
    with Scripted(sends(RUN + stream(1) + large + stream(12))) as server:
        got = read(opened(server), losses(1))
    assert [len(events) for _, _, events in pulses_of(got.items)] == [2, 500, 2]


def test_reset_by_the_server() -> None:
    with Scripted(sends_and_resets(b""), sends(RUN + stream(1))) as server:
        got = read(opened(server), losses(2))
    assert got.losses[0].startswith("connection broken")
    assert pulse_numbers(got.items) == [1]


def test_refused_then_there() -> None:
    with Scripted(sends(RUN)) as server:
        source = opened(server)
        read(source, losses(1))
    got = read(source, losses(2))
    assert all(f"no connection to 127.0.0.1:{server.port}" in reason for reason in got.losses)
    assert (source.state().connected, source.state().connects) == (False, 1)
    with Scripted(sends(RUN + stream(1)), port=server.port):
        got = read(source, losses(1))
    assert pulse_numbers(got.items) == [1]
    assert source.state().connects == 2


def test_a_read_is_silent_until_it_is_time_to_connect_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "EVERY_S", WAIT_S)
    monkeypatch.setattr(retry, "LONGEST_DELAY_S", WAIT_S)
    with Scripted(sends(b""), sends(b"")) as server:
        source = opened(server)
        read(source, losses(2))
        assert source.read(0.001) == []
        assert source.read(0.0) == []
    assert len(server.hellos) == 2
    assert source.state().connects == 0  # nothing was said on either


def test_reconnected_into_the_same_run_with_overlap() -> None:
    again = p.run_status(T0, STATE, 101) + stream(3, 4, 5, 6)
    with Scripted(sends(RUN + stream(1, 2, 3, 4, 5)), sends(again)) as server:
        source = opened(server)
        got = read(source, losses(2))
    assert server.starts == [RUN_START, SECOND]
    assert pulse_numbers(got.items) == [1, 2, 3, 4, 5, 6]
    assert edges_of(got.items) == [RunStarted(run=101, time_ns=T0)]
    state = source.state()
    assert (state.connects, state.repeated_pulses, state.gaps) == (2, 3, 0)


def test_reconnected_without_overlap() -> None:
    with Scripted(sends(RUN + stream(1)), sends(p.run_status(T0, STATE, 101) + stream(5))) as server:
        source = opened(server)
        got = read(source, losses(2))
    (gap,) = (item for item in got.items if isinstance(item, Gap))
    assert (gap.run, gap.from_ns, gap.to_ns) == (101, T0 + NS // 2, T0 + 5 * NS // 2)
    assert source.state().gaps == 1


def test_reconnected_after_the_run() -> None:
    after = p.run_status(T0 + 9 * NS, NEW_RUN, 102, start_s=SECOND + 9) + stream(20)
    with Scripted(sends(RUN + stream(1)), sends(after)) as server:
        got = read(opened(server), losses(2))
    assert [type(edge).__name__ for edge in edges_of(got.items)] == ["RunStarted", "Gap", "RunEnded", "RunStarted"]
    assert [(run, (t - T0) * 2 // NS) for run, t, _ in pulses_of(got.items)] == [(101, 1), (102, 20)]


def test_nothing_older_than_the_time_wanted() -> None:
    with Scripted(sends(RUN + stream(1, 2, 3, 4))) as server:
        got = read(opened(server, StartTime(T0 + 3 * NS // 2)), losses(1))
    assert (server.starts, pulse_numbers(got.items)) == ([SECOND + 1], [3, 4])


def test_a_stored_position_goes_on_in_another_source() -> None:
    with Scripted(sends(RUN + stream(1, 2, 3)), sends(RUN + stream(1, 2, 3, 4))) as server:
        first = opened(server)
        read(first, losses(1))
        got = read(opened(server, first.position()), losses(1))
    assert server.starts == [RUN_START, SECOND + 1]
    assert (pulse_numbers(got.items), edges_of(got.items)) == ([4], [])


def test_the_connection_may_be_cut_at_every_byte() -> None:
    """The server gives the run from its start again: the totals are those of a connection that held."""
    data = RUN + p.descriptor(T0, 1, "d", {2: ("temp", "K")}) + p.geometry(T0, "<i/>") + stream(1, 2, 3)
    whole = items_of(data)
    cuts = range(len(data) + 1)
    with Scripted(*(play for cut in cuts for play in (sends(data[:cut]), sends(data)))) as server:
        for _ in cuts:
            source = opened(server)
            got = read(source, losses(2))
            source.close()
            assert pulses_of(got.items) == pulses_of(whole)
            assert monitors_of(got.items) == monitors_of(whole)
            assert logs_of(got.items) == logs_of(whole)
            assert [e for e in edges_of(got.items) if not isinstance(e, Geometry)] == [RunStarted(run=101, time_ns=T0)]


def test_a_framing_error_drops_the_connection_and_goes_on() -> None:
    with Scripted(sends(RUN + stream(1, 2) + IMPOSSIBLE), sends(RUN + stream(1, 2, 3))) as server:
        source = opened(server)
        got = read(source, losses(2))
    place = len(RUN + stream(1, 2))
    assert got.losses[0].startswith(f"impossible packet at byte {place}: type 0x4000 with a payload of 7 bytes")
    assert pulse_numbers(got.items) == [1, 2, 3]
    assert server.starts == [RUN_START, SECOND]


def test_what_comes_before_an_impossible_length_is_given_first_and_the_error_needs_no_more_bytes() -> None:
    server = Scripted()

    def play(connection: socket.socket) -> None:
        connection.sendall(RUN + stream(1) + IMPOSSIBLE)
        server.held(connection)

    with server.add(play):
        source = opened(server)
        got = read(source, losses(1))
    assert pulse_numbers(got.items) == [1]
    assert got.losses[0].startswith("impossible packet")


def test_the_same_place_again_is_a_gap_and_a_later_start_is_asked_for() -> None:
    broken = RUN + stream(1, 2) + IMPOSSIBLE
    later = p.run_status(T0 + 9 * NS, STATE, 101, start_s=SECOND) + stream(20)
    with Scripted(sends(broken), sends(broken), sends(broken), sends(later)) as server:
        source = opened(server)
        got = read(source, losses(4))
    assert server.starts == [RUN_START, SECOND, NEWEST_INDEX, NOW]
    assert pulse_numbers(got.items) == [1, 2, 20]
    (gap,) = (item for item in got.items if isinstance(item, Gap))
    assert (gap.run, gap.from_ns, gap.to_ns) == (101, T0 + NS, T0 + 10 * NS)


def test_two_different_places_are_not_the_same_place_twice() -> None:
    plays = [sends(RUN + stream(*range(1, n)) + IMPOSSIBLE) for n in (2, 3, 4)]
    with Scripted(*plays, sends(RUN + stream(1, 2, 3, 4))) as server:
        got = read(opened(server), losses(4))
    assert server.starts == [RUN_START, SECOND, SECOND, SECOND]
    assert pulse_numbers(got.items) == [1, 2, 3, 4]


def test_a_cut_packet_of_one_connection_is_not_glued_to_the_next() -> None:
    huge = words(MAX_PAYLOAD_BYTES, 0x400001, 1, 2)
    with Scripted(sends(RUN + stream(1) + huge + b"abc"), sends(RUN + stream(1, 2))) as server:
        got = read(opened(server), losses(2))
    assert pulse_numbers(got.items) == [1, 2]


def test_pulses_in_the_last_second_of_the_clock_can_be_resumed() -> None:
    edge = p.run_status(T0, NEW_RUN, 1) + p.pulse(0xFFFF_FFFF * NS, (1, 2))
    beyond = edge + words(16, 0x400001, 0xFFFF_FFFF, 0xFFFF_FFFF, 0, 0, 0, 0)
    with Scripted(sends(edge), sends(beyond), sends(beyond)) as server:
        got = read(opened(server), losses(3))
    assert server.starts == [RUN_START, 0xFFFF_FFFF, 0xFFFF_FFFF]
    assert len(pulses_of(got.items)) == 2


def test_state_tells_what_was_skipped() -> None:
    odd = RUN + p.packet(0x4242, 0, T0)
    data = odd + p.packet(0x4003, 1, T0) + stream(1)
    with Scripted(sends(data)) as server:
        source = opened(server)
        assert source.state().reason == "", "that nothing was tried yet is no fault"
        read(source, lambda got: bool(pulses_of(got.items)))
        state = source.state()
        read(source, losses(1))
    assert (state.address, state.connected, state.reason) == (f"127.0.0.1:{server.port}", True, "")
    assert (state.received_bytes, state.bad_packets, state.unknown_types) == (len(data), 1, {"0x4242 v0": 1})
    assert state.last_problem.startswith(f"byte {len(odd)}: 0x4003 v1: ")
    assert (source.state().connected, source.state().reason) == (False, "the server closed the connection")


def test_bad_packets_are_logged_once_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    bad = p.packet(0x4003, 1, T0)
    with Scripted(sends(RUN + bad + stream(1) + IMPOSSIBLE), sends(RUN + stream(1, 2) + bad)) as server:
        source = opened(server)
        read(source, losses(2))
    assert source.state().bad_packets == 2
    said = [record.getMessage() for record in caplog.records if record.name == "livereduce.stream"]
    (line,) = [line for line in said if "bad packets" in line]
    assert line.startswith(f"127.0.0.1:{server.port}: 1 bad packets so far, the newest at byte {len(RUN)}: 0x4003 v1: ")


def test_run_edges_over_a_connection() -> None:
    data = RUN + stream(1) + p.run_status(T0 + NS, END_RUN, 101) + p.run_status(T0 + NS, NO_RUN) + stream(4)
    with Scripted(sends(data)) as server:
        got = read(opened(server), losses(1))
    assert edges_of(got.items) == edges_of(items_of(data))
    assert [run for run, _, _ in pulses_of(got.items)] == [101, 0]


# Where to ask to begin, and how long to wait: pure.

IN_RUN = SessionState(run=5, recent_ns=(T0 + 7,))
BETWEEN = SessionState(run=0, recent_ns=(T0,))
AFTER_A_FUTURE_STAMP = SessionState(run=5, recent_ns=(T0, T0 + 1, T0 + 9**18))


@pytest.mark.parametrize(
    ("at", "state", "second"),
    [
        (StartFrom.NOW, SessionState(), NOW),
        (StartFrom.RUN_START, SessionState(), RUN_START),
        (StartFrom.NOW, IN_RUN, SECOND),
        (StartFrom.RUN_START, IN_RUN, SECOND),
        (StartFrom.RUN_START, BETWEEN, SECOND),
        (StartFrom.RUN_START, AFTER_A_FUTURE_STAMP, SECOND),
        (StartFrom.RUN_START, SessionState(run=5), RUN_START),
        (StartFrom.NOW, SessionState(run=5), NOW),
        (StartTime(T0 + 1), starting_at(T0 + 1), SECOND),
        (StartTime(5), starting_at(5), RUN_START),
        (StartTime(-5), starting_at(-5), RUN_START),
        (StartTime(2**63 - 1), starting_at(2**63 - 1), NEWEST_INDEX),
        (StartTime(T0), IN_RUN, SECOND),
        (position_after(run=5, pulse_ns=T0), resuming(position_after(run=5, pulse_ns=T0)), SECOND),
        (position_after(run=5, pulse_ns=0), resuming(position_after(run=5, pulse_ns=0)), RUN_START),
    ],
)
def test_the_second_to_begin_with(at: At, state: SessionState, second: int) -> None:
    assert start_second(at, state, Retry()) == second


def test_a_log_line_about_bad_packets_once_a_minute_and_only_for_new_ones() -> None:
    reported, told = Reported(), []
    for now, bad_packets in [(0, 0), (5, 1), (6, 300), (64.9, 300), (65, 300), (200, 300), (201, 301)]:
        reported, line = report(reported, bad_packets, f"bad packets, {bad_packets}", now)
        told += [(now, line)] if line else []
    assert told == [
        (5, "1 bad packets, 1"),
        (65, "300 bad packets, 300"),
        (201, "301 bad packets, 301"),
    ]


def test_the_ladder_of_a_place_that_breaks() -> None:
    retry, asked = Retry(), []
    for _ in range(5):
        asked.append(start_second(StartFrom.RUN_START, IN_RUN, retry))
        retry = broke(retry, T0 + 7)
    assert asked == [SECOND, SECOND, NEWEST_INDEX, NOW, NOW]
    further = SessionState(run=5, recent_ns=(T0 + NS,))
    assert start_second(StartFrom.RUN_START, further, retry) == SECOND + 1
    again = broke(retry, T0 + NS)
    assert (again.broken_at_ns, again.broken_times) == (T0 + NS, 1)


def test_the_ladder_of_a_stream_that_breaks_before_its_first_pulse() -> None:
    retry, asked = Retry(), []
    for _ in range(4):
        asked.append(start_second(StartFrom.RUN_START, SessionState(), retry))
        retry = broke(retry, 0)
    assert asked == [RUN_START, RUN_START, NEWEST_INDEX, NOW]


def test_a_server_that_breaks_after_its_prologue_is_not_called_in_a_hot_loop() -> None:
    with Scripted(*[sends(RUN)] * 4) as server:
        source = opened(server)
        read(source, losses(4))
    assert source._retry.losses == 4


def test_a_new_pulse_ends_the_waiting() -> None:
    with Scripted(sends(RUN), sends(RUN), sends(RUN + stream(1))) as server:
        source = opened(server)
        read(source, losses(2))
        assert source._retry.losses == 2
        read(source, lambda got: bool(pulses_of(got.items)))
        assert source._retry.losses == 0
        source.close()


def test_a_server_that_accepts_and_hangs_up_is_logged_once_and_again_when_pulses_come(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "livereduce.stream")
    plays = [sends(RUN), *[sends(b"")] * 3, *[sends(RUN)] * 3, sends(RUN + stream(1))]
    with Scripted(*plays) as server:
        source = opened(server)
        read(source, losses(len(plays)))
    place, closed = f"127.0.0.1:{server.port}", "connection lost: the server closed the connection"
    said = [record.getMessage() for record in caplog.records if record.name == "livereduce.stream"]
    assert said == [f"{place}: connected", f"{place}: {closed}", f"{place}: connected", f"{place}: {closed}"]
