"""Which modules the scripts import from the script directory, found without running anything.

They count as part of the scripts. Only what the syntax tree shows is found: import statements wherever they stand, and
`importlib.import_module` or ``__import__`` with a text; not a name that is computed, nor a directory that a script adds
to ``sys.path`` itself, nor a compiled extension.
"""

import ast
import sys
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR, S_ISREG

MOST_PLACES = 400
"""Files found or missed; scripts that import more are not looked through any further."""
MOST_BYTES = 1 << 20
"""A longer module is a table of data: it is watched, but not looked through."""

Name = tuple[str, ...]
"""A module by the parts of its dotted name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """The modules that scripts import from their directory, directly or through one another.

    Attributes
    ----------
    paths
        The files there are.
    missing
        Files that would be imported if there were any: they may appear.
    problems
        Of files that cannot be read or do not compile, with file, line and message.
    """

    paths: tuple[Path, ...] = ()
    missing: tuple[Path, ...] = ()
    problems: tuple[str, ...] = ()


def import_closure(scripts: Iterable[tuple[Path, bytes]], script_dir: Path) -> Closure:
    """The closure of scripts, given as path and text; never raises.

    The standard library's names are never looked for: the worker has the script directory at the end of ``sys.path``.
    """
    waiting = deque(name for path, text in scripts for name in _imports_of_script(text, path))
    found: dict[Path, str] = {}
    missing: dict[Path, None] = {}
    asked: set[Name] = set()
    while waiting and len(found) + len(missing) < MOST_PLACES:
        name = waiting.popleft()
        if name in asked or name[0] in sys.stdlib_module_names:
            continue
        asked.add(name)
        for path, package in _locate(name, script_dir):
            if package is None:
                missing[path] = None
            elif path not in found:
                found[path], names = _read(path, package)
                waiting.extend(names)
    return Closure(
        paths=tuple(found), missing=tuple(missing), problems=tuple(problem for problem in found.values() if problem)
    )


def _imports_of_script(text: bytes, path: Path) -> list[Name]:
    try:
        return list(_imports(_parse(text, path), ()))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []  # `livereduce.scripts` says what is wrong with it


def _read(path: Path, package: Name) -> tuple[str, list[Name]]:
    """What is wrong with a module, and what it imports."""
    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1)
        if len(text) > MOST_BYTES:
            return "", []
        tree = _parse(text, path)
        names = list(_imports(tree, package))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(tree, str(path), "exec", dont_inherit=True)
    except OSError as error:
        return f"{path}: cannot be read: {error.strerror or error}", []
    except SyntaxError as error:
        source = f": {error.text.strip()[:80]}" if error.text and error.text.strip() else ""
        return f"{path}:{error.lineno or 1}: {error.msg}{source}", []
    except (RecursionError, MemoryError):
        return f"{path}:1: nested too deeply", []
    except ValueError as error:  # null bytes, in some versions of Python
        return f"{path}:1: {error}", []
    return "", names


def _parse(text: bytes, path: Path) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as `livereduce.scripts` does
        return ast.parse(text, filename=str(path))


def _imports(tree: ast.Module, package: Name) -> Iterator[Name]:
    """All that might be modules: of ``from a import b`` both a and a.b, since b may be a module in the package a."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (tuple(alias.name.split(".")) for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                if level > len(package):  # beyond the top: an error when it runs
                    continue
                start = package[: len(package) - level + 1] if level else ()
                base = (*start, *(module.split(".") if module else ()))
                yield base
                yield from ((*base, alias.name) for alias in names if alias.name != "*")
            case ast.Call(
                func=ast.Name(id="__import__" | "import_module") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str() as text), *_],
            ) if all(part.isidentifier() for part in text.split(".")):
                yield tuple(text.split("."))


def _locate(name: Name, script_dir: Path) -> Iterator[tuple[Path, Name | None]]:
    """The files that importing a name runs, with the package that their relative imports start from.

    None as the package marks a file that would be run if it existed. A directory without ``__init__.py`` is a package
    of its own kind: nothing to run.
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
    except (OSError, ValueError):  # not there, out of reach, or no name that a file can have
        return False
