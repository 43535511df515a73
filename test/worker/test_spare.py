"""A worker that stands by, from its side."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from helpers.bench import job as job_of
from livereduce.base.errors import OperatorError
from livereduce.child.beats import Beats
from livereduce.child.orders import Orders
from livereduce.messages.beat import Beat, Phase, decode_beat
from livereduce.messages.job import encode_job
from livereduce.messages.order import STOP
from livereduce.messages.receiver import SPARE_READY, Adopt, encode_note
from livereduce.worker.spare import stand_by


def load_nothing(say: Callable[[str], object]) -> None:
    say("loading")


@pytest.fixture
def sockets() -> Iterator[tuple[socket.socket, int]]:
    """The daemon's end, and the number of the spare's, which it closes itself."""
    daemon, spare = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with daemon:
        yield daemon, spare.detach()


@pytest.fixture
def beats() -> Iterator[tuple[Beats, Callable[[], list[Beat]]]]:
    reading, writing = os.pipe()

    def heard() -> list[Beat]:
        os.set_blocking(reading, False)
        return [decode_beat(line) for line in os.read(reading, 1 << 16).splitlines()]

    yield Beats(writing), heard
    os.close(reading)
    os.close(writing)


def test_it_becomes_the_worker_of_the_job_that_comes_with_a_socket(
    tmp_path: Path,
    sockets: tuple[socket.socket, int],
    beats: tuple[Beats, Callable[[], list[Beat]]],
) -> None:
    daemon, spare = sockets
    job = job_of(tmp_path)
    path = tmp_path / "job.json"
    path.write_text(encode_job(job))
    worker, receiver = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with worker, receiver:
        socket.send_fds(daemon, [encode_note(Adopt(job=str(path)))], [worker.fileno()])
        adopted = stand_by(spare, load_nothing, beats[0], Orders())
        assert adopted is not None
        assert adopted[0] == job
        assert not os.get_inheritable(adopted[1])
        with socket.socket(fileno=adopted[1]) as link:
            link.send(b"here")
        assert receiver.recv(10) == b"here"
    said = beats[1]()
    assert {beat.phase for beat in said} == {Phase.STARTING}, "it is no worker yet"
    assert said[-1].progress.doing in ("loading", SPARE_READY, "")
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(spare)


def test_it_leaves_when_told_to(sockets: tuple[socket.socket, int]) -> None:
    orders = Orders()
    timer = threading.Timer(0.01, orders.note, (STOP,))
    timer.start()
    assert stand_by(sockets[1], load_nothing, Beats(None), orders) is None
    timer.join()


def test_it_leaves_when_the_daemon_has_closed_the_socket(sockets: tuple[socket.socket, int]) -> None:
    sockets[0].close()
    assert stand_by(sockets[1], load_nothing, Beats(None), Orders()) is None


@pytest.mark.parametrize("message", [b"{}", b'{"job": "/no/such/file"}', b"\0"])
def test_what_is_no_job_is_named(sockets: tuple[socket.socket, int], message: bytes) -> None:
    daemon, spare = sockets
    socket.send_fds(daemon, [message], [0])
    with pytest.raises(OperatorError, match="no job that it can use"):
        stand_by(spare, load_nothing, Beats(None), Orders())
