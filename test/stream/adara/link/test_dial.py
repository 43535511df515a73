"""Connecting takes a bounded time, whatever the name service and the network do."""

import socket
import threading
import time
from typing import Any

import pytest

from livereduce.stream.adara.link import connection, dial
from livereduce.stream.adara.link.connection import Connection
from livereduce.stream.items import SourceLost


def test_a_name_and_a_number() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        for host in ("127.0.0.1", "localhost"):
            dial.dial(host, port).close()


def test_a_resolver_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker must beat: a name service that is down would keep it silent for longer than it may be."""
    over, asked = threading.Event(), []

    def getaddrinfo(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        over.wait(60)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(connection, "dial", lambda host, port: dial.dial(host, port, 0.2))
    begun_s = time.monotonic()
    with pytest.raises(SourceLost, match=r"no connection to bl1:1: the name bl1 was not resolved within 0.2 s"):
        Connection("bl1", 1, 0)
    assert time.monotonic() - begun_s < 20
    over.set()
    for thread in threading.enumerate():
        if thread.name == "look up":
            thread.join(20)
    assert asked == ["bl1"]


@pytest.mark.parametrize(
    ("host", "why"), [("no.such.host.invalid", ""), ("a..b", "is not a valid host name"), ("", "")]
)
def test_names_that_nobody_has(host: str, why: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(SourceLost, match=f"no connection to {host}:{port}: .*{why}"):
        Connection(host, port, 0)


def test_the_second_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as dead:
        gone = dead.getsockname()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", at) for at in (gone, listener.getsockname())]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
        found = dial.dial("bl1", 1)
        assert found.getpeername() == listener.getsockname()
        found.close()
