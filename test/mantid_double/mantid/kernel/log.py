"""Mantid's log: named loggers, one level, and the channel that the configuration chooses.

The channel is ``logging.channels.consoleChannel.class``; ``PythonLoggingChannel`` sends to Python's logger ``Mantid``
(Mantid's documentation of its properties file).
"""

import logging
import sys

from mantid.kernel.config import ConfigService

LEVELS = ("none", "fatal", "critical", "error", "warning", "notice", "information", "debug")
PYTHON_LEVELS = {
    "fatal": logging.CRITICAL,
    "critical": logging.CRITICAL,
    "error": logging.ERROR,
    "warning": logging.WARNING,
    "notice": logging.INFO,
    "information": logging.INFO,
    "debug": logging.DEBUG,
}


class Logger:
    """A source of messages with a name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def fatal(self, message: str) -> None:
        _send(self._name, "fatal", message)

    def error(self, message: str) -> None:
        _send(self._name, "error", message)

    def warning(self, message: str) -> None:
        _send(self._name, "warning", message)

    def notice(self, message: str) -> None:
        _send(self._name, "notice", message)

    def information(self, message: str) -> None:
        _send(self._name, "information", message)

    def debug(self, message: str) -> None:
        _send(self._name, "debug", message)


def _send(name: str, level: str, message: str) -> None:
    root = ConfigService["logging.loggers.root.level"].lower()
    if root not in LEVELS:
        raise RuntimeError(f"logging.loggers.root.level: {root!r} is none of {', '.join(LEVELS)}")
    if LEVELS.index(level) > LEVELS.index(root):
        return
    pattern = ConfigService["logging.formatters.f1.pattern"]
    text = pattern.replace("%s", name).replace("%p", level.capitalize()).replace("%t", message)
    channel = ConfigService["logging.channels.consoleChannel.class"]
    if channel == "PythonLoggingChannel":
        logging.getLogger("Mantid").log(PYTHON_LEVELS[level], "%s", text)
    elif channel in ("StdoutChannel", "PythonStdoutChannel"):
        print(text, flush=True)
    elif channel == "ConsoleChannel":
        print(text, file=sys.stderr, flush=True)
    else:
        raise RuntimeError(f"logging.channels.consoleChannel.class: no channel is named {channel!r}")


logger = Logger("Python")
