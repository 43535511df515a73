import builtins
import gc
import hashlib
import linecache
import signal
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from livereduce.base.errors import OperatorError
from livereduce.catalog.wording import no_site_module
from livereduce.engine.workspaces.mtd import WorkspaceStore
from livereduce.messages.job import ScriptCopy
from livereduce.scripting.runner import (
    MAX_TEXT,
    LoadedScript,
    Scope,
    ScriptError,
    ScriptOutput,
    load_script,
    run_script,
)
from livereduce.scripting.shown_traceback import MAX_TRACEBACK

Load = Callable[..., LoadedScript]


class Workspace:
    """Stands in for any workspace."""


@pytest.fixture
def store() -> WorkspaceStore:
    return WorkspaceStore()


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Load]:
    """Load a script text as a generation would: from a copy beside the user's file."""
    loaded: list[str] = []

    def load_text(text: str, scope: Scope | None = None, name: str = "reduce_PG3_live_proc.py") -> LoadedScript:
        data = dedent(text).encode()
        user, copy = tmp_path / name, tmp_path / f"copy_of_{name}"
        user.write_bytes(data)
        copy.write_bytes(data)
        loaded.append(str(user))
        frozen = ScriptCopy(path=str(user), copy=str(copy), md5=hashlib.md5(data).hexdigest())
        return load_script(frozen, scope or Scope())

    yield load_text
    for path in loaded:
        linecache.cache.pop(path, None)


def fail(outcome: ScriptOutput | ScriptError) -> ScriptError:
    assert isinstance(outcome, ScriptError), outcome
    return outcome


# --- what a script leaves ---


def test_a_script_that_does_nothing_makes_no_output(load: Load, store: WorkspaceStore) -> None:
    chunk = Workspace()
    store["chunk"] = chunk
    assert run_script(load("x = 1\n"), chunk, "chunk", store) == ScriptOutput(None)
    assert store["chunk"] is chunk


@pytest.mark.parametrize(
    "text",
    [
        "output = made",
        "mtd[output] = made",
        "mtd[output] = made\noutput = None",
        "mtd['other'] = made\noutput = 'other'",
        "return input, made",
        "return [input, made]",
        "mtd[output] = made\nreturn",
        "mtd[output] = made\nreturn input, output",
        "mtd[output] = made\nreturn None, None",
        "output = made\nif True:\n    return\noutput = None",
    ],
)
def test_every_way_to_leave_an_output_counts(load: Load, store: WorkspaceStore, text: str) -> None:
    made = Workspace()
    store["result"] = Workspace()
    assert run_script(load(text), Workspace(), "result", store, {"made": made}) == ScriptOutput(made)


@pytest.mark.parametrize("text", ["pass", "output = None", "return", "return input, output", "del mtd['result']"])
def test_an_earlier_result_is_not_taken_for_this_one(load: Load, store: WorkspaceStore, text: str) -> None:
    store["result"] = Workspace()
    assert run_script(load(text), Workspace(), "result", store) == ScriptOutput(None)


def test_assigning_the_same_workspace_again_is_an_output(load: Load, store: WorkspaceStore) -> None:
    chunk = Workspace()
    store["chunk"] = chunk
    assert run_script(load("mtd[output] = input"), chunk, "chunk", store) == ScriptOutput(chunk)


def test_a_name_that_is_not_in_the_store_is_an_error_that_lists_those_that_are(
    load: Load, store: WorkspaceStore
) -> None:
    store["accumulation"] = Workspace()
    error = fail(run_script(load("output = 'accumulated'"), Workspace(), "result", store))
    assert "'accumulated'" in error.text
    assert "accumulation" in error.text
    assert error.file.endswith("reduce_PG3_live_proc.py")


def test_returning_something_else_is_an_error(load: Load, store: WorkspaceStore) -> None:
    error = fail(run_script(load("return 5"), Workspace(), "result", store))
    assert "`input, output`, not int" in error.text


# --- names ---


def test_a_script_finds_the_names_of_the_contract(load: Load, store: WorkspaceStore) -> None:
    chunk = Workspace()
    script = load("output = (input, output, mtd, __name__, __file__, len('abc'))")
    outcome = run_script(script, chunk, "result", store)
    assert outcome == ScriptOutput((chunk, "result", store, "__main__", script.path, 3))


