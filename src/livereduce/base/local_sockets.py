"""Unix sockets at a path, whatever its length: `sun_path` has 108 bytes (unix(7)), so the folder goes by descriptor."""

import errno
import grp
import os
import pwd
import socket
import time
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


def exchange(
    connection: socket.socket, message: bytes, most_bytes: int, until_s: float
) -> tuple[bytes, list[socket.socket]]:
    """Send a message, and wait for its answer.

    Parameters
    ----------
    most_bytes
        The longest answer.
    until_s
        When to give up, by `time.monotonic`.

    Returns
    -------
    The answer, empty if the other end has closed the connection; and the socket that was passed with it, if one was.

    Raises
    ------
    TimeoutError
        It has not come until then.
    OSError
        The other end is gone.
    """
    connection.settimeout(left_s(until_s))
    connection.send(message)
    connection.settimeout(left_s(until_s))
    answer, fds, _, _ = socket.recv_fds(connection, most_bytes, 1)
    return answer, [socket.socket(fileno=fd) for fd in fds]


def left_s(until_s: float) -> float:
    """Time that is left until then, by `time.monotonic`.

    Raises
    ------
    TimeoutError
        None is.
    """
    left = until_s - time.monotonic()
    if left <= 0:
        raise TimeoutError("no time is left")
    return left


def why_not_connected(path: Path, error: OSError) -> str:
    """What an error of `connect_in` means for somebody who wants to ask the daemon, with what can be done."""
    match error.errno:
        case errno.ENOENT:
            return f"{path}: there is no such socket; no daemon of this version runs with this directory"
        case errno.ECONNREFUSED:
            return f"{path}: nobody listens there; the daemon that made it has ended"
        case errno.EACCES:
            return f"{path}: {_name_of_us()} may not write to it{_whose(path)}"
    return f"{path}: {error.strerror or str(error) or type(error).__name__}"


def _name_of_us() -> str:
    uid = os.geteuid()
    with suppress(KeyError):
        return f"the user {pwd.getpwuid(uid).pw_name}"
    return f"the user with the number {uid}"


def _whose(path: Path) -> str:
    """Whose socket it is, as far as that may be seen."""
    try:
        found = path.lstat()
        owner, group = pwd.getpwuid(found.st_uid).pw_name, grp.getgrgid(found.st_gid).gr_name
    except (OSError, KeyError):
        return ""
    return f"; it belongs to the user {owner} and the group {group}: whoever asks must be that user or in that group"


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    fd = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)
