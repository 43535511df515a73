"""The stand-in server through real sockets: what a real one was observed to do, and that nothing is lost."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from helpers.listener import Listener, drive, hello
from helpers.paths import DATA, needs_data
from helpers.pausing import paused_play
from helpers.wire import runs, walk
from livereduce.simulate.adara.capture import capture_play
from livereduce.simulate.adara.play import Play, perform
from livereduce.simulate.adara.server import Server
from livereduce.simulate.adara.store import StreamStore
from livereduce.simulate.beams.powder_beam import PowderBeam

S = 10**9
T = 1_164_261_668 * S


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@contextmanager
def serving(
    play: Play | None = None, *, runs: int = 1, rate: float = 6000, run_s: float = 3.0, **options: Any
) -> Iterator[Server]:
    powder = Play(origin_ns=T, acts=perform(PowderBeam(rate), origin_ns=T, runs=runs, run_s=run_s, gap_s=0.5))
    server = Server(play or powder, **{"speed": 0.0, **options})
    try:
        yield server
    finally:
        server.close()


@contextmanager
def listening(server: Server, *firsts: bytes) -> Iterator[list[Listener]]:
    listeners = [Listener(server, first) for first in firsts]
    try:
        yield listeners
    finally:
        for listener in listeners:
            listener.close()


def until(server: Server, *listeners: Listener, seconds: float, clock: Clock) -> None:
    """Let the server's clock go on in small steps."""
    end_s = clock.now_s + seconds
    while clock.now_s < end_s:
        clock.now_s = min(clock.now_s + 0.1, end_s)
        for _ in range(4):
            server.step(0.0)
            for listener in listeners:
                listener.read()


def get_all(server: Server, *firsts: bytes) -> list[bytes]:
    """What clients get until the play is over."""
    with listening(server, *firsts) as listeners:
        drive(server, listeners, lambda: server.finished)
        server.close()
        for listener in listeners:
            listener.socket.setblocking(True)
            listener.read()
        return [bytes(listener.received) for listener in listeners]


@pytest.mark.parametrize("start", [0, 1, 2_000_000_000])
def test_who_is_there_first_gets_the_whole_play(start: int) -> None:
    with serving(runs=2) as server:
        (data,) = get_all(server, hello(start))
    found = [(run.run, run.opened_by, run.pulses, run.events, run.closed_by) for run in runs(data)]
    assert found == [
        (0, 0, 30, 3000, 0),
        (1, 1, 180, 18_000, 4),
        (0, 0, 30, 3000, 0),
        (2, 1, 180, 18_000, 4),
        (0, 0, 30, 3000, None),
    ]


def test_nothing_is_sent_before_the_hello_which_may_come_byte_by_byte() -> None:
    clock = Clock()
    with serving(speed=1.0, clock=clock) as server, listening(server, b"") as (listener,):
        for byte in hello(1):
            until(server, listener, seconds=0.1, clock=clock)
            assert not listener.received
            listener.socket.sendall(bytes([byte]))
        drive(server, [listener], lambda: bool(listener.received))


@pytest.mark.parametrize(
    "sent",
    [b"GET / HTTP/1.1\r\n\r\n", hello(1, version=1, size=4), hello(1, size=8), hello(1, type_=0x4009), bytes(2000)],
)
def test_what_is_no_hello_is_hung_up_on_at_once(sent: bytes) -> None:
    with serving() as server, listening(server, sent) as (listener,):
        drive(server, [listener], lambda: listener.closed, steps=50)
        assert not listener.received


def test_who_says_nothing_is_dropped_after_the_time_out() -> None:
    clock = Clock()
    with serving(speed=1.0, runs=0, clock=clock) as server, listening(server, b"", hello(1)) as (silent, good):
        until(server, silent, good, seconds=29.5, clock=clock)
        assert [silent.closed, good.closed] == [False, False]
        until(server, silent, good, seconds=1.0, clock=clock)
        assert [silent.closed, good.closed] == [True, False]


@pytest.mark.parametrize("more", [b"x", hello(1), bytes(16)])
def test_a_byte_more_from_the_client_ends_it(more: bytes) -> None:
    clock = Clock()
    with serving(speed=1.0, clock=clock) as server, listening(server, hello(1)) as (listener,):
        drive(server, [listener], lambda: bool(listener.received))
        listener.socket.sendall(more)
        drive(server, [listener], lambda: listener.closed, steps=50)


def test_half_a_close_is_a_close() -> None:
    clock = Clock()
    with serving(speed=1.0, clock=clock) as server, listening(server, hello(1)) as (listener,):
        drive(server, [listener], lambda: bool(listener.received))
        listener.socket.shutdown(socket.SHUT_WR)
        drive(server, [listener], lambda: listener.closed, steps=50)


