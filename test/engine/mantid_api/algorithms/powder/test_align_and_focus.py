from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers.event_files import event_file, put
from helpers.powder import DIFC, GROUPS, IDS, USED, d_of, instrument, powder_events, write_calibration
from livereduce.engine.geometry.edited import of_angles
from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.mantid_api.files.instrument_xml import xml_of
from livereduce.engine.matrix.events.pending_events import PendingEvents
from livereduce.engine.matrix.histograms import Histograms

EDGES = np.geomspace(0.5, 3.0, 201)
PARAMS = (0.5, -(EDGES[1] / EDGES[0] - 1), 3.0)


@pytest.fixture
def cal_file(tmp_path: Path) -> str:
    return write_calibration(tmp_path / "cal.h5")


def by_hand(limits_us: tuple[float, float] = (0, 1e9)) -> np.ndarray:
    """Counts in d of the two groups."""
    events = powder_events().events
    tof_us, pixel = events.tof_ns / 1000, events.pixel
    counts = np.zeros((2, len(EDGES) - 1))
    for place in np.flatnonzero((USED > 0) & (GROUPS > 0)):
        mine = tof_us[(pixel == IDS[place]) & (tof_us >= limits_us[0]) & (tof_us < limits_us[1])]
        counts[GROUPS[place] - 1] += np.histogram(d_of(mine, int(place)), EDGES)[0]
    return counts


def in_d(made: Any) -> tuple[np.ndarray, np.ndarray]:
    matrix = made.matrix
    return np.stack([matrix.content.x.row(row) for row in range(2)]), matrix.histograms.y_table()


@pytest.mark.parametrize("preserve", [True, False])
def test_the_chain_is_that_of_the_equations(simpleapi: Any, cal_file: str, preserve: bool) -> None:
    made = simpleapi.AlignAndFocusPowder(powder_events(), CalFileName=cal_file, Params=PARAMS, PreserveEvents=preserve)
    assert made.matrix.unit == "TOF"
    assert isinstance(made.matrix.content, PendingEvents if preserve else Histograms)
    made = simpleapi.ConvertUnits(made, Target="dSpacing")
    x, y = in_d(made)
    np.testing.assert_allclose(x, [EDGES, EDGES], rtol=1e-12)
    assert y.tolist() == by_hand().tolist()


def test_the_result_is_in_time_of_flight_of_the_place_that_is_given(simpleapi: Any, cal_file: str) -> None:
    made = simpleapi.AlignAndFocusPowder(
        powder_events(),
        CalFileName=cal_file,
        Params=",".join(map(str, PARAMS)),
        PrimaryFlightPath=43.754,
        SpectrumIDs="1,2",
        L2="2.00944,2.5",
        Polar="90,150",
        Dspacing=True,
        PreserveEvents=True,
    )
    for row, (l2, polar) in enumerate(((2.00944, 90), (2.5, 150))):
        difc = 252.77841524305538 * (43.754 + l2) * 2 * np.sin(np.radians(polar) / 2)
        np.testing.assert_allclose(made.matrix.content.x.row(row), EDGES * difc, rtol=1e-12)


def test_the_calibration_is_read_once_and_left_in_the_store(simpleapi: Any, cal_file: str) -> None:
    simpleapi.AlignAndFocusPowder(powder_events(), CalFilename=cal_file, Params=PARAMS, OutputWorkspace="one")
    Path(cal_file).unlink()
    again = simpleapi.AlignAndFocusPowder(
        powder_events(), CalFilename=cal_file, Params=PARAMS, PreserveEvents=False, OutputWorkspace="two"
    )
    assert again.matrix.histograms.y.sum() == by_hand().sum()
    named = simpleapi.AlignAndFocusPowder(
        powder_events(),
        CalibrationWorkspace="POWDER_cal",
        GroupingWorkspace="POWDER_group",
        MaskWorkspace="POWDER_mask",
        Params=PARAMS,
        PreserveEvents=False,
    )
    assert named.matrix.histograms.y.tolist() == again.matrix.histograms.y.tolist()


def test_limits_come_from_the_property_manager(simpleapi: Any, cal_file: str) -> None:
    from livereduce.engine.mantid_api.modules.kernel.property_managers import PropertyManagerDataService

    manager = {"d_min": [0.5], "d_max": [3.0], "tof_min": 4000.0, "tof_max": 9000.0, "wavelength_max": 0.0}
    PropertyManagerDataService.addOrReplace("settings", manager)
    try:
        made = simpleapi.AlignAndFocusPowder(
            powder_events(),
            CalFileName=cal_file,
            Params=PARAMS[1],
            PreserveEvents=False,
            ReductionProperties="settings",
        )
    finally:
        PropertyManagerDataService.remove("settings")
    assert made.matrix.histograms.y_table().tolist() == by_hand((4000, 9000)).tolist()


