"""Who is at the other end of a TCP connection on this host, from the kernel's tables."""

import os
import socket
import struct
from pathlib import Path

TABLE = Path("/proc/net/tcp")
"""IPv4 connections: local address, remote address, state …, user; a line each."""


def is_of_this_user(address: tuple[str, int], table: Path = TABLE) -> bool:
    """True if the socket at a loopback address (IPv4, port) belongs to this user; False if it is not known."""
    host, port = address
    (word,) = struct.unpack("=I", socket.inet_aton(host))
    wanted = f"{word:08X}:{port:04X}"
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError:
        return False
    columns = (line.split() for line in lines)
    users = [one[7] for one in columns if len(one) > 7 and one[1] == wanted]
    return str(os.getuid()) in users
