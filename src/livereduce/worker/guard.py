"""The guard of a worker's process group: it ends what scripts have started when the daemon dies.

The worker asks the kernel to die with its parent (`livereduce.child.orders`), but what its scripts have started does
not inherit that. The guard is a process of the group that sees the daemon's end of the order pipe close, by whatever
death, and kills the whole group. It cannot reach processes that left the group (setsid, double fork with a session of
their own): systemd empties the cgroup of the service; without systemd, whoever runs the daemon must do it.
"""

import logging
import os
import signal
import sys

from livereduce.base.processes import close_descriptors

_GUARD = """\
import os, select, time  # the guard of a livereduce worker
daemon = select.poll()
daemon.register(0, 0)
daemon.poll()
time.sleep(0.2)
os.kill(0, 9)
"""
"""Asked for no event, `poll` reports only that the other end of the pipe is closed, and takes no order out of it. The
moment of waiting is for a worker that exits by itself. Process 0 of kill(2) is the own group: never a reused number."""

log = logging.getLogger("livereduce.worker")


def start_guard(orders_fd: int) -> bool:
    """Start the guard, before any thread is started; return True if it runs. A failure is logged.

    It is a grandchild: a script that waits for all its children must not wait for the guard, which ends only with the
    group, when the daemon kills what is left of it before it reaps the worker. It holds the reading end of the order
    pipe and nothing else of ours, ignores all signals that it can, and is an interpreter of 3 MB without packages.

    A worker that does not lead its process group (one started by hand, or by a test) gets none: the group that the
    guard would kill belongs to somebody else.
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
    """In the child: start the guard and exit, whatever happens."""
    code = 1
    try:
        os.dup2(orders_fd, 0)
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 1)
        os.dup2(null, 2)
        # beats, output and stacks have readers that wait for their end
        close_descriptors(but=(0, 1, 2))
        command = [sys.executable, "-I", "-S", "-c", _GUARD]
        # only what loading the interpreter may need: a preloaded allocator would be larger than the guard
        environ = {key: value for key, value in os.environ.items() if key == "LD_LIBRARY_PATH"}
        os.posix_spawn(command[0], command, environ, setsigmask=signal.valid_signals())
        code = 0
    finally:
        os._exit(code)
