"""The log file and its format."""

import errno
import logging
import os
import pwd
import stat
import sys
from collections.abc import Mapping
from contextlib import suppress
from io import TextIOWrapper
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

from livereduce.base.visible import take_any_text, visible

LINE_FORMAT = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"
SERVICE_USER = "snsdata"
SERVICE_DIRECTORY = Path("/var/log/SNS_applications")
INSTANCE = "LIVEREDUCE_INSTANCE"
"""Set by the unit ``livereduce@NAME``."""
READABLE_BY_ANYONE = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH

log = logging.getLogger("livereduce")


def user_name() -> str:
    """User name of this process, from the user database (a service has no $USER); the number if it has none."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def log_path(user: str, instance: str | None, cwd: Path) -> Path:
    """Path of the log: the system's place for the service's user, else the working directory."""
    name = f"livereduce_{instance}.log" if instance else "livereduce.log"
    return (SERVICE_DIRECTORY if user == SERVICE_USER else cwd) / name


def own_log_path(environ: Mapping[str, str], cwd: Path) -> Path:
    """Path of this process's log: one of several instances on a host is named by its unit."""
    return log_path(user_name(), environ.get(INSTANCE), cwd)


class LogFile(WatchedFileHandler):
    """A log file that survives being renamed, removed or replaced, and a full disk: a failed write is reported once.

    Python's own handler reopens a renamed file, but raises the error of a vanished directory in the code that logs,
    reports a full disk with a traceback for every line, and waits forever for the reader of a FIFO.

    Attributes
    ----------
    problem
        Why the newest line is not in the file, as a sentence; empty if it is.
    """

    def __init__(self, path: Path) -> None:
        self._failed = False  # for this line
        self.problem = ""
        super().__init__(path, encoding="utf-8", errors="backslashreplace", delay=True)

    def try_to_open(self) -> None:
        """Open the file before the first line, so that `problem` is known; a failure is not an error."""
        try:
            self.stream = self._open()
            self._statstream()
        except OSError as error:
            self.problem = self._in_words(error)
        else:
            self.problem = ""

    def _open(self) -> TextIOWrapper:
        file = open(  # noqa: SIM115 (Path.open takes no opener)
            self.baseFilename, "a", encoding=self.encoding, errors=self.errors, opener=_open_to_append
        )
        mode = os.fstat(file.fileno()).st_mode
        if mode & READABLE_BY_ANYONE != READABLE_BY_ANYONE:  # the umask of a service may be strict
            with suppress(PermissionError):  # the file belongs to another user
                os.fchmod(file.fileno(), stat.S_IMODE(mode) | READABLE_BY_ANYONE)
        return file

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; errors do not get out."""
        self._failed = False
        try:
            super().emit(record)
        except OSError:  # from reopening; errors from writing are handled inside
            self.handleError(record)
        if not self._failed:
            self.problem = ""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 (logging's own name)
        """Report the first of a series of failures."""
        error = sys.exception()
        if not isinstance(error, OSError):
            super().handleError(record)
            return
        self._failed = True
        if not self.problem:
            print(self._in_words(error), file=sys.stderr)
        self.problem = self._in_words(error)

    def _in_words(self, error: OSError) -> str:
        why = error.strerror or error
        return f"the log file {self.baseFilename} cannot be written ({why}): lines go to standard output only"


def _open_to_append(path: str, flags: int) -> int:
    """Open a regular file to append to, or a new one; anything else is refused without blocking."""
    try:
        fd = os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, 0o666)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        raise OSError(errno.EINVAL, "not a regular file", path) from None  # a FIFO without a reader, or a socket
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "not a regular file", path)
    return fd


def configure(path: Path) -> None:
    """Send every line to the file and to standard output; report if the file cannot be written."""
    take_any_text(sys.stdout)
    file = LogFile(path)
    file.try_to_open()
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stdout), file]
    for handler in handlers:
        handler.setFormatter(_Visible(LINE_FORMAT))
    logging.basicConfig(level=logging.INFO, handlers=handlers, force=True)
    if file.problem:
        log.warning("%s", file.problem)


class _Visible(logging.Formatter):
    """Puts a message on one line, without terminal control characters: much of what is logged is text from outside."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's own name)
        """The line."""
        record.message = visible(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 (logging's own name)
        """The traceback, on its lines."""
        return visible(super().formatException(ei), lines=True)


def log_problem() -> str:
    """Sentence on why lines are missing in the log file; empty if none are. Tries again to open it."""
    for file in logging.getLogger().handlers:
        if isinstance(file, LogFile) and file.problem:
            if file.stream is None:
                file.try_to_open()
            return file.problem
    return ""