def test_functions_and_comprehensions_of_a_script_see_its_variables(load: Load, store: WorkspaceStore) -> None:
    text = """
        import math
        scale = 2
        def scaled(x):
            return math.floor(scale * x)
        output = tuple(scaled(x) for x in (1.6, scale))
    """
    assert run_script(load(text), Workspace(), "result", store) == ScriptOutput((3, 4))


def test_variables_of_the_body_do_not_survive_but_globals_and_workspaces_do(load: Load, store: WorkspaceStore) -> None:
    scope = Scope()
    proc = load(
        """
        global count
        count = globals().get('count', 0) + 1
        local = 1
        mtd['left_by_proc'] = count
        """,
        scope,
    )
    post = load("output = (count, 'local' in globals(), mtd['left_by_proc'])", scope, "reduce_PG3_live_post_proc.py")
    assert run_script(proc, Workspace(), "chunk", store) == ScriptOutput(None)
    assert run_script(proc, Workspace(), "chunk", store) == ScriptOutput(None)
    assert run_script(post, Workspace(), "result", store) == ScriptOutput((2, False, 2))


def test_scopes_do_not_meet(load: Load, store: WorkspaceStore) -> None:
    run_script(load("global x\nx = 1"), Workspace(), "chunk", store)
    assert run_script(load("output = 'x' in globals()"), Workspace(), "chunk", store) == ScriptOutput(False)


def test_extra_names_last_one_call_whatever_the_script_does_with_them(load: Load, store: WorkspaceStore) -> None:
    scope = Scope()
    accumulated = Workspace()
    script = load("global accumulation\nseen = accumulation\naccumulation = 5\noutput = seen", scope)
    assert run_script(script, Workspace(), "result", store, {"accumulation": accumulated}) == ScriptOutput(accumulated)
    failing = load("1 / 0", scope)
    fail(run_script(failing, Workspace(), "result", store, {"accumulation": accumulated}))
    assert "accumulation" not in scope.names
    gone = weakref.ref(accumulated)
    del accumulated
    gc.collect()
    assert gone() is None


def test_extra_names_give_back_a_global_they_hid(load: Load, store: WorkspaceStore) -> None:
    scope = Scope()
    run_script(load("global x\nx = 'mine'", scope), Workspace(), "chunk", store)
    assert run_script(load("output = [x]", scope), Workspace(), "chunk", store, {"x": "lent"}) == ScriptOutput(["lent"])
    assert run_script(load("output = [x]", scope), Workspace(), "chunk", store) == ScriptOutput(["mine"])


# --- errors ---


def test_an_error_names_the_users_file_line_and_text(load: Load, store: WorkspaceStore) -> None:
    script = load("def half(x):\n    return x / 0\n\n\nhalf(1)\n")
    error = fail(run_script(script, Workspace(), "result", store))
    assert (error.file, error.line) == (script.path, 2)
    assert error.text == "ZeroDivisionError: division by zero"
    assert str(error) == f"{script.path}:2: ZeroDivisionError: division by zero"
    assert error.traceback.startswith(f'Traceback (most recent call last):\n  File "{script.path}", line 5')
    assert "return x / 0" in error.traceback
    assert "livereduce/engine" not in error.traceback


def test_the_line_is_the_scripts_own_even_if_a_library_raised(load: Load, store: WorkspaceStore) -> None:
    error = fail(run_script(load("import json\n\njson.loads('{')\n"), Workspace(), "result", store))
    assert error.line == 3
    assert error.text.startswith("JSONDecodeError: ")
    assert "decoder.py" in error.traceback


def test_the_traceback_shows_the_bytes_that_run_not_those_of_an_edited_file(load: Load, store: WorkspaceStore) -> None:
    script = load("first = 1\nraise ValueError('no sample')\n")
    Path(script.path).write_text("# edited\n# since\n# then\n")
    error = fail(run_script(script, Workspace(), "result", store))
    assert "raise ValueError('no sample')" in error.traceback
    Path(script.path).unlink()
    error = fail(run_script(script, Workspace(), "result", store))
    assert "raise ValueError('no sample')" in error.traceback


