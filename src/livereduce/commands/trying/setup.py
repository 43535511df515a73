"""What `livereduce try` tries, and on what: from its options and the configuration."""

import os
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from livereduce.base.errors import OperatorError
from livereduce.base.source_urls import file_url
from livereduce.commands.trying.place import place_of
from livereduce.config.file import Config, read_file
from livereduce.preflight.resolve import Resolved, Survey, complete, survey
from livereduce.preflight.script_obstacles import FileObstacles, script_obstacles
from livereduce.preflight.services import probable_service, usual_configuration
from livereduce.preflight.status_files import find_statuses
from livereduce.scripting.parsing import Parser, look_to_the_end
from livereduce.scripting.script_set import ScriptSet
from livereduce.scripting.syntax import Parse
from livereduce.workbench.attempts.arguments import LIVE, SERVICE
from livereduce.workbench.scripts_at import ScriptsAt, read_scripts, scripts_at, with_scripts

T = TypeVar("T")
NOT_LIVE = (
    "--on live: Mantid holds the run that the service is taking, and nobody else can read it there; name an event file "
    "(--on FILE) or a recorded run (livereduce record keeps the stream), which is played to a Mantid of your own"
)


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
        config = self._reading.config
        self.is_live = options.on == LIVE
        self.run_path = None if self.is_live else path_of_run(options.on, config.record_dir, self._cwd)
        self.place = place_of(config, os.environ, self._cwd, folder)
        if self.is_live and self.place.engine == "mantid":
            raise OperatorError(NOT_LIVE)
        self._parser = Parser()

    def tried(self, name: str, script_dir: Path | None = None) -> Tried:
        """The scripts of a folder (None: those of the options) as they are now, in a state directory by this name."""
        config = self._config(name, script_dir)
        found = self._look(lambda parse: survey(config, self.place.host, self._reading.bad_keys, parse))
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
        obstacles = self._look(
            lambda parse: script_obstacles(scripts, place.script_dir, engine, parse, self.place.absent)
        )
        return Tried(place=place, found=with_scripts(found, place, scripts), obstacles=obstacles)

    @property
    def runtime_dirs(self) -> tuple[Path, ...]:
        """Where the service of this configuration may have its runtime directory."""
        return tuple(path.parent for path in find_statuses(self.path, os.environ, self._cwd))

    @property
    def state_dirs(self) -> tuple[Path, ...]:
        """Where the service, or a daemon started here, keeps its results."""
        service = probable_service(self.path, os.environ, self._cwd)
        here = self.place.host
        ways = [here, replace(here, environ=service.environ, cwd=service.cwd)]
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
        played = file_url(str(self.run_path)) if self.run_path else config.source
        return replace(
            config,
            source=None if self.place.engine == "mantid" else played,  # Mantid is told by each attempt
            script_dir=script_dir.absolute() if script_dir else config.script_dir,
            runtime_dir=self._folder / "run",
            state_dir=self._folder / name,
            publish_config=None,
            record_dir=None,
        )


def path_of_run(on: str, recordings: Path | None, cwd: Path) -> Path:
    """The run that was named: a file, a folder with a recording, or the number of a recorded run.

    Raises
    ------
    OperatorError
        There is none.
    """
    path = cwd / on
    if path.exists():
        return path.resolve()
    if not on.isdigit():
        raise OperatorError(f"--on {on}: there is no such file; expected a file, the number of a recorded run, or live")
    if recordings is None:
        raise OperatorError(f"--on {on}: there is no such file, and the configuration records no runs (its key record)")
    from livereduce.stream.recording.runs import recording_of  # numpy: only where there are recordings to read

    return recording_of(cwd / recordings, int(on)).folder.resolve()


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
