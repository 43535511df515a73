"""Watch configuration, scripts, their modules and parameters for changes, by polling.

Polling, because inotify does not see what another host writes to a network file system, and a watch on an inode loses
the file at the first save by rename. `settling.step` decides and is pure; `look_at` looks at one file; `Watcher` knows
what to look at and when.
"""

import errno
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from livereduce.base.files import open_regular, read_bounded
from livereduce.config.file import MAX_BYTES as MAX_CONFIGURATION_BYTES
from livereduce.daemon.inputs.settling import (
    ABSENT,
    MAX_REREAD_BYTES,
    UNREADABLE,
    Changed,
    Look,
    Target,
    Times,
    WatchState,
    pending,
    step,
    use,
)
from livereduce.scripting.files import MAX_BYTES as MAX_SCRIPT_BYTES
from livereduce.scripting.files import ScriptFile, md5_of, script_path
from livereduce.scripting.imports import MAX_MODULE_BYTES, ModuleFile
from livereduce.scripting.parameters.file import FILE_NAME as PARAMETERS
from livereduce.scripting.parameters.file import MAX_BYTES as MAX_PARAMETERS_BYTES
from livereduce.scripting.parameters.file import ParameterFile
from livereduce.scripting.parameters.named_files import MAX_HASHED_BYTES, NamedFile, content_md5
from livereduce.scripting.script_set import ScriptSet

_OUT_OF_REACH = {
    getattr(errno, name)
    for name in ("ESTALE", "EIO", "ENOTCONN", "ETIMEDOUT", "EHOSTDOWN", "EHOSTUNREACH", "ENODEV", "EREMOTEIO")
    if hasattr(errno, name)
}
"""Errors of the file system, not of the file."""


