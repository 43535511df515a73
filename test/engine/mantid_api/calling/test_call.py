"""Calls of algorithms as scripts write them, run by the engine itself."""

import gc
import weakref
from pathlib import Path
from typing import Any

import pytest

from helpers.calling import error_of, reduced_by
from livereduce.engine.mantid_api import hook
from livereduce.engine.mantid_api.session import using
from livereduce.engine.workspaces.mtd import WorkspaceStore
from livereduce.messages.job import ScriptCopy
from livereduce.scripting.files import md5_of
from livereduce.scripting.runner import Scope, ScriptError, load_script, run_script

WORKS = {
    "names do not depend on case": "a = Rebin(inputworkspace=input, PARAMS='0,5,10')\nassert str(a) == 'a'",
    "inputs by place": "a = Rebin(input, [0, 5, 10], False)\nassert a.getNumberEvents() == input.getNumberEvents()",
    "inputs by place are those that must be given": "a = CreateWorkspace([0, 1], [5])\nassert a.readY(0)[0] == 5",
    "inputs by name": "a = Rebin(input, '0,5,10')\nb = Rebin('a', 2)\nassert list(b.readX(0))[-1] == 10",
    "the output is a name": "Rebin(input, '0,5,10', OutputWorkspace='out')\nassert 'out' in mtd",
    "the output is a workspace": "a = Rebin(input, '0,5,10')\nRebin(input, '0,2,10', OutputWorkspace=a)\n"
    "assert mtd['a'].blocksize() == 5",
    "a keyword is stronger than the assignment": "a = Rebin(input, '0,5,10', OutputWorkspace='out')\n"
    "assert str(a) == 'out' and 'a' not in mtd",
    "in place the object in the hand changes": "a = Rebin(input, '0,5,10')\nb = a\nRebin(a, '0,2,10', "
    "OutputWorkspace='a')\nassert b.blocksize() == 5 and mtd['a'] is b",
    "in place by assignment": "a = Rebin(input, '0,5,10')\nb = a\na = Rebin(a, '0,2,10')\nassert b.blocksize() == 5",
    "another object of that name is replaced": "a = Rebin(input, '0,5,10')\nb = a\na = Rebin(input, '0,2,10')\n"
    "assert (b.blocksize(), a.blocksize()) == (2, 5) and mtd['a'] is a",
    "two names for one": "a = b = Rebin(input, '0,5,10')\nassert str(a) == 'a' and b is a",
    "in a function": "def f(data):\n    inner = Rebin(data, '0,5,10')\n    return inner\n"
    "assert str(f(input)) == 'inner'",
    "in a closure": "def f():\n    kept = Rebin(input, '0,5,10')\n    return lambda: kept\nassert str(f()()) == 'kept'",
    "for an outer name": "a = None\ndef f():\n    nonlocal a\n    a = Rebin(input, '0,5,10')\nf()\n"
    "assert str(a) == 'a'",
    "for a global name": "def f():\n    global seen\n    seen = Rebin(input, '0,5,10')\nf()\n"
    "assert str(seen) == 'seen'",
    "with unpacked arguments": "all = {'InputWorkspace': input, 'Params': '0,5,10'}\na = Rebin(**all)\n"
    "assert str(a) == 'a'\nb = Rebin(*[input, '0,5,10'])\nassert str(b) == 'b'",
    "in a loop and a condition": "for n in range(2):\n    if True:\n        a = Rebin(input, '0,5,10')\n"
    "assert str(a) == 'a'",
    "with a walrus": "assert str(a := Rebin(input, '0,5,10')) == 'a'",
    "in a with and a try": "try:\n    with open('/dev/null'):\n        a = Rebin(input, '0,5,10')\nfinally:\n"
    "    assert str(a) == 'a'",
    "two in a row in a function": "def f():\n    a = Rebin(input, '0,5,10'); b = Rebin(a, '0,2,10')\n    return a, b\n"
    "assert [str(one) for one in f()] == ['a', 'b']",
    "None is not given": "a = Rebin(input, '0,5,10', Power=None, PreserveEvents=None)\nassert a.blocksize() == 2",
    "keywords of all": "a = Rebin(input, '0,5,10', Version=1, EnableLogging=False)\nassert str(a) == 'a'",
    "not in the store": "a = Rebin(input, '0,5,10', StoreInADS=False)\nassert 'a' not in mtd and a.blocksize() == 2\n"
    "a = Rebin(InputWorkspace=a, Params='0,2,10', StoreInADS=False)\nassert 'a' not in mtd and a.blocksize() == 5",
    "as an expression": "assert Rebin(input, '0,5,10', StoreInADS=False).blocksize() == 2",
    "a workspace without a name takes that of the store": "a = Rebin(input, '0,5,10', StoreInADS=False)\n"
    "b = mantid.simpleapi.CreateWorkspace([0, 1], [5], StoreInADS=False)\nb.renamed('')\nmtd.add('b', b)\n"
    "assert str(b) == 'b'\nmtd.remove('b')",
    "the text is the name": "a = Rebin(input, '0,5,10')\nassert str(mtd[str(a)]) == f'{a}' == a.name()",
    "the name of a function": "assert Rebin.__name__ == 'Rebin' and mantid.simpleapi.Rebin is Rebin",
}


