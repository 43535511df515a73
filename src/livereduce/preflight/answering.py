"""Which places of a configuration are on a file system that answers: the others are left out, and named.

On a file system whose server is gone a look at a file may take forever, and nothing can interrupt it. So each place is
looked at by a process of its own first, which is left behind if it hangs: it ends when the file system answers. For
commands of people; the daemon does not ask.
"""

import os
import select
import signal
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from livereduce.config.file import Config
from livereduce.config.instrument import lookup
from livereduce.preflight.host import Host
from livereduce.preflight.resolve import choose_directory, script_dir_of
from livereduce.preflight.source import path_of

ANSWER_S = 10.0
"""An automounter takes some seconds."""
KILLED_S = 0.5
"""Wait for the end of a process that was killed."""
_NEEDED = {"script_dir", "runtime_dir", "state_dir", "source"}
_WITHOUT = {
    "shadow_dir": "no scripts run beside those in use",
    "record.directory": "nothing will be recorded",
    "publish.config": "no plots will be sent",
}
"""Effect where a place is not needed for the reduction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """A configuration without the places that do not answer; `bad_keys`, problems and warnings are those for these."""

    config: Config
    bad_keys: frozenset[str] = frozenset()
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def what_answers(config: Config, host: Host, timeout_s: float) -> Answering:
    """Look at all places of a configuration at once, for so long at most."""
    places = _places(config, host)
    hang = silent(places.values(), timeout_s)
    keys = frozenset(key for key, path in places.items() if path in hang)
    said = {key: f'"{key}" {places[key]}: {does_not_answer(timeout_s)}' for key in sorted(keys)}
    return Answering(
        config=replace(
            config,
            shadow_dir=None if "shadow_dir" in keys else config.shadow_dir,
            record_dir=None if "record.directory" in keys else config.record_dir,
            publish_config=None if "publish.config" in keys else config.publish_config,
        ),
        bad_keys=keys & _NEEDED,
        problems=tuple(text for key, text in said.items() if key in _NEEDED),
        warnings=tuple(f"{text}; while that is so, {_WITHOUT[key]}" for key, text in said.items() if key in _WITHOUT),
    )


def does_not_answer(timeout_s: float) -> str:
    """The words on a place that does not."""
    return f"its file system has not answered for {timeout_s:g} s; look at its mount and its server"


def _places(config: Config, host: Host) -> Mapping[str, Path]:
    instrument = lookup(config.instrument) if config.instrument else None
    source = path_of(config.source) if config.source else ""
    found = {
        "script_dir": script_dir_of(config, instrument, host.cwd),
        "shadow_dir": config.shadow_dir,
        "record.directory": config.record_dir,
        "publish.config": config.publish_config,
        "runtime_dir": choose_directory("runtime", config.runtime_dir, instrument, host),
        "state_dir": choose_directory("state", config.state_dir, instrument, host),
        "source": Path(source) if source else None,
    }
    return {key: host.cwd / path for key, path in found.items() if path is not None}


def silent(paths: Iterable[Path], timeout_s: float) -> frozenset[Path]:
    """Those of the paths whose file system does not answer in time, whether or not there is such a file."""
    until_s = time.monotonic() + timeout_s
    asked = {path: _asking(path) for path in dict.fromkeys(paths)}
    return frozenset(path for path, pid in asked.items() if not _has_answered(pid, until_s))


def _asking(path: Path) -> int:
    pid = os.fork()
    return pid or _answer(path)


def _answer(path: Path) -> NoReturn:
    try:
        _look(path)
    finally:
        os._exit(0)


def _look(path: Path) -> None:
    with suppress(OSError):
        path.stat()
        with os.scandir(path) as entries:  # what is known of the folder itself may be an old answer
            next(entries, None)


def _has_answered(pid: int, until_s: float) -> bool:
    ended = os.pidfd_open(pid)
    try:
        answered = _waited(ended, until_s - time.monotonic())
        if not answered:
            os.kill(pid, signal.SIGKILL)
            if not _waited(ended, KILLED_S):
                return False
        os.waitpid(pid, 0)
        return answered
    finally:
        os.close(ended)


def _waited(ended: int, timeout_s: float) -> bool:
    return bool(select.select([ended], [], [], max(0.0, timeout_s))[0])
