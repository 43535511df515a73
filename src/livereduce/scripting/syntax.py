"""Facts about the text of a script or a module, from its syntax tree, without running it."""

import ast
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from livereduce.catalog.wording import python_2
from livereduce.scripting.compiling import compile_script
from livereduce.scripting.reading.findings import NOTHING, ScriptReading
from livereduce.scripting.reading.obstacles import read
from livereduce.scripting.reading.python2 import sign_of_python_2
from livereduce.scripting.unused import Unused, find_unused

Name = tuple[str, ...]
"""A module name, split at its dots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Syntax:
    """Facts about one text.

    Attributes
    ----------
    problem
        Why it cannot be used, with the path and, if known, the line; empty if it compiles.
    beyond
        The problem is that compiling takes too much time or memory: nothing may be started on this text.
    imports
        Possible modules: for ``from a import b`` both a and a.b, because b may be a module in the package a.
    unused
        Names that a script assigns and never uses.
    reading
        What it asks of Mantid's interface and of its environment.
    """

    problem: str = ""
    beyond: bool = False
    imports: tuple[Name, ...] = ()
    unused: tuple[Unused, ...] = ()
    reading: ScriptReading = NOTHING


MAX_READ_BYTES = 1 << 17
"""A longer text is compiled, but not read for obstacles: that would take seconds in which the daemon waits for it."""

Parse = Callable[[bytes, Path, Name | None], Syntax]
"""Takes the text, the path for messages, and the package that the relative imports of a module start from; None for a
script. `parse` does it directly, `livereduce.scripting.parsing` in a process with limits."""


def parse(text: bytes, path: Path, package: Name | None = None) -> Syntax:
    """Parse and compile a text in this process, without limits of time or memory; never raises."""
    if package is not None:
        return _parse_module(text, path, package)
    problem = find_problem(text, path)
    try:
        tree = _tree(text, path)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Syntax(problem=problem)
    imports = tuple(_imports(tree, ()))
    if problem:
        return Syntax(problem=problem, imports=imports)
    return Syntax(imports=imports, unused=find_unused(tree), reading=_reading(tree, text, is_script=True))


def find_problem(text: bytes, path: Path) -> str:
    """Reason why a script cannot be used, with file and line if known; empty if it compiles."""
    if not text.strip():
        return f"{path}: the script is empty"
    try:
        compile_script(text, str(path))
    except SyntaxError as error:
        return _in_words(error, text, path)
    return ""


def _parse_module(text: bytes, path: Path, package: Name) -> Syntax:
    try:
        tree = _tree(text, path)
        names = tuple(_imports(tree, package))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(tree, str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        return Syntax(problem=_in_words(error, text, path))
    except RecursionError:
        return Syntax(problem=f"{path}:1: nested too deeply")
    except MemoryError:
        return Syntax(problem=f"{path}:1: nested too deeply, or needs too much memory", beyond=True)
    except ValueError as error:  # null bytes, in some versions of Python
        return Syntax(problem=f"{path}:1: {error}")
    return Syntax(imports=names, reading=_reading(tree, text, is_script=False))


def _reading(tree: ast.Module, text: bytes, *, is_script: bool) -> ScriptReading:
    return read(tree, is_script=is_script) if len(text) <= MAX_READ_BYTES else NOTHING


def _in_words(error: SyntaxError, text: bytes, path: Path) -> str:
    if sign := sign_of_python_2(text.decode("utf-8", "replace"), error):
        return f"{path}:{sign[0]}: {python_2(sign[1])}"
    source = f": {error.text.strip()[:80]}" if error.text and error.text.strip() else ""
    return f"{path}:{error.lineno or 1}: {error.msg}{source}"


def _tree(text: bytes, path: Path) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as `livereduce.scripting.compiling` does
        return ast.parse(text, filename=str(path))


def _imports(tree: ast.Module, package: Name) -> Iterator[Name]:
    """See `Syntax.imports`."""
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
