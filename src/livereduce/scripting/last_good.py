"""The last good scripts: the set that a worker was last started on, kept across daemon restarts.

``good/<md5>.py`` in the state directory holds the bytes of each script and module, ``good/<md5>.parameters.json`` those
of their parameters, and ``good/index.json`` says which file each is; all are replaced by rename, the index last, so
that it only names files that exist. The set is stored and found as a whole: if one file is damaged, there is no last
good set. The md5s are checked on reading.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from livereduce.base.fields import checked
from livereduce.base.files import read_regular, replace_file
from livereduce.messages.status import iso
from livereduce.scripting.files import MAX_BYTES, ScriptFile, md5_of, script_path
from livereduce.scripting.imports import MAX_MODULE_BYTES, ModuleFile, judge_modules
from livereduce.scripting.parameters.file import FILE_NAME as PARAMETERS
from livereduce.scripting.parameters.file import ParameterFile, judge_parameters
from livereduce.scripting.script_set import LastGood, ScriptSet, judge
from livereduce.scripting.syntax import Parse, parse

INDEX = "index.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One file in the index.

    Attributes
    ----------
    path
        The user's path.
    since
        When this version was first used.
    module
        The dotted name of a module; empty for a script.
    """

    path: str
    md5: str
    since: str
    module: str = ""
    is_package: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSet:
    """The stored set: its files, those that it would import if they existed, and its parameters."""

    files: tuple[Kept, ...] = ()
    missing: tuple[str, ...] = ()
    parameters: Kept | None = None

    @property
    def all_files(self) -> tuple[Kept, ...]:
        """Everything that is stored."""
        return (*self.files, self.parameters) if self.parameters else self.files


def remember(state_dir: Path, scripts: ScriptSet) -> dict[str, str]:
    """Store this set as the last good one, and no other: a file that was removed is no longer good.

    Call it when a worker was started on it. Files that exist already are not written again.

    Returns
    -------
    When each version was first used, by the path of its file.

    Raises
    ------
    OSError
        The state directory cannot be written; the stored scripts are unchanged.
    """
    folder = state_dir / "good"
    before = _read_index(folder)
    if scripts.problems:  # not good: its predecessor stays
        return _since(before)
    index = _index_of(scripts, before)
    files = (*scripts.files, scripts.parameters) if scripts.parameters else scripts.files
    for file, kept in zip(files, index.all_files, strict=True):
        if file.md5 and _read_text(folder, kept) is None:
            _put(folder / _stored_as(kept), file.text)
    if index != before:
        _put(folder / INDEX, json.dumps(asdict(index), indent=2).encode())
        _sweep(folder, {INDEX, *map(_stored_as, index.all_files)})
    return _since(index)


def _index_of(scripts: ScriptSet, before: KeptSet) -> KeptSet:
    old = {(kept.path, kept.md5): kept.since for kept in before.all_files}
    now = iso(datetime.now())

    def kept(file: ScriptFile | ModuleFile | ParameterFile, module: str = "", is_package: bool = False) -> Kept:
        since = old.get((str(file.path), file.md5), now)
        return Kept(path=str(file.path), md5=file.md5, since=since, module=module, is_package=is_package)

    modules = (kept(module, ".".join(module.name), module.is_package) for module in scripts.modules)
    files = (*(kept(script) for script in scripts.scripts), *modules)
    parameters = kept(scripts.parameters) if scripts.parameters else None
    return KeptSet(files=files, missing=tuple(map(str, scripts.missing)), parameters=parameters)


def _stored_as(kept: Kept) -> str:
    return f"{kept.md5}.{PARAMETERS}" if Path(kept.path).name == PARAMETERS else f"{kept.md5}.py"


def _since(index: KeptSet) -> dict[str, str]:
    return {kept.path: kept.since for kept in index.all_files}


def find_last_good(
    state_dir: Path, script_dir: Path, short_name: str, parse: Parse = parse, engine: str = ""
) -> LastGood | None:
    """The last good set of a script directory; None if no complete set without problems is stored."""
    folder = state_dir / "good"
    index = _read_index(folder)
    texts = {kept.path: _read_text(folder, kept) for kept in index.all_files}
    if not texts or None in texts.values():
        return None
    steps = {step: str(script_path(script_dir, short_name, step)) for step in ("proc", "post_proc")}
    scripts = {kept.path: _script(kept, texts[kept.path] or b"", parse) for kept in index.files if not kept.module}
    if not set(scripts) <= set(steps.values()):  # of another script_dir: not versions of these files
        return None
    modules = [_module(kept, texts[kept.path] or b"") for kept in index.files if kept.module]
    found = judge(
        ScriptSet(
            proc=scripts.get(steps["proc"]),
            post_proc=scripts.get(steps["post_proc"]),
            parameters=_parameters(index.parameters, texts),
        ),
        judge_modules(modules, map(Path, index.missing), parse),
        script_dir,
        short_name,
        engine,
    )
    return LastGood(scripts=found, since=_since(index)) if found.is_sound else None


def _script(kept: Kept, text: bytes, parse: Parse) -> ScriptFile:
    syntax = parse(text, Path(kept.path), None)
    return ScriptFile(path=Path(kept.path), text=text, md5=kept.md5, problem=syntax.problem, unused=syntax.unused)


def _module(kept: Kept, text: bytes) -> ModuleFile:
    name = tuple(kept.module.split("."))
    return ModuleFile(path=Path(kept.path), name=name, is_package=kept.is_package, text=text, md5=kept.md5)


def _parameters(kept: Kept | None, texts: Mapping[str, bytes | None]) -> ParameterFile | None:
    return judge_parameters(Path(kept.path), texts[kept.path] or b"") if kept else None


def _read_index(folder: Path) -> KeptSet:
    """Read the index; empty if it is missing or damaged."""
    try:
        return checked(KeptSet, json.loads(read_regular(folder / INDEX, MAX_BYTES, follow_link=False)))
    except (OSError, ValueError, RecursionError):
        return KeptSet()


def _read_text(folder: Path, kept: Kept) -> bytes | None:
    """The bytes of a file; None if they are missing or do not have the stored md5."""
    most_bytes = MAX_MODULE_BYTES if kept.module else MAX_BYTES
    try:
        text = read_regular(folder / _stored_as(kept), most_bytes, follow_link=False)
    except (OSError, ValueError):
        return None
    return text if md5_of(text) == kept.md5 else None


def _put(path: Path, text: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, text)


def _sweep(folder: Path, names: set[str]) -> None:
    """Remove everything except these files."""
    with suppress(OSError):
        for path in folder.iterdir():
            if path.name not in names:
                path.unlink()
