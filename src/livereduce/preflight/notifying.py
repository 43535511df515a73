"""What `notify` and `heartbeat` of a configuration mean here: commands and files that are there, destinations."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from livereduce.base.errors import OperatorError
from livereduce.base.secret_files import read_secret
from livereduce.config.file import Config
from livereduce.config.instrument import lookup
from livereduce.config.notifying import NotifyEntry
from livereduce.preflight.answering import does_not_answer, silent
from livereduce.preflight.host import Host

MOST_BYTES = 4096


def notify_warnings(config: Config, host: Host, timeout_s: float) -> tuple[str, ...]:
    """What keeps messages and heartbeat from being sent; the reduction runs all the same.

    Parameters
    ----------
    timeout_s
        How long a file system may take to answer.
    """
    entries = config.notify.entries if config.notify else ()
    found = [f"{entry.name}: {problem}" for entry in entries for problem in _entry_problems(entry, host, timeout_s)]
    return (*found, *(f"heartbeat: {problem}" for problem in _heartbeat_problems(config, host, timeout_s)))


def destination_of(config: Config) -> str:
    """Where the heartbeat goes: configured, or by the instrument's facility; empty if neither is known."""
    if config.heartbeat_destination:
        return config.heartbeat_destination
    known = lookup(config.instrument) if config.instrument else None
    return f"/topic/{known.facility}.{known.short_name}.STATUS.LIVEREDUCE" if known and known.facility else ""


def ping_of(config: Config) -> str:
    """Where pings come from: configured, or beside the destination of the heartbeat."""
    facility = destination_of(config).rpartition("/")[2].partition(".")[0]
    return config.heartbeat_ping or f"/topic/{facility}.COMMON.STATUS.PING"


def _entry_problems(entry: NotifyEntry, host: Host, timeout_s: float) -> Iterator[str]:
    path = Path(entry.command[0]) if entry.command else entry.webhook_file
    if path is None:
        return
    if silent((path,), timeout_s):
        yield f"{path}: {does_not_answer(timeout_s)}"
    elif entry.command:
        yield from _command_problem(path, host)
    else:
        yield from _secret_problem(path, "the address", host)


def _command_problem(path: Path, host: Host) -> Iterator[str]:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        yield f"{path}: {error.strerror}"
        return
    if not stat.S_ISREG(mode):
        yield f"{path} is not a file"
    elif not mode & 0o111 or not (host.of_another_user or os.access(path, os.X_OK)):
        yield f"{path} is not executable ({stat.filemode(mode)})"


def _secret_problem(path: Path, what: str, host: Host) -> Iterator[str]:
    try:
        read_secret(path, what, MOST_BYTES)
    except OperatorError as error:
        # what another user's service may read, this one cannot tell
        if not (host.of_another_user and not os.access(path, os.R_OK) and path.exists()):
            yield str(error)


def _heartbeat_problems(config: Config, host: Host, timeout_s: float) -> Iterator[str]:
    if not config.heartbeat_brokers:
        others = [key for key in config.given if key.startswith("heartbeat.")]
        if others:
            yield f'nothing is sent, although {", ".join(others)} is set: "heartbeat.brokers" is not'
        return
    if not destination_of(config):
        yield (
            'nothing is sent: set "heartbeat.destination", such as "/topic/SNS.REF_M.STATUS.LIVEREDUCE", since '
            "the facility table does not have the instrument"
        )
    if path := config.heartbeat_credentials:
        if silent((path,), timeout_s):
            yield f"{path}: {does_not_answer(timeout_s)}"
        else:
            yield from _secret_problem(path, "the password", host)
