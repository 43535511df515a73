"""Find the modules that the scripts import from the script directory, without running anything.

They count as part of the scripts. Only what the syntax tree shows is found: import statements anywhere, and
`importlib.import_module` or ``__import__`` with a literal text; not a computed name, nor a directory that a script adds
to ``sys.path`` itself, nor a compiled extension.
"""

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from livereduce.base.files import read_regular, too_long
from livereduce.scripting.syntax import Name, Parse, Syntax, parse

MAX_PLACES = 400
"""Most files, found or missing; imports of scripts that need more are not followed any further."""
MAX_PARSED_BYTES = 1 << 20
"""A longer module is a table of data: it is watched, but its imports are not followed."""
MAX_MODULE_BYTES = 16 << 20
MAX_TOGETHER_BYTES = 64 << 20
"""Scripts and modules are read every 30 s: these limits keep that below a second, and keep a file that is not a module
(a terabyte, by mistake or not) from being read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """The modules that scripts import from their directory, directly or through one another.

    Attributes
    ----------
    paths
        Existing files.
    missing
        Files that would be imported if they existed: they may appear.
    problems
        Files that cannot be read or do not compile, with line and message.
    beyond
        Files beyond a limit of size, time or memory, with the limit: nothing may be started with them.
    """

    paths: tuple[Path, ...] = ()
    missing: tuple[Path, ...] = ()
    problems: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()


@dataclass(slots=True)
class _Found:
    paths: dict[Path, None] = field(default_factory=dict)
    missing: dict[Path, None] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    beyond: list[str] = field(default_factory=list)
    together_bytes: int = 0

    @property
    def full(self) -> bool:
        return len(self.paths) + len(self.missing) >= MAX_PLACES or self.together_bytes > MAX_TOGETHER_BYTES


def import_closure(scripts: Iterable[tuple[Path, bytes]], script_dir: Path, parse: Parse = parse) -> Closure:
    """Find the modules of scripts, given as path and text; never raises.

    Names of the standard library are not looked for: the worker has the script directory at the end of ``sys.path``.
    """
    waiting = deque(name for path, text in scripts for name in parse(text, path, None).imports)
    found = _Found()
    asked: set[Name] = set()
    while waiting and not found.full:
        name = waiting.popleft()
        if name in asked or name[0] in sys.stdlib_module_names:
            continue
        asked.add(name)
        for path, package in _locate(name, script_dir):
            if package is None:
                found.missing[path] = None
            elif path not in found.paths:
                waiting.extend(_look_through(path, package, parse, found))
    return Closure(
        paths=tuple(found.paths),
        missing=tuple(found.missing),
        problems=tuple(found.problems),
        beyond=tuple(found.beyond),
    )


def _look_through(path: Path, package: Name, parse: Parse, found: _Found) -> tuple[Name, ...]:
    """Record a module and its problems; return its imports."""
    found.paths[path] = None
    try:
        size = path.stat().st_size
        if size > MAX_MODULE_BYTES:
            found.beyond.append(f"{path}: the module is {too_long(size, MAX_MODULE_BYTES)}")
            return ()
        found.together_bytes += size
        if found.together_bytes > MAX_TOGETHER_BYTES:
            limit = too_long(found.together_bytes, MAX_TOGETHER_BYTES)
            found.beyond.append(f"{path}: with it, all modules of the scripts together are {limit}")
            return ()
        if size > MAX_PARSED_BYTES:
            return ()
        syntax = parse(read_regular(path, MAX_PARSED_BYTES), path, package)
    except OSError as error:
        syntax = Syntax(problem=f"{path}: cannot be read: {error.strerror or error}")
    if syntax.problem:
        (found.beyond if syntax.beyond else found.problems).append(syntax.problem)
    return syntax.imports


def _locate(name: Name, script_dir: Path) -> Iterator[tuple[Path, Name | None]]:
    """Files that are run when a name is imported, with the package that their relative imports start from.

    None as the package marks a file that would be run if it existed. A directory without ``__init__.py`` is a package
    of its own kind: there is nothing to run.
    """
    directory = script_dir
    for depth, part in enumerate(name, 1):
        package, module = directory / part / "__init__.py", directory / f"{part}.py"
        if _is(S_ISREG, package):
            yield package, name[:depth]
        elif _is(S_ISREG, module):
            yield module, name[: depth - 1]
            return
        else:
            yield module, None
            yield package, None
            if not _is(S_ISDIR, directory / part):
                return
        directory = directory / part


def _is(kind: Callable[[int], bool], path: Path) -> bool:
    try:
        return kind(path.stat().st_mode)
    except (OSError, ValueError):  # missing, unreachable, or not a possible file name
        return False
