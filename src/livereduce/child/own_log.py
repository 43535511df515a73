"""The worker's own log, protected from scripts.

A script may remove handlers, disable logging, configure it again or close standard error. So the loggers of this
package are moved from the registry that scripts see into a separate one, which writes to a descriptor of its own.
"""

import fcntl
import logging
from contextlib import suppress

from livereduce.base.files import write_all

PACKAGE = "livereduce"
HIGH_FD = 200
"""Least number of the copied descriptor: above those that a script closes one by one."""


class OwnLog(logging.Handler):
    """Writes records to a copy of a descriptor; to standard error if a script has closed that, too.

    Parameters
    ----------
    fd
        The descriptor to copy.
    """

    def __init__(self, fd: int, formatter: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self._fd = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, HIGH_FD)
        self._root = logging.RootLogger(logging.INFO)
        self._root.addHandler(self)
        self._manager = logging.Manager(self._root)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; errors do not get out."""
        try:
            data = (self.format(record) + "\n").encode("utf-8", "backslashreplace")
        except Exception as error:  # noqa: BLE001 (an object in a message may raise anything when it is shown)
            why = f"this line cannot be shown: {type(error).__name__}"
            data = f"{record.levelname} {record.name}: {why}: {str(record.msg)[:200]!r}\n".encode()
        try:
            write_all(self._fd, data)
        except OSError:
            with suppress(OSError):
                write_all(2, data)

    def take_over(self) -> None:
        """Take over all present loggers of this package; call it again after modules were imported."""
        registry = logging.Logger.manager.loggerDict
        for name in [name for name in registry if name == PACKAGE or name.startswith(f"{PACKAGE}.")]:
            logger = registry.pop(name)
            if isinstance(logger, logging.Logger):
                self._manager.loggerDict[name] = logger
                logger.manager, logger.parent = self._manager, self._root

    def silence(self, wait_s: float) -> None:
        """Stop all other threads from logging; a thread that is stuck in a line is waited for only this long."""
        self._manager.disable = logging.CRITICAL
        if self.lock is not None:
            self.lock.acquire(timeout=wait_s)  # for good
