"""What a spare was made from: a worker that is started now would be the same only if this is the same."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import livereduce


def likeness(interpreter: str, environ: Mapping[str, str]) -> str:
    """A digest of interpreter, environment, this package's files, and the times of the places of other packages.

    Installing or removing a package changes the time of its place.
    """
    seen = hashlib.md5(repr((interpreter, sorted(environ.items()))).encode(), usedforsecurity=False)
    for path, facts in (*_files(Path(livereduce.__file__).resolve().parent), *_places(Path(interpreter))):
        seen.update(f"{path} {facts.st_mtime_ns} {facts.st_size}\n".encode(errors="surrogateescape"))
    return seen.hexdigest()


def _files(package: Path) -> Iterator[tuple[str, os.stat_result]]:
    """All python files of a package, in order."""
    found = []
    for folder, _, names in os.walk(package):
        found += [f"{folder}/{name}" for name in names if name.endswith(".py")]
    for path in sorted(found):
        with suppress(OSError):  # it is being replaced: the next digest will be another
            yield path, Path(path).stat()


def _places(interpreter: Path) -> Iterator[tuple[str, os.stat_result]]:
    with suppress(OSError):
        yield str(interpreter), interpreter.stat()
    for place in sorted(interpreter.parent.parent.glob("lib/python3*/site-packages")):
        with suppress(OSError):
            yield str(place), place.stat()
