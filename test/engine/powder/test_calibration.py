from pathlib import Path

import numpy as np
import pytest

from helpers.paths import DATA, needs_data
from helpers.powder import DIFC, IDS, instrument, write_calibration
from livereduce.engine.geometry.calibration import Calibration
from livereduce.engine.geometry.definition import Definition
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.engine.powder.calibration import difc_of, of_spectra, tof_limits
from livereduce.engine.powder.calibration_files import read_hdf5, read_text

REAL = DATA / "idf"


@needs_data
def test_the_calibration_of_a_real_instrument_fits_its_definition() -> None:
    contents = read_hdf5(str(REAL / "NOMAD_243451_2026-06-09_shifter.h5"))
    nomad = Definition(xml=(REAL / "NOMAD_Definition.xml").read_text()).instrument()
    at = nomad.index_of(contents.constants.detector)
    ratio = contents.constants.difc / difc_of(nomad)[at]
    assert (len(ratio), int(np.sum(contents.is_used == 0))) == (101_376, 69_008)
    assert contents.is_used is not None
    ratio = ratio[contents.is_used]
    assert np.median(ratio) == pytest.approx(0.9977, abs=1e-4)
    assert np.mean((ratio > 0.966) & (ratio < 1.024)) > 0.975


def test_an_older_file_has_offsets_from_positions(tmp_path: Path) -> None:
    path = tmp_path / "old.cal"
    path.write_text("# made up\n0 10 0.5 1 3\n1 11 -0.5 0 3\n2 77 0.1 1 0\n")
    contents = read_text(str(path), instrument())
    expected = difc_of(instrument())[:2] / np.array([1.5, 0.5])
    np.testing.assert_allclose(contents.constants.difc, [*expected, 0])
    assert contents.group is not None
    assert contents.is_used is not None
    assert (contents.group.tolist(), contents.is_used.tolist()) == ([3, 3, 0], [True, False, True])


def test_difc_of_a_position() -> None:
    expected = 252.77841524305538 * 20 * 2 * np.sin(np.radians(47) / 2)
    assert difc_of(instrument())[0] == pytest.approx(expected, rel=1e-12)


def test_spectra_have_the_mean_of_their_detectors(tmp_path: Path) -> None:
    constants = read_hdf5(write_calibration(tmp_path / "cal.h5")).constants
    groups = [np.array(ids, np.int32) for ids in ([10, 11], [99], [], [15])]
    difc, _, tzero, known = of_spectra(constants, SpectrumTable.of_groups(np.arange(1, 5, dtype=np.int32), groups))
    assert (difc[0], tzero[0]) == (DIFC[:2].mean(), -0.5)
    assert known.tolist() == [True, False, False, True]


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    import h5py

    path = tmp_path / "other.h5"
    with h5py.File(path, "w") as file:
        file["entry"] = 1
    with pytest.raises(ValueError, match="has no group /calibration"):
        read_hdf5(str(path))
    with h5py.File(path, "w") as file:
        file["calibration/detid"], file["calibration/difc"] = IDS, DIFC[:3]
    with pytest.raises(ValueError, match="difc has 3 values for 6 detectors"):
        read_hdf5(str(path))


def test_the_range_in_which_there_is_a_d() -> None:
    constants = Calibration(
        detector=np.arange(4, dtype=np.int32),
        difc=np.full(4, 100.0),
        difa=np.array([0.0, 0.0, 1.0, -1.0]),
        tzero=np.array([0.0, -5.0, 3000.0, 7000.0]),
    )
    low, high = tof_limits(constants, 1.0, 9000.0)
    assert low.tolist() == [1, 5, 500, 1]
    assert high is not None
    assert high.tolist() == [9000, 9000, 9000, 9000]
