"""One connection over a real socket: the hello, what comes, and every way in which it ends."""

import socket
import time

import pytest

from helpers.packets import words
from helpers.scripted import Scripted, sends, sends_and_resets
from livereduce.base.times import NS_PER_S, epics_ns
from livereduce.stream.adara.link.connection import MUCH_BYTES, PIECE_BYTES, Connection
from livereduce.stream.adara.wire.encode import client_hello
from livereduce.stream.items import SourceLost

WAIT_S = 600.0
"""Longer than any test may take: whoever waits for it where data are there fails."""


def receive(connection: Connection, size: int = 100, timeout_s: float = WAIT_S) -> bytes:
    into = bytearray(size)
    return bytes(into[: connection.receive(memoryview(into), timeout_s)])


def receive_to_end(connection: Connection) -> tuple[bytes, str]:
    """Everything, and how it ended."""
    data = b""
    while True:
        try:
            data += receive(connection)
        except SourceLost as lost:
            return data, lost.reason


def test_hello_is_version_0() -> None:
    assert client_hello(7 * NS_PER_S + 8, 1) == words(4, 0x400600, 7, 8, 1)
    assert client_hello(0, 0xFFFF_FFFF) == words(4, 0x400600, 0, 0, 0xFFFF_FFFF)


def test_hello_on_the_wire_and_nothing_after_it() -> None:
    server = Scripted()

    def play(peer: socket.socket) -> None:
        peer.sendall(b"abcd")
        server.held(peer)

    with server.add(play):
        before_ns = epics_ns(time.time())
        connection = Connection("127.0.0.1", server.port, 1234)
        assert receive(connection) == b"abcd"
        connection.close()
    said = server.hellos[0]
    assert said[:8] + said[16:] == words(4, 0x400600, 1234)
    stamp = int.from_bytes(said[8:12], "little") * NS_PER_S + int.from_bytes(said[12:16], "little")
    assert before_ns <= stamp <= epics_ns(time.time())
    assert server.more == [b""]


def test_data_are_given_at_once_without_waiting_for_more() -> None:
    server = Scripted()

    def play(peer: socket.socket) -> None:
        for part in (b"abcd", b"efgh"):
            peer.sendall(part)
            peer.recv(1)  # the test answers on the same socket, which a real client would never do

    with server.add(play):
        connection = Connection("127.0.0.1", server.port, 0)
        for part in (b"abcd", b"efgh"):
            assert receive(connection) == part
            connection._socket.sendall(b".")
        connection.close()


def test_what_follows_much_is_gathered_but_never_held_back() -> None:
    server, much = Scripted(), bytes(range(256)) * (MUCH_BYTES // 256)

    def play(peer: socket.socket) -> None:
        peer.sendall(much)
        peer.recv(1)  # the test answers on the same socket, which a real client would never do
        peer.sendall(b"abcd")  # far less than a piece, and nothing more
        peer.recv(1)

    with server.add(play):
        connection = Connection("127.0.0.1", server.port, 0)
        got = b""
        while len(got) < len(much):
            got += receive(connection, len(much))
        connection._wake_up_at(PIECE_BYTES)  # as after a read that got all at once
        connection._socket.sendall(b".")
        assert (got, receive(connection)) == (much, b"abcd")
        connection._socket.sendall(b".")
        connection.close()


def test_a_fast_stream_comes_to_its_last_byte() -> None:
    data = bytes(range(256)) * (8 * PIECE_BYTES // 256) + b"end"
    with Scripted(sends(data)) as server:
        connection = Connection("127.0.0.1", server.port, 0)
        got = b""
        while len(got) < len(data):
            got += receive(connection, 2 * PIECE_BYTES)
        connection.close()
    assert got == data


def test_no_more_than_fits_is_taken() -> None:
    with Scripted(sends(b"abcdefghij")) as server:
        connection = Connection("127.0.0.1", server.port, 0)
        got = [receive(connection, 4)]
        while sum(map(len, got)) < 10:
            got.append(receive(connection, 4))
        connection.close()
    assert b"".join(got) == b"abcdefghij"
    assert max(map(len, got)) <= 4


@pytest.mark.parametrize("timeout_s", [0.0, 0.01])
def test_silence_is_nothing(timeout_s: float) -> None:
    server = Scripted()
    with server.add(server.held):
        connection = Connection("127.0.0.1", server.port, 0)
        assert receive(connection, timeout_s=timeout_s) == b""
        connection.close()


def test_the_end_comes_after_the_data() -> None:
    with Scripted(sends(b"ab", b"cd")) as server:
        connection = Connection("127.0.0.1", server.port, 0)
        assert receive_to_end(connection) == (b"abcd", "the server closed the connection")
        connection.close()


def test_a_reset_is_a_loss_too() -> None:
    with Scripted(sends_and_resets(b"")) as server:
        connection = Connection("127.0.0.1", server.port, 0)
        _, reason = receive_to_end(connection)
        connection.close()
    assert reason.startswith("connection broken: ")


def test_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(SourceLost, match=f"no connection to 127.0.0.1:{port}: ") as caught:
        Connection("127.0.0.1", port, 0)
    assert caught.value.retry


def test_a_host_that_is_none() -> None:
    with pytest.raises(SourceLost, match=r"no connection to not a host:1: "):
        Connection("not a host", 1, 0)
