"""Judge configuration and scripts, and hold the daemon's directories with their locks."""

import hashlib
import os
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from livereduce.base import lock
from livereduce.config.file import DEFAULT_PATH, Config, Reading, read_file
from livereduce.daemon.facts import Judged, StopAsked
from livereduce.daemon.home import Held, Home
from livereduce.daemon.worker.launching import worker_environ
from livereduce.environment.identity import Identities, Identity
from livereduce.messages.conditions import ProblemNote
from livereduce.messages.status import FILE_NAME
from livereduce.preflight.host import Host, look_at_host, question
from livereduce.preflight.resolve import Resolved, Survey, complete, private_dir, survey
from livereduce.preflight.status_files import runtime_directory
from livereduce.scripting.last_good import find_last_good, remember
from livereduce.scripting.parsing import Parser
from livereduce.scripting.script_set import LastGood, ScriptSet, choose
from livereduce.scripting.syntax import Parse

HOLD_S = 1.0
"""How often to check the directories: somebody may remove them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Result of reading configuration and scripts, as far as they could be read.

    Attributes
    ----------
    problems
        Why nothing can be started; empty if something can.
    resolved
        What can be started, with the last good version in place of what cannot be used.
    config_notes, script_notes
        What cannot be used, while a last good version goes on instead.
    on_disk
        The scripts as they are on disk.
    relaunch
        Why it must run in another process, launched again; empty if this one is right.
    waits_for_environment
        The launch has not found a usable environment.
    """

    config: Config
    runtime_dir: Path
    state_dir: Path | None = None
    problems: tuple[str, ...] = ()
    resolved: Resolved | None = None
    config_notes: tuple[ProblemNote, ...] = ()
    script_notes: tuple[ProblemNote, ...] = ()
    on_disk: ScriptSet | None = None
    relaunch: str = ""
    waits_for_environment: bool = False

    @property
    def judged(self) -> Judged:
        """The fact for the policy; its fingerprint is the same for the same settings and the same bytes of scripts."""
        seen = hashlib.md5(repr((self.problems, self.resolved)).encode(), usedforsecurity=False)
        return Judged(
            fingerprint=seen.hexdigest(),
            problems=self.problems,
            silence_s=self.config.limits_s,
            relaunch=self.relaunch,
            stream=self.resolved.stream if self.resolved else "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The scripts that a worker of this daemon was started on: known also where they cannot be remembered."""

    script_dir: Path
    good: LastGood


def look(
    path: Path | None,
    identities: Identities,
    parse: Parse,
    last_good: Config | None = None,
    started: Started | None = None,
) -> Found:
    """Read and judge the configuration and everything that it refers to.

    Parameters
    ----------
    identities
        Mantid's answers so far; it is asked if that is needed to know the instrument.
    parse
        Tells whether the scripts compile, and what they import.
    last_good
        The configuration to go on with if that of the file cannot be used; None for none.
    started
        The scripts that a worker of this daemon was started on.
    """
    found = _judge(read_file(path), identities, parse, started)
    if not found.problems or last_good is None or last_good == found.config:
        return found
    instead = _judge(Reading(config=last_good), identities, parse, started)
    if instead.problems:
        return found
    notes = tuple(ProblemNote(problem, "the last good configuration stays in use") for problem in found.problems)
    return replace(instead, config_notes=notes)


def _judge(reading: Reading, identities: Identities, parse: Parse, started: Started | None) -> Found:
    cwd = Path.cwd()
    host = look_at_host(os.environ, cwd)
    if not reading.problems:
        host = replace(host, identity=_ask_mantid(reading.config, host, identities))
    seen = survey(reading.config, host, reading.bad_keys, parse)
    mended, notes = _mend(seen, parse, started)
    found = Found(
        config=reading.config,
        runtime_dir=runtime_directory(seen, os.environ, cwd),
        state_dir=seen.state_dir,
        problems=(*reading.problems, *mended.problems),
        script_notes=notes,
        on_disk=seen.scripts,
        relaunch=seen.relaunch,
        waits_for_environment=bool(host.launched and host.launched.problem),
    )
    return found if found.problems or found.relaunch else replace(found, resolved=complete(mended))


def _ask_mantid(config: Config, host: Host, identities: Identities) -> Identity | None:
    asked = question(config, host)
    if asked is None:
        return None
    interpreter, name = asked
    try:
        environ = worker_environ(host.environ, private_dir(config, host), interpreter)
    except OSError as error:
        return Identity(problem=f"cannot create a folder for the livereduce package: {error}")
    return identities.of(interpreter, environ, name)


def _mend(seen: Survey, parse: Parse, started: Started | None) -> tuple[Survey, tuple[ProblemNote, ...]]:
    """The survey with the last good scripts in place of bad ones, and the problems of the bad ones."""
    on_disk = seen.scripts
    if on_disk is None or seen.script_dir is None or seen.instrument is None or seen.state_dir is None:
        return seen, ()
    engine = seen.verdict.engine if seen.verdict else ""
    good = last_good_of(started, seen.state_dir, seen.script_dir, seen.instrument.short_name, parse, engine)
    scripts, notes = choose(on_disk, good)
    if scripts is on_disk:
        return seen, notes
    problems = tuple(problem for problem in seen.problems if problem not in on_disk.problems)
    said = (*on_disk.warnings, *on_disk.module_problems)
    warnings = (*(warning for warning in seen.warnings if warning not in said), *scripts.warnings)
    return replace(seen, scripts=scripts, problems=problems, warnings=warnings), notes


def last_good_of(
    started: Started | None, state_dir: Path, script_dir: Path, short_name: str, parse: Parse, engine: str
) -> LastGood | None:
    """The scripts that a worker was started on last: by this daemon, else as an earlier one has remembered them."""
    if started is not None and started.script_dir == script_dir and started.good.scripts.is_sound:
        return started.good
    return find_last_good(state_dir, script_dir, short_name, parse, engine)


class Site:
    """The newest `Found`, and the locks on its directories (no lock: it cannot be written, `found` has the reason).

    Attributes
    ----------
    parser
        Parses scripts in a separate process. While it runs, `look` here has no answer.
    started
        The scripts of the newest worker; None before the first.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.parser = Parser()
        self._identities = Identities()
        asking = self.parser.asking()
        found = look(path, self._identities, asking)
        # as long as a file is not parsed, nothing is known of it that could be told
        self.found = replace(found, resolved=None, script_notes=()) if asking.is_open else found
        self._last_good: Config | None = None
        self.started: Started | None = None
        self._hold_due = 0.0
        self._runtime, self._state = Home("runtime", lock.FILE_NAME), Home("state", lock.STATE_FILE_NAME)
        self._move()
        self.parser.start(time.monotonic())

    @property
    def status_path(self) -> Path | None:
        """Path of the snapshot; None if it has no place."""
        return self._runtime.folder / FILE_NAME if self._runtime.folder else None

    def look(self) -> Judged | None:
        """Look again; if a newer configuration cannot be used, the last good one goes on.

        None if a script or a module must be parsed first: look again when `parser` is done.
        """
        last_good = self.found.config if self.found.resolved else self._last_good
        found = self._ask(last_good)
        if found is None:
            return None
        self._last_good, self.found = last_good, found
        try:
            self._move()
        except Held as error:
            self._add_problems(*error.problems)
        return self.found.judged

    def has_started(self, resolved: Resolved) -> LastGood:
        """A worker was started on these scripts: they are the last good ones now.

        Raises
        ------
        OSError
            They cannot be written; this daemon knows them all the same.
        """
        good = LastGood(scripts=resolved.scripts)
        self.started = Started(script_dir=resolved.script_dir, good=good)
        good = LastGood(scripts=resolved.scripts, since=remember(resolved.state_dir, resolved.scripts))
        self.started = Started(script_dir=resolved.script_dir, good=good)
        return good

    def judge_file(self) -> Found | None:
        """Judge the configuration of the file without taking it. None as in `look`."""
        return self._ask(None)

    def _ask(self, last_good: Config | None) -> Found | None:
        asking = self.parser.asking()
        found = look(self.path, self._identities, asking, last_good, self.started)
        if asking.is_open:
            self.parser.start(time.monotonic())
            return None
        return found

    def _move(self) -> None:
        """Lock both directories, which may have changed since the last look."""
        runtime_dir = self.found.runtime_dir
        if runtime_dir != self._runtime.folder:
            before = self.status_path
            try:
                taken = self._runtime.move(runtime_dir, self._configuration)
            except OSError as error:
                self._add_problems(f"runtime directory {runtime_dir} cannot be written: {error.strerror}")
                return
            if taken and before:
                before.unlink(missing_ok=True)  # nobody will update it any more
        if self.found.state_dir is not None:
            with suppress(OSError):  # code that needs the directory reports what is wrong with it
                self._state.move(self.found.state_dir, self._configuration)

    def hold(self, now: float) -> tuple[StopAsked, ...]:
        """Make removed directories and their locks again; return a stop if another daemon was faster."""
        if now < self._hold_due:
            return ()
        self._hold_due = now + HOLD_S
        try:
            for home in (self._runtime, self._state):
                home.hold(self._configuration)
        except Held as held:
            return (StopAsked(by=str(held)),)
        return ()

    def leave(self) -> None:
        """Release the locks and leave no process."""
        self.parser.end()
        self._runtime.leave()
        self._state.leave()

    @property
    def _configuration(self) -> str:
        return str(self.path or DEFAULT_PATH)

    def _add_problems(self, *problems: str) -> None:
        self.found = replace(self.found, problems=(*self.found.problems, *problems))
