"""One TCP connection to a stream server: connect, say hello once, receive. Nothing is ever sent after the hello.

Real servers close on any later packet, on a half-close, and never send heartbeats (seen on the wire).
"""

import socket
import struct
import time

from livereduce.stream.adara.layout import NS_PER_S, Type, epics_ns
from livereduce.stream.model import SourceLost

DEFAULT_PORT = 31415
CONNECT_TIMEOUT_S = 5.0
"""Well below the 30 s that the daemon lets a waiting worker be silent."""


def hello(start_s: int, now_ns: int) -> bytes:
    """A client hello, version 0: 0 is from now, 1 from the start of the run, else seconds since 1990."""
    return struct.pack("<IIIII", 4, Type.CLIENT_HELLO << 8, *divmod(now_ns, NS_PER_S), start_s)


class Connection:
    """A connected socket that has said hello.

    Raises
    ------
    SourceLost
        From every method: the connection could not be made, or broke; says how.
    """

    def __init__(self, host: str, port: int, start_s: int) -> None:
        try:
            self._socket = socket.create_connection((host, port), timeout=CONNECT_TIMEOUT_S)
        except OSError as error:
            raise SourceLost(f"no connection to {host}:{port}: {error}") from None
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            self._socket.sendall(hello(start_s, epics_ns(time.time())))
        except OSError as error:
            self._socket.close()
            raise SourceLost(f"{host}:{port} would not take the hello: {error}") from None

    def receive(self, into: memoryview, timeout_s: float) -> int:
        """Wait for data, then take all that is there or fits; 0 is silence."""
        self._socket.settimeout(timeout_s)
        got = self._receive_some(into)
        # No MSG_DONTWAIT: as long as a time-out is set, Python waits for data itself before it asks with that flag.
        self._socket.settimeout(0)
        while 0 < got < len(into):
            size = self._receive_some(into[got:], end_counts=False)
            if size == 0:
                break
            got += size
        return got

    def _receive_some(self, into: memoryview, *, end_counts: bool = True) -> int:
        """One receive. An end, or a reset, is an error only if nothing came with it: it is seen again."""
        try:
            size = self._socket.recv_into(into)
        except (BlockingIOError, TimeoutError):
            return 0
        except OSError as error:
            if not end_counts:
                return 0
            raise SourceLost(f"connection broken: {error}") from None
        if size == 0 and end_counts:
            raise SourceLost("the server closed the connection")
        return size

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()
