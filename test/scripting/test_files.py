import os
import sys
import traceback
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.scripting.compiling import compile_script
from livereduce.scripting.files import ScriptFile, Scripts, find_scripts, judge, md5_of, script_path
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


def test_a_star_import_is_refused_with_its_line() -> None:
    error = refusal("import os\n\nfrom os.path import *\n")
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
        (b"x = 1\n\nfrom os import *\n", ":3: import * only allowed at module level"),
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


# --- where they lie


def write(directory: Path, **texts: bytes) -> None:
    for step, text in texts.items():
        (directory / f"reduce_PG3_live_{step}.py").write_bytes(text)


def test_scripts_are_found_by_the_short_name(tmp_path: Path) -> None:
    write(tmp_path, proc=GOOD, post_proc=b"pass\n")
    proc = ScriptFile(path=tmp_path / "reduce_PG3_live_proc.py", text=GOOD, md5=md5_of(GOOD))
    post_proc = ScriptFile(path=tmp_path / "reduce_PG3_live_post_proc.py", text=b"pass\n", md5=md5_of(b"pass\n"))
    found = find_scripts(tmp_path, "PG3")
    assert found == Scripts(proc=proc, post_proc=post_proc)
    assert judge(found, tmp_path, "PG3") == ((), ())
    assert md5_of(b"") == "d41d8cd98f00b204e9800998ecf8427e"


def test_both_scripts_missing_is_a_problem_that_names_both_paths(tmp_path: Path) -> None:
    (problem,), warnings = judge(find_scripts(tmp_path, "PG3"), tmp_path, "PG3")
    assert str(script_path(tmp_path, "PG3", "proc")) in problem
    assert str(script_path(tmp_path, "PG3", "post_proc")) in problem
    assert warnings == ()


def test_a_missing_proc_is_no_problem_where_there_is_a_post_proc(tmp_path: Path) -> None:
    write(tmp_path, post_proc=GOOD)
    assert judge(find_scripts(tmp_path, "PG3"), tmp_path, "PG3") == ((), ())


def test_a_missing_post_proc_is_the_way_to_disable_it(tmp_path: Path) -> None:
    write(tmp_path, proc=GOOD)
    assert judge(find_scripts(tmp_path, "PG3"), tmp_path, "PG3") == ((), ())


def test_both_scripts_are_judged(tmp_path: Path) -> None:
    write(tmp_path, proc=b"", post_proc=b"x = (\n")
    problems, _ = judge(find_scripts(tmp_path, "PG3"), tmp_path, "PG3")
    assert [problem.rpartition("/")[2].partition(":")[0] for problem in problems] == [
        "reduce_PG3_live_proc.py",
        "reduce_PG3_live_post_proc.py",
    ]


def test_a_missing_directory_has_its_own_message(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere"
    (problem,), _ = judge(find_scripts(missing, "PG3"), missing, "PG3")
    assert problem.startswith(f"script directory {missing} does not exist")
    (tmp_path / "file").write_text("")
    (problem,), _ = judge(find_scripts(tmp_path / "file", "PG3"), tmp_path / "file", "PG3")
    assert problem.startswith(f"script directory {tmp_path / 'file'} is not a directory")


def test_a_directory_that_cannot_be_read_has_its_own_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> Any:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    (problem,), _ = judge(find_scripts(tmp_path, "PG3"), tmp_path, "PG3")
    assert problem == f"script directory {tmp_path} cannot be read: Permission denied"


def test_an_unreadable_script_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, proc=GOOD)

    def refuse(*opened: object) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    (problem, _), _ = judge(find_scripts(tmp_path, "PG3"), tmp_path, "PG3")
    assert problem == f"{tmp_path}/reduce_PG3_live_proc.py: cannot be read: Permission denied"


def test_a_directory_in_place_of_a_script_and_a_dangling_link(tmp_path: Path) -> None:
    (tmp_path / "reduce_PG3_live_proc.py").mkdir()
    (tmp_path / "reduce_PG3_live_post_proc.py").symlink_to(tmp_path / "gone.py")
    found = find_scripts(tmp_path, "PG3")
    assert found.post_proc is None
    (problem,), _ = judge(found, tmp_path, "PG3")
    assert problem.endswith("reduce_PG3_live_proc.py: cannot be read: not a regular file")


@pytest.mark.parametrize("size", [(1 << 20) + 1, 60 << 30, 1 << 40])
def test_a_script_that_is_too_long_is_not_read(tmp_path: Path, size: int) -> None:
    write(tmp_path, proc=b"")
    os.truncate(tmp_path / "reduce_PG3_live_proc.py", size)
    script = find_scripts(tmp_path, "PG3").proc
    assert script is not None
    assert script.text == b""
    assert "_proc.py: cannot be read: too long (" in script.problem
    assert script.problem.endswith(", at most 1 MiB)")


def test_names_that_go_nowhere_are_warnings_that_name_script_and_line(tmp_path: Path) -> None:
    write(tmp_path, proc=b"input = input * 2\n", post_proc=b"\nresult = Rebin(input)\n")
    problems, warnings = judge(find_scripts(tmp_path, "PG3"), tmp_path, "PG3", "builtin")
    assert problems == ()
    assert [warning[:60] for warning in warnings] == [
        "reduce_PG3_live_proc.py: line 1 assigns to `input`, which ha",
        "reduce_PG3_live_post_proc.py: line 2 assigns to `result`, wh",
    ]
    _, of_mantid = judge(find_scripts(tmp_path, "PG3"), tmp_path, "PG3", "mantid")
    assert len(of_mantid) == 1, "an algorithm of Mantid stores what it makes under the name: that is the output"
