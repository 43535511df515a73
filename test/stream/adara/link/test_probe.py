"""The second connection parses answers in any pieces, and garbage; and it never blocks."""

import random
import socket
import time

import pytest

from helpers import packets as p
from helpers.packets import END_RUN, NEW_RUN, PAUSE, RESUME, RUN_EOF, STATE, T0, words
from helpers.scripted import Scripted, sends
from livereduce.stream.adara.link import probe
from livereduce.stream.adara.link.idle import Glimpse
from livereduce.stream.adara.link.probe import KEPT_BYTES, Probe, Talk

IN_RUN = p.sync(T0) + p.run_status(T0, STATE, 10)
PROLOGUE = p.descriptor(T0, 1, "d", {2: ("temp", "K")}) + p.geometry(T0, "<i/>" * 1000)
PULSE = p.pulse(T0, (1, 1))


def heard(*pieces: bytes) -> Glimpse:
    talk = Talk()
    for piece in pieces:
        talk.take(piece)
    return talk.glimpse


CASES = [
    (b"", Glimpse()),
    (IN_RUN, Glimpse(run=10)),
    (IN_RUN + PROLOGUE, Glimpse(run=10)),
    (IN_RUN + PROLOGUE + PULSE, Glimpse(run=10, pulses=True)),
    (IN_RUN + p.annotation(T0, PAUSE) + PULSE, Glimpse(run=10, paused=True, pulses=True)),
    (IN_RUN + p.annotation(T0, PAUSE) + p.annotation(T0, RESUME), Glimpse(run=10)),
    (p.run_status(T0, STATE, 10, paused=True), Glimpse(run=10, paused=True)),
    (IN_RUN + p.run_status(T0, RUN_EOF, 10), Glimpse(run=10)),
    (IN_RUN + p.run_status(T0, END_RUN, 10), Glimpse(run=0)),
    (IN_RUN + p.run_status(T0, END_RUN, 10) + p.run_status(T0, NEW_RUN, 11), Glimpse(run=11)),
    (IN_RUN + p.packet(0x4003, 1, T0, words(1, 2)) + PULSE, Glimpse(run=10, pulses=True)),
    (PULSE, Glimpse()),
    (IN_RUN + words(7, 0x400001, 1, 2), Glimpse(run=10, failed="got invalid data")),
]


@pytest.mark.parametrize(("data", "expected"), CASES)
@pytest.mark.parametrize("size", [1, 3, 4, 17, 1 << 20])
def test_what_a_server_says_in_pieces(data: bytes, expected: Glimpse, size: int) -> None:
    assert heard(*(data[at : at + size] for at in range(0, len(data), size))) == expected


def test_a_payload_that_says_nothing_is_not_kept() -> None:
    talk = Talk()
    talk.take(IN_RUN + words(20_000_000, 0x400A00, 1, 2))
    for _ in range(10):
        talk.take(bytes(1_000_000))
        assert len(talk._held) < 100
    talk.take(bytes(10_000_000) + PULSE)
    assert talk.glimpse == Glimpse(run=10, pulses=True)


def test_an_annotation_of_impossible_length_is_passed_over() -> None:
    assert heard(IN_RUN, p.packet(0x4007, 0, T0, bytes(KEPT_BYTES + 4)), PULSE) == Glimpse(run=10, pulses=True)


def test_rubbish_is_swallowed() -> None:
    chance = random.Random(3)
    for _ in range(300):
        talk = Talk()
        for _ in range(8):
            talk.take(chance.randbytes(chance.randrange(60)) + words(4 * chance.randrange(9), 0x400301, 0, 0))
        assert len(talk._held) < 200_000


def look_until_failed(one: Probe) -> Glimpse:
    deadline_s = time.monotonic() + 20
    while not (seen := one.look()).failed:
        assert time.monotonic() < deadline_s
        time.sleep(0.005)
    return seen


def test_it_says_hello_for_now_and_nothing_more() -> None:
    with Scripted(sends(IN_RUN + PULSE)) as server:
        one = Probe(socket.AF_INET, ("127.0.0.1", server.port))
        seen = look_until_failed(one)
        one.close()
    assert seen == Glimpse(run=10, pulses=True, failed="was closed by the server")
    assert server.starts == [0]


def test_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    one = Probe(socket.AF_INET, ("127.0.0.1", port))
    assert look_until_failed(one).failed == "failed: Connection refused"
    one.close()


def test_a_server_that_does_not_accept_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        full = [Probe(socket.AF_INET, listener.getsockname()) for _ in range(4)]
        begun_s = time.monotonic()
        assert [one.look() for one in full] == [Glimpse()] * 4
        assert time.monotonic() - begun_s < 5
        for one in full:
            one.close()


def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "MAX_BYTES", 1 << 20)
    with Scripted(sends(IN_RUN + p.geometry(T0, "<i/>" * 500_000))) as server:
        one = Probe(socket.AF_INET, ("127.0.0.1", server.port))
        seen = look_until_failed(one)
        one.close()
    assert seen == Glimpse(run=10, failed="got more than 1 MiB")
