"""The two processing scripts: where they lie, their md5, whether they compile.

A script is the body of a function of ``input`` and ``output``. Two things follow, and `compile_script` is the one
place for both: ``return`` is legal at the top level, and ``from x import *`` is not. It works on the syntax tree, not
on the text, so that line numbers are the script's own and multi-line strings keep their contents.
"""

import __future__

import ast
import hashlib
import inspect
import io
import tokenize
import types
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG
from typing import NoReturn

FUNCTION = "__live__"
"""Name of the function that a compiled script defines; people see it in tracebacks."""


WITHOUT = {
    "proc": "chunks are accumulated as they are",
    "post_proc": "the accumulated data are the result",
}
"""What happens where there is no script for a step; both are ways to work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One script as it lies on disk.

    Attributes
    ----------
    problem
        Why it cannot be used, or empty; it names the file.
    modified_ns
        When the file was written (Unix), for people only: what tells one version from another is the md5.
    """

    path: Path
    text: bytes
    md5: str
    problem: str = ""
    modified_ns: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripts:
    """The scripts of an instrument; None where there is no file. `problem` is that of the directory, or empty."""

    proc: Script | None = None
    post_proc: Script | None = None
    problem: str = ""


def script_path(script_dir: Path, short_name: str, step: str) -> Path:
    """Where the script of a step (``proc`` or ``post_proc``) is expected."""
    return script_dir / f"reduce_{short_name}_live_{step}.py"


def find_scripts(script_dir: Path, short_name: str) -> Scripts:
    """Both scripts as they are on disk now; never raises."""
    proc, post_proc = (read_script(script_path(script_dir, short_name, step)) for step in ("proc", "post_proc"))
    return Scripts(proc=proc, post_proc=post_proc, problem=_directory_problem(script_dir))


def _directory_problem(directory: Path) -> str:
    try:
        if directory.is_dir():
            list(directory.iterdir())
            return ""
        exists = directory.exists()
    except OSError as error:
        return f"script directory {directory} cannot be read: {error.strerror or error}"
    what = "is not a directory" if exists else "does not exist"
    return f'script directory {directory} {what}; expected the directory with the scripts ("script_dir")'


def read_script(path: Path) -> Script | None:
    """The script of a path; None if there is no such file."""
    try:
        facts = path.stat()
        if not S_ISREG(facts.st_mode):  # reading a pipe would wait for ever
            return Script(path=path, text=b"", md5="", problem=f"{path}: not a regular file")
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return Script(path=path, text=b"", md5="", problem=f"{path}: cannot be read: {error.strerror or error}")
    problem = find_problem(text, path)
    return Script(path=path, text=text, md5=md5_of(text), problem=problem, modified_ns=facts.st_mtime_ns)


def md5_of(text: bytes) -> str:
    """The md5 that tells one version of a script from another, in hex."""
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


def find_problem(text: bytes, path: Path) -> str:
    """Why a script cannot be used, with file and line where there is one; empty if it compiles."""
    if not text.strip():
        return f"{path}: the script is empty"
    try:
        compile_script(text, str(path))
    except SyntaxError as error:
        source = f": {error.text.strip()[:80]}" if error.text and error.text.strip() else ""
        return f"{path}:{error.lineno or 1}: {error.msg}{source}"
    return ""


