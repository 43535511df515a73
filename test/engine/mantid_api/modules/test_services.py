"""Files, versions and small helpers of Mantid's modules, in scripts that the engine runs."""

from pathlib import Path

import pytest

from helpers.calling import error_of, reduced_by


def test_files_are_found_in_the_folders_of_the_settings(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for name in ("PG3_12.nxs.h5", "PG3_13.nxs.h5", "vanadium.dat"):
        (data / name).write_text("")
    reduced_by(
        tmp_path,
        "from mantid.api import FileFinder\nfrom mantid.utils.path import run_exists\n"
        f"config.appendDataSearchDir({str(data)!r})\n"
        f"assert FileFinder.getFullPath('vanadium.dat') == {str(data / 'vanadium.dat')!r}\n"
        "assert FileFinder.getFullPath('nowhere.dat') == ''\n"
        f"assert FileFinder.findRuns('PG3_12') == [{str(data / 'PG3_12.nxs.h5')!r}]\n"
        "assert len(FileFinder.Instance().findRuns('12, 13')) == 2\n"
        "assert run_exists(12) and run_exists('13', 'PG3') and not run_exists(14)\n",
    )


def test_a_run_that_is_not_found_is_an_error_with_the_places(tmp_path: Path) -> None:
    error = error_of(tmp_path, "config.appendDataSearchDir('/no/such/folder')\nFileFinder.findRuns('PG3_99')")
    assert "RuntimeError: FileFinder: PG3_99: no such file" in error
    assert "/no/such/folder" in error


def test_small_helpers(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    reduced_by(
        tmp_path,
        "import mantid\nfrom mantid.utils import is_required_version\nfrom mantid.utils.pip import package_installed\n"
        "from mantid.utils.logging import capture_logs\nfrom mantid.kernel import version_str\n"
        "from mantid.kernel.funcinspect import lhs_info\nfrom mantid.utils.deprecator import deprecated_algorithm\n"
        "assert is_required_version('6.2.0', version_str().partition('+')[0])\n"
        "assert not is_required_version('3.10', '3.9') and is_required_version('3.9', '3.9')\n"
        "assert package_installed('numpy') and not package_installed('no_such_package')\n"
        "with capture_logs() as said:\n    logger.warning('heard')\n    assert 'heard' in said.getvalue()\n"
        "def names():\n    return lhs_info('names')\na, b = names()\nassert (a, b) == ('a', 'b')\n"
        "@deprecated_algorithm('Other', '2024-01-01')\nclass Old: pass\nassert Old.__name__ == 'Old'\n"
        "assert mantid.apiVersion() == 2 and mantid.kernel.version().major == 6\n"
        "assert tuple(map(int, mantid.__version__.split('.')[:2])) >= (6, 0)\n"
        "FrameworkManager.setNumOMPThreads(4)\nUsageService.setEnabled(False)\nassert not UsageService.isEnabled()\n",
    )
    assert "heard" in caplog.text


def test_frameworkmanager_empties_the_store(tmp_path: Path) -> None:
    reduced_by(tmp_path, "a = Rebin(input, '0,5,10')\nFrameworkManager.clear()\nassert 'a' not in mtd")


def test_plots_say_what_to_use_instead(tmp_path: Path) -> None:
    assert "SavePlot1D" in error_of(tmp_path, "plotSpectrum(input, 0)")
    assert "SavePlot1D" in error_of(tmp_path, "from mantid.plots.plotfunctions import plot\nplot(input)")


def test_workspaces_are_made_empty(tmp_path: Path) -> None:
    reduced_by(
        tmp_path,
        "from mantid.api import WorkspaceFactory, FunctionFactory, IFunction1D\n"
        "made = WorkspaceFactory.create('Workspace2D', NVectors=2, XLength=4, YLength=3)\n"
        "assert made.getNumberHistograms() == 2 and made.blocksize() == 3 and not made.extractY().any()\n"
        "made.setY(0, [1, 2, 3])\nmtd.addOrReplace('mine', made)\nassert mtd['mine'].readY(0)[2] == 3\n"
        "like = WorkspaceFactory.create(Rebin(input, '0,5,10', StoreInADS=False))\n"
        "assert list(like.readX(0)) == [0, 5, 10] and like.getAxis(0).getUnit().unitID() == 'TOF'\n"
        "table = WorkspaceFactory.createTable()\ntable.addColumn('double', 'x')\ntable.addRow([2.5])\n"
        "assert table.cell(0, 0) == 2.5\n"
        "class Line(IFunction1D):\n    pass\nFunctionFactory.subscribe(Line)\n",
    )


def test_single_values_are_converted_as_whole_axes_are(tmp_path: Path) -> None:
    reduced_by(
        tmp_path,
        "from mantid.kernel import *\nassert abs(PhysicalConstants.E_mev_toNeutronWavenumberSq - 2.0721) < 1e-3\n"
        "tof = UnitConversion.run('Wavelength', 'TOF', 1.0, 10.0, 5.0, 1.5, DeltaEModeType.Elastic, 0.0)\n"
        "assert abs(tof - 15 / (PhysicalConstants.h / PhysicalConstants.NeutronMass * 1e4)) < 1e-9\n"
        "back = UnitConversion.run('TOF', 'dSpacing', tof, 10.0, 5.0, 1.5)\n"
        "assert abs(UnitConversion.run('dSpacing', 'Energy', back, 10.0, 5.0, 1.5) - 81.804) < 1e-2\n"
        "assert abs(UnitConversion.run('Wavelength', 'Energy', 1.5, 0, 0, 0) - 36.3573) < 1e-3\n"
        "assert abs(UnitConversion.run('dSpacing', 'MomentumTransfer', 2.0, 0, 0, 0) - 3.14159265) < 1e-6\n"
        "values = std_vector_dbl()\nvalues.extend([1.0])\nassert PropertyCriterion.IsEqualTo == 2\n",
    )
    assert "no unit named 'DeltaE'" in error_of(
        tmp_path, "from mantid.kernel import UnitConversion\nUnitConversion.run('DeltaE', 'TOF', 1, 1, 1, 1)"
    )
