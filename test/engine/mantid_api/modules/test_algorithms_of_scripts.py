"""Algorithms that scripts define, and algorithms as objects, in scripts that the engine runs."""

from pathlib import Path

import pytest

from helpers.calling import error_of, reduced_by
from livereduce.engine.mantid_api.calling.registry import names_of_scripts, remove_of_script

SUM_AND_SCALE = """
from mantid.api import *
from mantid.kernel import *
from mantid.simpleapi import Rebin, mtd

class RebinAndCount(PythonAlgorithm):
    def category(self):
        return "Live"

    def PyInit(self):
        self.declareProperty(MatrixWorkspaceProperty("InputWorkspace", "", direction=Direction.Input), "Data")
        self.declareProperty(
            WorkspaceProperty("MaskWorkspace", "", Direction.Input, PropertyMode.Optional), doc="A mask")
        self.declareProperty(MatrixWorkspaceProperty("OutputWorkspace", "", Direction.Output))
        self.declareProperty("Factor", 2.0, FloatBoundedValidator(lower=0.0), "A factor")
        self.declareProperty("Mode", "Fast", StringListValidator(["Fast", "Slow"]))
        self.declareProperty(name="Repeats", defaultValue=3, direction=Direction.Input)
        self.declareProperty("Keep", False, doc="Whether")
        self.declareProperty(FloatArrayProperty("Params", [0.0, 5.0, 10.0], direction=Direction.Input))
        self.declareProperty(IntArrayProperty("Pixels", values=[], validator=IntArrayBoundedValidator(lower=0)))
        self.declareProperty(StringArrayProperty("Names", direction=Direction.Input))
        self.declareProperty(FileProperty("Filename", "", FileAction.OptionalLoad, [".nxs"]))
        self.declareProperty("Count", 0, direction=Direction.Output)
        self.setPropertySettings("Mode", EnabledWhenProperty("Keep", PropertyCriterion))

    def validateInputs(self):
        return {"Factor": "13 is unlucky"} if self.getProperty("Factor").value == 13 else {}

    def PyExec(self):
        data = self.getProperty("InputWorkspace").value
        self.log().notice("mode " + self.getPropertyValue("Mode"))
        progress = Progress(self, start=0.0, end=1.0, nreports=2)
        progress.report("on the way")
        name = "__" + self.getPropertyValue("OutputWorkspace")
        made = Rebin(data, self.getProperty("Params").value, OutputWorkspace=name)
        child = self.createChildAlgorithm("Rebin")
        child.setProperty("InputWorkspace", made)
        child.setProperty("Params", [0, 2, 10])
        child.execute()
        assert self.getProperty("MaskWorkspace").value is None and self.getProperty("Names").value == []
        self.setProperty("OutputWorkspace", child.getProperty("OutputWorkspace").value)
        self.setProperty("Count", data.getNumberEvents() * self.getProperty("Repeats").value)

AlgorithmFactory.subscribe(RebinAndCount)
"""


@pytest.fixture(autouse=True)
def forget() -> object:
    yield
    for name in names_of_scripts():
        remove_of_script(name)


def test_an_algorithm_of_a_script_is_called_by_name(tmp_path: Path) -> None:
    reduced_by(
        tmp_path,
        SUM_AND_SCALE + "import mantid.simpleapi as api\n"
        "done, count = api.RebinAndCount(input, factor=3, Params='0,5,10', Pixels='1-3')\n"
        "assert count == 3 * input.getNumberEvents() and done.blocksize() == 5\n"
        "assert str(done) == 'done' and mtd['done'] is done and '__done' in mtd\n"
        "both = api.RebinAndCount(InputWorkspace=input, OutputWorkspace='out')\n"
        "assert both.OutputWorkspace is mtd['out'] and both.Count == count\n"
        "assert AlgorithmFactory.exists('RebinAndCount') and 'Params' in str(help) + api.RebinAndCount.__doc__\n",
        "from mantid.simpleapi import RebinAndCount as again\na, n = again(input)\n"
        "alg = AlgorithmManager.create('RebinAndCount')\nalg.setProperty('InputWorkspace', input)\n"
        "alg.setProperty('OutputWorkspace', 'managed')\nassert alg.execute() and 'managed' in mtd\n"
        "assert alg.getProperty('Count').value == 3 * input.getNumberEvents()\n",
    )


