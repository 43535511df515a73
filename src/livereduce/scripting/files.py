"""The two processing scripts as files: their paths, their md5, and whether they can be used."""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from livereduce.base.errors import OperatorError
from livereduce.base.files import open_regular, read_bounded
from livereduce.messages.job import ModuleCopy, ParametersCopy, ScriptCopy
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
    text: bytes = field(repr=False)
    md5: str
    problem: str = ""
    modified_ns: int = field(default=0, compare=False, repr=False)
    unused: tuple[Unused, ...] = field(default=(), compare=False, repr=False)


def read_copy(frozen: ScriptCopy | ModuleCopy | ParametersCopy) -> bytes:
    """The bytes of a file as the daemon has checked them.

    Raises
    ------
    OperatorError
        The copy cannot be read, or is not what was checked.
    """
    try:
        text = Path(frozen.copy).read_bytes()
    except OSError as error:
        raise OperatorError(f"{frozen.copy}: the copy of {frozen.path} cannot be read: {error.strerror}") from None
    if (md5 := md5_of(text)) != frozen.md5:
        raise OperatorError(f"{frozen.copy}: the copy of {frozen.path} has md5 {md5}, but {frozen.md5} was checked")
    return text


def script_path(script_dir: Path, short_name: str, step: str) -> Path:
    """Expected path of the script of a step (``proc`` or ``post_proc``)."""
    return script_dir / f"reduce_{short_name}_live_{step}.py"


def directory_problem(directory: Path) -> str:
    """Reason why a script directory cannot be used; empty if it can."""
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