def judge(scripts: Scripts, script_dir: Path, short_name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Problems, with which nothing can be reduced, and warnings."""
    if scripts.problem:
        return (scripts.problem,), ()
    proc, post_proc = (script_path(script_dir, short_name, step) for step in ("proc", "post_proc"))
    if scripts.proc is None and scripts.post_proc is None:
        return (f"no processing script: expected {proc} or {post_proc} (at least one of them)",), ()
    problems = tuple(script.problem for script in (scripts.proc, scripts.post_proc) if script and script.problem)
    return problems, ()


def compile_script(text: bytes, path: str) -> types.CodeType:
    """The code of a module that defines ``__live__(input, output)`` with the script as its body.

    The function always returns the triple (what the script returned or None, `input`, `output`): the two names as the
    script left them. A script that ends with one of them deleted (``del output``) raises UnboundLocalError, located at
    its return or its last line.

    Parameters
    ----------
    text
        The script as it is in the file, so that an encoding cookie is obeyed.
    path
        The user's path, for tracebacks.

    Raises
    ------
    SyntaxError
        The script does not compile as the body of a function.
    """
    _refuse_other_text(text, path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "\d" in a string works; nobody looks at warnings of a service
            script = ast.parse(text, filename=path)
            body, flags = _take_future_imports(script.body, path)
            return _compile_body(body, path, flags)
    except (RecursionError, MemoryError):
        raise SyntaxError("nested too deeply", (path, 1, None, None)) from None


def _refuse_other_text(text: bytes, path: str) -> None:
    """Refuse what is not text in the script's encoding: the parser lets it pass in comments, or names no line."""

    def refuse(message: str, offset: int) -> NoReturn:
        raise SyntaxError(message, (path, text.count(b"\n", 0, offset) + 1, None, None)) from None

    if b"\0" in text:
        refuse("null byte", text.index(b"\0"))
    try:
        text.decode(_encoding_of(text))
    except UnicodeDecodeError as error:
        refuse(f"not {error.encoding.upper()} text (byte 0x{text[error.start]:02x})", error.start)
    except SyntaxError as error:  # an unknown encoding
        refuse(str(error.msg), 0)
    except (LookupError, UnicodeError) as error:  # a codec, but none for text
        refuse(str(error), 0)


def _encoding_of(text: bytes) -> str:
    try:
        return tokenize.detect_encoding(io.BytesIO(text).readline)[0]
    except SyntaxError:
        text.decode("utf-8")  # in the first lines this is the reason, and its error names the byte
        raise


def _compile_body(body: list[ast.stmt], path: str, flags: int) -> types.CodeType:
    module = ast.parse(f"def {FUNCTION}(input, output): pass", filename=path)
    function = module.body[0]
    assert isinstance(function, ast.FunctionDef)
    last_line = body[-1].end_lineno or body[-1].lineno if body else 1
    function.body = [*body, ast.Return(lineno=last_line, col_offset=0, end_lineno=last_line, end_col_offset=0)]
    for node in _own_nodes(function.body):
        if isinstance(node, ast.Return):
            _make_triple(node)
    code: types.CodeType = compile(module, path, "exec", flags=flags, dont_inherit=True)
    _refuse_generator(code, body, path)
    return code


def _own_nodes(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Every node of the script itself, not those of functions and classes within it, whose returns are theirs.

    A loop and not an `ast.NodeVisitor`, which would hit the recursion limit on long sums that Python compiles.
    """
    stack: list[ast.AST] = list(body)
    while stack:
        node = stack.pop()
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield node
            stack.extend(ast.iter_child_nodes(node))


def _make_triple(statement: ast.Return) -> None:
    """``return x`` becomes ``return (x, input, output)``."""
    value = statement.value or ast.copy_location(ast.Constant(None), statement)
    names = [ast.copy_location(ast.Name(name, ast.Load()), statement) for name in ("input", "output")]
    statement.value = ast.copy_location(ast.Tuple([value, *names], ast.Load()), statement)


def _take_future_imports(body: list[ast.stmt], path: str) -> tuple[list[ast.stmt], int]:
    """The body without its ``from __future__`` imports, which no function may have, and the compiler flags for them.

    Only those that stand where Python allows them are taken; compiling refuses the others by itself.
    """
    start = 1 if body and _is_docstring(body[0]) else 0
    end, flags = start, 0
    while end < len(body):
        statement = body[end]
        if not isinstance(statement, ast.ImportFrom) or statement.module != "__future__":
            break
        for alias in statement.names:
            if alias.name not in __future__.all_feature_names:
                where = (path, statement.lineno, None, None)
                raise SyntaxError(f"future feature {alias.name} is not defined", where)
            flags |= getattr(__future__, alias.name).compiler_flag
        end += 1
    return body[:start] + body[end:], flags


def _is_docstring(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _refuse_generator(code: types.CodeType, body: list[ast.stmt], path: str) -> None:
    """Refuse a top-level ``yield``: it would make the script a generator, of which no line would ever run."""
    (function,) = (const for const in code.co_consts if isinstance(const, types.CodeType))
    if function.co_flags & inspect.CO_GENERATOR:
        lines = (node.lineno for node in _own_nodes(body) if isinstance(node, ast.Yield | ast.YieldFrom))
        raise SyntaxError("'yield' outside function", (path, min(lines, default=1), None, None))
