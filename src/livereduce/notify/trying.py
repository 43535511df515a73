"""``livereduce notify --try N``: a test message through one entry."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from livereduce.base.errors import ExitCode, OperatorError
from livereduce.config.file import Reading, read_file
from livereduce.config.notifying import NotifyEntry
from livereduce.notify.facts import Message
from livereduce.notify.main import name_of
from livereduce.notify.sending import deliver
from livereduce.preflight.services import usual_configuration


def try_entry(number: int, path: Path | None, environ: Mapping[str, str], out: TextIO) -> int:
    """Send a test message through one entry, and say what has come of it.

    Returns
    -------
    The exit code: 0 if it has arrived, 1 if not.

    Raises
    ------
    OperatorError
        There is no such entry, or it cannot be used.
    """
    reading = read_file(usual_configuration(path, environ))
    entry = _entry(number, reading)
    message = Message(entry=number, instrument=name_of(reading), at_unix_s=time.time(), is_test=True)
    outcome = deliver(entry, message, set())
    print(f"{entry.name}: {f'not sent: {outcome.problem}' if outcome.problem else 'sent'}", file=out)
    return ExitCode.DEGRADED if outcome.problem else ExitCode.OK


def _entry(number: int, reading: Reading) -> NotifyEntry:
    listed = reading.config.notify
    entries = listed.entries if listed else ()
    for entry in entries:
        if entry.number == number:
            return entry
    known = ", ".join(str(one.number) for one in entries)
    why = (
        f"those that can be used: {known}" if known else f'{reading.config.path} has none in "notify" that can be used'
    )
    raise OperatorError(*reading.problems, *(listed.problems if listed else ()), f"no entry {number}; {why}")
