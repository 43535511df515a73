"""Modules of scripts are imported from the checked bytes. Each test imports in a process of its own."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from livereduce.base.errors import OperatorError
from livereduce.messages.job import ModuleCopy
from livereduce.scripting.files import md5_of
from livereduce.scripting.module_finder import let_scripts_import
from livereduce.scripting.script_set import read_set

IMPORTING = """
import json, sys
from livereduce.messages.job import ModuleCopy
from livereduce.scripting.module_finder import let_scripts_import

script_dir, modules, missing, code = json.loads(sys.stdin.read())
let_scripts_import(script_dir, [ModuleCopy(**one) for one in modules], missing)
said = {}
exec(code, said)
print(json.dumps(said["answer"]))
"""


class Folder:
    """A script directory, of which the modules that a script imports are copied and imported from."""

    def __init__(self, path: Path) -> None:
        self.path, self.copies = path / "scripts", path / "copies"
        self.copies.mkdir()
        self.path.mkdir()

    def write(self, **texts: str) -> None:
        """Put files there; ``a__b`` is ``a/b.py``."""
        for name, text in texts.items():
            path = self.path / (name.replace("__init", "/__init__").replace("__b", "/b") + ".py")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)

    def check(self, script: str) -> None:
        """What the daemon does: read, judge, copy."""
        (self.path / "reduce_PG3_live_proc.py").write_text(script)
        found = read_set(self.path, "PG3")
        self.missing = [str(path) for path in found.missing]
        self.modules = []
        for number, module in enumerate(found.modules):
            copy = self.copies / str(number)
            copy.write_bytes(module.text)
            self.modules.append(
                ModuleCopy(path=str(module.path), copy=str(copy), md5=module.md5, is_package=module.is_package)
            )

    def answer(self, code: str, cwd: Path | None = None) -> Any:
        """What `answer` is after the code has run in a worker's place."""
        job = json.dumps([str(self.path), [asdict(one) for one in self.modules], self.missing, code])
        done = subprocess.run(
            [sys.executable, "-P", "-c", IMPORTING],
            input=job,
            capture_output=True,
            text=True,
            cwd=cwd or self.path.parent,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.mark.parametrize("now", ["x = (\n", "x = 2\n", None])
def test_the_checked_bytes_run_whatever_the_file_is_now(folder: Folder, now: str | None) -> None:
    folder.write(helper="x = 1\n")
    folder.check("import helper")
    path = folder.path / "helper.py"
    path.unlink() if now is None else path.write_text(now)
    assert folder.answer("import helper; answer = [helper.x, helper.__file__]") == [1, str(path)]
    assert not (folder.path / "__pycache__").exists(), "no bytecode that belongs to another version of the file"


def test_a_package_its_submodules_and_their_relative_imports(folder: Folder) -> None:
    folder.write(a__init="from . import b\n", a__b="from .. import nothing\n")
    folder.write(a__init="from .b import x\n", a__b="x = 1\n")
    folder.check("import a.b")
    folder.write(a__b="x = (\n")
    code = "import a.b; answer = [a.x, a.b.__file__, a.b.__package__, list(a.__path__)]"
    assert folder.answer(code) == [1, str(folder.path / "a" / "b.py"), "a", [str(folder.path / "a")]]


def test_a_package_without_init_whose_folder_is_gone(folder: Folder) -> None:
    folder.write(free__b="x = 1\n")
    folder.check("import free.b")
    (folder.path / "free" / "b.py").unlink()
    (folder.path / "free").rmdir()
    assert folder.answer("import free.b; answer = free.b.x") == 1


def test_a_package_that_appears_does_not_hide_a_checked_module(folder: Folder) -> None:
    folder.write(helper="x = 1\n")
    folder.check("import helper")
    folder.write(helper__init="x = 2\n")
    assert folder.answer("import helper; answer = helper.x") == 1


OPTIONAL = "try:\n    import extra\n    answer = extra.x\nexcept ImportError:\n    answer = 'absent'\n"


@pytest.mark.parametrize("name", ["extra", "extra__init"])
def test_a_module_that_appears_after_the_check_is_not_there_yet(folder: Folder, name: str) -> None:
    folder.check(OPTIONAL)
    folder.write(**{name: "x = 1\n"})
    if name == "extra":
        assert folder.answer(OPTIONAL) == "absent"
    else:  # a folder that holds nothing checked is a package of Python's other kind
        assert folder.answer("import extra; answer = extra.__file__ is None") is True


def test_what_the_daemon_cannot_know_of_comes_from_the_directory(folder: Folder) -> None:
    folder.check("name = 'computed'\n__import__(name)\n")
    folder.write(computed="x = 1\n", data="")
    assert folder.answer("answer = __import__('com' + 'puted').x") == 1


def test_the_library_and_what_is_installed_come_first(folder: Folder) -> None:
    folder.write(random="x = 1\n", psutil="x = 1\n")
    folder.check("import random, psutil")
    code = "import random, psutil; answer = [hasattr(random, 'x'), hasattr(psutil, 'x')]"
    assert folder.answer(code) == [False, False]


def test_a_script_may_put_its_directory_first(folder: Folder) -> None:
    folder.write(psutil="x = 1\n")
    folder.check("import psutil")
    folder.write(psutil="x = 2\n")
    assert folder.answer(f"import sys; sys.path.insert(0, {str(folder.path)!r}); import psutil; answer = psutil.x") == 1


@pytest.mark.parametrize("entry", ["", ".", "../scripts"])
def test_the_directory_by_another_name_on_the_path(folder: Folder, entry: str) -> None:
    folder.write(helper="x = 1\n")
    folder.check("import helper")
    folder.write(helper="x = 2\n")
    code = f"import sys; sys.path.insert(0, {entry!r}); import helper; answer = helper.x"
    assert folder.answer(code, cwd=folder.path) == 1


def test_a_linked_module_keeps_its_own_path(folder: Folder, tmp_path: Path) -> None:
    (tmp_path / "shared.py").write_text("x = 1\n")
    (folder.path / "helper.py").symlink_to(tmp_path / "shared.py")
    folder.check("import helper")
    (tmp_path / "shared.py").write_text("x = (\n")
    assert folder.answer("import helper; answer = [helper.x, helper.__file__]") == [1, str(folder.path / "helper.py")]


def test_data_beside_a_module_and_in_the_working_directory(folder: Folder) -> None:
    folder.write(
        helper="import pkgutil\nfrom pathlib import Path\n"
        "beside = (Path(__file__).parent / 'data.txt').read_text()\n"
        "got = pkgutil.get_data('helper', 'data.txt').decode()\n"
        "here = Path('data.txt').read_text()\n"
    )
    folder.check("import helper")
    (folder.path / "data.txt").write_text("42")
    code = "import helper; answer = [helper.beside, helper.got, helper.here]"
    assert folder.answer(code, cwd=folder.path) == ["42", "42", "42"]


def test_a_traceback_quotes_the_lines_that_ran(folder: Folder) -> None:
    folder.write(helper="def f():\n    return 1 / 0  # the checked line\n")
    folder.check("import helper")
    folder.write(helper="def f():\n    another = line\n")
    code = (
        "import helper, inspect, traceback\n"
        "try:\n    helper.f()\nexcept ZeroDivisionError:\n"
        "    answer = traceback.format_exc() + inspect.getsource(helper.f)\n"
    )
    answer = folder.answer(code)
    assert f'File "{folder.path / "helper.py"}", line 2, in f' in answer
    assert answer.count("# the checked line") == 2
    assert "another" not in answer


def test_a_reload_gives_the_checked_bytes_again(folder: Folder) -> None:
    folder.write(helper="x = 1\n")
    folder.check("import helper")
    folder.write(helper="x = 2\n")
    assert folder.answer("import helper, importlib; answer = importlib.reload(helper).x") == 1


def test_a_copy_that_is_not_what_was_checked_is_refused(tmp_path: Path) -> None:
    copy = ModuleCopy(path="/scripts/helper.py", copy=str(tmp_path / "copy"), md5=md5_of(b"x"), is_package=False)
    hooks = list(sys.path_hooks)
    with pytest.raises(OperatorError, match=r"the copy of /scripts/helper\.py cannot be read: No such file"):
        let_scripts_import(str(tmp_path), [copy], [])
    (tmp_path / "copy").write_text("y")
    with pytest.raises(OperatorError, match=f"but {md5_of(b'x')} was checked"):
        let_scripts_import(str(tmp_path), [copy], [])
    assert sys.path_hooks == hooks