def test_wavelengths_are_cut_by_the_angle_of_each_pixel(simpleapi: Any, cal_file: str) -> None:
    made = simpleapi.AlignAndFocusPowder(
        powder_events(), CalFileName=cal_file, Params=PARAMS, CropWavelengthMin=1.0, CropWavelengthMax=1.5
    )
    kept = 0
    events, places = powder_events().events, instrument_angles()
    for place in np.flatnonzero((USED > 0) & (GROUPS > 0)):
        d = d_of(events.tof_ns[events.pixel == IDS[place]] / 1000, int(place))
        wavelength = 2 * d * np.sin(places[place] / 2)
        kept += int(np.sum((wavelength >= 1.0) & (wavelength < 1.5)))
    assert made.getNumberEvents() == kept


def instrument_angles() -> np.ndarray:
    geometry = powder_events().geometry
    assert isinstance(geometry, InstrumentGeometry)
    return geometry.two_theta


def test_resampling_each_group(simpleapi: Any, cal_file: str) -> None:
    made = simpleapi.AlignAndFocusPowder(
        powder_events(), CalFileName=cal_file, ResampleX=-200, DMin=[0.5, 0.3], DMax=[3.0, 2.0], PreserveEvents=False
    )
    made = simpleapi.ConvertUnits(made, Target="dSpacing")
    x = made.matrix.content.x
    for row, (low, high) in enumerate(((0.5, 3.0), (0.3, 2.0))):
        np.testing.assert_allclose(x.row(row)[[0, -1]], [low, high])
        assert len(x.row(row)) == 201


def test_resampling_over_the_range_of_the_data(simpleapi: Any, cal_file: str) -> None:
    """The range of a group is that of the bins of its pixels; logarithmic bins cannot begin at 0."""
    data = simpleapi.Rebin(powder_events(), "2000,14000,16000")
    made = simpleapi.AlignAndFocusPowder(data, CalFileName=cal_file, ResampleX=-50, OutputWorkspace="made")
    made = simpleapi.ConvertUnits(made, Target="dSpacing")
    ends = [[d_of(np.array([tof]), place)[0] for place in range(2)] for tof in (2000.0, 16000.0)]
    np.testing.assert_allclose(made.matrix.content.x.row(0)[[0, -1]], [min(ends[0]), max(ends[1])])
    with pytest.raises(ValueError, match="logarithmic bins need an XMin above 0"):
        simpleapi.AlignAndFocusPowder(powder_events(), CalFileName=cal_file, ResampleX=-50, OutputWorkspace="made")


def test_coarse_compression_is_done_when_asked(simpleapi: Any, cal_file: str) -> None:
    arguments = {"CalFileName": cal_file, "Params": PARAMS}
    fine = simpleapi.AlignAndFocusPowder(powder_events(), **arguments, OutputWorkspace="fine")
    coarse = simpleapi.AlignAndFocusPowder(powder_events(), **arguments, CompressTolerance=50, OutputWorkspace="coarse")
    assert coarse.getNumberEvents() < fine.getNumberEvents() / 2


def test_masked_bins_prompt_pulse_and_what_is_not_there(simpleapi: Any, cal_file: str) -> None:
    arguments = {"CalFileName": cal_file, "Params": PARAMS, "OutputWorkspace": "x"}
    with pytest.raises(RuntimeError, match="AlignAndFocusPowder: Frequency is missing"):
        simpleapi.AlignAndFocusPowder(powder_events(), **arguments, RemovePromptPulseWidth=50)
    with pytest.raises(ValueError, match="Params, ResampleX or DeltaRagged is missing"):
        simpleapi.AlignAndFocusPowder(powder_events(), CalFileName=cal_file, OutputWorkspace="x")


def test_frames_are_unwrapped_and_their_bad_part_left_out(simpleapi: Any, cal_file: str) -> None:
    arguments = {"CalFileName": cal_file, "Params": PARAMS, "OutputWorkspace": "x"}
    whole = simpleapi.AlignAndFocusPowder(powder_events(), **arguments).getNumberEvents()
    assert simpleapi.AlignAndFocusPowder(powder_events(), **arguments, UnwrapRef=1e6).getNumberEvents() == whole
    assert 0 < simpleapi.AlignAndFocusPowder(powder_events(), **arguments, LowResRef=12000).getNumberEvents() < whole


def test_the_patterns_of_files_are_added(simpleapi: Any, cal_file: str, tmp_path: Path) -> None:
    """The bank of the file has 6 events for each detector; 4 of the detectors are in a group and used."""
    paths = [str(event_file(tmp_path / f"{name}_event.nxs")) for name in ("one", "two")]
    made = simpleapi.AlignAndFocusPowderFromFiles(
        Filename=",".join(paths),
        OutputWorkspace="sum",
        CacheDir=str(tmp_path),
        CalFileName=cal_file,
        Params="0.0001,-0.01,1",
        PrimaryFlightPath=20,
        SpectrumIDs=[1, 2],
        L2=[2, 2],
        Polar=[90, 150],
    )
    assert made.getNumberEvents() == 2 * 6 * 4
    assert made.matrix.unit == "TOF"
    assert made.run().getProtonCharge() * 3.6e9 == pytest.approx(2 * 12 * 1000)


