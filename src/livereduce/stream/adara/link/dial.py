"""Connect over TCP within a bounded time, whatever the name service and the network do: the caller must send beats."""

import queue
import socket
import threading
from typing import Any

CONNECT_TIMEOUT_S = 5.0
"""For the name lookup, and again for the connection: together well below the 30 s that a waiting worker may be
silent."""
LEAST_S = 1.0
"""For each address of a name that has several."""
MAX_ADDRESSES = 5

_Address = tuple[socket.AddressFamily, Any]


def dial(host: str, port: int, timeout_s: float = CONNECT_TIMEOUT_S) -> socket.socket:
    """Return a connected socket.

    Raises
    ------
    OSError
        The name is unknown or was not resolved in time, or no address accepts a connection; the text says which.
    """
    addresses = _addresses(host, port, timeout_s)[:MAX_ADDRESSES]
    each_s = max(timeout_s / max(len(addresses), 1), LEAST_S)
    failure = OSError(f"the name {host} has no address")
    for family, address in addresses:
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.settimeout(each_s)
            connection.connect(address)
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure


def _addresses(host: str, port: int, timeout_s: float) -> list[_Address]:
    """Look up the addresses of a host, in a thread: the system's resolver may block for half a minute."""
    answers: queue.SimpleQueue[list[_Address] | OSError] = queue.SimpleQueue()
    threading.Thread(target=_look_up, args=(host, port, answers), name="look up", daemon=True).start()
    try:
        answer = answers.get(timeout=timeout_s)
    except queue.Empty:
        raise OSError(f"the name {host} was not resolved within {timeout_s:g} s") from None
    if isinstance(answer, OSError):
        raise answer
    return answer


def _look_up(host: str, port: int, answers: "queue.SimpleQueue[list[_Address] | OSError]") -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        answers.put([(family, address) for family, _, _, _, address in found])
    except OSError as error:
        answers.put(error)
    except UnicodeError as error:  # a label of the name is empty or too long
        answers.put(OSError(f"{host!r} is not a valid host name: {error}"))
