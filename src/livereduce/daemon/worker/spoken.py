"""Log the output of a worker: its own records keep their level and name, all other lines were printed by scripts.

Both are limited per minute and per day, because a script that prints in a loop must not fill the disk of the log. The
daemon's own lines, its life sign among them, do not come this way.
"""

import logging
import re
from collections.abc import Mapping
from typing import NamedTuple

from livereduce.base.files import in_bytes
from livereduce.daemon.report.script_output import PrintedLines
from livereduce.daemon.worker.allowance import Allowance
from livereduce.daemon.worker.output import Line
from livereduce.messages.job import Job, ScriptCopy

LOGGERS = frozenset(
    f"livereduce{name}"
    for name in ("", ".engine", ".environment.launch", ".publish", ".receiver", ".recorder", ".stream", ".worker")
) | {"Mantid"}
"""All loggers of a worker's own records. No other name makes a logger here: loggers are never freed, and scripts can
print lines that look like records, with any number of names."""
SHOWN_MD5 = 7
"""This many digits distinguish versions in a log."""
PRINTED_BYTES = {"minute_bytes": 1 << 20, "day_bytes": 64 << 20}
RECORD_BYTES = {"minute_bytes": 1 << 20, "day_bytes": 256 << 20}
"""A script can print lines that look like records, so these are limited, too."""

LINE_HEAD_BYTES = len("2026-11-29 12:00:00,000 - livereduce.worker - INFO - \n")
"""Written with each line. Without it, empty lines would be free, and short ones would take several times the limit."""

_RECORD = re.compile(r"(DEBUG|INFO|WARNING|ERROR|CRITICAL) ([\w.]+): (.*)", re.DOTALL)
"""A line as `livereduce.worker.main` formats its records."""

script_log = logging.getLogger("livereduce.worker")


class Spoken:
    """Logs the output of workers.

    Attributes
    ----------
    printed
        The last lines of scripts, including those left out of the log.
    """

    def __init__(self) -> None:
        self.printed = PrintedLines()
        self._of_scripts = Allowance.of(**PRINTED_BYTES)
        self._of_worker = Allowance.of(**RECORD_BYTES)

    @property
    def left_out(self) -> int:
        """Number of script lines that were left out of the log."""
        return self._of_scripts.left_out

    def take(self, lines: list[Line], names: Mapping[str, str], at: str, now: float) -> None:
        """Log lines as far as the limits allow.

        Parameters
        ----------
        names
            Name of a script by its md5.
        at
            The time for people.
        """
        for line in lines:
            record = _record(line)
            if record is not None:
                if self._of_worker.admit(_written_bytes(line.text), now):
                    record.log()
                continue
            name = names.get(line.by, "")
            self.printed.take(line.text, at, name)
            text = f"[{name}] {line.text}" if name else line.text
            if self._of_scripts.admit(_written_bytes(text), now):
                script_log.info("%s", text)
            else:
                self.tell(now)
        self.tell(now)

    def tell(self, now: float) -> None:
        """Log how many lines were left out, if that is due; call it regularly."""
        _tell("that scripts print", self._of_scripts, script_log, now)
        _tell("of the worker's own log", self._of_worker, script_log, now)


class OwnLines:
    """Logs the output of a process without scripts: whatever is not a record of its log is a line of its own.

    Parameters
    ----------
    whose
        Whose log, for people: ``the receiver's``.
    logger
        For what is not a record.
    """

    def __init__(self, whose: str, logger: str) -> None:
        self._whose, self._log = whose, logging.getLogger(logger)
        self._allowance = Allowance.of(**RECORD_BYTES)

    def take(self, lines: list[Line], now: float) -> None:
        """Log lines as far as the limits allow."""
        for line in lines:
            if self._allowance.admit(_written_bytes(line.text), now):
                (_record(line) or _Record(self._log, logging.INFO, line.text)).log()
        self.tell(now)

    def tell(self, now: float) -> None:
        """Log how many lines were left out, if that is due; call it regularly."""
        _tell(f"of {self._whose} own log", self._allowance, self._log, now)


class _Record(NamedTuple):
    """A line of a process's own log."""

    logger: logging.Logger
    level: int
    text: str

    def log(self) -> None:
        self.logger.log(self.level, "%s", self.text)


def _record(line: Line) -> _Record | None:
    found = _RECORD.match(line.text)
    if found is None or found[2] not in LOGGERS:
        return None
    return _Record(logging.getLogger(found[2]), logging.getLevelNamesMapping()[found[1]], found[3])


def record_level(line: Line) -> int | None:
    """Level of a line of the process's own log; None for what scripts print."""
    found = _record(line)
    return None if found is None else found.level


def _tell(what: str, allowance: Allowance, logger: logging.Logger, now: float) -> None:
    if full := allowance.news(now):
        limit = f"more than {in_bytes(full.most_bytes)} in a {full.words}"
        logger.warning("lines %s are left out of this log, %d so far: %s", what, allowance.left_out, limit)


def _written_bytes(text: str) -> int:
    return LINE_HEAD_BYTES + len(text.encode(errors="backslashreplace"))


def script_paths(job: Job) -> dict[str, str]:
    """Which script, ``proc`` or ``post_proc``, has this path."""
    return {copy.path: step for step, copy in _copies(job).items() if copy is not None}


def script_names(job: Job) -> dict[str, str]:
    """Names of a job's scripts for people, by their md5."""
    return {copy.md5: f"{step} {copy.md5[:SHOWN_MD5]}" for step, copy in _copies(job).items() if copy is not None}


def _copies(job: Job) -> dict[str, ScriptCopy | None]:
    return {"proc": job.proc, "post_proc": job.post_proc}
