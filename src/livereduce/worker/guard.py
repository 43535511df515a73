"""What a worker sets up in case that it hangs, or that its daemon dies: stack dumps, and the guard of its group.

The worker asks the kernel to die with its parent (`livereduce.worker.orders`), but what its scripts have started does
not inherit that. The guard is a process of the group that sees the daemon's end of the order pipe close, by whatever
death, and kills the whole group. What has left the group (setsid, double fork with a session of its own) is beyond
it: that is for the cgroup of the service, which systemd empties, or for whoever runs the daemon without one.
"""

import faulthandler
import logging
import os
import signal
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from pathlib import Path

from livereduce.messages.job import DUMP_FD

_GUARD = """\
import os, select, time  # the guard of a livereduce worker
daemon = select.poll()
daemon.register(0, 0)
daemon.poll()
time.sleep(0.2)
os.kill(0, 9)
"""
"""Asked for no event, `poll` reports only that the other end of the pipe is closed, and takes no order out of it. The
moment is for a worker that leaves by itself. Process 0 of kill(2) is the own group: never the number of another."""

log = logging.getLogger("livereduce.worker")


def register_dump(environ: MutableMapping[str, str]) -> None:
    """Write the stacks of all threads on SIGUSR1 to the descriptor that the daemon gave, else to standard error.

    The variable is taken out, so that what scripts start does not have it.
    """
    text = environ.pop(DUMP_FD, "")
    fd = int(text) if text.isdecimal() else -1
    try:
        os.set_inheritable(fd, False)
    except (OSError, OverflowError):
        fd = sys.stderr.fileno()
    faulthandler.register(signal.SIGUSR1, file=fd, all_threads=True)


def start_guard(orders_fd: int) -> bool:
    """Start the guard; to be called before any thread is started. Whether it could be; a refusal is logged.

    It is a grandchild: a script that waits for all its children must not wait for the guard, which ends only with the
    group, when the daemon kills what is left of it before it reaps the worker. It holds the reading end of the order
    pipe and nothing else of ours, ignores what a process can ignore, and is an interpreter of 3 MB without a package.

    A worker that does not lead its process group (one started by hand, or by a test) gets none: the group that the
    guard would kill is somebody else's.
    """
    if os.getpgrp() != os.getpid():
        return False
    try:
        child = os.fork()
        if child == 0:
            _become_parent_of_guard(orders_fd)
        _, status = os.waitpid(child, 0)
    except OSError as error:
        status = error.errno or -1
    if status != 0:
        log.warning(
            "the guard process did not start: if the daemon is killed, processes started by scripts may stay behind"
        )
    return status == 0


def _become_parent_of_guard(orders_fd: int) -> None:
    """In the child: start the guard and leave, whatever happens."""
    code = 1
    try:
        os.dup2(orders_fd, 0)
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 1)
        os.dup2(null, 2)
        # beats, output and stacks have readers who wait for their end
        for fd in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
            with suppress(OSError):
                os.close(fd) if fd > 2 else None
        command = [sys.executable, "-I", "-S", "-c", _GUARD]
        # only what the interpreter may need to be loaded: a preloaded allocator would be larger than the guard
        environ = {key: value for key, value in os.environ.items() if key == "LD_LIBRARY_PATH"}
        os.posix_spawn(command[0], command, environ, setsigmask=signal.valid_signals())
        code = 0
    finally:
        os._exit(code)
