"""The simulated server: one thread, any number of clients, and a play that advances by itself.

It behaves as SNS's own stream management service was observed to on its live port: silent until the hello and never
a heartbeat; a slow client only falls behind; a client that sends anything more, or closes its half, is dropped.
"""

import selectors
import socket
import time
from collections.abc import Callable
from typing import Any

from livereduce.base.times import NS_PER_S
from livereduce.simulate.adara.client import Client, Gone
from livereduce.simulate.adara.hello import BadHello
from livereduce.simulate.adara.play import Play
from livereduce.simulate.adara.stage import Stage
from livereduce.simulate.adara.store import StreamStore

HELLO_TIMEOUT_S = 30.0
AHEAD_BYTES = 256 * 1024 * 1024
"""With speed 0, how far the play may be ahead of the slowest client."""
STEP_BYTES = 1024 * 1024
"""Least number of bytes written between two checks of the sockets."""
FOREVER_NS = 1 << 62

Admit = Callable[[tuple[str, int], tuple[str, int]], bool]
"""Decides from the two ends of a connection, the client's first, whether it is served."""


def _silent(_: str) -> None:
    """Print nothing."""


def _anybody(_: tuple[str, int], __: tuple[str, int]) -> bool:
    """Turn nobody away."""
    return True


def _ends_at(name: tuple[Any, ...]) -> tuple[str, int]:
    """Host and port of a socket's name, which has more of IPv6."""
    return str(name[0]), int(name[1])


def _asked(start_s: int) -> str:
    """Meaning of a hello's start field, for people."""
    return {0: "new data only", 1: "the run from its start"}.get(start_s, f"data since {start_s} s")


class Server:
    """Listens, plays, sends.

    Parameters
    ----------
    speed
        Seconds of beam per second; 0: as fast as the slowest client takes it, and not while there is no client.
    prefill_s
        Seconds of beam that are available at once, with or without clients.
    admit
        Told host and port of the two ends of each connection, the client's first; False: the client is turned away.
    say
        Gets a line at each run edge, and for each client that sends a hello.

    Attributes
    ----------
    until_ns
        With speed 0: the play waits before this moment of the beam's time, until somebody moves it on.
    """

    def __init__(
        self,
        play: Play,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        speed: float = 1.0,
        prefill_s: float = 0.0,
        hello_timeout_s: float = HELLO_TIMEOUT_S,
        ahead_bytes: int = AHEAD_BYTES,
        store: StreamStore | None = None,
        admit: Admit = _anybody,
        say: Callable[[str], None] = _silent,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store or StreamStore()
        self._say, self._admit = say, admit
        self.until_ns = FOREVER_NS
        self._stage = Stage(play, self._store, say)
        self._speed, self._hello_timeout_s, self._ahead_bytes = speed, hello_timeout_s, ahead_bytes
        self._ready_ns = play.origin_ns + round(prefill_s * NS_PER_S)
        self._clock, self._started_s = clock, clock()
        self._clients: dict[Client, int] = {}
        self._listener = socket.create_server((host, port), backlog=64)
        self._selector = selectors.DefaultSelector()
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port it listens on."""
        host, port = self._listener.getsockname()[:2]
        return str(host), int(port)

    def fileno(self) -> int:
        """A descriptor that becomes readable when a client wants something."""
        return self._selector.fileno()

    @property
    def finished(self) -> bool:
        """Everything is played and every client has received all of it."""
        return self._stage.over and not any(client.pending_bytes() for client in self._clients)

    @property
    def next_due_ns(self) -> int | None:
        """The moment of the beam's time of what is played next; None if everything is played."""
        return None if self._stage.over else self._stage.next_due_ns

    @property
    def is_sent(self) -> bool:
        """Somebody listens, and everything before `until_ns` is played and on its way to all who do."""
        listening = [client for client in self._clients if client.hello is not None]
        played = self._stage.over or self._stage.next_due_ns >= self.until_ns
        return bool(listening) and played and not any(client.pending_bytes() for client in listening)

    @property
    def caught_up(self) -> bool:
        """Everything that is due by now is written: the prefill is available."""
        return self._stage.over or self._stage.next_due_ns > self._until_ns()

    def serve_forever(self, stop: Callable[[], bool] = lambda: False) -> None:
        """Serve until `stop` returns True, or until everything is played and sent."""
        while not self.finished and not stop():
            self.step(0.2)

    def step(self, timeout_s: float) -> None:
        """Wait for something to do, at most `timeout_s`, and do it."""
        sent = False
        for key, events in self._selector.select(self._wait_s(timeout_s)):
            if key.data is None:
                self._accept()
            else:
                sent |= self._serve(key.data, events)
        self._drop_silent()
        if not (sent and self._speed == 0):
            # While a client takes data as fast as possible, sending comes before making more.
            self._stage.advance(self._until_ns(), STEP_BYTES)
        for client in self._clients:
            self._watch(client)

    def close(self) -> None:
        """Close all connections; data already in the kernel still arrive. A second call does nothing."""
        for client in list(self._clients):
            self._drop(client)
        self._listener.close()
        self._selector.close()

    def _until_ns(self) -> int:
        """Moment of the beam's time up to which the play may go now."""
        if self._speed > 0:
            return self._ready_ns + round((self._clock() - self._started_s) * self._speed * NS_PER_S)
        listening = [client.pending_bytes() for client in self._clients if client.hello is not None]
        return self.until_ns - 1 if listening and max(listening) < self._ahead_bytes else self._ready_ns - 1

    def _wait_s(self, timeout_s: float) -> float:
        """Time in which nothing will be due."""
        if self._stage.over:
            return timeout_s
        ahead_ns = self._stage.next_due_ns - self._until_ns()
        if ahead_ns <= 0:
            return 0.0
        return min(timeout_s, ahead_ns / NS_PER_S / self._speed) if self._speed > 0 else timeout_s

    def _accept(self) -> None:
        try:
            connection, peer = self._listener.accept()
        except OSError:  # It connected and is gone again.
            return
        if not self._admit(_ends_at(peer), _ends_at(connection.getsockname())):
            connection.close()
            return
        connection.setblocking(False)
        # A pulse must not wait for the acknowledgement of the one before (up to 40 ms).
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = Client(connection, self._clock())
        self._clients[client] = selectors.EVENT_READ
        self._selector.register(connection, selectors.EVENT_READ, client)

    def _serve(self, client: Client, events: int) -> bool:
        """Read from and send to a client that is ready; True if there was something to send."""
        try:
            if events & selectors.EVENT_READ and (hello := client.receive()) is not None:
                client.start(self._store.join(hello.start_s))
                self._say(f"a client asks for {_asked(hello.start_s)}")
            if events & selectors.EVENT_WRITE:
                client.send()
                return True
        except (Gone, BadHello):
            self._drop(client)
        return False

    def _drop_silent(self) -> None:
        now_s = self._clock()
        for client in list(self._clients):
            if client.hello is None and now_s - client.since_s >= self._hello_timeout_s:
                self._drop(client)

    def _drop(self, client: Client) -> None:
        self._selector.unregister(client.connection)
        client.connection.close()
        del self._clients[client]

    def _watch(self, client: Client) -> None:
        """Wake up when a client can take more, if there is more."""
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.pending_bytes() else 0)
        if wanted != self._clients[client]:
            self._selector.modify(client.connection, wanted, client)
            self._clients[client] = wanted
