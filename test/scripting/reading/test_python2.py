"""Python 2 is called Python 2, with the line and what shows it; other mistakes are not."""

from pathlib import Path

import pytest

from livereduce.scripting.syntax import find_problem, parse

PATH = Path("/scripts/reduce_X_live_proc.py")
SIGNS = {
    'print "counts", n': "print statement",
    "print n": "print statement",
    'if n: print "counts %d" % n': "print statement",
    "print '%s' % (a, b), c": "print statement",
    "try:\n    pass\nexcept ValueError, e:\n    pass": "except X, e",
    "try:\n    pass\nexcept (ValueError, TypeError), e:\n    pass": "except X, e",
    "name = `n`": "backticks",
    'exec "n = 1"': "exec statement",
    'exec "n = 1" in {}': "exec statement",
    "if n <> 2:\n    pass": "<>",
    "os.chmod(path, 0777)": "octal number",
    "n = 10L": "long number",
    'raise ValueError, "no counts"': "raise X, text",
    'text = ur"x"': "ur string",
    "def f(a, (b, c)):\n    pass": "parameters in brackets",
    "if n:\n        a = 1\n\tb = 2": "tabs mixed with spaces",
}


@pytest.mark.parametrize("code", SIGNS)
def test_what_shows_python_2_is_named(code: str) -> None:
    lines = code.split("\n")
    line = next((3 + n for n, part in enumerate(lines) if part.startswith(("except", "\tb"))), 3)
    expected = f"{PATH}:{line}: this is Python 2 ({SIGNS[code]}): port it to Python 3"
    assert find_problem(f"# a comment\n'''a text'''\n{code}\n".encode(), PATH) == expected
    assert parse(f"# a comment\n'''a text'''\n{code}\n".encode(), PATH, ("module",)).problem == expected


@pytest.mark.parametrize(
    "code",
    [
        "n = (1, 2",
        "for",
        "print('a'",
        "x = 'print 1",
        "if n == 1\n    pass",
        "# print 1\nfor",
        "'''\nprint 1\n'''\nfor",
        "def f(a:\n    pass",
        "n = 1 +",
        "except ValueError:",
        "a = 'b`c'; for",
        "   x = 1",
        "raise ValueError('a', ",
    ],
)
def test_another_mistake_is_not_called_python_2(code: str) -> None:
    problem = find_problem(code.encode(), PATH)
    assert problem
    assert "Python 2" not in problem
