"""``import mantid`` in scripts of the builtin engine, run by the engine itself."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from helpers.calling import error_of, reduced_by
from livereduce.catalog.mantid_names import algorithms, modules, names_in
from livereduce.engine.mantid_api import hook


def test_a_script_imports_mantid_in_each_way(tmp_path: Path) -> None:
    made = reduced_by(
        tmp_path,
        "import mantid\n"
        "import mantid.simpleapi as api, mantid.plots\n"
        "from mantid import simpleapi, logger, mtd as store\n"
        "from mantid.simpleapi import Rebin, DgsReduction, SofQW\n"
        "from mantid.kernel import V3D, UnitConversion\n"
        "from mantid.api import AnalysisDataService, IFunction1D\n"
        "from mantid.simpleapi import *\n"
        "import mantid.utils.logging\n"
        "assert api is simpleapi and mantid.simpleapi is api and api.Rebin is Rebin\n"
        "assert mantid.__version__.startswith('6.') and 'livereduce' in mantid.__version__\n"
        "output = Rebin(input, '0,1,10', OutputWorkspace=output)\n",
    )
    assert made.shelf.last_of(5).signal.sum() == 4


def test_names_are_there_without_an_import_in_both_scripts(tmp_path: Path) -> None:
    made = reduced_by(
        tmp_path,
        "Rebin(InputWorkspace=input, Params='0,1,10', OutputWorkspace=output)\nmtd['passed on'] = input",
        "assert 'passed on' in mtd and mantid.simpleapi.mtd.doesExist('passed on')\n"
        "output = Rebin(input, '0,5,10', PreserveEvents=False)\nlogger.notice",
    )
    assert made.shelf.last_of(5).signal.sum() == 4


def test_neither_a_folder_named_mantid_nor_an_installed_one_matters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mantid").mkdir()
    (tmp_path / "mantid" / "__init__.py").write_text("raise RuntimeError('the wrong mantid')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(sys.modules, "mantid", sys)
    reduced_by(tmp_path, "import mantid.simpleapi\nassert 'livereduce' in mantid.__version__")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("import mantid.nonsense", "ModuleNotFoundError: cannot import name 'nonsense' from 'mantid'"),
        ("from mantid.simpleapi import Rebim", "from 'mantid.simpleapi'"),
        ("from mantid.simpleapi import Rebim", "did you mean 'Rebin'?"),
        ("import mantid\nmantid.simpleapi.Rebim", "did you mean 'Rebin'?"),
        ("from mantid.kernel import ConfigServices", "did you mean 'ConfigService'"),
        ("import mantidqt", "No module named 'mantidqt'"),
    ],
)
def test_a_name_that_mantid_does_not_have_is_an_error_with_the_nearest(tmp_path: Path, text: str, error: str) -> None:
    assert error in error_of(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("\nDgsReduction(1)", ("proc.py:2: NotImplementedError: DgsReduction", '"engine": "mantid"', "in proc.py:2")),
        ("IndirectILLReductionQENS()", ("IndirectILLReductionQENS is an algorithm of Mantid",)),
        ("plotSpectrum(input, 0)", ("plotSpectrum is a name of Mantid", '"engine": "mantid"')),
        ("mantid.plots.MantidAxes()", ("mantid.plots.MantidAxes is a name of Mantid",)),
        ("from mantid.kernel import Material\nMaterial.name()", ("mantid.kernel.Material is", "Material.name")),
    ],
)
def test_what_is_not_there_says_so_when_it_is_used(tmp_path: Path, text: str, sentences: tuple[str, ...]) -> None:
    error = error_of(tmp_path, text)
    assert [one for one in sentences if one not in error] == []


def test_a_class_that_is_not_there_can_be_derived_from_and_is_nobodys_type(tmp_path: Path) -> None:
    reduced_by(
        tmp_path,
        "from mantid.api import IFunction1D, IMDEventWorkspace\n"
        "class Line(IFunction1D):\n    def init(self): pass\n"
        "assert not isinstance(input, IMDEventWorkspace)\nassert not hasattr(IFunction1D, '__len__')",
    )


def test_every_listed_name_can_be_imported(simpleapi: Any) -> None:
    import importlib

    for module in sorted(modules()):
        made = importlib.import_module(module)
        for name in sorted(names_in(module) or ()):
            assert getattr(made, name) is not None, f"{module}.{name}"
    assert len(algorithms()) > 1000
    assert set(simpleapi.__all__) >= algorithms()


def test_the_hook_is_put_in_once_and_can_be_taken_away() -> None:
    hook.install()
    hook.install()
    assert sum(isinstance(finder, hook.MantidFinder) for finder in sys.meta_path) == 1
    import mantid  # type: ignore[import-not-found,unused-ignore]

    hook.uninstall()
    assert mantid.__name__ not in sys.modules


def test_the_mantid_engine_never_sees_the_hook_and_takes_a_star_import_too() -> None:
    code = (
        "import sys, livereduce.engine.mantid.engine, mantid\n"
        "from livereduce.scripting.compiling import compile_script\n"
        "names = {}\n"
        "exec(compile_script(b'from mantid.simpleapi import *\\noutput = CloneWorkspace', 'proc.py'), names)\n"
        "assert names['__live__'](1, 2)[2] is mantid.simpleapi.CloneWorkspace\n"
        "print('livereduce.engine.mantid_api' in sys.modules, 'mantid_double' in mantid.__file__)\n"
    )
    double = Path(__file__).parents[2] / "mantid_double"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"PYTHONPATH": str(double)}, check=False
    )
    assert ran.stdout.split() == ["False", "True"], ran.stderr
