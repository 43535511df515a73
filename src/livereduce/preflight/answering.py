"""Which places of a configuration are on a file system that answers: the others are left out, and named.

On a file system whose server is gone a look at a file may take forever, and nothing can interrupt it. So each place is
looked at by a process of its own first, which is left behind if it hangs: it ends when the file system answers. For
commands of people; the daemon does not ask.

A folder of scripts leads to other file systems, by links and by the files that its parameters name: they are looked at,
too. Not looked at are folders that a script itself adds to ``sys.path``, nor what links further down lead to.
"""

import os
import signal
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import NoReturn

from livereduce.base.files import read_regular
from livereduce.base.processes import close_descriptors
from livereduce.base.waiting import is_readable
from livereduce.config.file import Config
from livereduce.config.instrument import lookup
from livereduce.environment.launchers import environment_name
from livereduce.preflight.host import Host
from livereduce.preflight.resolve import choose_directory, script_dir_of
from livereduce.preflight.source import path_of
from livereduce.scripting.parameters.file import FILE_NAME, MAX_BYTES
from livereduce.scripting.parameters.form import parse_parameters, texts_of
from livereduce.scripting.parameters.named_files import place_of

ANSWER_S = 10.0
"""An automounter takes some seconds."""
KILLED_S = 0.5
"""Wait for the end of processes that were killed."""
MOST_LED_TO = 200
"""Most files elsewhere that are looked at for a folder of scripts: a process each."""
ENVIRONMENT_KEYS = frozenset({"PIXI_ENV", "CONDA_ENV"})
_NEEDED = {"script_dir", "runtime_dir", "state_dir", "source"} | ENVIRONMENT_KEYS
_OF_SCRIPTS = ("script_dir", "shadow_dir")
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
    """Look at all places of a configuration at once, then at what its scripts lead to, for so long each at most."""
    places = _places(config, host)
    hang = silent(places.values(), timeout_s)
    said = {key: f'"{key}" {path}: {does_not_answer(timeout_s)}' for key, path in places.items() if path in hang}
    said |= _led_astray({key: places[key] for key in _OF_SCRIPTS if key in places and key not in said}, timeout_s)
    keys = frozenset(said)
    return Answering(
        config=replace(
            config,
            shadow_dir=None if "shadow_dir" in keys else config.shadow_dir,
            record_dir=None if "record.directory" in keys else config.record_dir,
            publish_config=None if "publish.config" in keys else config.publish_config,
        ),
        bad_keys=keys & _NEEDED,
        problems=tuple(said[key] for key in sorted(keys & _NEEDED)),
        warnings=tuple(f"{said[key]}; while that is so, {_WITHOUT[key]}" for key in sorted(keys - _NEEDED)),
    )


def does_not_answer(timeout_s: float) -> str:
    """The words on a place that does not."""
    return f"its file system has not answered for {timeout_s:g} s; look at its mount and its server"


def _places(config: Config, host: Host) -> Mapping[str, Path]:
    instrument = lookup(config.instrument) if config.instrument else None
    source = path_of(config.source) if config.source else ""
    python = Path(environment_name(config))
    found = {
        "script_dir": script_dir_of(config, instrument, host.cwd),
        "shadow_dir": config.shadow_dir,
        "record.directory": config.record_dir,
        "publish.config": config.publish_config,
        "runtime_dir": choose_directory("runtime", config.runtime_dir, instrument, host),
        "state_dir": choose_directory("state", config.state_dir, instrument, host),
        "source": Path(source) if source else None,
        "PIXI_ENV" if config.pixi_env else "CONDA_ENV": python if python.is_absolute() else None,
    }
    return {key: host.cwd / path for key, path in found.items() if path is not None}


def _led_astray(folders: Mapping[str, Path], timeout_s: float) -> dict[str, str]:
    """Sentences on folders of scripts that lead to a place that does not answer, by key."""
    by_link = _first_silent({key: _links(folder) for key, folder in folders.items()}, timeout_s)
    safe = {key: folder for key, folder in folders.items() if key not in by_link}
    by_name = _first_silent({key: _named(folder) for key, folder in safe.items()}, timeout_s)
    ways = {key: f"the link {path.name} in it" for key, path in by_link.items()}
    ways |= {key: f"its {FILE_NAME} names {path}" for key, path in by_name.items()}
    return {key: f'"{key}" {folders[key]}: {way}: {does_not_answer(timeout_s)}' for key, way in ways.items()}


def _first_silent(paths: Mapping[str, Iterator[Path]], timeout_s: float) -> dict[str, Path]:
    """The first of the paths of each key that does not answer in time."""
    looked_at = {key: tuple(islice(ones, MOST_LED_TO)) for key, ones in paths.items()}
    hang = silent(chain.from_iterable(looked_at.values()), timeout_s)
    firsts = {key: next((one for one in ones if one in hang), None) for key, ones in looked_at.items()}
    return {key: path for key, path in firsts.items() if path is not None}


def _links(folder: Path) -> Iterator[Path]:
    """The links in a folder that answers."""
    with suppress(OSError), os.scandir(folder) as entries:
        yield from (folder / entry.name for entry in entries if entry.is_symlink())


def _named(folder: Path) -> Iterator[Path]:
    """Files elsewhere that the parameters of a folder of scripts may name, as `read_parameters` looks for them."""
    with suppress(OSError):
        parameters, _ = parse_parameters(read_regular(folder / FILE_NAME, MAX_BYTES))
        places = (place_of(text, folder) for _, text in texts_of(parameters))
        yield from dict.fromkeys(one for one in places if one is not None and one.parent != folder)


def silent(paths: Iterable[Path], timeout_s: float) -> frozenset[Path]:
    """Those of the paths whose file system does not answer in time, whether or not there is such a file."""
    until_s = time.monotonic() + timeout_s
    lookers = {path: _looker(path) for path in dict.fromkeys(paths)}
    found = frozenset(path for path, pid in lookers.items() if not _ends(pid, until_s))
    for path in found:
        os.kill(lookers[path], signal.SIGKILL)
    until_s = time.monotonic() + KILLED_S
    for pid in lookers.values():
        if _ends(pid, until_s):
            os.waitpid(pid, 0)
    return found


def _looker(path: Path) -> int:
    """Start a process that looks at a path; its number."""
    pid = os.fork()
    return pid or _answer(path)


def _answer(path: Path) -> NoReturn:
    try:
        _hold_nothing()
        _look(path)
    finally:
        os._exit(0)


def _hold_nothing() -> None:
    """Let go of what is the command's: whoever reads its output waits for all who have it, this process too."""
    close_descriptors(but=())
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)


def _look(path: Path) -> None:
    with suppress(OSError):
        path.stat()
        with os.scandir(path) as entries:  # what is known of the folder itself may be an old answer
            next(entries, None)


def _ends(pid: int, until_s: float) -> bool:
    """Wait for the end of a process until that time; True if it has come."""
    ended = os.pidfd_open(pid)
    try:
        return is_readable(ended, until_s - time.monotonic())
    finally:
        os.close(ended)
