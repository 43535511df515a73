"""A server on a bare socket that answers each request as a function of what it was sent, HTTP or not."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

PATIENCE_S = 30.0

Rude = Callable[[socket.socket, bytes], None]
"""Given the connection and the whole request."""


def saying(answer: bytes) -> Rude:
    """One that says this and hangs up."""

    def say(connection: socket.socket, _: bytes) -> None:
        connection.sendall(answer)

    return say


def dripping(begin: bytes, drop: bytes) -> Rude:
    """One that says a little again and again, for as long as anybody listens."""

    def drip(connection: socket.socket, _: bytes) -> None:
        connection.sendall(begin)
        while True:
            connection.sendall(drop)
            threading.Event().wait(0.005)

    return drip


@contextmanager
def rude_server(rude: Rude) -> Iterator[str]:
    """The address of such a server, ``http://127.0.0.1:PORT``."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, rude), name="rude server")
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listener: socket.socket, rude: Rude) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection, suppress(OSError):
            connection.settimeout(PATIENCE_S)
            rude(connection, _request(connection))


def _request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (piece := connection.recv(1 << 16)):
            return data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.lower().splitlines() if line.startswith(b"content-length:")]
    while lengths and len(body) < int(lengths[0]) and (piece := connection.recv(1 << 16)):
        body += piece
    return head + b"\r\n\r\n" + body
