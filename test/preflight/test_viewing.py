"""A viewer is not started on a run that this version cannot read, and what its receiver says comes to people."""

import socket
from pathlib import Path

import pytest

from helpers.viewing import JOB
from livereduce.messages.request import NotDone, RequestAnswer
from livereduce.messages.views import LogsQuestion
from livereduce.preflight import viewing as room
from livereduce.preflight.asking import Answered
from livereduce.preflight.viewing import ViewerEnded, ViewerProcess
from livereduce.stream.held.talk import Told, encode_told
from livereduce.stream.items import SourceState


def test_a_daemon_of_another_version_is_named_and_nothing_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, its = socket.socketpair()
    with mine:
        answered = Answered(RequestAnswer(done=True, version="1.9"), (its,))
        monkeypatch.setattr(room, "ask", lambda *_: answered)
        with pytest.raises(NotDone, match=r"the service is livereduce 1\.9, this is .*: use that version"):
            ViewerProcess.begin((tmp_path,), JOB, "a test")
        assert its.fileno() == -1, "what came along is closed"


def test_why_the_receiver_lets_a_viewer_go_is_the_answer_to_the_question() -> None:
    mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    state = SourceState(address="", connected=False, reason="there are too many readers", ended=True)
    with its:
        with mine:
            mine.send(encode_told(Told(begin=0, written=0, segments=(), gone=(), state=state)))
        viewer = ViewerProcess.started(JOB, its)
    try:
        with pytest.raises(ViewerEnded, match="cannot be read along: there are too many readers"):
            viewer.ask(LogsQuestion())
        assert viewer.has_ended
    finally:
        viewer.end()
