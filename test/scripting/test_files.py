import sys
import traceback
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.scripting.compiling import compile_script
from livereduce.scripting.syntax import find_problem

PATH = "/scripts/reduce_PG3_live_proc.py"
GOOD = b"output = input\n"


def call(text: str | bytes, input: object = "in", output: object = "out") -> Any:
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile_script(text if isinstance(text, bytes) else dedent(text).encode(), PATH), names)
    return names["__live__"](input, output)


def refusal(text: str | bytes) -> SyntaxError:
    with pytest.raises(SyntaxError) as caught:
        compile_script(text if isinstance(text, bytes) else dedent(text).encode(), PATH)
    assert caught.value.filename == PATH
    return caught.value


# --- the compiled form


def test_a_script_that_does_nothing_gives_both_names_back() -> None:
    for text in ("", "\n", "# a comment\n", '"""a docstring"""', "pass"):
        assert call(text) == (None, "in", "out")


def test_output_may_be_rebound() -> None:
    assert call("output = input * 2") == (None, "in", "inin")
    assert call("input = 1") == (None, 1, "out")


def test_a_return_ends_the_script_wherever_it_stands() -> None:
    text = """
        for turn in range(3):
            try:
                with open("/dev/null"):
                    if turn == 1:
                        output = turn
                        return {}
            finally:
                pass
        output = "not reached"
    """
    assert call(text.format("")) == (None, "in", 1)
    assert call(text.format("input, output")) == (("in", 1), "in", 1)
    assert call(text.format("[r for r in range(turn + 1)]")) == ([0, 1], "in", 1)


def test_returns_in_match_and_except_are_the_scripts_own() -> None:
    assert call("match input:\n    case 'in':\n        return 1") == (1, "in", "out")
    assert call("try:\n    1 / 0\nexcept ZeroDivisionError:\n    return 2") == (2, "in", "out")


def test_returns_of_functions_within_are_theirs() -> None:
    text = """
        def double(x):
            return 2 * x
        class Thing:
            def value(self):
                return double(3)
        output = [double(1), (lambda: 5)(), Thing().value()]
    """
    assert call(text) == (None, "in", [2, 5, 6])


def test_variables_of_the_script_are_seen_by_its_functions_and_do_not_survive() -> None:
    text = """
        scale = 3
        def scaled(x):
            return scale * x
        output = scaled(2), "scale" in globals()
    """
    assert call(text) == (None, "in", (6, False))


def test_global_variables_work() -> None:
    names: dict[str, Any] = {"count": 1}
    exec(compile_script(b"global count\ncount += 1\noutput = count", PATH), names)
    assert names["__live__"](0, 0) == (None, 0, 2)
    assert names["count"] == 2


def test_tracebacks_have_the_scripts_own_lines() -> None:
    text = "x = '''\nof two lines'''\n\ndef broken():\n    return 1 / 0\n\nbroken()\n"
    with pytest.raises(ZeroDivisionError) as caught:
        call(text)
    frames = [frame for frame in traceback.extract_tb(caught.value.__traceback__) if frame.filename == PATH]
    assert [(frame.name, frame.lineno) for frame in frames] == [("__live__", 7), ("broken", 5)]


def test_multi_line_strings_keep_their_contents() -> None:
    assert call('output = """a\n  b\n\tc"""') == (None, "in", "a\n  b\n\tc")


def test_a_deleted_output_is_an_unbound_name_at_the_last_line() -> None:
    with pytest.raises(UnboundLocalError, match="output") as caught:
        call("x = 1\n\ndel output\n")
    assert caught.value.__traceback__ is not None
    assert traceback.extract_tb(caught.value.__traceback__)[-1].lineno == 3


def test_future_imports_work() -> None:
    text = '"""Docs."""\nfrom __future__ import annotations\nfrom __future__ import division, generator_stop\n'
    text += "def f(x: NoSuchName) -> Neither: ...\noutput = f.__annotations__['x']"
    assert call(text) == (None, "in", "NoSuchName")


def test_wrong_future_imports_are_refused_as_python_does() -> None:
    assert refusal("from __future__ import flying_cars\n").lineno == 1
    assert refusal("x = 1\nfrom __future__ import annotations\n").lineno == 2


