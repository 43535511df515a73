"""Watch configuration, scripts and their modules for changes, by polling.

Polling, because inotify does not see what another host writes to a network file system, and a watch on an inode loses
the file at the first save by rename. The content (md5) counts, once it was the same at two looks in a row; a touch, or
a change that is taken back at once, does not.

`step` decides and is pure; `look_at` looks at one file; `Watcher` knows what to look at and when.
"""

import errno
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Literal

from livereduce.base.files import open_regular, read_bounded
from livereduce.config.file import MAX_BYTES as MAX_CONFIGURATION_BYTES
from livereduce.scripting.files import MAX_BYTES as MAX_SCRIPT_BYTES
from livereduce.scripting.files import ScriptFile, md5_of, script_path
from livereduce.scripting.imports import MAX_MODULE_BYTES, ModuleFile
from livereduce.scripting.script_set import ScriptSet

Kind = Literal["scripts", "configuration"]

ABSENT = "absent"
UNREADABLE = "unreadable"
"""Words used in place of an md5 that is not available."""

MAX_REREAD_BYTES = 4 << 20
"""Most bytes read again in one look because of `Times.rehash_s` alone; the rest of a large set waits for later
looks."""
NAMED = 5
"""Most files named in the text on one change."""

_OUT_OF_REACH = {
    getattr(errno, name)
    for name in ("ESTALE", "EIO", "ENOTCONN", "ETIMEDOUT", "EHOSTDOWN", "EHOSTUNREACH", "ENODEV", "EREMOTEIO")
    if hasattr(errno, name)
}
"""Errors of the file system, not of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Times in seconds; tests shorten them.

    Attributes
    ----------
    poll_s
        Time between two looks.
    settle_s
        Content has settled when it is this old and was the same at the look before. A little less than `poll_s`, so
        that two looks are always enough: a change is seen 2 s after the file was written.
    rehash_s
        The bytes are read again after this time although the file looks untouched: modification times are coarse on
        some file systems, and can be set.
    away_s
        How long a file system may be unreachable before its files count as removed or unreadable.
    """

    poll_s: float = 1.0
    settle_s: float = 0.9
    rehash_s: float = 30.0
    away_s: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A file to look at; if it is longer than `most_bytes`, nothing is read.

    If `home` is missing too, the file counts as unreachable, not as removed.
    """

    path: Path
    kind: Kind
    home: Path
    most_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Result of one look at a file.

    Attributes
    ----------
    identity
        Inode, device, size, times of modification and of change (ns) of the file that the path leads to.
    md5
        md5 of its bytes; empty if they cannot be read.
    problem
        Why they cannot be read; empty if the file just does not exist.
    away
        The file system, or the common directory of all files, is unreachable.
    hashed_at
        When the bytes were read.
    """

    path: Path
    kind: Kind
    identity: tuple[int, ...] = ()
    md5: str = ""
    absent: bool = False
    problem: str = ""
    away: bool = False
    hashed_at: float = 0.0

    @property
    def content(self) -> str:
        """The md5, or the word that replaces it."""
        return self.md5 or (ABSENT if self.absent else UNREADABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """Files of one kind differ from those in use; `what` says which and how."""

    kind: Kind
    paths: tuple[Path, ...]
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFile:
    """State of one file.

    Attributes
    ----------
    in_use
        The content that was last reported or taken into use.
    last, since
        The newest look, and when the unbroken series of equal looks began.
    """

    in_use: str
    last: Look
    since: float

    @property
    def settling(self) -> bool:
        """True if it differs from what is in use and was not reported yet."""
        return self.last.content != self.in_use


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchState:
    """All files that are watched."""

    times: Times = field(default_factory=Times)
    files: Mapping[Path, SeenFile] = field(default_factory=dict)


# ---- decide


def step(state: WatchState, looks: Iterable[Look], now: float) -> tuple[WatchState, tuple[Changed, ...]]:
    """Process looks at files: report each settled change against what is in use, once.

    A file that is looked at for the first time counts as in use.
    """
    files = dict(state.files)
    words: dict[Kind, dict[Path, str]] = {}
    for look in looks:
        before = files.get(look.path)
        if before is None:
            files[look.path] = SeenFile(in_use=look.content, last=look, since=now)
            continue
        seen = files[look.path] = replace(before, last=look, since=_since(before, look, now))
        if seen.settling and seen.since < now and now - seen.since >= _patience_s(look, state.times):
            words.setdefault(look.kind, {})[look.path] = _word(before.in_use, look)
            files[look.path] = replace(seen, in_use=look.content)
    return replace(state, files=files), tuple(_changed(kind, of) for kind, of in words.items())


def _since(before: SeenFile, look: Look, now: float) -> float:
    """Start of the series of equal looks.

    Unreachable is one series, whatever the error: an automounter gives several.
    """
    same = before.last.away if look.away else not before.last.away and before.last.content == look.content
    return before.since if same else now


def _patience_s(look: Look, times: Times) -> float:
    return times.away_s if look.away else times.settle_s


def _word(in_use: str, look: Look) -> str:
    if look.content == UNREADABLE:
        return "unreadable"
    if look.content == ABSENT:
        return "removed"
    return "appeared" if in_use in (ABSENT, UNREADABLE) else "changed"


def _changed(kind: Kind, words: Mapping[Path, str]) -> Changed:
    named = [f"{path.name} {word}" for path, word in islice(words.items(), NAMED)]
    if len(words) > NAMED:
        named.append(f"and {len(words) - NAMED} more")
    return Changed(kind=kind, paths=tuple(words), what=", ".join(named))


def pending(state: WatchState, now: float) -> tuple[str, ...]:
    """Sentences on what is unreachable but not given up yet."""
    problems = {
        seen.last.problem: None
        for seen in state.files.values()
        if seen.last.away and seen.settling and now - seen.since >= state.times.settle_s
    }
    return tuple(problems)


def use(state: WatchState, contents: Mapping[Path, str], watched: Iterable[Path]) -> WatchState:
    """Set the contents in use, and forget files that are no longer watched."""
    files = {path: state.files[path] for path in watched if path in state.files}
    for path in files.keys() & contents.keys():
        files[path] = replace(files[path], in_use=contents[path])
    return replace(state, files=files)


# ---- look


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
            md5 = md5_of(read_bounded(fd, target.most_bytes))
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


def content_of(file: ScriptFile | ModuleFile | None) -> str:
    """Content of a file on disk when it was read, in the form of `Look.content`."""
    return ABSENT if file is None else file.md5 or UNREADABLE


# ---- know what to look at


class Watcher:
    """Looks at the configuration, the scripts and their modules.

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
        modules = {module.path: module for module in on_disk.modules if module.md5}
        paths = (module.path for module in (*on_disk.modules, *running.modules))
        most = dict.fromkeys(scripts, MAX_SCRIPT_BYTES)
        most = most | dict.fromkeys((*paths, *on_disk.missing, *running.missing), MAX_MODULE_BYTES) | most
        self._targets = (
            self._config,
            *(Target(path=path, kind="scripts", home=script_dir, most_bytes=most[path]) for path in most),
        )
        self._first_looks(now)
        contents = {path: content_of(file) for path, file in {**modules, **scripts}.items()}
        missing = (path for path in on_disk.missing if path not in contents)
        # a directory in the place of a module is no module, and no change either
        looks = self._state.files
        contents |= {path: ABSENT for path in missing if looks[path].last.content != UNREADABLE}
        self._state = use(self._state, contents, (target.path for target in self._targets))

    def _first_looks(self, now: float) -> None:
        new = [target for target in self._targets if target.path not in self._state.files]
        self._state, _ = step(self._state, [self._look_at(target, now) for target in new], now)

    def _look_at(self, target: Target, now: float) -> Look:
        seen, times = self._state.files.get(target.path), self._state.times
        if seen is None:
            return look_at(target, None, now, rehash=True)
        reread = now - seen.last.hashed_at >= times.rehash_s and self._reread_bytes < MAX_REREAD_BYTES
        if reread and seen.last.identity:
            self._reread_bytes += seen.last.identity[2]
        return look_at(target, seen.last, now, rehash=seen.settling or reread)
