"""Who is at the other end of a TCP connection on this host, from the kernel's tables."""

import os
import socket
import struct
from pathlib import Path

TABLE = Path("/proc/net/tcp")
"""IPv4 connections: local address, remote address, state …, user; a line each."""
ESTABLISHED = "01"


def is_of_this_user(peer: tuple[str, int], own: tuple[str, int], table: Path = TABLE) -> bool:
    """True if who has connected to our socket belongs to this user; False if that is not known.

    Parameters
    ----------
    peer, own
        IPv4 address and port of the two ends of the connection. Both count: the kernel gives one port to connections
        of several users, if these go to different places.
    """
    wanted = [_shown(peer), _shown(own), ESTABLISHED]
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError:
        return False
    columns = (line.split() for line in lines)
    users = [one[7] for one in columns if len(one) > 7 and one[1:4] == wanted]
    return str(os.getuid()) in users


def _shown(address: tuple[str, int]) -> str:
    host, port = address
    (word,) = struct.unpack("=I", socket.inet_aton(host))
    return f"{word:08X}:{port:04X}"
