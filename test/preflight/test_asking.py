"""Asking the daemon by its socket: one deadline for all, and a reason for whoever has asked."""

import errno
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from livereduce.base.local_sockets import exchange, left_s, listen_in
from livereduce.messages.request import FILE_NAME, NotDone, Request, RequestAnswer, Want, encode_answer
from livereduce.preflight.asking import ask

WITHIN_S = 20.0
PROMOTE, ATTACH = Request(want=Want.PROMOTE, who="a test"), Request(want=Want.ATTACH, who="a test")


@contextmanager
def answering(folder: Path, *messages: bytes, passed: socket.socket | None = None) -> Iterator[None]:
    """A daemon that answers so many requests so, and closes each connection."""
    with listen_in(folder, FILE_NAME, 0o600) as listening:
        listening.setblocking(True)

        def serve() -> None:
            with suppress(OSError):  # the test is over
                for message in messages:
                    connection, _ = listening.accept()
                    with connection:
                        connection.recv(1 << 12)
                        if message:
                            socket.send_fds(connection, [message], [passed.fileno()] if passed else [])

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_what_is_done_comes_back_with_what_is_passed(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    ours, theirs = socket.socketpair()
    with ours, theirs, answering(folder, encode_answer(RequestAnswer(done=True, text="yes")), passed=theirs):
        answered = ask((tmp_path / "gone", folder), ATTACH, WITHIN_S)
        (given,) = answered.passed
        given.send(b"x")
        assert ours.recv(9) == b"x"
        answered.close()
        assert given.fileno() < 0
    assert answered.answer.text == "yes"


def test_why_it_is_not_done_is_said_and_what_came_with_it_is_closed(tmp_path: Path) -> None:
    refused = encode_answer(RequestAnswer(done=False, text="not today"))
    ours, theirs = socket.socketpair()
    ours.settimeout(WITHIN_S)
    with ours, theirs, answering(tmp_path, refused, b"noise", b"", passed=theirs):
        for says in ("^not today$", "not an answer of a daemon: b'noise'", "closed the connection without an answer"):
            with pytest.raises(NotDone, match=says):
                ask((tmp_path,), PROMOTE, WITHIN_S)
        theirs.close()
        assert ours.recv(1) == b"", "nobody else holds the other end"


def test_a_daemon_that_says_nothing_is_waited_for_once(tmp_path: Path) -> None:
    with listen_in(tmp_path, FILE_NAME, 0o600):
        with pytest.raises(NotDone, match=r"has not answered within 0\.05 s; look whether it was done$"):
            ask((tmp_path,), PROMOTE, 0.05)
        with pytest.raises(NotDone, match=r"has not answered within 0\.05 s$"):
            ask((tmp_path,), ATTACH, 0.05)
    with pytest.raises(NotDone, match=f"{tmp_path}/{FILE_NAME}: nobody listens there; .*{tmp_path}/x/{FILE_NAME}: "):
        ask((tmp_path, tmp_path / "x"), PROMOTE, WITHIN_S)


def test_the_deadline_holds_over_all_steps() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        with pytest.raises(TimeoutError):
            exchange(ours, b"hello", 9, 0.0)
        theirs.setblocking(False)
        with pytest.raises(OSError, match=rf"\[Errno {errno.EAGAIN}\]"):
            theirs.recv(9)
    with pytest.raises(TimeoutError):
        left_s(0.0)
