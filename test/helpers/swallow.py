"""A network between client and server that may swallow what is sent without a word: nobody's connection ends."""

import selectors
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self


def nobody(_: int) -> bool:
    """No connection is affected."""
    return False


def everybody(_: int) -> bool:
    """All connections are affected."""
    return True


@dataclass(slots=True, eq=False)
class _Pair:
    number: int
    client: socket.socket
    server: socket.socket


class Swallowing:
    """Passes on everything, both ways, until told otherwise.

    Attributes
    ----------
    swallows_down, swallows_up
        Whether what the server, or the client, of a connection sends is swallowed; connections count from 1.
    connections
        How many there were.
    """

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self.swallows_down: Callable[[int], bool] = nobody
        self.swallows_up: Callable[[int], bool] = nobody
        self.connections = 0
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.port = int(self._listener.getsockname()[1])
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._pairs: set[_Pair] = set()
        self._thread = threading.Thread(target=self._serve, name="swallowing network")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        for pair in list(self._pairs):
            self._end(pair)
        self._selector.close()
        self._listener.close()

    def _serve(self) -> None:
        while not self._over.is_set():
            for key, _ in self._selector.select(0.02):
                if key.data is None:
                    self._accept()
                elif key.data[0] in self._pairs:
                    self._pass_on(*key.data)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        self.connections += 1
        pair = _Pair(self.connections, client, socket.create_connection(("127.0.0.1", self._server_port)))
        self._pairs.add(pair)
        for one, is_client in ((client, True), (pair.server, False)):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(one, selectors.EVENT_READ, (pair, is_client))

    def _pass_on(self, pair: _Pair, from_client: bool) -> None:
        here, there = (pair.client, pair.server) if from_client else (pair.server, pair.client)
        swallows = (self.swallows_up if from_client else self.swallows_down)(pair.number)
        try:
            data = here.recv(1 << 16)
            if data and not swallows:
                there.sendall(data)
        except OSError:
            data = b""
        if not data:
            if swallows and not from_client:
                self._selector.unregister(here)  # the end is swallowed, too
                return
            self._end(pair)

    def _end(self, pair: _Pair) -> None:
        self._pairs.discard(pair)
        for one in (pair.client, pair.server):
            if one.fileno() in self._selector.get_map():
                self._selector.unregister(one)
            one.close()
