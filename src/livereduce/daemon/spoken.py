"""The lines of a worker in the log: its own records keep their level and name, all else is what scripts print."""

import logging
import re

LOGGERS = frozenset(
    f"livereduce{name}" for name in ("", ".engine", ".environment.launch", ".publish", ".stream", ".worker")
) | {"Mantid"}
"""All that a worker's own records come from. No other name makes a logger here: loggers are never freed, and scripts
can print lines that look like records, with any number of names."""

_RECORD = re.compile(r"(DEBUG|INFO|WARNING|ERROR|CRITICAL) ([\w.]+): (.*)", re.DOTALL)
"""A line as `livereduce.worker.main` formats its records."""

script_log = logging.getLogger("livereduce.worker")


def log_output(lines: list[str]) -> list[str]:
    """Log the lines of a worker; those that are not its own records, which scripts have printed, are returned."""
    printed = []
    for line in lines:
        record = _RECORD.match(line)
        if record and record[2] in LOGGERS:
            logging.getLogger(record[2]).log(logging.getLevelNamesMapping()[record[1]], "%s", record[3])
        else:
            printed.append(line)
            script_log.info("%s", line)
    return printed