def test_a_star_import_of_the_script_itself_works_where_it_stands() -> None:
    assert call("from os.path import *\noutput = basename('a/b')")[2] == "b"
    text = "try:\n    from nowhere_at_all import *\nexcept ImportError:\n    from os.path import *\n"
    assert call(text + "if True:\n    from math import *\noutput = basename('a/b'), floor(2.5)")[2] == ("b", 2)
    text = "import sys, types\nsys.modules['made_here'] = types.SimpleNamespace(here=5, __all__=['here'])\n"
    assert call(text + "from made_here import *\noutput = here\ndel sys.modules['made_here']")[2] == 5


def test_a_star_import_that_fails_has_its_line() -> None:
    with pytest.raises(ModuleNotFoundError, match="nowhere_at_all") as caught:
        call("x = 1\n\nfrom nowhere_at_all import *\n")
    lines = [frame.lineno for frame in traceback.extract_tb(caught.value.__traceback__) if frame.filename == PATH]
    assert lines == [3]


def test_a_star_import_in_a_function_is_refused_with_its_line() -> None:
    error = refusal("import os\ndef f():\n    from os.path import *\n")
    assert (error.lineno, "import *" in (error.msg or "")) == (3, True)


def test_a_top_level_yield_is_refused_with_its_line() -> None:
    text = """\
        def fine():
            yield 1
        if input:
            yield 2
    """
    error = refusal(text)
    assert (error.lineno, error.msg) == (4, "'yield' outside function")
    assert refusal("def odd(x=(yield)): pass").lineno == 1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = 1\nfor\n", 2),
        ("if True:\nx = 1\n", 2),
        ("x = 1\nawait x\n", 2),
        ("class A:\n    return 1\n", 2),
        ("x = 1\n\nnonlocal y\n", 3),
        ("global input\n", 1),
        ("if x:\n\ty = 1\n        z = 2\n", 3),
        (b"x = 1\ny = '\0'\n", 2),
        (b"a\nb\n# caf\xe9\n", 3),
        (b"# coding: nonsense\n", 1),
        (b"# coding: rot13\n", 1),
    ],
)
def test_what_does_not_compile_is_a_syntax_error_with_its_line(text: str | bytes, line: int) -> None:
    assert refusal(text).lineno == line


def test_encodings_and_tabs() -> None:
    assert call("# coding: latin-1\noutput = 'é'".encode("latin-1")) == (None, "in", "é")
    assert call(b"\xef\xbb\xbfoutput = '\xc3\xa9'\r\n") == (None, "in", "é")
    assert call("if input:\n\toutput = 1\n\tif output:\n\t\toutput = 2\n".expandtabs(8).encode()) == (None, "in", 2)
    assert call(b"if input:\n\toutput = 1\n\tif output:\n\t\toutput = 2\n") == (None, "in", 2)


def test_escapes_that_python_warns_about_still_work() -> None:
    assert call(rb"output = '\d'") == (None, "in", r"\d")


def test_long_sums_compile_and_absurd_nesting_is_a_syntax_error() -> None:
    terms = sys.getrecursionlimit() // 2
    assert call("output = " + " + ".join(["1"] * terms)) == (None, "in", terms)
    assert refusal("output = " + "-" * 200_000 + "1").lineno is not None


@given(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace"))))
def test_any_bytes_compile_or_are_a_syntax_error(text: bytes) -> None:
    problem = find_problem(text, Path(PATH))
    if text.strip():
        try:
            compile_script(text, PATH)
            compiles = True
        except SyntaxError:
            compiles = False
        assert compiles is (problem == "")
    assert problem == "" or problem.startswith(f"{PATH}:")


# --- problems in words


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (GOOD, ""),
        (b"# only a comment\n", ""),
        (b"", ": the script is empty"),
        (b" \n\t\n", ": the script is empty"),
        (b"x = 1\nfor x in\n", ":2: invalid syntax: for x in"),
        (b"x = 1\n\nfrom os import *\n", ""),
        (b"def f():\n    from os import *\n", ":2: import * only allowed at module level"),
        (b"# caf\xe9\n", ":1: not UTF-8 text (byte 0xe9)"),
        (b"a\nb\n# caf\xe9\n", ":3: not UTF-8 text (byte 0xe9)"),
        (b"# coding: ascii\n\xe9\n", ":2: not ASCII text (byte 0xe9)"),
        (b"# coding: klingon\n", ":1: unknown encoding: klingon"),
        (b"x = 1\ny = '\0'\n", ":2: null byte"),
    ],
)
def test_each_problem_of_a_script_has_its_own_message(text: bytes, problem: str) -> None:
    found = find_problem(text, Path(PATH))
    assert found.startswith(f"{PATH}{problem}" if problem else "")
    assert bool(found) is bool(problem)