def test_in_real_time_each_pulse_comes_when_it_is_due_and_silence_has_no_heartbeat() -> None:
    clock = Clock()
    with serving(speed=1.0, clock=clock) as server, listening(server, hello(1)) as (listener,):
        drive(server, [listener], lambda: len(listener.received) > 2000, steps=50)
        for _ in range(20):
            server.step(0.0)
        listener.read()
        size = len(listener.received)
        for _ in range(20):
            server.step(0.0)
            listener.read()
        assert len(listener.received) == size
        until(server, listener, seconds=1.0, clock=clock)
        stamps = [packet.time_ns for packet in walk(bytes(listener.received)) if packet.type == 0x4000]
        assert T + S * 0.97 <= stamps[-1] <= T + S


def test_from_the_start_and_now_and_live_agree() -> None:
    """A run in progress: one client was there all the time, one asks for its start, one for now."""
    clock = Clock()
    with serving(speed=1.0, runs=0, run_s=20, clock=clock) as server, listening(server, hello(0)) as (live,):
        until(server, live, seconds=5.0, clock=clock)
        with listening(server, hello(1), hello(0)) as (replay, now):
            until(server, live, replay, now, seconds=3.0, clock=clock)
            from_start, from_now = bytes(replay.received), bytes(now.received)
            assert from_start in bytes(live.received)
            (run,) = runs(from_start)
            assert (run.run, run.opened_by, run.closed_by) == (1, 1, None)
            assert run.stamps_ns[0] == T + S // 2
            (joined,) = runs(from_now)
            assert (joined.run, joined.opened_by) == (1, 5)
            assert T + 4.9 * S < joined.stamps_ns[0] <= T + 5.2 * S
            assert run.stamps_ns[-1] == joined.stamps_ns[-1]


def test_when_a_run_is_over_its_beginning_is_forgotten() -> None:
    clock = Clock()
    with serving(speed=1.0, runs=0, clock=clock) as server:
        until(server, seconds=3.7, clock=clock)
        with listening(server, hello(1)) as (between,):
            until(server, between, seconds=0.1, clock=clock)
            assert [run.run for run in runs(bytes(between.received))] == [0]
            until(server, between, seconds=1.0, clock=clock)
            assert [run.run for run in runs(bytes(between.received))] == [0, 2]


@pytest.mark.parametrize("file_bytes", [7_000, 100_000])
def test_files_roll_over_and_nothing_is_lost(file_bytes: int) -> None:
    with serving(store=StreamStore(file_bytes=file_bytes, sync_bytes=5000)) as server:
        (data,) = get_all(server, hello(1))
    (run,) = [run for run in runs(data) if run.run]
    assert (run.run, run.pulses, run.events) == (1, 180, 18_000)
    assert sum(packet.type == 0x4003 and packet.words()[2] >> 24 == 3 for packet in walk(data)) >= 1


def test_two_clients_get_the_same() -> None:
    with serving(runs=2) as server:
        first, second = get_all(server, hello(1), hello(1, version=1, flags=2))
    assert first.endswith(second) or second.endswith(first)
    assert [run.events for run in runs(first) if run.run] == [18_000, 18_000]


def test_a_slow_client_is_waited_for_and_loses_nothing() -> None:
    """It reads nothing while runs begin and end: the play stops a bounded amount ahead, then all of it comes."""
    with serving(runs=4, rate=60_000, ahead_bytes=2_000_000) as server, listening(server, hello(1)) as (slow,):
        slow.reads = False
        for _ in range(200):
            server.step(0.0)
        assert not server.finished
        slow.reads = True
        drive(server, [slow], lambda: server.finished)
        server.close()
        slow.read()
        assert [(run.run, run.events) for run in runs(bytes(slow.received)) if run.run] == [
            (k, 180_000) for k in (1, 2, 3, 4)
        ]


def test_in_real_time_a_slow_client_gets_the_old_run_from_files_that_are_forgotten() -> None:
    clock = Clock()
    with serving(speed=1.0, runs=3, rate=100_000, clock=clock) as server, listening(server, hello(1)) as (slow,):
        slow.reads = False
        until(server, seconds=12.0, clock=clock)
        assert not server.finished
        slow.reads = True
        drive(server, [slow], lambda: server.finished)
        server.close()
        slow.read()
        assert [(run.run, run.events) for run in runs(bytes(slow.received)) if run.run] == [
            (k, 300_000) for k in (1, 2, 3)
        ]


def test_without_a_client_a_play_at_full_speed_waits() -> None:
    with serving(run_s=60.0, ahead_bytes=100_000) as server:
        for _ in range(20):
            server.step(0.0)
        with listening(server, hello(1)) as (first,):
            drive(server, [first], lambda: len(first.received) > 100_000)
        for _ in range(200):
            server.step(0.0)
        assert not server.finished
        (rest,) = get_all(server, hello(1))
        assert [(run.opened_by, run.events) for run in runs(rest) if run.run] == [(1, 360_000)]


