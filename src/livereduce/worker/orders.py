"""What the daemon tells the worker, also without words: orders on a pipe, and that it is gone."""

import ctypes
import os
import signal
import sys
import threading

from livereduce.errors import ExitCode
from livereduce.link import STOP

PR_SET_PDEATHSIG = 1


def obey(fd: int, stop: threading.Event) -> None:
    """Follow the orders on a pipe in a thread of its own, which takes nothing from the work loop.

    Its end means that the daemon is gone: the process leaves at once with `ExitCode.PARENT_GONE`, whatever the work
    loop is doing. The thread reads with `os.read`: one that waits in a buffered read makes CPython abort when the
    process ends.
    """
    threading.Thread(target=_read_orders, args=(fd, stop), name="orders", daemon=True).start()


def _read_orders(fd: int, stop: threading.Event) -> None:
    rest = b""
    while data := _read(fd):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            if line == STOP.encode():
                stop.set()
            else:
                print(f"unknown order {line[:80]!r}; expected {STOP!r}", file=sys.stderr)
    os._exit(ExitCode.PARENT_GONE)


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 4096)
    except OSError:  # a script has closed it: nobody could stop this process in good order any more
        return b""


def die_with_parent() -> None:
    """Ask Linux to kill this process when its parent ends: also while a script holds the interpreter's lock.

    The "parent" is the thread that started this process (prctl(2)). One that ended before this call is noticed by
    `obey`. SIGKILL, because a script may have handlers for all the others.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
