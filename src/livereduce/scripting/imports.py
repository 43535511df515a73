"""Find the modules that the scripts import from the script directory, without running anything.

They count as part of the scripts. Only what the syntax tree shows is found: import statements anywhere, and
`importlib.import_module` or ``__import__`` with a literal text; not a computed name, nor a directory that a script adds
to ``sys.path`` itself, nor a compiled extension.
"""

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from livereduce.base.files import read_regular, too_long
from livereduce.scripting.files import md5_of
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
class ModuleFile:
    """One module of the scripts as it was read.

    Attributes
    ----------
    path
        In the script directory, as it is imported: a link is not resolved.
    name
        Its import name, split at the dots; a package is its ``__init__.py``.
    text, md5
        The bytes, and their md5; both empty if they could not be read.
    """

    path: Path
    name: Name
    is_package: bool = False
    text: bytes = field(default=b"", repr=False)
    md5: str = ""

    @property
    def package(self) -> Name:
        """The package that its relative imports start from."""
        return self.name if self.is_package else self.name[:-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """The modules that scripts import from their directory, directly or through one another.

    Attributes
    ----------
    modules
        Those that exist.
    missing
        Files that would be imported if they existed: they may appear.
    problems
        Files that cannot be read or do not compile, with line and message.
    beyond
        Files beyond a limit of size, time or memory, with the limit: nothing may be started with them.
    """

    modules: tuple[ModuleFile, ...] = ()
    missing: tuple[Path, ...] = ()
    problems: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files of the modules."""
        return tuple(module.path for module in self.modules)


@dataclass(slots=True)
class _Found:
    modules: dict[Path, ModuleFile] = field(default_factory=dict)
    missing: dict[Path, None] = field(default_factory=dict)
    shadows: dict[Path, None] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    beyond: list[str] = field(default_factory=list)
    together_bytes: int = 0

    @property
    def full(self) -> bool:
        return len(self.modules) + len(self.missing) >= MAX_PLACES or self.together_bytes > MAX_TOGETHER_BYTES

    def closure(self) -> Closure:
        return Closure(
            modules=tuple(self.modules.values()),
            missing=tuple({**self.missing, **self.shadows}),
            problems=tuple(self.problems),
            beyond=tuple(self.beyond),
        )


def import_closure(scripts: Iterable[tuple[Path, bytes]], script_dir: Path, parse: Parse = parse) -> Closure:
    """Find the modules of scripts, given as path and text; never raises.

    Names of the standard library are not looked for: the worker has the script directory at the end of ``sys.path``.
    Neither is ``mantid``: it is Mantid's own, or the builtin engine's, never a folder beside the scripts.
    """
    waiting = deque(name for path, text in scripts for name in parse(text, path, None).imports)
    found = _Found()
    asked: set[Name] = set()
    while waiting and not found.full:
        name = waiting.popleft()
        if name in asked or name[0] in sys.stdlib_module_names or name[0] == "mantid":
            continue
        asked.add(name)
        for place in _locate(name, script_dir):
            if not place.exists:
                (found.shadows if place.shadows else found.missing)[place.path] = None
            elif place.path not in found.modules:
                waiting.extend(_look_through(place, parse, found))
    return found.closure()


def judge_modules(modules: Iterable[ModuleFile], missing: Iterable[Path], parse: Parse) -> Closure:
    """The closure of modules that were read before; they were within the limits of size."""
    found = _Found(missing=dict.fromkeys(missing))
    for module in modules:
        found.modules[module.path] = module
        _note(_parsed(module, parse), found)
    return found.closure()


def _look_through(place: "_Place", parse: Parse, found: _Found) -> tuple[Name, ...]:
    """Read a module and record its problems; return the names that it imports."""
    path = place.path
    module = found.modules[path] = ModuleFile(path=path, name=place.name, is_package=place.is_package)
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
        text = read_regular(path, MAX_MODULE_BYTES)
    except OSError as error:
        return _note(Syntax(problem=f"{path}: cannot be read: {error.strerror or error}"), found)
    module = found.modules[path] = replace(module, text=text, md5=md5_of(text))
    return _note(_parsed(module, parse), found)


def _parsed(module: ModuleFile, parse: Parse) -> Syntax:
    return Syntax() if len(module.text) > MAX_PARSED_BYTES else parse(module.text, module.path, module.package)


def _note(syntax: Syntax, found: _Found) -> tuple[Name, ...]:
    if syntax.problem:
        (found.beyond if syntax.beyond else found.problems).append(syntax.problem)
    return syntax.imports


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A file that an import leads to. `shadows`: it does not exist, and would hide a module that does."""

    path: Path
    name: Name
    is_package: bool
    exists: bool = True
    shadows: bool = False


def _locate(name: Name, script_dir: Path) -> Iterator[_Place]:
    """Files that are run when a name is imported, and those that would be run if they existed.

    A directory without ``__init__.py`` is a package of its own kind: there is nothing to run.
    """
    directory = script_dir
    for depth, part in enumerate(name, 1):
        package = _Place(path=directory / part / "__init__.py", name=name[:depth], is_package=True)
        module = _Place(path=directory / f"{part}.py", name=name[:depth], is_package=False)
        if _is(S_ISREG, package.path):
            yield package
        elif _is(S_ISREG, module.path):
            yield module
            yield replace(package, exists=False, shadows=True)
            return
        else:
            yield replace(module, exists=False)
            yield replace(package, exists=False)
            if not _is(S_ISDIR, directory / part):
                return
        directory = directory / part


def _is(kind: Callable[[int], bool], path: Path) -> bool:
    try:
        return kind(path.stat().st_mode)
    except (OSError, ValueError):  # missing, unreachable, or not a possible file name
        return False