def test_prefill_is_there_before_anybody_listens() -> None:
    clock = Clock()
    with serving(speed=1.0, runs=0, run_s=100.0, prefill_s=60.0, clock=clock) as server:
        while not server.caught_up:
            server.step(0.0)
        with listening(server, hello(1)) as (listener,):
            for _ in range(20):
                server.step(0.0)
                listener.read()
            (run,) = runs(bytes(listener.received))
            assert (run.run, run.pulses) == (1, 59 * 60 + 31)
            until(server, listener, seconds=1.0, clock=clock)
            (run,) = runs(bytes(listener.received))
            assert run.pulses == 60 * 60 + 31


def test_it_tells_of_run_edges() -> None:
    said: list[str] = []
    with serving(runs=2, say=said.append) as server:
        get_all(server, hello(1))
    asked, *edges = sorted(said, key=lambda line: line.startswith("run"))
    assert asked.startswith("a client asks for ")
    assert edges == ["run 1 started", "run 1 stopped", "run 2 started", "run 2 stopped"]


@needs_data
@pytest.mark.parametrize("name", ["a_gen60_two_runs", "e_rollover_live", "g_states", "j_pvgen"])
def test_a_capture_comes_byte_for_byte(name: str) -> None:
    path = DATA / "sms" / f"{name}.adara"
    with serving(capture_play(path)) as server:
        first, second = get_all(server, hello(1), hello(0))
    assert path.read_bytes() in (first, second)


@needs_data
def test_in_a_capture_a_run_is_found_and_paused_files_are_skipped_unless_wanted() -> None:
    path = DATA / "sms" / "c_two_runs_v1_sendpause.adara"
    whole = path.read_bytes()
    with serving(capture_play(path)) as server, listening(server, hello(1, version=1, flags=2)) as (all_of_it,):
        (skipping,) = get_all(server, hello(1, version=1, flags=1))
        all_of_it.socket.setblocking(True)
        all_of_it.read()
        assert bytes(all_of_it.received) == whole
    paused = [packet.words()[3] >> 24 for packet in walk(skipping) if packet.type == 0x4003]
    assert not any(paused)
    assert len(skipping) < len(whole)
    clock = Clock()
    with serving(capture_play(path), speed=1.0, clock=clock) as server:
        until(server, seconds=6.0, clock=clock)
        with listening(server, hello(1), hello(0)) as (from_start, now):
            until(server, from_start, now, seconds=0.5, clock=clock)
            (run,) = runs(bytes(from_start.received))
            (joined,) = runs(bytes(now.received))
    assert (run.run, run.opened_by) == (101, 1)
    assert (joined.run, joined.opened_by) == (101, 5)
    assert bytes(from_start.received) in whole


def test_in_a_pause_a_client_gets_nothing_and_one_that_asks_for_now_is_answered_at_once() -> None:
    clock = Clock()
    play = paused_play(T, run=10, before_s=1.0, pause_s=60.0, after_s=1.0)
    with serving(play, speed=1.0, clock=clock) as server, listening(server, hello(1)) as (first,):
        until(server, first, seconds=5.0, clock=clock)
        before = len(first.received)
        until(server, first, seconds=30.0, clock=clock)
        assert len(first.received) == before
        with listening(server, hello(0)) as (second,):
            drive(server, [second], lambda: bool(second.received))
            packets = list(walk(bytes(second.received)))
            status, *_ = (packet.words() for packet in packets if packet.type == 0x4003)
            notes = [packet.words()[0] >> 16 for packet in packets if packet.type == 0x4007]
            assert (status[0], status[2] >> 24, notes) == (10, 5, [3])
        until(server, first, seconds=40.0, clock=clock)
    found = [(run.run, run.pulses) for run in runs(bytes(first.received))]
    assert found[:2] == [(0, 30), (10, 120)]


def test_after_a_pause_nobody_is_told_of_it() -> None:
    clock = Clock()
    play = paused_play(T, run=10, before_s=1.0, pause_s=5.0, after_s=5.0)
    with serving(play, speed=1.0, clock=clock) as server, listening(server, hello(1)) as (first,):
        until(server, first, seconds=8.0, clock=clock)
        with listening(server, hello(0)) as (later,):
            drive(server, [later], lambda: bool(later.received))
            assert all(packet.type != 0x4007 for packet in walk(bytes(later.received)))


def test_a_play_waits_at_a_moment_until_it_is_moved_on() -> None:
    with serving(run_s=2.0) as server, listening(server, hello(1)) as (listener,):
        server.until_ns = T + S
        assert not server.is_sent  # nobody listens yet
        drive(server, [listener], lambda: server.is_sent)
        assert not server.finished
        assert (server.next_due_ns or 0) >= T + S
        server.until_ns = T + 100 * S
        drive(server, [listener], lambda: server.finished and server.next_due_ns is None)


def test_who_is_not_admitted_is_turned_away_without_a_byte() -> None:
    with serving(admit=lambda *_: False) as server, socket.create_connection(server.address) as client:
        for _ in range(3):
            server.step(0.1)
        assert client.recv(1) == b""