def look_at(target: Target, before: Look | None, now: float, *, rehash: bool) -> Look:
    """Look at one file; never raises.

    The file is opened, not only its status read: on opening, a network file system asks its server whether the file is
    still the same. The bytes are read only if it is not, or if `rehash` says so.
    """
    try:
        with open_regular(target.path) as fd:
            # Identity before bytes: anything written while they are read shows at the next look.
            facts = os.fstat(fd)
            identity = (facts.st_ino, facts.st_dev, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
            if before is not None and before.md5 and before.identity == identity and not rehash:
                return before
            md5 = content_md5(fd) if target.is_data else md5_of(read_bounded(fd, target.most_bytes))
            return Look(path=target.path, kind=target.kind, identity=identity, md5=md5, hashed_at=now)
    except OSError as error:
        return _not_seen(target, error)


def _not_seen(target: Target, error: OSError) -> Look:
    """Result for a file that is missing, unreadable, or unreachable; for the last, its directory is checked too."""
    absent = error.errno in (errno.ENOENT, errno.ENOTDIR)
    away = error.errno in _OUT_OF_REACH
    problem = "" if absent else f"{target.path}: cannot be read: {error.strerror or error}"
    if absent or away:
        try:
            if not target.home.is_dir():
                away, problem = True, f"{target.home}: the directory is missing"
        except OSError as beyond:
            absent, away = False, True
            problem = f"{target.home}: cannot be read: {beyond.strerror or beyond}"
    return Look(path=target.path, kind=target.kind, absent=absent, away=away, problem=problem)


def content_of(file: ScriptFile | ModuleFile | ParameterFile | NamedFile | None) -> str:
    """Content of a file on disk when it was read, in the form of `Look.content`."""
    return ABSENT if file is None else file.md5 or UNREADABLE


# ---- know what to look at


class Watcher:
    """Looks at the configuration, the scripts, their modules, their parameters and the files that these name.

    Create it before the configuration is read for the first time, so that no change is missed between the two.

    Parameters
    ----------
    config
        The configuration's path, whether or not the file exists.

    Attributes
    ----------
    due
        When the next look is due; before that, `look` does nothing.
    """

    def __init__(self, config: Path, now: float, times: Times | None = None) -> None:
        times = times or Times()
        self.due = now
        self._reread_bytes = 0
        self._config = Target(
            path=config, kind="configuration", home=config.absolute().parent, most_bytes=MAX_CONFIGURATION_BYTES
        )
        self._targets: tuple[Target, ...] = (self._config,)
        self._state = WatchState(times=times)
        self._first_looks(now)

    def look(self, now: float) -> tuple[Changed, ...]:
        """Changes that have settled since; at most one of each kind."""
        if now < self.due:
            return ()
        self.due = now + self._state.times.poll_s
        self._reread_bytes = 0
        looks = [self._look_at(target, now) for target in self._targets]
        self._state, changes = step(self._state, looks, now)
        return changes

    @property
    def configuration(self) -> str:
        """Content of the configuration file at the last look (`Look.content`)."""
        return self._state.files[self._config.path].last.content

    def problems(self, now: float) -> tuple[str, ...]:
        """Sentences on what is unreachable at present and may still come back unchanged."""
        return pending(self._state, now)

    def adopt(self, script_dir: Path, short_name: str, on_disk: ScriptSet, running: ScriptSet, now: float) -> None:
        """Watch the files of these sets; call it before a worker starts on one of them.

        Parameters
        ----------
        on_disk
            As it was read: a difference from this is a change.
        running
            The set that a worker gets: it differs while a file on disk is broken.
        """
        scripts = {
            script_path(script_dir, short_name, "proc"): on_disk.proc,
            script_path(script_dir, short_name, "post_proc"): on_disk.post_proc,
        }
        own = {**scripts, script_dir / PARAMETERS: on_disk.parameters}
        self._targets = (self._config, *targets_of(script_dir, own, on_disk, running))
        self._first_looks(now)
        contents = contents_of(own, on_disk, self._state)
        self._state = use(self._state, contents, (target.path for target in self._targets))

    def _first_looks(self, now: float) -> None:
        new = [target for target in self._targets if target.path not in self._state.files]
        self._state, _ = step(self._state, [self._look_at(target, now) for target in new], now)

    def _look_at(self, target: Target, now: float) -> Look:
        seen, times = self._state.files.get(target.path), self._state.times
        if seen is None:
            return look_at(target, None, now, rehash=True)
        reread = now - seen.last.hashed_at >= times.rehash_s and self._reread_bytes < MAX_REREAD_BYTES
        if target.is_data and seen.last.identity and seen.last.identity[2] > MAX_REREAD_BYTES:
            reread = False
        if reread and seen.last.identity:
            self._reread_bytes += seen.last.identity[2]
        return look_at(target, seen.last, now, rehash=seen.settling or reread)


def contents_of(
    own: Mapping[Path, ScriptFile | ParameterFile | None], on_disk: ScriptSet, state: WatchState
) -> dict[Path, str]:
    """The contents of a set when it was read, by file; all of them were looked at since. `own` as in `targets_of`."""
    modules = {module.path: module for module in on_disk.modules if module.md5}
    named = {one.path: one for one in on_disk.parameters.files} if on_disk.parameters else {}
    contents = {path: content_of(file) for path, file in {**named, **modules, **own}.items()}
    of_values = on_disk.parameters.missing if on_disk.parameters else ()
    missing = (path for path in (*on_disk.missing, *of_values) if path not in contents)
    # a directory in the place of a module is no module, and no change either
    return contents | {path: ABSENT for path in missing if state.files[path].last.content != UNREADABLE}


def targets_of(script_dir: Path, own: Iterable[Path], on_disk: ScriptSet, running: ScriptSet) -> Iterator[Target]:
    """What to look at beside the configuration. `own`: the scripts and the file of their parameters."""
    most = dict.fromkeys(own, MAX_SCRIPT_BYTES) | {script_dir / PARAMETERS: MAX_PARAMETERS_BYTES}
    for scripts in (on_disk, running):
        for path in (*(module.path for module in scripts.modules), *scripts.missing):
            most.setdefault(path, MAX_MODULE_BYTES)
    for path, most_bytes in most.items():
        yield Target(path=path, kind="scripts", home=script_dir, most_bytes=most_bytes)
    files = (file for file in (on_disk.parameters, running.parameters) if file)
    data = (path for file in files for path in (*(one.path for one in file.files), *file.missing))
    for path in dict.fromkeys(path for path in data if path not in most):
        yield Target(path=path, kind="scripts", home=script_dir, most_bytes=MAX_HASHED_BYTES, is_data=True)