@pytest.mark.parametrize("name", WORKS)
def test_what_works(name: str, tmp_path: Path) -> None:
    reduced_by(tmp_path, WORKS[name])


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("Rebin(input, '1,2,3')", "RefusedCall: Rebin: OutputWorkspace is missing; expected a name"),
        ("a = Rebin(input)", "RefusedCall: Rebin: Params is missing"),
        ("a = Rebin('nowhere', 1)", "Rebin: InputWorkspace: no workspace named 'nowhere'"),
        (
            "a = Rebin(3.5, 1)",
            "TypeError: Rebin: InputWorkspace must be a workspace of spectra, or the name of one, not",
        ),
        ("a = Rebin(input, Param=1)", "TypeError: Rebin has no argument 'Param'; did you mean 'Params'?"),
        ("a = Rebin(input, 'abc')", "ValueError: Rebin: Params must be a number, a list of numbers"),
        ("a = Rebin(input, 1, PreserveEvents='maybe')", "Rebin: PreserveEvents must be True or False, not str 'maybe'"),
        ("Rebin(input, 1, OutputWorkspace=5)", "TypeError: Rebin: OutputWorkspace must be a name, or a workspace"),
        (
            "a = Rebin(input, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)",
            "TypeError: Rebin takes at most 8 arguments without their names here (in this order: InputWorkspace, ",
        ),
        (
            "a = Rebin(input, 1, 2, 3, 4, 5, 6, 7, 8, 9, PreserveEvents=True)",
            "TypeError: Rebin takes at most 7 arguments without their names here",
        ),
        ("a, b = Rebin(input, '0,5,10')", "RuntimeError: Rebin returns 1 values (OutputWorkspace), not 2"),
        ("a = Rebin(input, Params=1, params=2)", "TypeError: Rebin: Params is given twice"),
    ],
)
def test_what_is_wrong_is_named(text: str, error: str, tmp_path: Path) -> None:
    said = error_of(tmp_path, text)
    assert error in said
    assert "proc.py:1: " in said


def test_a_missing_workspace_is_a_value_error_as_in_mantid_and_a_key_error_as_of_a_store(tmp_path: Path) -> None:
    text = "try:\n    Rebin('nowhere', 1, OutputWorkspace='x')\nexcept {}:\n    pass"
    reduced_by(tmp_path, text.format("ValueError"))
    reduced_by(tmp_path, text.format("KeyError"))


def test_help_says_the_arguments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reduced_by(tmp_path, "help(Rebin)\nimport inspect\nassert 'Params' in inspect.signature(Rebin).parameters")
    said = capsys.readouterr().out
    assert "Rebin(InputWorkspace" in said
    assert "Params: a number, a list of numbers" in said


def test_a_thread_of_a_script_means_the_store_of_its_call(tmp_path: Path) -> None:
    reduced_by(
        tmp_path,
        "import threading\nfrom mantid.simpleapi import mtd as store\nseen = []\n"
        "def work():\n    a = Rebin(input, '0,5,10')\n    seen.append('a' in store and store['a'] is a)\n"
        "thread = threading.Thread(target=work)\nthread.start()\nthread.join()\nassert seen == [True] and 'a' in mtd",
    )


