"""Set a process of the daemon up, and end it: signals, stack dumps, logging, inherited descriptors, the exit."""

import faulthandler
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, MutableMapping, Sequence
from pathlib import Path
from typing import TypeVar

from livereduce.base.errors import ExitCode, OperatorError
from livereduce.base.processes import keep_nice_in_session
from livereduce.base.visible import take_any_text
from livereduce.child.own_log import OwnLog
from livereduce.messages.job import DUMP_FD, PROBLEM_PREFIX

LEAVE_S = 3.0
"""Time for the interpreter's own shutdown; with the deadline of a worker's engine (15 s) it stays within the 20 s that
`stopping` may last."""
CRASHED = 1
"""Python's exit code after an uncaught exception."""

JobOf = TypeVar("JobOf")


def prepare_process() -> OwnLog:
    """Set up signals, stack dumps and logging of a worker, and keep the niceness that it was started with.

    SIGUSR1 writes the stacks of all threads, even in a loop of C code. The daemon puts time and name in front of every
    line of output, so a log line has only the rest.
    """
    keep_nice_in_session()
    take_any_text(sys.stdout, sys.stderr, encoding="utf-8")
    faulthandler.enable()
    register_dump(os.environ)
    handler = logging.StreamHandler()
    handler.setFormatter(_EveryLine())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    own_log = OwnLog(sys.stderr.fileno(), _EveryLine())
    own_log.take_over()
    return own_log


class _EveryLine(logging.Formatter):
    """Puts level and name before every line of a message: lines without them were printed by a script."""

    def format(self, record: logging.LogRecord) -> str:
        """The message with level and name on each line."""
        text = super().format(record)
        return "\n".join(f"{record.levelname} {record.name}: {line}" for line in text.splitlines() or [""])


def register_dump(environ: MutableMapping[str, str]) -> None:
    """Write the stacks of all threads on SIGUSR1 to the descriptor that the daemon gave, else to standard error.

    The variable is removed, so that what scripts start does not get it.
    """
    text = environ.pop(DUMP_FD, "")
    fd = int(text) if text.isdecimal() else -1
    try:
        os.set_inheritable(fd, False)
    except (OSError, OverflowError):
        fd = sys.stderr.fileno()
    faulthandler.register(signal.SIGUSR1, file=fd, all_threads=True)


def inherited_fd(variable: str) -> int | None:
    """The descriptor that a variable names, not inherited by what scripts start; None without the variable."""
    text = os.environ.pop(variable, None)
    if text is None:
        return None
    try:
        fd = int(text)
        os.set_inheritable(fd, False)
    except (ValueError, OverflowError, OSError) as error:
        raise OperatorError(f"{variable}={text}: expected the number of an open descriptor ({error})") from None
    return fd


def read_job(arguments: Sequence[str], decode: Callable[[str], JobOf]) -> JobOf:
    """The job in the file that the one argument names.

    Raises
    ------
    OperatorError
        There is no such job.
    """
    if len(arguments) != 1:
        raise OperatorError(f"expected one argument, the path of a job file, not {len(arguments)}")
    try:
        return decode(Path(arguments[0]).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OperatorError(f"{arguments[0]}: {error}") from None


def unusable(error: OperatorError) -> int:
    """Print why this process cannot run, so that the daemon finds it; return its exit code."""
    for problem in error.problems:
        print(f"{PROBLEM_PREFIX}{problem}", file=sys.stderr, flush=True)
    return ExitCode.UNUSABLE


def leave_soon(code: int) -> None:
    """Make sure that the process ends: the interpreter waits without limit for threads that a script has left."""
    timer = threading.Timer(LEAVE_S, os._exit, (code,))
    timer.daemon = True
    timer.start()
