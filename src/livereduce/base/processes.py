"""Other processes of this host, what is left of a parent, and giving way to others. Standard library only."""

import os
import signal
import sys
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import NoReturn


def process_exists(pid: int) -> bool:
    """True if there is a process of this number, of whatever user; also one that nobody has waited for yet."""
    if pid <= 0:  # a group of processes, for the system
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # a process of another user
        pass
    return True


def fork_answering(answer: Callable[[int], None]) -> tuple[int, int]:
    """Fork a process that answers by a pipe; return its pid and the reading end, which does not block.

    Parameters
    ----------
    answer
        What it does, with the writing end. It has nothing else of ours, and ends after that, whatever is raised.

    Raises
    ------
    OSError
        There is no process, or no descriptor, to be had.
    """
    reading, writing = os.pipe2(os.O_CLOEXEC)
    try:
        pid = os.fork()
        if pid == 0:
            _answer_and_end(answer, writing)
    except OSError:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    os.set_blocking(reading, False)
    return pid, reading


def _answer_and_end(answer: Callable[[int], None], fd: int) -> NoReturn:
    try:
        close_inherited(fd)
        answer(fd)
    finally:
        os._exit(0)


def close_inherited(keep_fd: int) -> None:
    """In a process that was forked: close everything of the parent's but standard input, output, error and one more.

    The parent's lock must be released with the parent, and its signals are not ours.
    """
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    close_descriptors(but=(0, 1, 2, keep_fd))


def close_descriptors(but: Collection[int]) -> None:
    """Close every descriptor of this process but these: in a child that was forked, the parent's."""
    for fd in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
        if fd not in but:
            with suppress(OSError):  # the one that they were read by
                os.close(fd)


def give_way(nice: int, oom_score: int) -> None:
    """Let others go first, as does what we start from now on: for processor and disks, and when memory runs out.

    Disks need no word of their own: the kernel takes the niceness for them, too (ioprio_set(2)).

    Parameters
    ----------
    oom_score
        From 0 to 1000: the larger, the sooner the kernel ends us (proc(5)); raising it needs no privilege.
    """
    with suppress(OSError):
        os.nice(nice)
    keep_nice_in_session()
    with suppress(OSError):  # it is higher already
        Path("/proc/self/oom_score_adj").write_text(str(oom_score))


def keep_nice_in_session() -> None:
    """Make our niceness count for others, too, if we lead a session.

    The kernel may share the processor between sessions first, and a new one counts in full (sched(7), autogroup).
    """
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    with suppress(OSError):  # not in this kernel, or asked too often
        if nice > 0 and os.getsid(0) == os.getpid():
            Path("/proc/self/autogroup").write_text(str(nice))


def leave_now(code: int) -> NoReturn:
    """Exit without waiting for threads: one that hangs in a file server would never be joined."""
    import logging  # here: whoever imports `livereduce` for its `metric` imports this file, and little with it

    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
