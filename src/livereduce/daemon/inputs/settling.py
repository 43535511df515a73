"""Decide which files have changed for good: content that was the same at two looks in a row.

The content (md5) counts; a touch, or a change that is taken back at once, does not. Pure: `watcher.py` looks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Literal

Kind = Literal["scripts", "configuration"]

ABSENT = "absent"
UNREADABLE = "unreadable"
"""Words used in place of an md5 that is not available."""

MAX_REREAD_BYTES = 4 << 20
"""Most bytes read again in one look because of `Times.rehash_s` alone; the rest of a large set waits for later
looks."""
NAMED = 5
"""Most files named in the text on one change."""


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

    If `home` is missing too, the file counts as unreachable, not as removed. `is_data`: it may be as large as it likes,
    see `livereduce.scripting.parameters.named_files`.
    """

    path: Path
    kind: Kind
    home: Path
    most_bytes: int
    is_data: bool = False


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
