"""Unix sockets at a path, whatever its length: `sun_path` has 108 bytes (unix(7)), so the folder goes by descriptor."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def listen_in(folder: Path, name: str, mode: int) -> socket.socket:
    """Listen on a socket in a folder, in the place of whatever has this name; it has its mode before anybody connects.

    Returns
    -------
    The socket (SOCK_SEQPACKET), non-blocking.

    Raises
    ------
    OSError
        The folder cannot be written.
    """
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK)
    unfinished = f".{name}.{os.getpid()}"
    try:
        with _opened(folder) as fd:
            with suppress(FileNotFoundError):
                os.unlink(unfinished, dir_fd=fd)
            listening.bind(f"/proc/self/fd/{fd}/{unfinished}")
            try:
                os.chmod(unfinished, mode, dir_fd=fd)
                listening.listen()
                os.replace(unfinished, name, src_dir_fd=fd, dst_dir_fd=fd)
            except OSError:
                os.unlink(unfinished, dir_fd=fd)
                raise
    except OSError:
        listening.close()
        raise
    return listening


def connect_in(folder: Path, name: str, timeout_s: float) -> socket.socket:
    """Connect to a socket in a folder; every call on it takes at most this long.

    Raises
    ------
    OSError
        There is no such socket, nobody listens there, or this user may not connect.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.settimeout(timeout_s)
    try:
        with _opened(folder) as fd:
            connection.connect(f"/proc/self/fd/{fd}/{name}")
    except OSError:
        connection.close()
        raise
    return connection


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    fd = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)