def test_a_library_of_the_site_registers_on_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "site_algorithms.py").write_text(SUM_AND_SCALE)
    monkeypatch.syspath_prepend(str(tmp_path))
    reduced_by(
        tmp_path,
        "import site_algorithms\nfrom mantid.simpleapi import RebinAndCount\nresult, n = RebinAndCount(input)\n"
        "assert 'result' in mtd",
    )


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("r, n = api.RebinAndCount()", "ValueError: RebinAndCount: InputWorkspace is missing"),
        ("r, n = api.RebinAndCount('none')", "RebinAndCount: InputWorkspace: no workspace named 'none'"),
        ("r, n = api.RebinAndCount(input, Factor=-1)", "RebinAndCount: Factor: -1.0 is below the limit of 0.0"),
        ("r, n = api.RebinAndCount(input, Factor=13)", "RuntimeError: RebinAndCount: Factor: 13 is unlucky"),
        ("r, n = api.RebinAndCount(input, Mode='Medium')", "RebinAndCount: Mode must be one of Fast, Slow"),
        ("r, n = api.RebinAndCount(input, Modus='Fast')", "RebinAndCount has no argument 'Modus'; did you mean 'Mode'"),
        ("r, n = api.RebinAndCount(input, Repeats='many')", "RebinAndCount: Repeats must be an integer"),
        ("AlgorithmFactory.subscribe(dict)", "TypeError: AlgorithmFactory.subscribe: dict must be derived"),
    ],
)
def test_what_is_wrong_with_such_a_call_is_named(call: str, error: str, tmp_path: Path) -> None:
    assert error in error_of(tmp_path, SUM_AND_SCALE + "import mantid.simpleapi as api\n" + call)


def test_an_algorithm_as_an_object(tmp_path: Path) -> None:
    reduced_by(
        tmp_path,
        "from mantid.api import AlgorithmManager, AlgorithmFactory, IAlgorithm\n"
        "alg = AlgorithmManager.create('Rebin')\nalg.initialize()\nassert isinstance(alg, IAlgorithm)\n"
        "assert alg.name() == 'Rebin' and alg.existsProperty('params') and not alg.existsProperty('x')\n"
        "alg.setProperty('InputWorkspace', input)\nalg.setPropertyValue('Params', '0,5,10')\n"
        "alg.setProperty('PreserveEvents', False)\nalg.setProperty('OutputWorkspace', 'out')\n"
        "assert alg.getPropertyValue('OutputWorkspace') == 'out' and not alg.isExecuted()\n"
        "assert alg.execute() and alg.isExecuted() and alg.getProperty('OutputWorkspace').value is mtd['out']\n"
        "assert mtd['out'].blocksize() == 2\n"
        "child = AlgorithmManager.createUnmanaged('Rebin')\nchild.setChild(True)\n"
        "child.setProperty('InputWorkspace', 'out')\nchild.setProperty('Params', [0, 2, 10])\n"
        "child.setProperty('OutputWorkspace', 'unused')\nchild.execute()\n"
        "assert child.getProperty('OutputWorkspace').value.blocksize() == 5 and 'unused' not in mtd\n"
        "assert AlgorithmFactory.exists('Rebin') and not AlgorithmFactory.exists('DgsReduction')\n"
        "assert 'Params' in alg.mandatoryProperties() and alg.outputProperties() == ['OutputWorkspace']\n",
    )


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("AlgorithmManager.create('Rebinn')", "RuntimeError: Mantid has no algorithm 'Rebinn'; did you mean 'Rebin'"),
        ("AlgorithmManager.create('DgsReduction')", "NotImplementedError: DgsReduction is an algorithm of Mantid"),
        (
            "a = AlgorithmManager.create('Rebin')\na.setProperty('Param', 1)",
            "RuntimeError: Rebin has no property 'Param'; did you mean 'Params'",
        ),
        (
            "a = AlgorithmManager.create('Rebin')\na.setProperty('InputWorkspace', 'none')",
            "Rebin: InputWorkspace: no workspace named 'none'",
        ),
        (
            "a = AlgorithmManager.create('Rebin')\na.setProperty('Params', 'x')",
            "ValueError: Rebin: Params must be a number",
        ),
        (
            "a = AlgorithmManager.create('Rebin')\na.setProperty('InputWorkspace', input)\na.execute()",
            "RefusedCall: Rebin: OutputWorkspace is missing",
        ),
    ],
)
def test_what_is_wrong_with_an_object_is_named(text: str, error: str, tmp_path: Path) -> None:
    assert error in error_of(tmp_path, text)


