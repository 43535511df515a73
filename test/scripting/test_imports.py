import os
from pathlib import Path

import pytest

from livereduce.scripting import imports
from livereduce.scripting.imports import Closure, import_closure

SCRIPT = "reduce_PG3_live_proc.py"


def of(folder: Path, script: str, **files: str) -> Closure:
    """The closure of a script beside modules; ``a__b`` is the file ``a/b.py``, ``a__init`` the package's own."""
    for name, text in files.items():
        path = folder / (name.replace("__init", "/__init__").replace("__b", "/b").replace("__c", "/c") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return import_closure([(folder / SCRIPT, script.encode())], folder)


def names(found: Closure, folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in found.paths}


@pytest.mark.parametrize(
    "script",
    [
        "import helper",
        "import numpy, helper as h",
        "from helper import x, y",
        "from helper import *",
        "import helper.inner",
        "def f():\n    import helper\n",
        "try:\n    import helper\nexcept ImportError:\n    pass\nreturn\n",
        "import importlib\nimportlib.import_module('helper')",
        "from importlib import import_module\nimport_module('helper')",
        "h = __import__('helper')",
    ],
)
def test_every_way_of_importing(tmp_path: Path, script: str) -> None:
    found = of(tmp_path, script, helper="x = 1", other="y = 1")
    assert names(found, tmp_path) == {"helper.py"}
    assert found.problems == ()


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("import a", {"a/__init__.py"}),
        ("import a.b", {"a/__init__.py", "a/b.py"}),
        ("from a import b", {"a/__init__.py", "a/b.py"}),
        ("from a.c import b", {"a/__init__.py", "a/c.py", "a/b.py"}),
        ("import free.b", {"free/b.py"}),
    ],
)
def test_packages_and_relative_imports(tmp_path: Path, script: str, expected: set[str]) -> None:
    found = of(
        tmp_path, script, a__init="", a__b="", a__c="from . import b\nfrom .. import beyond", free__b="", beyond=""
    )
    assert names(found, tmp_path) == expected


def test_a_package_wins_over_a_module_and_imports_its_own(tmp_path: Path) -> None:
    found = of(tmp_path, "import a", a__init="from .b import x", a__b="x = 1", a="import never", never="")
    assert names(found, tmp_path) == {"a/__init__.py", "a/b.py"}


def test_modules_that_import_each_other(tmp_path: Path) -> None:
    found = of(tmp_path, "import one", one="import two", two="import one, three", three="import three")
    assert names(found, tmp_path) == {"one.py", "two.py", "three.py"}


def test_the_librarys_names_are_never_looked_for(tmp_path: Path) -> None:
    found = of(tmp_path, "from __future__ import annotations\nimport random, json.decoder", random="import other")
    assert found == Closure()


def test_a_folder_named_mantid_is_not_looked_into(tmp_path: Path) -> None:
    script = "import mantid\nfrom mantid.simpleapi import *\nfrom mantid.kernel import V3D"
    assert of(tmp_path, script, mantid__init="import other", mantid__b="1 +", other="") == Closure()


def test_what_may_appear(tmp_path: Path) -> None:
    found = of(tmp_path, "import numpy.linalg\nfrom a import later\nfrom a import *", a__init="")
    assert set(found.missing) == {
        tmp_path / path for path in ("numpy.py", "numpy/__init__.py", "a/later.py", "a/later/__init__.py")
    }


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("x = 1\ny = (\n", 2, "never closed"),
        ("x = 1\nreturn x\n", 2, "'return' outside function"),
        ("x = 1\n\0", 1, "null byte"),
        ("# \xe9\nx = '\\d' +\n", 2, "invalid syntax"),
    ],
)
def test_a_module_that_does_not_compile_is_a_problem_that_names_it(
    tmp_path: Path, text: str, line: int, what: str
) -> None:
    found = of(tmp_path, "import fine", fine="import broken", broken=text)
    (problem,) = found.problems
    assert problem.startswith(f"{tmp_path / 'broken.py'}:")
    assert what in problem
    assert f":{line}: " in problem or "null byte" in problem
    assert names(found, tmp_path) == {"fine.py", "broken.py"}, "it is watched, so that it can be mended"


def test_a_module_nested_too_deeply(tmp_path: Path) -> None:
    found = of(tmp_path, "import deep", deep="x = " + "-" * 100_000 + "1")
    (problem,) = (*found.problems, *found.beyond)
    assert problem.startswith(f"{tmp_path / 'deep.py'}:1: ")


def test_a_script_that_does_not_compile_has_no_imports_here(tmp_path: Path) -> None:
    assert of(tmp_path, "import helper\nx = (", helper="") == Closure()
    assert import_closure([(tmp_path / SCRIPT, b"import helper\n\0")], tmp_path) == Closure()


def test_nothing_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    touch = f"open({str(mark)!r}, 'w')"
    of(tmp_path, f"{touch}\nimport helper", helper=touch)
    assert not mark.exists()


def test_a_module_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*opened: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "helper.py").touch()
    monkeypatch.setattr(os, "open", refuse)
    found = import_closure([(tmp_path / SCRIPT, b"import helper")], tmp_path)
    assert found.problems == (f"{tmp_path / 'helper.py'}: cannot be read: Permission denied",)


def test_there_are_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "MAX_PLACES", 10)
    monkeypatch.setattr(imports, "MAX_PARSED_BYTES", 100)
    many = {f"m{number}": f"import m{number + 1}" for number in range(20)}
    assert len(of(tmp_path, "import m0", **many).paths) == 10
    found = of(tmp_path, "import long", long="import m0\n" + "#" * 200)
    assert names(found, tmp_path) == {"long.py"}


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    found = import_closure([(tmp_path / SCRIPT, b"import helper")], tmp_path / "gone")
    assert (found.paths, found.problems) == ((), ())


def test_a_module_that_is_too_long_is_beyond_and_its_limit_named(tmp_path: Path) -> None:
    (tmp_path / "helper.py").touch()
    os.truncate(tmp_path / "helper.py", 60 << 30)
    found = import_closure([(tmp_path / SCRIPT, b"import helper")], tmp_path)
    assert found.beyond == (f"{tmp_path / 'helper.py'}: the module is too long (60 GiB, at most 16 MiB)",)
    assert names(found, tmp_path) == {"helper.py"}, "it is watched, so that it can be mended"


def test_modules_that_are_too_long_together_are_beyond(tmp_path: Path) -> None:
    for name in "abcdef":
        (tmp_path / f"{name}.py").touch()
        os.truncate(tmp_path / f"{name}.py", 16 << 20)
    (problem,) = import_closure([(tmp_path / SCRIPT, b"import a, b, c, d, e, f")], tmp_path).beyond
    assert problem.startswith(
        f"{tmp_path / 'e.py'}: with it, all modules of the scripts together are too long (80 MiB, "
    )


def test_a_module_that_changes_into_a_fifo_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "helper.py")
    monkeypatch.setattr(imports, "S_ISREG", lambda mode: True)  # it was a file when it was looked for
    found = import_closure([(tmp_path / SCRIPT, b"import helper")], tmp_path)
    assert found.problems == (f"{tmp_path / 'helper.py'}: cannot be read: not a regular file",)
