"""A request to a server that does what it likes: an answer, or a reason in words of our own, in bounded time."""

import socket
import ssl
import threading
from contextlib import suppress

import pytest

from helpers.rude_server import Rude, dripping, rude_server, saying
from livereduce.base.exchange import HttpAnswer, NoHttpAnswer, exchange

pytestmark = pytest.mark.timeout(60)

OK = b"HTTP/1.1 200 OK\r\n"


def ask(rude: Rude, timeout_s: float = 20.0) -> HttpAnswer:
    with rude_server(rude) as url:
        return exchange(f"{url}/path?x=1", timeout_s=timeout_s, most_bytes=100)


def test_an_answer_comes_with_its_status_and_body() -> None:
    assert ask(saying(b"HTTP/1.1 404 Gone fishing\r\nContent-Length: 2\r\n\r\nhi")) == HttpAnswer(
        status=404, body=b"hi"
    )
    assert ask(saying(OK + b"\r\n" + bytes(100))).body == bytes(100)


def test_what_is_asked_for_is_the_path_with_its_query_and_redirects_are_not_followed() -> None:
    asked: list[bytes] = []

    def redirect(connection: socket.socket, request: bytes) -> None:
        asked.append(request.splitlines()[0])
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")

    assert ask(redirect).status == 302
    assert asked == [b"GET /path?x=1 HTTP/1.1"]


SECRET = b"s3cret-word"
NO_ANSWERS: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "it closed the connection without an answer"),
    "no HTTP": (SECRET + b"\r\n\r\n", "its answer is not HTTP"),
    "zeros": (bytes(10_000), "its answer is not HTTP"),
    "another version": (b"HTTP/" + SECRET + b" 200 OK\r\n\r\n", "its answer is not HTTP"),
    "a status that is no number": (b"HTTP/1.1 " + SECRET + b"\r\n\r\n", "its answer is not HTTP"),
    "a line without end": (OK + b"X: " + SECRET * 10_000, "its answer is not HTTP"),
    "too many headers": (OK + (SECRET + b": 1\r\n") * 500 + b"\r\n", "its answer is not HTTP"),
    "chunks of no size": (OK + b"Transfer-Encoding: chunked\r\n\r\n" + SECRET + b"\r\n", "its answer was cut short"),
    "less than promised": (OK + b"Content-Length: 50\r\n\r\n" + SECRET, "its answer was cut short"),
    "more than is wanted": (OK + b"\r\n" + SECRET * 10, "its answer is longer than 100 bytes"),
}


@pytest.mark.parametrize("what", NO_ANSWERS)
def test_what_is_no_answer_is_said_in_our_own_words(what: str) -> None:
    sent, says = NO_ANSWERS[what]
    with pytest.raises(NoHttpAnswer) as raised:
        ask(saying(sent))
    assert str(raised.value) == says
    assert raised.value.__cause__ is None


DRIPS = {
    "the status": (b"H", b"T"),
    "headers": (OK + b"X: ", b"x"),
    "the body": (OK + b"\r\n", b"x"),
    "chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1;"),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("what", DRIPS)
def test_the_time_limit_holds_for_all_together(what: str) -> None:
    with pytest.raises(NoHttpAnswer, match=r"^no answer within 0\.2 s$|longer than|not HTTP"):
        ask(dripping(*DRIPS[what]), timeout_s=0.2)


def test_a_handshake_that_never_ends_is_cut_too() -> None:
    # the beginning of a record of 16 kB, then a byte now and then
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                connection.sendall(b"\x16\x03\x03\x40\x00")
                while True:
                    connection.sendall(b"\x02")
                    threading.Event().wait(0.005)

        thread = threading.Thread(target=drip)
        thread.start()
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        context = ssl.create_default_context()
        with pytest.raises(NoHttpAnswer, match="no answer within"):
            exchange(url, timeout_s=0.3, most_bytes=100, context=context)
        thread.join()


def test_nobody_is_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NoHttpAnswer, match=r"^Connection refused$"):
        exchange(f"http://127.0.0.1:{port}/", timeout_s=5.0, most_bytes=100)
    with pytest.raises(NoHttpAnswer, match=r"Name or service not known|look|failure"):
        exchange("http://no-such-host.invalid/", timeout_s=5.0, most_bytes=100)