def test_line_separators_that_only_str_knows_do_not_shift_the_lines(load: Load, store: WorkspaceStore) -> None:
    error = fail(run_script(load("x = 'a\u2028b'\n# \x0c\nraise ValueError\n"), Workspace(), "result", store))
    assert error.line == 3
    assert "    raise ValueError\n" in error.traceback


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("import sys\nsys.exit(3)", "SystemExit: 3"),
        ("exit()", "SystemExit"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("class Odd(BaseException): pass\nraise Odd('x')", "Odd: x"),
        ("def f(): f()\nf()", "RecursionError"),
        ("x = bytearray(1 << 62)", "MemoryError"),
        ("raise MemoryError", "MemoryError"),
        ("import no_such_module", "ModuleNotFoundError"),
        ("eval('1 +')", "SyntaxError"),
        ("del output", "UnboundLocalError"),
    ],
)
def test_nothing_a_script_raises_escapes(load: Load, store: WorkspaceStore, text: str, kind: str) -> None:
    error = fail(run_script(load(text), Workspace(), "result", store))
    assert error.text.startswith(kind)
    assert error.line > 0
    assert len(error.traceback) <= MAX_TRACEBACK + 100


def test_sys_exit_is_explained(load: Load, store: WorkspaceStore) -> None:
    error = fail(run_script(load("raise SystemExit"), Workspace(), "result", store))
    assert "use `return` to end it early" in error.text


def test_an_interrupt_is_not_the_scripts_business(load: Load, store: WorkspaceStore) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    try:
        with pytest.raises(KeyboardInterrupt):
            run_script(load("raise KeyboardInterrupt"), Workspace(), "result", store)
    finally:
        signal.signal(signal.SIGINT, before)


def test_where_interrupts_are_ignored_only_a_script_can_raise_one(load: Load, store: WorkspaceStore) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        outcome = run_script(load("raise KeyboardInterrupt"), Workspace(), "result", store)
    finally:
        signal.signal(signal.SIGINT, before)
    assert isinstance(outcome, ScriptError)
    assert outcome.text == "KeyboardInterrupt"


HOSTILE = [
    "def __str__(self): raise RuntimeError('no')",
    "def __str__(self): raise SystemExit",
    "def __str__(self): return 5",
    "def __str__(self): return str(self)",
    "def __str__(self): return 'long ' * 100_000",
    "def __repr__(self): raise RuntimeError('no')",
    "__notes__ = property(lambda self: exit())",
    "__notes__ = [type('Note', (), {'__str__': lambda self: exit()})()]",
    "__cause__ = property(lambda self: exit())",
    "__suppress_context__ = property(lambda self: exit())",
    "name = property(lambda self: exit())",
]


@pytest.mark.parametrize("method", HOSTILE)
@pytest.mark.parametrize("base", ["Exception", "NameError", "SyntaxError"])
def test_a_hostile_exception_cannot_escape_while_it_is_shown(
    load: Load, store: WorkspaceStore, method: str, base: str
) -> None:
    error = fail(run_script(load(f"class Hostile({base}):\n    {method}\n\nraise Hostile\n"), Workspace(), "r", store))
    assert error.line == 4
    assert error.text.startswith("Hostile")
    assert len(error.text) <= MAX_TEXT
    assert len(error.traceback) <= MAX_TRACEBACK + 100


def test_a_hostile_output_is_an_error(load: Load, store: WorkspaceStore) -> None:
    text = "class Hostile:\n    __class__ = property(lambda self: 1 / 0)\n\noutput = Hostile()\n"
    assert "ZeroDivisionError" in fail(run_script(load(text), Workspace(), "result", store)).text


def test_a_failed_call_lets_go_of_its_data(load: Load, store: WorkspaceStore) -> None:
    script = load(
        "held = input\ntry:\n    1 / 0\nexcept ZeroDivisionError as problem:\n    kept = problem\n    raise\n"
    )
    chunk = Workspace()
    gone = weakref.ref(chunk)
    gc.disable()
    try:
        fail(run_script(script, chunk, "result", store))
        del chunk
        assert gone() is None
    finally:
        gc.enable()


# --- loading ---


