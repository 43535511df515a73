"""The locks that a daemon holds as long as it lives, in its runtime directory and its state directory.

The daemon takes them, and everyone else checks them.

The kernel drops the lock with the process, however that ends, so the lock is the one sign of life that cannot be stale.
It is a `flock`, and the only way to see from any process, user or namespace that nobody holds it is to take it shared
for a moment. A daemon that starts in that moment would find the lock taken: therefore it tries a few times, and a check
releases the lock at once, a few microseconds later.
"""

import errno
import fcntl
import os
import re
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from livereduce.base.files import open_regular

FILE_NAME = "lock"
STATE_FILE_NAME = "state.lock"
"""Lock file in the state directory; one directory may be both."""
TRIES = 5
BETWEEN_S = 0.02
"""A daemon that finds the lock taken tries again: somebody may only be checking it."""
MAX_BYTES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """State of a lock, and what its holder has written into the file.

    Attributes
    ----------
    held, pid
        None if not known.
    who
        For people: pid, host, configuration.
    """

    held: bool | None = None
    pid: int | None = None
    who: str = field(default="pid unknown", compare=False)

    @property
    def configuration(self) -> str:
        """Configuration of the holder; empty if not given."""
        return self.who.partition(_CONFIGURATION)[2]


_CONFIGURATION = ", configuration "


def take(path: Path, configuration: str = "") -> int:
    """Take the lock; return the descriptor that holds it.

    The file itself is never removed: otherwise, of two waiting processes, one would lock the old file and the other a
    new one.

    Raises
    ------
    BlockingIOError
        Another process holds it; `holder` says which.
    OSError
        The file cannot be written.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o644)
    try:
        _lock(fd)
        with suppress(OSError):  # the holder's name is only for people; a full disk must not stop the service
            os.ftruncate(fd, 0)
            about = f" on {socket.gethostname()}{_CONFIGURATION}{configuration}" if configuration else ""
            os.write(fd, f"pid {os.getpid()}{about}\n".encode())
    except BaseException:
        os.close(fd)
        raise
    return fd


def _lock(fd: int) -> None:
    for left in reversed(range(TRIES)):
        try:
            return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not left:
                raise
            time.sleep(BETWEEN_S)
    return None


def holder(path: Path) -> Holder:
    """Check who holds the lock. The answer is unknown if there is no such file, or it cannot be opened."""
    try:
        with open_regular(path, follow_link=False) as fd:
            text = os.pread(fd, MAX_BYTES, 0)
            return Holder(held=_is_held(fd), pid=_pid(text), who=_who(text))
    except OSError:
        return Holder()


def _is_held(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno == errno.EWOULDBLOCK:
            return True
        raise
    # unlock explicitly: a process forked in this moment shares the open file, and closing ours would leave it locked
    fcntl.flock(fd, fcntl.LOCK_UN)
    return False


def _pid(text: bytes) -> int | None:
    found = re.fullmatch(rb"pid (\d{1,10})( .*)?\n", text)
    return int(found[1]) if found else None


def _who(text: bytes) -> str:
    line = text.decode(errors="replace").partition("\n")[0]
    return "".join(sign for sign in line if sign.isprintable()) or "pid unknown"


def in_use(kind: str, folder: Path, who: str) -> str:
    """Sentence on who uses a directory."""
    return f"another livereduce ({who}) already uses {kind} directory {folder}"


def is_there(path: Path, fd: int) -> bool:
    """True if the locked file is still at its path; if it was removed, the next process would lock another one."""
    try:
        there, locked = path.stat(), os.fstat(fd)
    except OSError:
        return False
    return (there.st_dev, there.st_ino) == (locked.st_dev, locked.st_ino)
