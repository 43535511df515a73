"""What `livereduce try` tries, and on what: from its options and the configuration."""

import os
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from livereduce.base.errors import OperatorError
from livereduce.base.source_urls import file_url
from livereduce.commands.launch import inquire
from livereduce.config.file import Config, read_file
from livereduce.preflight.host import choose_engine, look_at_host
from livereduce.preflight.resolve import Resolved, Survey, complete, survey
from livereduce.preflight.script_obstacles import FileObstacles, script_obstacles
from livereduce.preflight.services import probable_service, usual_configuration
from livereduce.preflight.status_files import find_statuses
from livereduce.scripting.parsing import Parser, look_to_the_end
from livereduce.scripting.script_set import ScriptSet
from livereduce.scripting.syntax import Parse
from livereduce.workbench.arguments import LIVE, SERVICE
from livereduce.workbench.scripts_at import ScriptsAt, read_scripts, scripts_at, with_scripts

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A set of scripts that is to be tried.

    Attributes
    ----------
    found
        The survey with these scripts, and with a state directory of their own.
    obstacles
        What the scripts will not find.
    """

    place: ScriptsAt
    found: Survey
    obstacles: tuple[FileObstacles, ...]

    @property
    def scripts(self) -> ScriptSet:
        """The scripts."""
        return self.found.scripts or ScriptSet()

    @property
    def resolved(self) -> Resolved:
        """What attempts run on.

        Raises
        ------
        OperatorError
            The scripts, or the configuration, cannot be used.
        """
        return complete(self.found)


class Setup:
    """The configuration as attempts have it: its own source, in a temporary folder, publishing nothing.

    Raises
    ------
    OperatorError
        The configuration cannot be read, or there is no such run.
    """

    def __init__(self, options: Namespace, folder: Path) -> None:
        self._options, self._folder = options, folder
        self._cwd = Path.cwd()
        self.path = usual_configuration(options.configuration, os.environ)
        self._reading = read_file(self.path)
        if self._reading.problems:
            raise OperatorError(*self._reading.problems)
        self._host = look_at_host(os.environ, self._cwd)
        self.is_live = options.on == LIVE
        recordings = self._reading.config.record_dir
        self._source = None if self.is_live else source_of_run(options.on, recordings, self._cwd)
        self._parser = Parser()
        self._require_builtin(self._reading.config)

    def tried(self, name: str, script_dir: Path | None = None) -> Tried:
        """The scripts of a folder (None: those of the options) as they are now, in a state directory by this name."""
        config = self._config(name, script_dir)
        found = self._look(lambda parse: survey(config, self._host, self._reading.bad_keys, parse))
        if found.script_dir is None or found.instrument is None or found.verdict is None:
            raise OperatorError(*found.problems)
        engine, own = found.verdict.engine, script_dir is None
        place = scripts_at(
            found.script_dir,
            found.instrument.short_name,
            engine,
            self._options.proc if own else None,
            self._options.post_proc if own else None,
        )
        scripts = self._look(lambda parse: read_scripts(place, parse))
        obstacles = self._look(lambda parse: script_obstacles(scripts, place.script_dir, engine, parse, _absent))
        return Tried(place=place, found=with_scripts(found, place, scripts), obstacles=obstacles)

    @property
    def runtime_dirs(self) -> tuple[Path, ...]:
        """Where the service of this configuration may have its runtime directory."""
        return tuple(path.parent for path in find_statuses(self.path, os.environ, self._cwd))

    @property
    def state_dirs(self) -> tuple[Path, ...]:
        """Where the service, or a daemon started here, keeps its results."""
        service = probable_service(self.path, os.environ, self._cwd)
        ways = [self._host, replace(self._host, environ=service.environ, cwd=service.cwd)]
        if service.of_user:
            ways.reverse()
        found = (survey(self._reading.config, host, self._reading.bad_keys).state_dir for host in ways)
        return tuple(dict.fromkeys(path for path in found if path is not None))

    def leave(self) -> None:
        """Leave no process behind."""
        self._parser.end()

    def _look(self, look: Callable[[Parse], T]) -> T:
        return look_to_the_end(self._parser, look)

    def _config(self, name: str, script_dir: Path | None) -> Config:
        config = self._reading.config
        return replace(
            config,
            source=self._source or config.source,
            script_dir=script_dir.absolute() if script_dir else config.script_dir,
            runtime_dir=self._folder / "run",
            state_dir=self._folder / name,
            publish_config=None,
            record_dir=None,
        )

    def _require_builtin(self, config: Config) -> None:
        if choose_engine(config, self._host).engine == "builtin" and inquire(config, os.environ, self._cwd) is None:
            return
        raise OperatorError(
            "livereduce try runs scripts on the builtin engine, in this Python, and the configuration is for another: "
            'to see what they do there, set "engine": "builtin" in a copy of it'
        )


def source_of_run(on: str, recordings: Path | None, cwd: Path) -> str:
    """The URL of the run that was named: a file, a folder with a recording, or the number of a recorded run.

    Raises
    ------
    OperatorError
        There is none.
    """
    path = cwd / on
    if path.exists():
        return file_url(str(path.resolve()))
    if not on.isdigit():
        raise OperatorError(f"--on {on}: there is no such file; expected a file, the number of a recorded run, or live")
    if recordings is None:
        raise OperatorError(f"--on {on}: there is no such file, and the configuration records no runs (its key record)")
    from livereduce.stream.recording.runs import recording_of  # numpy: only where there are recordings to read

    return file_url(str(recording_of(cwd / recordings, int(on)).folder.resolve()))


def other_folder(against: str | None) -> Path | None:
    """The folder of other scripts to compare with; None if that is not wanted.

    Raises
    ------
    OperatorError
        It is no folder.
    """
    if against is None or against == SERVICE:
        return None
    folder = Path(against)
    if not folder.is_dir():
        raise OperatorError(f"--against {against}: expected a folder with scripts, or {SERVICE}")
    return folder


def _absent(modules: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name for name in modules if not _is_here(name))


def _is_here(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):
        return False
