from pathlib import Path
from typing import Any

import pytest

from helpers.spectra import six_spectra
from livereduce.engine.mantid_api.modules.kernel.property_managers import PropertyManagerDataService

FIRST = """Instrument parameter file: made_up.prm
1 3.18 90.0
2 2.0  30.5 15
L1 60.0
#S 1 characterization runs
#L frequency(Hz) center_wavelength(angstrom) bank_num vanadium_run empty_run vanadium_back d_min d_max
60 0.533  1 17533 0 0 0.05,0.1  2.20,3  0000.00  16666.67
60 1.333  3 17535 19770 0 0.43  5.40 12500.00  29166.67 .1 2.9
"""
SECOND = """version=1
freq wl     van   van_back mt_env mt_instr PAC06 PAC10
60 0.533   27056   27050     1      2      27044 27038
10 3.198   27062       0     0      0          0     0
"""
EXPERIMENT = "required ****\nDia 49262\nVana 49258\nVanaBg 49086\nMTc 49257\n# IPTS 14821\n"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    made = {"first": FIRST, "second": SECOND, "exp.ini": EXPERIMENT}
    for name, text in made.items():
        (tmp_path / name).write_text(text)
    return {name: str(tmp_path / name) for name in made}


def test_the_table_and_the_positions(simpleapi: Any, files: dict[str, str]) -> None:
    made = simpleapi.PDLoadCharacterizations(Filename=files["second"] + "," + files["first"], OutputWorkspace="char")
    assert (made.IParmFilename, made.PrimaryFlightPath) == ("made_up.prm", 60)
    assert (made.SpectrumIDs, made.L2, made.Polar, made.Azimuthal) == ([1, 2], [3.18, 2], [90, 30.5], [0, 15])
    table = made.OutputWorkspace.toDict()
    assert list(table)[:6] == ["frequency", "wavelength", "bank", "vanadium", "vanadium_background", "container"]
    assert list(table)[-2:] == ["PAC06", "PAC10"]
    assert table["vanadium"] == ["27056", "17535", "27062"]
    assert table["container"] == ["0", "19770", "0"]
    assert table["PAC06"] == ["27044", "0", "0"]
    assert table["wavelength_max"] == [0, 2.9, 0]


def test_nomads_experiment_file(simpleapi: Any, files: dict[str, str]) -> None:
    made = simpleapi.PDLoadCharacterizations(files["first"], ExpIniFilename=files["exp.ini"], OutputWorkspace="char")
    assert made.OutputWorkspace.column("vanadium") == ["49258", "49258"]
    assert made.OutputWorkspace.column("container") == ["49257", "49257"]


def test_a_file_that_cannot_be_read_is_named(simpleapi: Any, tmp_path: Path) -> None:
    path = tmp_path / "bad.txt"
    path.write_text("60 x 1\n")
    with pytest.raises(ValueError, match=r"bad\.txt: the line '60 x 1' cannot be read"):
        simpleapi.PDLoadCharacterizations(str(path), OutputWorkspace="char")


def data(simpleapi: Any, units: str = "Hz") -> Any:
    made = six_spectra(simpleapi)
    made.run().addProperty("SpeedRequest1", 60.2, units, True)
    made.run().addProperty("LambdaRequest", 0.53, "Angstrom", True)
    made.run().addProperty("SampleContainer", "PAC 10", True)
    return made


def determined(simpleapi: Any, workspace: Any, **arguments: Any) -> Any:
    PropertyManagerDataService.clear()
    simpleapi.PDDetermineCharacterizations(
        InputWorkspace=workspace, Characterizations="char", ReductionProperties="__props", **arguments
    )
    return PropertyManagerDataService.retrieve("__props")


def test_the_row_of_the_logs(simpleapi: Any, files: dict[str, str]) -> None:
    simpleapi.PDLoadCharacterizations([files["first"], files["second"]], OutputWorkspace="char")
    manager = determined(simpleapi, data(simpleapi), EmptyEnv="-1", NormRun=[5, 6])
    assert manager["frequency"].value == 60.2
    assert (manager["container"].value, manager["vanadium_background"].value) == ([27038], [27050])
    assert (manager["vanadium"].value, manager["empty_environment"].value) == ([5, 6], [0])
    assert (manager["d_min"].value, manager["tof_max"].value) == ([0.05, 0.1], 16666.67)


def test_defaults_where_the_logs_say_nothing(simpleapi: Any, files: dict[str, str]) -> None:
    simpleapi.PDLoadCharacterizations(files["first"], OutputWorkspace="char")
    for workspace in (six_spectra(simpleapi, "bare"), data(simpleapi, units="rpm")):
        manager = determined(simpleapi, workspace)
        assert (manager["bank"].value, manager["vanadium"].value, manager["tof_min"].value) == (1, [0], 0)
        assert (manager["frequency"].value, list(manager["d_min"].value)) == (0, [])