def test_a_thread_that_outlives_its_call_means_the_same_store(tmp_path: Path) -> None:
    reduced_by(
        tmp_path,
        "import threading\nfrom mantid.api import mtd as store\nseen = mtd.get('seen') or []\nmtd['seen'] = seen\n"
        "ready = threading.Event()\ndef work():\n    ready.wait(10)\n    seen.append('a' in store)\n"
        "a = Rebin(input, '0,5,10')\n"
        "thread = threading.Thread(target=work)\nthread.start()\nmtd['thread'] = thread, ready\n",
        "thread, ready = mtd['thread']\nready.set()\nthread.join()\nassert mtd['seen'] and all(mtd['seen'])",
    )


def test_both_scripts_and_a_module_of_the_site_mean_one_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_site_library.py").write_text(
        "from mantid.simpleapi import *\nfrom mantid.api import AnalysisDataService\n"
        "def keep(data):\n    kept = Rebin(data, '0,5,10')\n    assert AnalysisDataService.doesExist('kept')\n"
        "    return kept"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    reduced_by(
        tmp_path,
        "import my_site_library\nassert my_site_library.keep(input) is mtd['kept']\n",
        "from my_site_library import *\nassert 'kept' in mtd and 'kept' in AnalysisDataService\nkeep(input)",
    )


def test_a_call_that_failed_keeps_no_data_alive(simpleapi: Any) -> None:
    data = simpleapi.CreateWorkspace(DataX=[0, 1, 2], DataY=[1, 2], OutputWorkspace="data", StoreInADS=False)
    gone = weakref.ref(data)
    with pytest.raises(ValueError, match="Params"):
        simpleapi.Rebin(data, "abc", OutputWorkspace="x")
    del data
    gc.collect()
    assert gone() is None


def test_a_script_that_failed_keeps_no_data_alive(tmp_path: Path) -> None:
    seen: list[Any] = []
    path = tmp_path / "proc.py"
    text = "a = CreateWorkspace([0, 1], [5], StoreInADS=False)\nseen.append(see(a))\nb = Rebin(a, 'abc')"
    path.write_text(text)
    copy = ScriptCopy(path=str(path), copy=str(path), md5=md5_of(text.encode()))
    hook.install()
    scope = Scope()
    scope.names.update(hook.script_globals(), seen=seen, see=weakref.ref)
    store = WorkspaceStore()
    with using(store):
        outcome = run_script(load_script(copy, scope), None, "out", store)
    assert isinstance(outcome, ScriptError)
    assert outcome.line == 3
    assert [one() for one in seen] == [None]


def test_importall_gives_names_for_one_call(tmp_path: Path) -> None:
    reduced_by(
        tmp_path,
        "assert 'kept' not in globals()\nRebin(input, '0,5,10', OutputWorkspace='kept')\nmtd.importAll()\n"
        "assert kept is mtd['kept']",
        "assert 'kept' not in globals()\nmantid.api.AnalysisDataService.importAll()\nassert kept.blocksize() == 2",
    )


@pytest.mark.parametrize("kind", [ValueError, RuntimeError])
def test_a_script_catches_a_refused_call_as_either_of_mantids_errors(simpleapi: Any, kind: type[Exception]) -> None:
    ws = simpleapi.CreateWorkspace(DataX=[0.0, 1, 2], DataY=[1.0, 2])
    with pytest.raises(kind, match="Params"):
        simpleapi.Rebin(ws, OutputWorkspace="out")
    with pytest.raises(kind, match="XMin"):
        simpleapi.ResampleX(ws, XMin=2, XMax=1, NumberBins=2, OutputWorkspace="out")


def test_a_file_that_is_missing_is_named_with_its_argument(simpleapi: Any, tmp_path: Path) -> None:
    """Also where it is one of several."""
    path = tmp_path / "char.txt"
    with pytest.raises(RuntimeError) as caught:
        simpleapi.PDLoadCharacterizations(f"{path},{path}", OutputWorkspace="char")
    assert str(caught.value) == f"PDLoadCharacterizations: Filename: {path}: No such file or directory"
