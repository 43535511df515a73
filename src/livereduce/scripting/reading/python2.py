"""Python 2 in a script: recognised where it does not compile, so that people are told to port it."""

import ast
import re

_STRINGS = re.compile(r"('''|\"\"\").*?(\1|\Z)|'(\\.|[^'\\\n])*'|\"(\\.|[^\"\\\n])*\"|#[^\n]*", re.DOTALL)
_SIGNS = (
    ("print statement", re.compile(r"(^|[:;])\s*print\b\s*(>>|[^\s(=.,:;\[)]|\([^()]*\)\s*[%,])")),
    ("exec statement", re.compile(r"(^|[:;])\s*exec\b\s*[^\s(=.,:\[)]")),
    ("except X, e", re.compile(r"(^|[:;])\s*except\b[^:]*,\s*\w+\s*:")),
    ("raise X, text", re.compile(r"(^|[:;])\s*raise\s+[\w.]+\s*,")),
    ("backticks", re.compile(r"`")),
    ("<>", re.compile(r"<>")),
    ("octal number", re.compile(r"(?<![\w.])0[0-7]+\b(?!\.)")),
    ("long number", re.compile(r"(?<![\w.])(0[xX][0-9a-fA-F]+|\d+)[lL]\b")),
    ("ur string", re.compile(r"\b[uU][rR](?=['\"])")),
    ("parameters in brackets", re.compile(r"(\bdef\s+\w+\s*\(|\blambda\b)([^=:()]*,)?\s*\(")),
)
TABS = "tabs mixed with spaces"
OLD_NAMES = frozenset({"xrange", "unicode", "unichr", "raw_input", "basestring", "long", "execfile", "reduce"})
"""Built in then, and not now: a script that uses them compiles, and fails when it comes to the line."""


def sign_of_python_2(text: str, error: SyntaxError) -> tuple[int, str] | None:
    """Line and name of what shows that a text which does not compile is Python 2; None if nothing shows it.

    Only the line of the error is looked at, and the one in front of it: what stands elsewhere did compile.
    """
    if isinstance(error, TabError):
        return error.lineno or 1, TABS
    lines = _code_of(text).split("\n")
    last = min(error.lineno or len(lines), len(lines))
    for number in (last, last - 1):
        if number > 0 and (sign := _sign(lines[number - 1])):
            return number, sign
    return None


def is_old_print(node: ast.AST) -> bool:
    """True for ``print >>file, text``, which Python 3 takes for a shift."""
    parts = node.elts if isinstance(node, ast.Tuple) and node.elts else [node]
    first = parts[0]
    return (
        isinstance(first, ast.BinOp)
        and isinstance(first.op, ast.RShift)
        and isinstance(first.left, ast.Name)
        and first.left.id == "print"
    )


def _sign(line: str) -> str:
    return next((name for name, pattern in _SIGNS if pattern.search(line)), "")


def _code_of(text: str) -> str:
    """The text without comments and with empty strings, line by line."""

    def emptied(found: re.Match[str]) -> str:
        whole = found[0]
        quotes = "" if whole.startswith("#") else '""'
        return quotes + "\n" * whole.count("\n")

    return _STRINGS.sub(emptied, text.replace("\r\n", "\n").replace("\r", "\n"))
