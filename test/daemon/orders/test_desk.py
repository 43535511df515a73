"""The desk where commands ask: held by a manual clock, with real sockets and nobody waiting for another."""

import logging
import os
import socket
from pathlib import Path

import pytest

from livereduce.base.local_sockets import connect_in
from livereduce.daemon.facts import DaemonState, Limits
from livereduce.daemon.orders.acts import attach_reader
from livereduce.daemon.orders.desk import ERRAND_S, MAX_CONNECTIONS, PATIENCE_S, Desk, RequestDone
from livereduce.daemon.orders.errands import Errand, Outcome
from livereduce.daemon.ready import ready_fds
from livereduce.daemon.receiver.keeper import ReceiverKeeper
from livereduce.messages.receiver import ReaderKind
from livereduce.messages.request import (
    FILE_NAME,
    MAX_ANSWER_BYTES,
    NotDone,
    Request,
    Want,
    decode_answer,
    encode_request,
)
from livereduce.messages.status import StateWord

ASKS = encode_request(Request(want=Want.ATTACH, who="somebody\n with a name that has no end" * 9))


def refuse(_request: Request, _who: str) -> RequestDone:
    raise NotDone("not today")


def test_what_is_given_goes_with_the_answer_and_whoever_asked_is_named(tmp_path: Path) -> None:
    desk, named = Desk(), []
    ours, theirs = socket.socketpair()

    def give(_request: Request, who: str) -> RequestDone:
        named.append(who)
        return RequestDone("it is yours", theirs)

    desk.hold(tmp_path, 0.0)
    with connect_in(tmp_path, FILE_NAME, 5.0) as command, ours:
        command.send(ASKS)
        desk.serve(desk.watched, 0.0, give)
        desk.serve(desk.watched, 0.0, give)
        message, fds, _, _ = socket.recv_fds(command, MAX_ANSWER_BYTES, 1)
        with socket.socket(fileno=fds[0]) as given:
            given.send(b"x")
            assert ours.recv(9) == b"x"
    answer = decode_answer(message)
    assert (answer.done, answer.text) == (True, "it is yours")
    assert theirs.fileno() < 0
    assert len(named[0]) < 100
    assert "\n" not in named[0]
    desk.leave()


def test_who_says_nothing_or_comes_in_numbers_is_let_go(tmp_path: Path) -> None:
    desk = Desk()
    desk.hold(tmp_path, 0.0)
    many = [connect_in(tmp_path, FILE_NAME, 5.0) for _ in range(MAX_CONNECTIONS + 1)]
    for _ in range(3):
        desk.serve({min(desk.watched), *desk.watched} - _silent(desk), 0.0, refuse)
    assert len(desk.watched) == MAX_CONNECTIONS + 1
    assert many[-1].recv(9) == b""
    desk.serve(set(), PATIENCE_S, refuse)
    assert len(desk.watched) == 1
    assert many[0].recv(9) == b""
    for one in many:
        one.close()
    desk.leave()
    assert desk.watched == set()


def test_a_refusal_is_in_the_log_with_what_was_asked_and_by_whom(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    desk = Desk()
    desk.hold(tmp_path, 0.0)
    for sent in (encode_request(Request(want=Want.PROMOTE, who="the page, for 10.1.2.3")), b"nonsense"):
        with connect_in(tmp_path, FILE_NAME, 5.0) as command:
            command.send(sent)
            desk.serve(desk.watched, 0.0, refuse)
            desk.serve(desk.watched, 0.0, refuse)
            assert not decode_answer(command.recv(MAX_ANSWER_BYTES)).done
    us = f"pid {os.getpid()}, uid {os.getuid()}"
    assert f"promote: not done for the page, for 10.1.2.3 ({us}): not today" in caplog.text
    assert f"a request: not done for {us}: not a request that this version knows" in caplog.text
    desk.leave()


@pytest.mark.parametrize("ends", [True, False])
def test_the_answer_waits_for_an_errand_but_not_for_long_and_nobody_waits_with_it(tmp_path: Path, ends: bool) -> None:
    desk, errand = Desk(), Errand("promote to /use")
    desk.hold(tmp_path, 0.0)
    with connect_in(tmp_path, FILE_NAME, 5.0) as first, connect_in(tmp_path, FILE_NAME, 5.0) as second:
        first.send(ASKS)
        for _ in range(2):
            desk.serve(ready_fds(desk.watched, 5.0), 0.0, lambda _request, _who: errand)
        assert len(desk.watched) == 2, "whoever has asked says nothing more that the loop should wake for"
        second.send(ASKS)
        desk.serve(ready_fds(desk.watched, 5.0), 1.0, refuse)
        assert decode_answer(second.recv(MAX_ANSWER_BYTES)).text == "not today"
        if ends:
            errand.outcome = Outcome(False, "the disk is full")
        desk.serve(set(), 2.0 if ends else ERRAND_S, refuse)
        answer = decode_answer(first.recv(MAX_ANSWER_BYTES))
        assert (answer.done, "goes on" in answer.text) == (not ends, not ends), answer.text
        assert first.recv(9) == b""
    desk.leave()


def _silent(desk: Desk) -> set[int]:
    return set(desk._asking)


def test_its_file_is_made_again_if_somebody_removes_it_and_goes_with_the_daemon(tmp_path: Path) -> None:
    desk, other = Desk(), tmp_path / "other"
    other.mkdir()
    desk.hold(tmp_path, 0.0)
    (tmp_path / FILE_NAME).unlink()
    desk.hold(tmp_path, 0.5 * PATIENCE_S)
    assert not (tmp_path / FILE_NAME).exists()
    desk.hold(tmp_path, PATIENCE_S)
    assert (tmp_path / FILE_NAME).is_socket()
    desk.hold(other, PATIENCE_S)
    assert not (tmp_path / FILE_NAME).exists()
    (other / FILE_NAME).unlink()
    (other / FILE_NAME).write_text("of somebody else")
    desk.leave()
    assert (other / FILE_NAME).read_text() == "of somebody else"


def test_a_folder_that_cannot_be_used_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    for turn in range(3):
        desk.hold(tmp_path / "none", turn * PATIENCE_S)
    assert caplog.text.count("no socket for requests") == 1
    assert desk.watched == set()
    desk.hold(None, 9.0)
    desk.leave()


def test_without_a_receiver_a_guest_is_told_what_the_service_does() -> None:
    state = DaemonState(limits=Limits(), word=StateWord.PARKED, why="no scripts")
    with pytest.raises(NotDone, match=r"it is parked: no scripts$"):
        attach_reader("the guest a test", state, ReceiverKeeper(Limits()), ReaderKind.GUEST)
