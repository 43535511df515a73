"""Mantid's ``Logger`` and ``logger``: what a script says goes to the worker's log, with its level."""

import logging
from typing import Any

NAME = "mantid"
"""All loggers of scripts are below the logger of this name."""
LEVELS = {
    "fatal": logging.CRITICAL,
    "critical": logging.CRITICAL,
    "error": logging.ERROR,
    "warning": logging.WARNING,
    "notice": logging.INFO,
    "information": logging.INFO,
    "debug": logging.DEBUG,
    "trace": logging.DEBUG,
}
"""Levels of Python's log by Mantid's names, the worst first; our log does not know ``notice``."""


class Logger:
    """A logger as scripts make it: ``Logger("name").notice("text")``."""

    def __init__(self, name: str) -> None:
        self.name = str(name)
        self._log = logging.getLogger(NAME if self.name == "Python" else f"{NAME}.{self.name}")
        self._kept: list[str] = []

    def fatal(self, message: Any) -> None:
        """Say that nothing goes on."""
        self._log.critical("%s", message)

    def error(self, message: Any) -> None:
        """Say that something failed."""
        self._log.error("%s", message)

    def warning(self, message: Any) -> None:
        """Say that something may be wrong."""
        self._log.warning("%s", message)

    def notice(self, message: Any) -> None:
        """Say what is going on."""
        self._log.info("%s", message)

    information = notice

    def debug(self, message: Any) -> None:
        """Say what helps to find a fault; not shown unless the level of the log is lowered."""
        self._log.debug("%s", message)

    trace = debug

    def isDebug(self) -> bool:
        """True if messages of the level debug are shown."""
        return self._log.isEnabledFor(logging.DEBUG)

    def getName(self) -> str:
        """The name."""
        return self.name

    def accumulate(self, message: Any) -> None:
        """Keep a message until a `flush`."""
        self._kept.append(str(message))

    def flush(self) -> None:
        """Say at the level notice what was kept."""
        if self._kept:
            self.notice("\n".join(self._kept))
        self.purge()

    flushNotice = flushInformation = flush

    def flushDebug(self) -> None:
        """Say at the level debug what was kept."""
        if self._kept:
            self.debug("\n".join(self._kept))
        self.purge()

    def purge(self) -> None:
        """Forget what was kept."""
        self._kept.clear()


logger = Logger("Python")


def set_level(level: Any) -> None:
    """Show messages of scripts from a level on: one of Mantid's names, or its number, 1 (fatal) to 8 (trace).

    Raises
    ------
    ValueError
        There is no such level.
    """
    names = list(LEVELS)
    if isinstance(level, int) and 1 <= level <= len(names):
        level = names[level - 1]
    if str(level).casefold() not in LEVELS:
        raise ValueError(f"log level {level!r}: expected one of {', '.join(names)}, or 1 to {len(names)}")
    logging.getLogger(NAME).setLevel(LEVELS[str(level).casefold()])


def forget_level() -> None:
    """Show the messages of scripts that the worker's own log shows."""
    logging.getLogger(NAME).setLevel(logging.NOTSET)
