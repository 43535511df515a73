"""The two processing scripts as files: their paths, their md5, and whether they can be used."""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from livereduce.base.files import open_regular, read_bounded
from livereduce.scripting.syntax import Parse, parse
from livereduce.scripting.unused import Unused

MAX_BYTES = 1 << 20
"""A script is written by people: a longer file is data, or not a script at all."""


WITHOUT = {
    "proc": "chunks are accumulated unprocessed",
    "post_proc": "the accumulated data are the result",
}
"""Effect of a missing script, by step; both are valid ways to work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptFile:
    """One script as it is on disk.

    Attributes
    ----------
    problem
        Why it cannot be used, or empty; it names the file.
    modified_ns
        When the file was written (Unix), only for people: the md5 identifies a version.
    unused
        Names that it assigns and never uses.
    """

    path: Path
    text: bytes
    md5: str
    problem: str = ""
    modified_ns: int = field(default=0, compare=False, repr=False)
    unused: tuple[Unused, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripts:
    """The scripts of an instrument; None if there is no file. `problem` is that of the directory, or empty."""

    proc: ScriptFile | None = None
    post_proc: ScriptFile | None = None
    problem: str = ""


def script_path(script_dir: Path, short_name: str, step: str) -> Path:
    """Expected path of the script of a step (``proc`` or ``post_proc``)."""
    return script_dir / f"reduce_{short_name}_live_{step}.py"


def find_scripts(script_dir: Path, short_name: str, parse: Parse = parse) -> Scripts:
    """Read both scripts as they are on disk now; never raises."""
    proc, post_proc = (read_script(script_path(script_dir, short_name, step), parse) for step in ("proc", "post_proc"))
    return Scripts(proc=proc, post_proc=post_proc, problem=_directory_problem(script_dir))


def _directory_problem(directory: Path) -> str:
    try:
        if directory.is_dir():
            with os.scandir(directory) as entries:
                next(entries, None)
            return ""
        exists = directory.exists()
    except OSError as error:
        return f"script directory {directory} cannot be read: {error.strerror or error}"
    what = "is not a directory" if exists else "does not exist"
    return f'script directory {directory} {what}; expected the directory with the scripts ("script_dir")'


def read_script(path: Path, parse: Parse = parse) -> ScriptFile | None:
    """Read the script at a path; None if there is no such file."""
    try:
        with open_regular(path) as fd:
            modified_ns = os.fstat(fd).st_mtime_ns
            text = read_bounded(fd, MAX_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return ScriptFile(path=path, text=b"", md5="", problem=f"{path}: cannot be read: {error.strerror or error}")
    syntax = parse(text, path, None)
    return ScriptFile(
        path=path,
        text=text,
        md5=md5_of(text),
        problem=syntax.problem,
        modified_ns=modified_ns,
        unused=syntax.unused,
    )


def md5_of(text: bytes) -> str:
    """The md5 that identifies a version of a script, in hex."""
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


def texts_of(scripts: Scripts) -> list[tuple[Path, bytes]]:
    """Path and text of the existing scripts, as `livereduce.scripting.imports.import_closure` takes them."""
    return [(script.path, script.text) for script in (scripts.proc, scripts.post_proc) if script is not None]


def judge(
    scripts: Scripts, script_dir: Path, short_name: str, engine: str = ""
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Problems, with which nothing can be reduced, and warnings."""
    if scripts.problem:
        return (scripts.problem,), ()
    proc, post_proc = (script_path(script_dir, short_name, step) for step in ("proc", "post_proc"))
    if scripts.proc is None and scripts.post_proc is None:
        return (f"no processing script: expected {proc} or {post_proc} (at least one of them)",), ()
    problems = tuple(script.problem for script in (scripts.proc, scripts.post_proc) if script and script.problem)
    warnings = [f"{proc.name}: {one.advice}" for one in (scripts.proc.unused if scripts.proc else ())]
    warnings += [
        f"{post_proc.name}: {one.advice}"
        for one in (scripts.post_proc.unused if scripts.post_proc else ())
        if not (engine == "mantid" and one.by_call and one.name == "result")
    ]  # Mantid's algorithms store their result under the name it is assigned to: that is the output of post_proc
    return problems, tuple(warnings)
