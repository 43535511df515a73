"""Send SIGHUP to the daemon of an instrument, and to no other process."""

import os
import signal
from contextlib import closing, suppress
from pathlib import Path


class NotHeld(Exception):
    """The process is not certainly the daemon; the text says what was found instead."""


def hang_up(pid: int, lock: Path) -> None:
    """Send SIGHUP to `pid` if it holds the lock of the runtime directory.

    A handle on the process is opened first, so that the process that is checked also gets the signal, even if its
    number is reused in between. Trying the lock ourselves could keep a daemon from starting.

    Raises
    ------
    NotHeld
        It does not hold the lock, or that cannot be determined.
    """
    with closing(_Process(pid)) as process:
        if not holds(pid, lock):
            raise NotHeld(f"process {pid} does not hold {lock}")
        process.hang_up()


class _Process:
    """A handle on a process that stays valid when the process number is reused."""

    def __init__(self, pid: int) -> None:
        try:
            self._fd = os.pidfd_open(pid)
        except OSError as error:
            raise NotHeld(f"process {pid}: {error.strerror}") from None

    def hang_up(self) -> None:
        try:
            signal.pidfd_send_signal(self._fd, signal.SIGHUP)
        except OSError as error:
            raise NotHeld(f"the process cannot be signalled: {error.strerror}") from None

    def close(self) -> None:
        os.close(self._fd)


def holds(pid: int, lock: Path, proc: Path = Path("/proc")) -> bool:
    """True if a process has an exclusive lock on a file: one of its descriptors is that file, marked locked."""
    try:
        wanted = lock.stat()
        numbers = os.listdir(proc / str(pid) / "fd")  # noqa: PTH208 (names, not paths)
    except OSError as error:
        raise NotHeld(f"cannot find out which process holds {lock}: {error.strerror}") from None
    for number in numbers:
        with suppress(OSError):  # closed in between
            found = (proc / str(pid) / "fd" / number).stat()
            if os.path.samestat(found, wanted):
                told = (proc / str(pid) / "fdinfo" / number).read_text()
                if any("FLOCK" in line and "WRITE" in line for line in told.splitlines() if line.startswith("lock:")):
                    return True
    return False
