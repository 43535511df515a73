"""Orders from the daemon on a pipe, and the detection of its death."""

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from livereduce.base.errors import ExitCode
from livereduce.messages.order import RECYCLE, RENEW, STOP, TRIM

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4


@dataclass(frozen=True, slots=True)
class Orders:
    """Orders that are not carried out yet; the work loop checks them between two steps.

    Attributes
    ----------
    leave
        Finish the step, publish and exit.
    stop
        Exit for good; otherwise a new worker takes over.
    renew
        Leave what is pending to that one.
    trim
        Give freed memory back to the system.
    """

    leave: threading.Event = field(default_factory=threading.Event)
    stop: threading.Event = field(default_factory=threading.Event)
    renew: threading.Event = field(default_factory=threading.Event)
    trim: threading.Event = field(default_factory=threading.Event)

    def note(self, order: str) -> None:
        """Record an order for the work loop.

        Raises
        ------
        ValueError
            There is no such order.
        """
        if order == TRIM:
            self.trim.set()
        elif order == RECYCLE:
            self.leave.set()
        elif order in (STOP, RENEW):
            # before `leave`: the work loop may check at any moment, and must see why
            (self.stop if order == STOP else self.renew).set()
            self.leave.set()
        else:
            raise ValueError(f"unknown order {order[:80]!r}; expected {STOP!r}, {RENEW!r}, {RECYCLE!r} or {TRIM!r}")


def begin(order_fd: int | None, guard: Callable[[int], object] | None = None) -> Orders:
    """Set up what ends this process with its daemon, and what the daemon orders.

    Parameters
    ----------
    order_fd
        The pipe from the daemon, None when run by hand: then no order comes.
    guard
        Given the pipe while no thread exists yet: it may fork.
    """
    orders = Orders()
    if order_fd is not None:
        # A terminal sends Ctrl-C to all processes in the foreground; the daemon decides what it means.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if guard is not None:
            guard(order_fd)
        die_with_parent()
        obey(order_fd, orders)
    return orders


def obey(fd: int, orders: Orders) -> None:
    """Read orders from a pipe in a separate thread, which takes nothing from the work loop.

    The end of the pipe means that the daemon is gone: the process exits at once with `ExitCode.PARENT_GONE`, whatever
    the work loop is doing. The thread reads with `os.read`: a thread that waits in a buffered read makes CPython abort
    when the process ends.
    """
    threading.Thread(target=_read_orders, args=(fd, orders), name="orders", daemon=True).start()


def _read_orders(fd: int, orders: Orders) -> None:
    rest = b""
    while data := _read(fd):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            try:
                orders.note(line.decode(errors="replace"))
            except ValueError as error:
                print(error, file=sys.stderr)
    os._exit(ExitCode.PARENT_GONE)


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, 4096)
    except OSError:  # a script has closed it: nobody could stop this process in good order any more
        return b""


def die_with_parent() -> None:
    """Ask Linux to kill this process when its parent ends: this works even while a script holds the interpreter's lock.

    The "parent" is the thread that started this process (prctl(2)). If it ended before this call, `obey` notices.
    SIGKILL, because a script may have handlers for all other signals.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def refuse_debuggers() -> None:
    """Keep other processes of this user out of our memory (prctl(2), PR_SET_DUMPABLE): a script runs as the same user.

    Without it a script could write to /proc/PID/mem of a process that is to outlive it.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
