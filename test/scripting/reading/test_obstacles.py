"""What a script asks for and an engine does not have, found without running it; and what must not be called so."""

import ast

import pytest

from livereduce.catalog.declared import declared
from livereduce.catalog.present import methods, methods_by_class
from livereduce.catalog.wording import (
    missing_argument,
    no_such_algorithm,
    no_such_method,
    not_implemented,
    not_implemented_name,
    python_2,
    too_many,
    unknown_argument,
)
from livereduce.scripting.reading.findings import Obstacle
from livereduce.scripting.reading.obstacles import read

REBIN = declared()["Rebin"]
WANTING = not_implemented("DgsReduction", declared())


@pytest.fixture(autouse=True)
def _with_managers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the engine has by now."""
    there = frozenset({"AlgorithmManager", "AnalysisDataService", "mtd", "logger"})
    monkeypatch.setattr("livereduce.scripting.reading.obstacles.names", lambda: there)


def found(text: str, *, is_script: bool = True) -> tuple[Obstacle, ...]:
    return read(ast.parse(text), is_script=is_script).obstacles


def told(text: str, *, is_script: bool = True) -> list[tuple[int, str]]:
    return [(one.line, one.text) for one in found(text, is_script=is_script)]


WAYS = [
    "DgsReduction(SampleInputFile=input)",
    "from mantid.simpleapi import *; DgsReduction(input)",
    "from mantid.simpleapi import DgsReduction as reduce_it; reduce_it(input)",
    "import mantid.simpleapi as api; ws = api.DgsReduction(input)",
    "from mantid import simpleapi as sapi; sapi.DgsReduction(input)",
    "import mantid; mantid.simpleapi.DgsReduction(input)",
    "import mantid.simpleapi; f = mantid.simpleapi.DgsReduction; f(input)",
    "from mantid.api import AlgorithmManager; a = AlgorithmManager.create('DgsReduction')",
    "import mantid; mantid.AlgorithmManager.createUnmanaged('DgsReduction')",
    "from mantid.kernel import *; DgsReduction(input)",
]


@pytest.mark.parametrize("text", WAYS)
def test_an_algorithm_that_is_not_there_is_found_however_it_is_named(text: str) -> None:
    assert told(f"# one\n{text}\n") == [(2, WANTING)]


def test_a_module_has_only_the_names_that_it_imports() -> None:
    assert told("DgsReduction(1)", is_script=False) == []
    assert told("from mantid.simpleapi import *\nDgsReduction(1)", is_script=False) == [(2, WANTING)]


@pytest.mark.parametrize(
    "text",
    [
        "def DgsReduction(x): pass\nDgsReduction(input)",
        "from my_library import DgsReduction\nDgsReduction(input)",
        "import my_library as mantid\nmantid.simpleapi.DgsReduction(input)",
        "try:\n    from mantid.simpleapi import BinMD\nexcept ImportError:\n    BinMD = None\nBinMD(1)",
        "class BinMD: pass\nBinMD()",
        "f = {}; f.DgsReduction()",
        "for Rebinn in []: Rebinn(1)",
        "from my_library import *\nRebinn(input)",
        "Foo(1)",
        "def f(Rebin): Rebin(nothing=1)",
        "from mantid.api import AlgorithmManager\nclass MyRebin: pass\nAlgorithmManager.create('MyRebin')",
    ],
)
def test_names_of_the_script_itself_or_from_elsewhere_are_not_mantids(text: str) -> None:
    assert told(text) == []


def test_names_that_mantid_does_not_have_either() -> None:
    assert told("ws = Rebinn(input, 2)") == [(1, no_such_algorithm("Rebinn", declared()))]
    (one,) = found("from mantid.simpleapi import Rebinn")
    assert one.everywhere
    assert one.always
    assert one.text.startswith("cannot import name 'Rebinn' from 'mantid.simpleapi'")
    assert "did you mean 'Rebin'" in one.text
    (one,) = found("import mantid.simpelapi")
    assert "did you mean 'simpleapi'" in one.text
    (one,) = found("import mantid.simpleapi as api\napi.Rebinn(input)")
    assert (one.line, "did you mean 'Rebin'" in one.text) == (2, True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Rebin(input, Parms='1')", [unknown_argument(REBIN, "Parms")]),
        (
            "Rebin(input, 'a', '1', True, True, True, True, 0, 'Power', 5, 6)",
            [too_many(REBIN, [one.name for one in REBIN.places], 11)],
        ),
        ("a = Rebin(Params=1)", [missing_argument(REBIN, REBIN.arguments[0])]),
        ("a = Rebin(input, BinningMode='Liner', Params=1)", ["Rebin: BinningMode must be one of"]),
        ("a = Rebin(input, '1')", []),
        ("a = Rebin(inputworkspace=input, params=[1], PRESERVEEVENTS=True, StoreInADS=False)", []),
        ("a = Rebin(*parts)", []),
        ("a = Rebin(input, **rest)", []),
        ("a = Rebin(Parms=1, Version=1)", []),
        ("Rebin(input, 'a', 2)", []),
    ],
)
def test_arguments(text: str, expected: list[str]) -> None:
    texts = [text for _, text in told(text)]
    assert len(texts) == len(expected)
    assert all(seen.startswith(start) for seen, start in zip(texts, expected, strict=True))


def test_properties_of_an_algorithm_that_is_made_by_name() -> None:
    text = (
        "from mantid.api import AlgorithmManager\nalg = AlgorithmManager.create('Rebin')\n"
        "alg.setProperty('params', '1')\nalg.setPropertyValue('Parms', '1')\nalg.setAnything('x')\n"
    )
    assert told(text) == [(4, unknown_argument(REBIN, "Parms"))]


@pytest.mark.parametrize(
    "text",
    [
        "input.getNumberEvent()",
        "ws = input\nws.getNumberEvent()",
        "ws = Rebin(input, 2)\nws.getNumberEvent()",
        "mtd['x'].getNumberEvent()",
        "from mantid.api import AnalysisDataService as ads\nads['x'].getNumberEvent()",
        "import mantid\nmantid.mtd['x'].getNumberEvent()",
        "output = Rebin(input, 2)\nprint(output.getNumberEvent())",
        "input = Rebin(input, 2, OutputWorkspace=input)\ninput = input.clone()\ninput.getNumberEvent()",
        "def f():\n    return input.getNumberEvent()",
        "accumulation.getNumberEvent()",
    ],
)
def test_a_method_that_no_workspace_has(text: str) -> None:
    ((line, sentence),) = told(text)
    assert line == text.count("\n") + 1
    assert sentence == no_such_method("MatrixWorkspace", "getNumberEvent", methods())
    assert "did you mean 'getNumberEvents'" in sentence


def test_the_store_and_the_log() -> None:
    assert told("mtd.getObjectName()\nlogger.inform('x')") == [
        (1, no_such_method("WorkspaceStore", "getObjectName", methods_by_class()["WorkspaceStore"])),
        (2, no_such_method("Logger", "inform", methods_by_class()["Logger"])),
    ]
    assert told("mtd.getObjectNames()\nlogger.information('x')\nfrom logging import logger\nlogger.inform()") == []


def test_the_output_is_a_name_and_the_workspace() -> None:
    wrong = no_such_method("MatrixWorkspace", "getRunn", methods())
    assert told("Rebin(input, '0,1,2', OutputWorkspace=output)\nn = output.getRunn()") == [(2, wrong)]
    assert told("output.upper()\nprint(output.getRun(), mtd[output].getRun())") == []
    assert told("output = f(input)\noutput.getRunn()") == []
    assert told("output.getRunn()", is_script=False) == []


def test_a_method_of_the_run() -> None:
    assert told("n = input.getRun().getProtonChrg()") == [(1, no_such_method("RunLogs", "getProtonChrg", methods()))]
    assert told("n = input.getRun().getProtonCharge()\nm = input.run()['x'].value.anything()") == []


@pytest.mark.parametrize(
    "text",
    [
        "y = input.readY(0)\ny.nonsense()",
        "import numpy as np\nnp.nonsense()",
        "input = 5\ninput.nonsense()",
        "ws = input\nif ws: ws = 3\nws.nonsense()",
        "def f(input): input.nonsense()",
        "try:\n    input.nonsense()\nexcept AttributeError:\n    pass",
        "data = dict(mtd['x'])\ndata.nonsense()",
        "[input.append(1) for input in ([],)]",
        "input.nonsense = 4",
        "with open('x') as input: input.nonsense()",
        "input.__class__.__name__",
        "ws, n = f(input)\nws.nonsense()",
        "a = input + 1\na.nonsense()",
        "md = BinMD\nmd.nonsense",
        "if hasattr(input, 'nonsense'):\n    input.nonsense()",
        "n = input.nonsense() if hasattr(input, 'nonsense') else 0",
        "n = hasattr(input, 'nonsense') and input.nonsense()",
        "if isinstance(input, PeaksWorkspace):\n    input.nonsense()",
    ],
)
def test_other_objects_are_left_alone(text: str) -> None:
    assert told(text) == []


@pytest.mark.parametrize(
    ("text", "always", "handled"),
    [
        ("DgsReduction(1)", True, False),
        ("if __name__ == '__main__':\n    DgsReduction(1)", True, False),
        ("with open('x') as f:\n    x = 1\nDgsReduction(1)", True, False),
        ("x = [DgsReduction(1)]", True, False),
        ("if input:\n    DgsReduction(1)", False, False),
        ("def f():\n    DgsReduction(1)\nf()", False, False),
        ("for x in y:\n    DgsReduction(1)", False, False),
        ("x = 1 if y else DgsReduction(1)", False, False),
        ("x = y and DgsReduction(1)", False, False),
        ("if x:\n    return 1\nDgsReduction(1)", False, False),
        ("try:\n    DgsReduction(1)\nfinally:\n    x = 1", True, False),
        ("try:\n    DgsReduction(1)\nexcept ValueError:\n    x = 1", False, False),
        ("try:\n    DgsReduction(1)\nexcept Exception as e:\n    x = 1", False, True),
        ("try:\n    DgsReduction(1)\nexcept:\n    x = 1", False, True),
        ("f = lambda: DgsReduction(1)", False, False),
        ("from numpy import *\nDgsReduction(1)", False, False),
        ("from os.path import *\nfrom mantid.simpleapi import *\nDgsReduction(1)", True, False),
    ],
)
def test_only_what_every_call_meets_is_sure(text: str, always: bool, handled: bool) -> None:
    (one,) = found(text)
    assert (one.always, one.handled) == (always, handled)


def test_a_name_that_is_no_algorithm_and_is_not_there() -> None:
    text = "from mantid.api import FrameworkManager as manager, mtd\nmanager.clear()\nmtd.clear()\n"
    assert told(text) == [(2, not_implemented_name("mantid.api", "FrameworkManager"))]


def test_imports_of_others_have_lines_and_folders() -> None:
    reading = read(
        ast.parse(
            "import sys, numpy.linalg\nsys.path.append('/SNS/X')\nsys.path.insert(0, here)\n"
            "try:\n    from mr_reduction.x import y\nexcept ImportError:\n    y = None\nfrom . import z\n"
        ),
        is_script=True,
    )
    assert [(one.module, one.line, one.always, one.handled) for one in reading.imports] == [
        ("sys", 1, True, False),
        ("numpy.linalg", 1, True, False),
        ("mr_reduction.x", 5, False, True),
    ]
    assert reading.folders == ("/SNS/X", "")


def test_python_2_that_compiles_is_told_with_its_line() -> None:
    assert told("import sys\nprint >>sys.stderr, 'x'\nfor i in xrange(3): pass") == [
        (2, python_2("print statement")),
        (3, python_2("xrange")),
    ]
    assert told("from functools import reduce\nlong = 1\nreduce(long, [])") == []


def test_more_obstacles_than_anybody_reads_are_not_looked_for() -> None:
    assert len(found("BinMD(1)\n" * 500)) == 200
    assert len(found("".join(f"Rebin{'n' * number}(1)\n" for number in range(1, 70)))) <= 50


def test_a_sum_of_thousands_is_left_alone() -> None:
    assert told("x = " + " + ".join(["1"] * 990) + "\nDgsReduction(x)") in ([], [(2, WANTING)])


def test_names_of_a_function_are_not_those_of_another() -> None:
    """Scopes come and go while a text is read: a later one may have the place in memory of an earlier one."""
    spectra = "def f{0}():\n    made = Rebin(input, '0,1,10')\n    made.readY(0)\n"
    values = (
        "def g{0}():\n    made = Fit(Function='name=FlatBackground', InputWorkspace=input)\n    made.OutputStatus\n"
    )
    text = "".join(part.format(number) for number in range(50) for part in (spectra, values))
    assert read(ast.parse(text), is_script=True).obstacles == ()
