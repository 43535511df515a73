"""Compile a processing script.

A script is the body of a function of ``input`` and ``output``, so ``return`` is legal at the top level. What Python
forbids in functions is made possible where scripts need it: ``from x import *`` brings its names to the global ones,
when and where the script says it. `compile_script` is the one place for both. It works on the syntax tree, not on the
text, so that line numbers are the script's own and multi-line strings keep their contents.
"""

import __future__

import ast
import importlib.util
import inspect
import io
import linecache
import tokenize
import types
import warnings
from collections.abc import Iterator
from typing import Any, NoReturn, TypeGuard

from livereduce.scripting.reading.scopes import own_nodes

FUNCTION = "__live__"
"""Name of the function that a compiled script defines; people see it in tracebacks."""


def compile_script(text: bytes, path: str) -> types.CodeType:
    """Compile a module that defines ``__live__(input, output)`` with the script as its body.

    The function always returns the triple (what the script returned or None, `input`, `output`): the two names as the
    script left them. A script that ends with one of them deleted (``del output``) raises UnboundLocalError, located at
    its return or its last line.

    Parameters
    ----------
    text
        The bytes of the file, so that an encoding cookie is obeyed.
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
            warnings.simplefilter("ignore")  # "\d" in a string works; nobody reads the warnings of a service
            script = ast.parse(text, filename=path)
            body, flags = _take_future_imports(script.body, path)
            return _compile_body(body, path, flags)
    except RecursionError:
        raise SyntaxError("nested too deeply", (path, 1, None, None)) from None
    except MemoryError:  # CPython's parser raises this for deeply nested brackets, too
        raise SyntaxError("nested too deeply, or needs too much memory", (path, 1, None, None)) from None


def _refuse_other_text(text: bytes, path: str) -> None:
    """Refuse bytes that are not text in the encoding: the parser accepts them in comments, or gives no line."""

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
    except (LookupError, UnicodeError) as error:  # a codec, but not one for text
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
    _let_import_all(body)
    function.body = [*body, ast.Return(lineno=last_line, col_offset=0, end_lineno=last_line, end_col_offset=0)]
    for node in own_nodes(function.body):
        if isinstance(node, ast.Return):
            _make_triple(node)
    code: types.CodeType = compile(module, path, "exec", flags=flags, dont_inherit=True)
    _refuse_generator(code, body, path)
    return code


def _let_import_all(body: list[ast.stmt]) -> None:
    """``from x import *`` of the script itself becomes ``exec('from x import *', globals())``, on its line.

    Not moved to the front: scripts extend ``sys.path`` before they import the modules of their site.
    """
    for statements in [body, *_lists_within(body)]:
        statements[:] = [_import_all(one) if _imports_all(one) else one for one in statements]


def _lists_within(body: list[ast.stmt]) -> Iterator[list[Any]]:
    for node in own_nodes(body):
        if isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from (part for _, part in ast.iter_fields(node) if isinstance(part, list))


def _imports_all(node: object) -> TypeGuard[ast.ImportFrom]:
    return isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)


def _import_all(statement: ast.ImportFrom) -> ast.stmt:
    source = f"from {'.' * statement.level}{statement.module or ''} import *"
    made = ast.parse(f"exec({source!r}, globals())").body[0]
    for node in ast.walk(made):
        ast.copy_location(node, statement)
    return made


def _make_triple(statement: ast.Return) -> None:
    """``return x`` becomes ``return (x, input, output)``."""
    value = statement.value or ast.copy_location(ast.Constant(None), statement)
    names = [ast.copy_location(ast.Name(name, ast.Load()), statement) for name in ("input", "output")]
    statement.value = ast.copy_location(ast.Tuple([value, *names], ast.Load()), statement)


def _take_future_imports(body: list[ast.stmt], path: str) -> tuple[list[ast.stmt], int]:
    """The body without its ``from __future__`` imports, which no function may have, and the compiler flags for them.

    Only those in places where Python allows them are taken; compiling refuses the others by itself.
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
        lines = (node.lineno for node in own_nodes(body) if isinstance(node, ast.Yield | ast.YieldFrom))
        raise SyntaxError("'yield' outside function", (path, min(lines, default=1), None, None))


def show_in_tracebacks(path: str, text: bytes) -> None:
    """Let tracebacks quote the bytes that run: the user's file may have changed since, or be gone.

    A time of None keeps `linecache.checkcache` from comparing the entry with the file.
    """
    lines = io.StringIO(importlib.util.decode_source(text)).readlines()
    linecache.cache[path] = (len(text), None, lines, path)
