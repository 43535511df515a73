"""Messages on their way: web hooks that work and that do not, secrets that are kept, targets that hang."""

import json
import socket
import sys
import threading
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

import pytest

from helpers.rude_server import dripping, rude_server, saying
from livereduce.config.notifying import NotifyEntry, Occasion
from livereduce.notify import sending
from livereduce.notify.facts import Message, Notice, SendOutcome
from livereduce.notify.message import encode_message, text_of
from livereduce.notify.sending import Sender, deliver

SECRET = "t0ps3cret"
NOTICE = Notice(on=Occasion.PARKED, key="parked", text="parked: no scripts", since_unix_s=1e9)
MESSAGE = Message(entry=1, instrument="PG3", at_unix_s=1e9, notices=(NOTICE, NOTICE), held_back=2)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def entry(url: str = "", file: Path | None = None, command: tuple[str, ...] = (), number: int = 1) -> NotifyEntry:
    return NotifyEntry(number=number, on=(Occasion.PARKED,), webhook=url, webhook_file=file, command=command)


def post(url: str) -> SendOutcome:
    return deliver(entry(f"{url}/hooks/{SECRET}"), MESSAGE, set())


def test_a_message_as_one_line_and_as_json() -> None:
    assert text_of(MESSAGE) == "PG3: parked: no scripts; parked: no scripts (and 2 more since the last message)"
    body = json.loads(encode_message(MESSAGE))
    assert body["text"] == text_of(MESSAGE)
    assert (body["held_back"], body["test"], len(body["notices"])) == (2, False, 2)
    assert body["notices"][0]["on"] == "parked"
    assert body["at"].startswith("2001-09-")
    long = Message(entry=1, instrument="PG3", at_unix_s=1e9, notices=(replace(NOTICE, text="x" * 9000),))
    assert len(text_of(long)) <= 2000


def test_a_web_hook_gets_the_message() -> None:
    got: list[bytes] = []

    def take(connection: socket.socket, request: bytes) -> None:
        got.append(request)
        connection.sendall(OK)

    with rude_server(take) as url:
        assert post(url) == SendOutcome(entry=1)
    head, _, body = got[0].partition(b"\r\n\r\n")
    assert head.startswith(f"POST /hooks/{SECRET} HTTP/1.1".encode())
    assert b"Content-Type: application/json" in head
    assert json.loads(body)["instrument"] == "PG3"


@pytest.mark.parametrize(
    ("answer", "words", "hopeless"),
    [
        (b"HTTP/1.1 404 t0ps3cret\r\n\r\n", "HTTP status 404: Not Found", True),
        (b"HTTP/1.1 429 x\r\n\r\n", "HTTP status 429: Too Many Requests", False),
        (b"HTTP/1.1 500 x\r\n\r\n", "HTTP status 500", False),
        (b"HTTP/1.1 302 x\r\nLocation: http://evil/t0ps3cret\r\n\r\n", "a redirect, which is not followed", True),
        (b"t0ps3cret\r\n\r\n", "its answer is not HTTP", False),
        (b"", "closed the connection", False),
    ],
)
def test_a_refusal_is_told_without_what_was_sent(answer: bytes, words: str, hopeless: bool) -> None:
    with rude_server(saying(answer)) as url:
        outcome = post(url)
    assert words in outcome.problem
    assert SECRET not in outcome.problem
    assert outcome.hopeless is hopeless


def test_one_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "WEBHOOK_S", 0.5)
    with rude_server(dripping(b"HTTP/1.1 200 OK\r\nX: ", b"x")) as url:
        assert post(url).problem == "no answer within 0.5 s"


def test_an_address_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "hook"
    with rude_server(saying(OK)) as url:
        file.write_text(f"{url}/hooks/{SECRET}\n")
        file.chmod(0o600)
        assert deliver(entry(file=file), MESSAGE, set()).problem == ""
        file.chmod(0o644)
        assert "everybody may read the address" in deliver(entry(file=file), MESSAGE, set()).problem
    file.chmod(0o600)
    for text in ("", f"no address {SECRET}", f"https://a/{SECRET}\nhttps://b/"):
        file.write_text(text)
        problem = deliver(entry(file=file), MESSAGE, set()).problem
        assert "expected an address" in problem
        assert SECRET not in problem
    file.unlink()
    assert "cannot be read: No such file" in deliver(entry(file=file), MESSAGE, set()).problem


def test_one_that_hangs_delays_no_other_and_is_not_left_behind() -> None:
    outcomes: SimpleQueue[SendOutcome | None] = SimpleQueue()
    sender = Sender(outcomes)
    hangs = (sys.executable, "-c", "import time; time.sleep(600)")
    sender.send(entry(command=hangs), MESSAGE)
    sender.send(entry(command=("/bin/true",), number=2), MESSAGE)
    assert outcomes.get(timeout=50) == SendOutcome(entry=2)
    while not sender._running:
        threading.Event().wait(0.01)
    sender.close()
    outcome = outcomes.get(timeout=50)
    assert outcome
    assert "signal 9" in outcome.problem


def test_a_bug_in_sending_is_an_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> SendOutcome:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(sending, "deliver", fail)
    outcomes: SimpleQueue[SendOutcome | None] = SimpleQueue()
    Sender(outcomes).send(entry("http://x"), MESSAGE)
    assert outcomes.get(timeout=50) == SendOutcome(entry=1, problem="internal error, RuntimeError")