DEAD_TIME = """
from mantid.api import AlgorithmFactory, IEventWorkspaceProperty, MatrixWorkspaceProperty, PropertyMode, PythonAlgorithm
from mantid.dataobjects import EventWorkspace
from mantid.kernel import Direction, FloatArrayLengthValidator, FloatArrayProperty, Property
from mantid.simpleapi import Rebin, SumSpectra, logger

class DeadTime(PythonAlgorithm):
    def PyInit(self):
        self.declareProperty(IEventWorkspaceProperty("InputWorkspace", "", Direction.Input), "Events")
        self.declareProperty(
            IEventWorkspaceProperty("Errors", "", Direction.Input, PropertyMode.Optional), "Events that were refused")
        self.declareProperty(FloatArrayProperty(
            "Range", [0.0, 10.0], FloatArrayLengthValidator(2), direction=Direction.Input), "Limits")
        self.declareProperty("Step", Property.EMPTY_DBL, doc="Width")
        self.declareProperty(MatrixWorkspaceProperty("OutputWorkspace", "", Direction.Output), "Factors")

    def PyExec(self):
        low, high = self.getProperty("Range").value
        assert self.getProperty("Errors").value is None and (self.getProperty("Range").value + 1)[0] == low + 1
        data = self.getProperty("InputWorkspace").value
        binned = Rebin(InputWorkspace=data, Params=[low, 2.0, high], PreserveEvents=False)
        counts = SumSpectra(binned, OutputWorkspace=self.getPropertyValue("OutputWorkspace"))
        counts.setY(0, 1 / (1 - counts.readY(0) / 100))
        self.setProperty("OutputWorkspace", counts)

AlgorithmFactory.subscribe(DeadTime)

def used(cls, **settings) -> EventWorkspace | None:
    algorithm = cls()
    algorithm.PyInit()
    for name, value in settings.items():
        algorithm.setProperty(name, value)
    algorithm.PyExec()
    return algorithm.getProperty("OutputWorkspace").value
"""


def test_libraries_run_their_own_algorithms_by_hand(tmp_path: Path) -> None:
    reduced_by(
        tmp_path,
        DEAD_TIME + "made = used(DeadTime, InputWorkspace=input, Errors=None, Range=None, OutputWorkspace='factors')\n"
        "assert str(made) == 'factors' and made.blocksize() == 5 and made.readY(0)[0] >= 1\n"
        "Rebin(input, '0,1,10', OutputWorkspace='named')\n"
        "made = used(DeadTime, InputWorkspace='named', OutputWorkspace='factors')\n"
        "alg = AlgorithmManager.createUnmanaged('DeadTime')\nalg.initialize()\n"
        "alg.setProperties({'InputWorkspace': 'named', 'Range': '0,4', 'OutputWorkspace': 'out'})\nalg.execute()\n"
        "assert mtd['out'].blocksize() == 2 and str(mtd['out']) == 'out'",
    )


def test_an_array_of_a_wrong_length_is_named(tmp_path: Path) -> None:
    error = error_of(tmp_path, DEAD_TIME + "import mantid.simpleapi as api\na = api.DeadTime(input, Range=[1, 2, 3])")
    assert "ValueError: DeadTime: Range: 3 values are too many: at most 2 are allowed" in error