def copy_of(path: Path, text: bytes, md5: str = "") -> ScriptCopy:
    path.write_bytes(text)
    return ScriptCopy(path="/SNS/PG3/p.py", copy=str(path), md5=md5 or hashlib.md5(text).hexdigest())


def test_a_copy_that_is_not_what_was_checked_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"p\.py has md5 [0-9a-f]{32}, but abc was checked"):
        load_script(copy_of(tmp_path / "c.py", b"x = 1\n", "abc"))


def test_a_copy_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"gone\.py.*/SNS/PG3/p\.py.*No such file"):
        load_script(ScriptCopy(path="/SNS/PG3/p.py", copy=str(tmp_path / "gone.py"), md5=""))


@pytest.mark.parametrize("text", [b"", b"x = (\n", b"x = '\xff'\n", b"x = '\0'\n", b"yield 1\n"])
def test_what_does_not_compile_names_the_users_file(tmp_path: Path, text: bytes) -> None:
    with pytest.raises(OperatorError, match=r"/SNS/PG3/p\.py"):
        load_script(copy_of(tmp_path / "c.py", text))


def test_the_scope_is_that_of_the_process_unless_given(tmp_path: Path) -> None:
    path = tmp_path / "c.py"
    first, second = load_script(copy_of(path, b"x = 1\n")), load_script(copy_of(path, b"x = 2\n"))
    linecache.cache.pop(first.path)
    assert first.scope is second.scope
    outcome: Any = run_script(first, Workspace(), "chunk", WorkspaceStore())
    assert outcome == ScriptOutput(None)


class Talker(Workspace):
    """Has a method that scripts misspell."""

    def getNumberEvents(self) -> int:  # noqa: N802
        return 7


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = inptu", "NameError: name 'inptu' is not defined; did you mean 'input'?"),
        ("edges = 1\nx = egdes", "NameError: name 'egdes' is not defined; did you mean 'edges'?"),
        ("pritn(1)", "NameError: name 'pritn' is not defined; did you mean 'print'?"),
        (
            "input.getNumberEvent()",
            "'Talker' object has no attribute 'getNumberEvent'; did you mean 'getNumberEvents'?",
        ),
        ("mtd['Accumulation']", "KeyError: no workspace named 'Accumulation'; did you mean 'accumulation'?"),
        ("output = 'Accumulation'", "no workspace named 'Accumulation'; did you mean 'accumulation'?"),
        ("import drtsans.path", no_site_module("drtsans")),
        ("import drtsans.path", "it needs Mantid itself"),
        ("import json.decodr", "No module named 'json.decodr'"),
        ("{}['a b']", "KeyError: a b"),
        ("{}['a']", "KeyError: 'a'"),
    ],
)
def test_a_name_that_is_not_known_comes_with_the_one_that_was_meant(
    load: Load, store: WorkspaceStore, text: str, told: str
) -> None:
    store.update({f"w{k}": k for k in range(200)})
    store["accumulation"] = object()
    assert told in fail(run_script(load(text), Talker(), "out", store)).text


def test_an_object_that_fails_when_asked_for_its_names_fails_nothing_else(load: Load, store: WorkspaceStore) -> None:
    text = """
    class Hostile:
        def __dir__(self):
            raise KeyboardInterrupt
    Hostile().x
    """
    assert fail(run_script(load(text), Workspace(), "out", store)).text.startswith("AttributeError: ")


def test_what_a_script_makes_of_the_built_in_names_is_its_own(load: Load, store: WorkspaceStore) -> None:
    before = dict(vars(builtins))
    spoils = load("import builtins\nbuiltins.print = builtins.len = None\ndel builtins.sorted\nbuiltins.extra = 1")
    assert isinstance(run_script(spoils, Workspace(), "result", store), ScriptOutput)
    try:
        assert {name: value for name, value in vars(builtins).items() if name != "extra"} == before
        found: list[object] = []
        asks = load("found.append((print, len, extra))")
        run_script(asks, Workspace(), "result", store, {"found": found})
        assert found == [(None, None, 1)]
    finally:
        run_script(load("import builtins\ndel builtins.extra"), Workspace(), "result", store)
        mends = load("builtins.print = originals['print']\nbuiltins.len = originals['len']")
        run_script(mends, Workspace(), "result", store, {"builtins": builtins, "originals": before})
    assert vars(builtins) == before