def test_files_are_read_in_parts_and_their_patterns_kept(simpleapi: Any, cal_file: str, tmp_path: Path) -> None:
    ids = range(8, 24)
    xml = xml_of(of_angles("TEST", 20, ids, [2.0] * 16, [90.0] * 16, [0.0] * 16))
    path, folder = tmp_path / "one_event.nxs", tmp_path / "cache"
    event_file(path, lambda entry: put(entry, "instrument/instrument_xml/data", [xml.encode()]))
    places = {"PrimaryFlightPath": 20, "SpectrumIDs": [1, 2], "L2": [2, 2], "Polar": [90, 150]}
    arguments = {"Filename": str(path), "CalFileName": cal_file, "Params": "0.0001,-0.01,1", **places}
    whole = simpleapi.AlignAndFocusPowderFromFiles(**arguments, OutputWorkspace="whole")
    parts = simpleapi.AlignAndFocusPowderFromFiles(**arguments, MaxChunkSize=1e-6, OutputWorkspace="parts")
    assert parts.getNumberEvents() == whole.getNumberEvents() > 0
    assert parts.run().getProtonCharge() == whole.run().getProtonCharge()
    made = simpleapi.AlignAndFocusPowderFromFiles(**arguments, CacheDir=str(folder), OutputWorkspace="made")
    (kept,) = folder.iterdir()
    assert kept.name.startswith("one_event_")
    path.write_bytes(path.read_bytes())  # another time: another file
    again = simpleapi.AlignAndFocusPowderFromFiles(**arguments, CacheDir=str(folder), OutputWorkspace="again")
    assert len(list(folder.iterdir())) == 2
    read = simpleapi.AlignAndFocusPowderFromFiles(**arguments, CacheDir=str(folder), OutputWorkspace="read")
    assert len(list(folder.iterdir())) == 2
    for one in (made, again, read):
        assert one.extractY().tolist() == whole.extractY().tolist()
        assert one.run().getProtonCharge() == pytest.approx(whole.run().getProtonCharge())
    for one in folder.iterdir():
        one.write_bytes(b"broken")
    simpleapi.AlignAndFocusPowderFromFiles(**arguments, CacheDir=str(folder), OutputWorkspace="third")
    assert simpleapi.mtd["third"].getNumberEvents() == whole.getNumberEvents()


def test_the_calibration_of_an_instrument_in_a_file(
    simpleapi: Any, cal_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found and decoded as every algorithm does."""
    text = '<?xml version="1.0" encoding="UTF-16"?>' + xml_of(instrument())
    (tmp_path / "POWDER_Definition.xml").write_text(text, encoding="utf-16")
    monkeypatch.syspath_prepend(str(tmp_path))
    group, _, _ = simpleapi.LoadDiffCal(
        InstrumentFilename="POWDER_Definition.xml", Filename=cal_file, WorkspaceName="PG3"
    )
    assert group.matrix.instrument().l1 == 18
    assert group.extractY()[:, 0].tolist() == GROUPS.tolist()


def test_the_calibration_alone(simpleapi: Any, cal_file: str, tmp_path: Path) -> None:
    group, mask, table = simpleapi.LoadDiffCal(InputWorkspace=powder_events(), Filename=cal_file, WorkspaceName="PG3")
    assert table.column("difc") == DIFC.tolist()
    assert group.extractY()[:, 0].tolist() == GROUPS.tolist()
    assert mask.extractY()[:, 0].tolist() == (1 - USED).tolist()
    written = str(tmp_path / "again.h5")
    simpleapi.SaveDiffCal(CalibrationWorkspace="PG3_cal", GroupingWorkspace=group, MaskWorkspace=mask, Filename=written)
    simpleapi.LoadDiffCal(InputWorkspace=powder_events(), Filename=written, WorkspaceName="two")
    aligned = simpleapi.AlignDetectors(powder_events(), CalibrationFile=written)
    applied = powder_events()
    simpleapi.ApplyDiffCal(applied, CalibrationWorkspace="two_cal")
    applied = simpleapi.ConvertUnits(applied, Target="dSpacing")
    edges = simpleapi.Rebin(aligned, PARAMS)
    other = simpleapi.Rebin(applied, PARAMS)
    assert edges.matrix.histograms.y.tolist() == other.matrix.histograms.y.tolist()
    focussed = simpleapi.DiffractionFocussing(edges, GroupingWorkspace=group)
    assert focussed.matrix.spectra.number.tolist() == [1, 2]
    assert focussed.getNumberEvents() == np.isin(powder_events().events.pixel, IDS[GROUPS > 0]).sum()
