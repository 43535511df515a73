"""Real definitions and tables, where they are at hand: they are not part of the project."""

import csv
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from helpers.paths import ROOT
from livereduce.engine.geometry.definition import Definition
from livereduce.engine.matrix.conversion.units import A_US_PER_M

DATA = ROOT.parent / "shared" / "data" / "idf"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="instrument definitions (../shared/data/idf) are not here")


def test_one_component_for_each_rule() -> None:
    instrument = Definition((DATA / "own" / "rules.xml").read_text()).instrument()
    with (DATA / "own" / "expected.csv").open() as file:
        rows = list(csv.DictReader(file))
    index = instrument.index_of(np.array([int(row["id"]) for row in rows], np.int32))
    assert (index >= 0).all()
    assert_allclose(instrument.position[index], [[float(row[axis]) for axis in "xyz"] for row in rows], atol=1e-12)
    assert [row["kind"] == "monitor" for row in rows] == instrument.is_monitor[index].tolist()


@pytest.mark.parametrize("table", sorted(DATA.glob("tables/*.csv")), ids=lambda path: path.stem)
def test_flight_paths_and_angles_of_tables(table: Path) -> None:
    instrument = Definition((DATA / f"{table.stem}.xml").read_text()).instrument()
    pixel, l2_m, two_theta_deg = np.loadtxt(table, delimiter=",", skiprows=1, unpack=True)
    index = instrument.index_of(pixel.astype(np.int32))
    assert (index >= 0).all()
    assert_allclose(instrument.l2[index], l2_m, atol=1e-7)
    assert_allclose(np.degrees(instrument.two_theta[index]), two_theta_deg, atol=1e-7)


def test_whole_nomad_and_its_calibration() -> None:
    h5py = pytest.importorskip("h5py")
    instrument = Definition((DATA / "NOMAD_Definition.xml").read_text()).instrument()
    pixels = ~instrument.is_monitor
    assert instrument.ids[pixels].tolist() == list(range(101_376))
    assert instrument.l1 == 19.5
    assert_allclose([instrument.l2[pixels].min(), instrument.l2[pixels].max()], [0.676487, 2.633694], atol=1e-6)
    two_theta = np.degrees(instrument.two_theta[pixels])
    assert_allclose([two_theta.min(), two_theta.max()], [0.66115, 176.73854], atol=1e-5)
    with h5py.File(DATA / "NOMAD_243451_2026-06-09_shifter.h5") as file:
        detid, difc, use = (file["calibration"][name][:] for name in ("detid", "difc", "use"))
    index = instrument.index_of(detid)[use != 0]
    ratio = difc[use != 0] / (
        (instrument.l1 + instrument.l2[index]) * 2 * np.sin(instrument.two_theta[index] / 2) / A_US_PER_M
    )
    assert np.median(ratio) == pytest.approx(0.9977, abs=1e-4)
    assert ((ratio > 0.966) & (ratio < 1.024)).mean() > 0.975


def test_a_malformed_number_of_a_real_definition() -> None:
    instrument = Definition((DATA / "NOMAD_Definition_19000000-20120630.xml").read_text()).instrument()
    assert len(instrument.ids) == 101_378
