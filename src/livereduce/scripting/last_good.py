"""The last good scripts: those that a worker was last started on, kept across daemon restarts.

``good/<md5>.py`` in the state directory holds the bytes and ``good/index.json`` says which script each is; both are
replaced by rename, the index last, so that it only names files that exist. The md5 is checked on reading.
"""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from livereduce.base.files import read_regular, replace_file
from livereduce.messages.conditions import ProblemNote
from livereduce.messages.status import iso
from livereduce.scripting.files import MAX_BYTES, ScriptFile, Scripts, md5_of
from livereduce.scripting.syntax import Parse, parse

INDEX = "index.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One entry of the index: the user's path, the md5, and when this version was first used."""

    path: str
    md5: str
    since: str


def remember(state_dir: Path, scripts: Scripts) -> dict[str, str]:
    """Store these scripts as the last good ones, and no others: a script that was removed is no longer good.

    Call it when a worker was started on them. Files that exist already are not written again.

    Returns
    -------
    Since when each has been in use, by file name.

    Raises
    ------
    OSError
        The state directory cannot be written; the stored scripts are unchanged.
    """
    folder = state_dir / "good"
    before = _read_index(folder)
    now = iso(datetime.now())
    kept: dict[str, Kept] = {}
    for script in (scripts.proc, scripts.post_proc):
        if script is None:
            continue
        name, old = script.path.name, before.get(script.path.name)
        if script.problem:  # not good: its predecessor stays
            kept |= {name: old} if old else {}
            continue
        same = old is not None and (old.path, old.md5) == (str(script.path), script.md5)
        kept[name] = old if old and same else Kept(path=str(script.path), md5=script.md5, since=now)
        if _read_text(folder, kept[name]) is None:
            _put(folder / f"{script.md5}.py", script.text)
    if kept != before:
        _put(folder / INDEX, json.dumps({name: asdict(entry) for name, entry in kept.items()}, indent=2).encode())
        _sweep(folder, {INDEX, *(f"{entry.md5}.py" for entry in kept.values())})
    return {name: entry.since for name, entry in kept.items()}


def last_good(state_dir: Path, name: str, parse: Parse = parse) -> ScriptFile | None:
    """The last good version of a script, by file name; None if none is complete and compiles."""
    found = _find(state_dir, name, parse)
    return found[0] if found else None


def mend(scripts: Scripts, state_dir: Path, parse: Parse = parse) -> tuple[Scripts, tuple[ProblemNote, ...]]:
    """Replace each script that cannot be used by its last good version, with a note on each.

    A script that does not exist is not replaced: removing it is how people disable a step. Only if the directory itself
    cannot be read, all of the last scripts are used; a step without a last good version was not in use then.
    """
    notes: list[ProblemNote] = []
    old = (scripts.proc, scripts.post_proc)
    new = [_mended(script, state_dir, parse, notes) for script in old]
    problem = scripts.problem
    if problem and any(_is_unread(was) and not _is_unread(now) for was, now in zip(old, new, strict=True)):
        notes.insert(0, ProblemNote(problem))
        new, problem = [None if _is_unread(script) else script for script in new], ""
    return Scripts(proc=new[0], post_proc=new[1], problem=problem), tuple(notes)


def _is_unread(script: ScriptFile | None) -> bool:
    return script is not None and not script.md5


def _mended(script: ScriptFile | None, state_dir: Path, parse: Parse, notes: list[ProblemNote]) -> ScriptFile | None:
    if script is None or not script.problem:
        return script
    found = _find(state_dir, script.path.name, parse)
    if found is None or found[0].path != script.path:  # of another script_dir: not a version of this file
        return script
    good, since = found
    notes.append(
        ProblemNote(script.problem, f"the last good version (md5 {good.md5}, in use since {since}) stays in use")
    )
    return good


def _find(state_dir: Path, name: str, parse: Parse) -> tuple[ScriptFile, str] | None:
    """The last good version of a script, and since when it has been that."""
    folder = state_dir / "good"
    entry = _read_index(folder).get(name)
    text = _read_text(folder, entry) if entry else None
    if entry is None or text is None:
        return None
    syntax = parse(text, Path(entry.path), None)
    if syntax.problem:
        return None
    return ScriptFile(path=Path(entry.path), text=text, md5=entry.md5, unused=syntax.unused), entry.since


def _read_index(folder: Path) -> dict[str, Kept]:
    """Read the index; empty if it is missing or damaged."""
    try:
        body = json.loads(read_regular(folder / INDEX, MAX_BYTES, follow_link=False))
        return {name: Kept(**{key: str(value) for key, value in entry.items()}) for name, entry in body.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _read_text(folder: Path, entry: Kept) -> bytes | None:
    """The bytes of an entry; None if they are missing or do not have the stored md5."""
    try:
        text = read_regular(folder / f"{entry.md5}.py", MAX_BYTES, follow_link=False)
    except (OSError, ValueError):
        return None
    return text if md5_of(text) == entry.md5 else None


def _put(path: Path, text: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, text)


def _sweep(folder: Path, names: set[str]) -> None:
    """Remove everything except these files."""
    with suppress(OSError):
        for path in folder.iterdir():
            if path.name not in names:
                path.unlink()
