"""Files that values name, such as calibrations: which texts are files, and what identifies their contents.

They are not copied for a generation, since they may be large: they are watched, and their md5s are kept with a result.
"""

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from stat import S_ISREG

from livereduce.base.files import open_regular

MAX_FILES = 50
"""Most files that are watched; further ones are used all the same."""
MAX_HASHED_BYTES = 64 << 20
"""The contents of a larger file are not read: size and time of modification identify it."""
PIECE = 1 << 20

_ENDS_LIKE_A_FILE = re.compile(r".*[^/.\s]\.[A-Za-z][A-Za-z0-9]{0,7}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFile:
    """A file that a value names.

    Attributes
    ----------
    text
        The value, as it is written.
    path
        The file: of a relative text in the script directory.
    md5
        Of its contents, or of size and time if it is too large; empty if it cannot be read.
    """

    text: str
    path: Path
    md5: str


def find_files(
    texts: Iterable[tuple[str, str]], folder: Path
) -> tuple[tuple[NamedFile, ...], tuple[tuple[str, Path], ...]]:
    """Look for the files that texts name, given with the names of their parameters; never raises.

    Returns
    -------
    The files; and each missing one that a text seems to name, with its parameter.
    """
    found: dict[str, NamedFile] = {}
    missing: dict[Path, str] = {}
    for name, text in texts:
        path = place_of(text, folder)
        if path is None or text in found or len(found) + len(missing) >= MAX_FILES:
            continue
        if is_file(path):
            found[text] = NamedFile(text=text, path=path, md5=md5_at(path))
        elif _ENDS_LIKE_A_FILE.fullmatch(text):
            missing.setdefault(path, name)
    return tuple(found.values()), tuple((name, path) for path, name in missing.items())


def place_of(text: str, folder: Path) -> Path | None:
    """Where a file of this name would be; None if it cannot be a name of a file."""
    if not text or "\0" in text or text.endswith("/") or text in (".", "..") or text != text.strip():
        return None
    return folder / text


def is_file(path: Path) -> bool:
    """True for a regular file; a directory is none, and what cannot be looked at is none."""
    try:
        return S_ISREG(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def md5_at(path: Path) -> str:
    """The md5 of a file, see `NamedFile`; empty if it cannot be read."""
    try:
        with open_regular(path) as fd:
            facts = os.fstat(fd)
        return _md5_of_version(
            str(path), (facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
        )
    except OSError:
        return ""


@lru_cache(maxsize=4 * MAX_FILES)
def _md5_of_version(path: str, _: tuple[int, ...]) -> str:
    """A file is read once for each of its versions: it is looked at far more often."""
    with open_regular(Path(path)) as fd:
        return content_md5(fd)


def content_md5(fd: int) -> str:
    """The md5 of an open file, see `NamedFile`.

    Raises
    ------
    OSError
        It cannot be read.
    """
    facts = os.fstat(fd)
    if facts.st_size > MAX_HASHED_BYTES:
        return hashlib.md5(f"{facts.st_size} {facts.st_mtime_ns}".encode(), usedforsecurity=False).hexdigest()
    made = hashlib.md5(usedforsecurity=False)
    left = MAX_HASHED_BYTES + PIECE
    while left > 0 and (piece := os.read(fd, PIECE)):
        made.update(piece)
        left -= len(piece)
    return made.hexdigest()
