"""Files that scripts write, and read again."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.items import event_batch
from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.pixels import PixelTable
from livereduce.engine.geometry.definition import Definition
from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.mantid_api.objects.workspace_group import WorkspaceGroup
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.engine.workspaces.events import Events
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.engine.workspaces.workspace import Binned

PULSE_NS = 1_000_000_000_000_000_000


def events(name: str = "chunk") -> MatrixWorkspace:
    held = Events((event_batch(3, [1_000, 11_000, 12_000, 39_000], [5, 5, 6, 7], pulse_ns=PULSE_NS),))
    logs = RunLogs()
    logs.set_plain("run_number", 3)
    logs.set_plain("run_title", "a title")
    logs.add_series("temp", "K", np.array([PULSE_NS, PULSE_NS + 10**9]), np.array([10.0, 20.5]))
    logs.add_series("state", "", np.array([PULSE_NS, PULSE_NS + 10**9]), ("up", "down"))
    logs.add_charge(np.array([PULSE_NS]), np.array([3.6e9]))
    bins = Binning(np.array([0, 10_000, 20_000, 40_000], np.int64))
    geometry = Definition(xml='<instrument name="TEST"/>')
    return MatrixWorkspace(name, held, binned=Binned(bins, PixelTable()), logs=logs, run=3, geometry=geometry)


def test_events_come_back_from_a_file(simpleapi: Any, tmp_path: Path) -> None:
    path = tmp_path / "events.nxs"
    data = events()
    assert simpleapi.SaveNexus(InputWorkspace=data, Filename=str(path)) is None
    back = simpleapi.LoadNexus(str(path))
    assert (back.name(), back.getRunNumber(), back.getTitle(), back.getNumberEvents()) == ("back", 3, "a title", 4)
    assert back.readX(0).tolist() == [0, 10, 20, 40]
    assert back.extractY().tolist() == data.extractY().tolist()
    assert back.matrix.spectra.ids.tolist() == [5, 6, 7]
    assert back.matrix.events.pulse_ns.tolist() == [PULSE_NS] * 4
    run = back.run()
    assert run.getProtonCharge() == 1.0
    assert run["temp"].value.tolist() == [10.0, 20.5]
    assert run["temp"].times_ns.tolist() == [PULSE_NS, PULSE_NS + 10**9]
    assert (run["temp"].units, list(run["state"].value)) == ("K", ["up", "down"])
    assert back.matrix.geometry.xml == '<instrument name="TEST"/>'


def test_the_layout_is_mantids(simpleapi: Any, tmp_path: Path) -> None:
    """Names and attributes that Mantid's LoadNexusProcessed asks for."""
    path = tmp_path / "layout.nxs"
    simpleapi.SaveNexusProcessed(events(), str(path), Title="mine", PreserveEvents=False)
    with h5py.File(path) as file:
        entry = file["mantid_workspace_1"]
        assert entry.attrs["NX_class"] == b"NXentry"
        assert entry["title"][0] == b"mine"
        assert entry["definition"][0] == b"Mantid Processed Workspace"
        assert entry["workspace_name"][0] == b"chunk"
        data = entry["workspace"]
        assert data["values"].shape == data["errors"].shape == (3, 3)
        assert data["values"].attrs["units"] == b"Counts"
        assert (data["axis1"].attrs["units"], data["axis1"].attrs["distribution"]) == (b"TOF", b"0")
        assert data["axis2"].attrs["units"] == b"spectraNumber"
        detector = entry["instrument/detector"]
        assert [detector[name][()].tolist() for name in ("spectra", "detector_count", "detector_index")] == [
            [1, 2, 3],
            [1, 1, 1],
            [0, 1, 2],
        ]
        assert entry["instrument/name"][0] == b"TEST"
        assert entry["sample"].attrs["version"] == 1
        assert entry["logs"].attrs["NX_class"] == b"NXgroup"
        assert entry["logs/temp/time"].attrs["start"].startswith(b"2021-09-09T01:46:40")


def test_append_adds_an_entry_and_a_part_can_be_chosen(simpleapi: Any, tmp_path: Path) -> None:
    path = tmp_path / "two.nxs"
    simpleapi.SaveNexusProcessed(events("first"), str(path))
    simpleapi.SaveNexusProcessed(events("second"), str(path), Append=True, WorkspaceIndexList="0,2")
    second = simpleapi.LoadNexusProcessed(str(path), EntryNumber=2)
    assert second.matrix.spectra.number.tolist() == [1, 3]
    part = simpleapi.LoadNexusProcessed(str(path), SpectrumList=2, EntryNumber=1)
    assert part.matrix.spectra.ids.tolist() == [6]
    with pytest.raises(ValueError, match=r"two\.nxs has 2 entries, not 3"):
        simpleapi.LoadNexusProcessed(str(path), EntryNumber=3, OutputWorkspace="x")
    with pytest.raises(IndexError, match="workspace index 9 was asked for"):
        simpleapi.SaveNexusProcessed(events(), str(path), WorkspaceIndexList=9)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.floats(-1e9, 1e9), min_size=6, max_size=6),
    st.sampled_from(["", "TOF", "dSpacing", "MomentumTransfer"]),
    st.booleans(),
)
def test_numbers_come_back_exactly(
    simpleapi: Any, tmp_path: Path, values: list[float], unit: str, distribution: bool
) -> None:
    path = tmp_path / "numbers.nxs"
    made = simpleapi.CreateWorkspace(
        DataX=[1, 2, 3, 4], DataY=values, DataE=np.abs(values), NSpec=2, UnitX=unit, Distribution=distribution
    )
    simpleapi.SaveNexus(made, str(path))
    back = simpleapi.LoadNexus(str(path))
    assert back.extractY().ravel().tolist() == values
    assert back.extractE().ravel().tolist() == np.abs(values).tolist()
    assert (back.matrix.unit, back.matrix.is_distribution) == (unit, distribution)


def test_ragged_spectra_come_back(simpleapi: Any, tmp_path: Path) -> None:
    x = Grid.ragged([np.array([0.0, 1, 2]), np.array([0.0, 5])])
    content = Histograms.ragged(x, [np.array([1.0, 2]), np.array([3.0])], [np.array([1.0, 1]), np.array([2.0])])
    made = events()
    made.matrix = Matrix(content=content, spectra=SpectrumTable.without_detectors(2))
    simpleapi.SaveNexus(made, str(tmp_path / "ragged.nxs"))
    back = simpleapi.LoadNexus(str(tmp_path / "ragged.nxs"))
    held = back.matrix.histograms
    assert [held.y_of(row).tolist() for row in (0, 1)] == [[1, 2], [3]]
    assert [held.x.row(row).tolist() for row in (0, 1)] == [[0, 1, 2], [0, 5]]


def test_text_has_bin_centers_and_mantids_heading(simpleapi: Any, tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    data = simpleapi.CreateWorkspace(DataX=[0, 1, 2, 0, 1, 2], DataY=[1, 2, 3, 4.5], DataE=[1, 1, 1, 1 / 3], NSpec=2)
    simpleapi.SaveAscii(data, str(path))
    assert path.read_text() == ("# X , Y , E Distribution=false\n1\n0.5,1,1\n1.5,2,1\n2\n0.5,3,1\n1.5,4.5,0.333333\n")
    simpleapi.SaveAscii(
        data, str(path), SpectrumList=1, Separator="Tab", ColumnHeader=False, Precision=2, ScientificFormat=True
    )
    assert path.read_text() == "2\n5.00e-01\t3.00e+00\t1.00e+00\n1.50e+00\t4.50e+00\t3.33e-01\n"
    simpleapi.SaveAscii(data, str(path), WorkspaceIndexMin=0, WorkspaceIndexMax=0, AppendToFile=True, LogList="none")
    assert path.read_text().count("\n") == 3 + 5
    simpleapi.SaveAscii(data, str(path), OneSpectrumPerFile=True, CustomSeparator=" | ")
    assert (tmp_path / "out_1.txt").read_text().splitlines()[1:3] == ["2", "0.5 | 3 | 1"]
    with pytest.raises(ValueError, match="SaveAscii: the separator 'e' must not contain"):
        simpleapi.SaveAscii(data, str(path), CustomSeparator="e")


@pytest.mark.parametrize("separator", ["CSV", "Tab", "Space", "Colon", "SemiColon"])
def test_text_comes_back(simpleapi: Any, tmp_path: Path, separator: str) -> None:
    path = str(tmp_path / "back.txt")
    data = simpleapi.CreateWorkspace(DataX=[1, 2, 3], DataY=[-1.5, 2e-7, 3, 4, 5, 6], DataE=[1] * 6, NSpec=2)
    simpleapi.SaveAscii(data, path, Separator=separator)
    back = simpleapi.LoadAscii(path, Unit="dSpacing")
    assert back.extractY().tolist() == data.extractY().tolist()
    assert back.readX(1).tolist() == [1, 2, 3]
    assert back.matrix.unit == "dSpacing"
    assert back.matrix.spectra.number.tolist() == [1, 2]


def test_text_of_others_is_read(simpleapi: Any, tmp_path: Path) -> None:
    path = tmp_path / "REFL.txt"
    path.write_text("# Experiment IPTS-1\n# Q R dR dQ\n0.01  1.0  0.1  0.001\n0.02\t0.5\t0.05\t0.001\n")
    back = simpleapi.LoadAscii(Filename=str(path), Unit="MomentumTransfer")
    assert (back.readX(0).tolist(), back.readE(0).tolist()) == ([0.01, 0.02], [0.1, 0.05])
    path.write_text("1 2 3\n1 2\n")
    with pytest.raises(ValueError, match=r"REFL\.txt, line 2: 2 columns, and 3 before"):
        simpleapi.LoadAscii(str(path), OutputWorkspace="x")
    path.write_text("nothing\n")
    with pytest.raises(ValueError, match="no columns of numbers"):
        simpleapi.LoadAscii(str(path), OutputWorkspace="x")


def test_a_missing_file_is_named_with_the_places(
    simpleapi: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RuntimeError, match=r"LoadNexus: NOM_12345: no such file in .*\(also with .nxs"):
        simpleapi.LoadNexus("NOM_12345", OutputWorkspace="x")
    simpleapi.SaveNexus(events(), "NOM_12345.nxs")
    assert simpleapi.LoadNexus("NOM_12345", OutputWorkspace="x").getNumberEvents() == 4
    with pytest.raises(RuntimeError, match=r"SaveNexus: nowhere/a\.nxs: cannot be written, the folder .*nowhere does"):
        simpleapi.SaveNexus(events(), "nowhere/a.nxs")
    assert [path.name for path in tmp_path.iterdir()] == ["NOM_12345.nxs"]


def test_masks_and_moved_detectors_come_back(simpleapi: Any, tmp_path: Path) -> None:
    made = events()
    position = np.array([[0.0, 0.1, 1.0], [0.5, 0.0, 1.0], [0.0, -0.3, 2.0], [0.0, 0.0, -0.5]])
    instrument = InstrumentGeometry(
        name="MOVED",
        source=np.array([0.0, 0.0, -10.0]),
        sample=np.zeros(3),
        ids=np.array([5, 6, 7, 9], np.int32),
        position=position,
        is_monitor=np.array([False, False, False, True]),
    )
    made.matrix = replace(made.matrix, geometry=instrument, masked=np.array([False, True, False]))
    simpleapi.SaveNexus(made, str(tmp_path / "moved.nxs"))
    back = simpleapi.LoadNexus(str(tmp_path / "moved.nxs"))
    assert back.matrix.is_masked.tolist() == [False, True, False]
    read = back.matrix.instrument()
    assert (read.name, read.ids.tolist(), read.is_monitor.tolist()) == ("MOVED", [5, 6, 7, 9], [False] * 3 + [True])
    np.testing.assert_allclose(read.position, position, atol=1e-15)
    np.testing.assert_allclose([read.l1, *read.two_theta], [instrument.l1, *instrument.two_theta], rtol=1e-14)


def test_focused_spectra_as_columns(simpleapi: Any, tmp_path: Path) -> None:
    data = simpleapi.CreateWorkspace(DataX=[1, 2, 3], DataY=[1, 2, 3, 4], DataE=[0.5] * 4, NSpec=2, UnitX="TOF")
    simpleapi.SaveFocusedXYE(data, str(tmp_path / "a.xye"), StartAtBankNumber=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a-1.xye", "a-2.xye"]
    lines = (tmp_path / "a-2.xye").read_text().splitlines()
    assert lines[0] == "XYDATA"
    assert lines[3] == "# Data for spectra :2"
    assert lines[-1] == "        2.50000        4.00000000        0.50000000"
    simpleapi.SaveFocusedXYE(data, str(tmp_path / "b.xye"), SplitFiles=False, IncludeHeader=False)
    assert len((tmp_path / "b.xye").read_text().splitlines()) == 4


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:3000])


def _without(field: str) -> Any:
    def spoil(path: Path) -> None:
        with h5py.File(path, "a") as file:
            del file[f"mantid_workspace_1/{field}"]

    return spoil


def _short(path: Path) -> None:
    with h5py.File(path, "a") as file:
        del file["mantid_workspace_1/event_workspace/tof"]
        file["mantid_workspace_1/event_workspace/tof"] = [1.0]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_cut, "cannot be read as a NeXus file"),
        (lambda path: path.write_text("no NeXus"), "cannot be read as a NeXus file"),
        (_without("event_workspace/tof"), "event_workspace/tof is missing"),
        (_without("event_workspace"), "holds no workspace that is known"),
        (_short, "4 events"),
    ],
)
def test_a_broken_file_is_told_with_its_name(simpleapi: Any, tmp_path: Path, spoil: Any, says: str) -> None:
    path = tmp_path / "broken.nxs"
    simpleapi.SaveNexus(events(), str(path))
    spoil(path)
    with pytest.raises((ValueError, RuntimeError), match=rf"LoadNexusProcessed: .*broken\.nxs.*{says}"):
        simpleapi.LoadNexusProcessed(str(path), OutputWorkspace="x")


def table(simpleapi: Any) -> Any:
    made = simpleapi.CreateEmptyTableWorkspace(OutputWorkspace="table")
    for kind, name in (("int", "detid"), ("double", "difc"), ("str", "label"), ("bool", "good")):
        made.addColumn(kind, name)
    made.addRow([5, 1.5, "a", True])
    made.addRow([6, -2.25, "bcd", False])
    made.addRow([7, 1e-7, "e", True])
    return made


def test_tables_come_back_from_both_kinds_of_file(simpleapi: Any, tmp_path: Path) -> None:
    made = table(simpleapi)
    simpleapi.SaveNexus(made, str(tmp_path / "table.nxs"))
    back = simpleapi.LoadNexus(str(tmp_path / "table.nxs"))
    assert (back.name(), back.columnTypes(), back.toDict()) == ("back", made.columnTypes(), made.toDict())
    simpleapi.SaveAscii(made, str(tmp_path / "table.txt"))
    assert (tmp_path / "table.txt").read_text().splitlines()[:3] == [
        "# detid , difc , label , good ",
        "# int , double , str , bool ",
        "5,1.5,a,true",
    ]
    assert simpleapi.Load(str(tmp_path / "table.txt"), OutputWorkspace="text").toDict() == made.toDict()


def test_rows_are_removed(simpleapi: Any) -> None:
    made = table(simpleapi)
    simpleapi.DeleteTableRows(TableWorkspace=made, Rows="0-1, 9")
    assert made.column("detid") == [7]
    with pytest.raises(TypeError, match="DeleteTableRows: TableWorkspace must be a table"):
        simpleapi.DeleteTableRows(simpleapi.CreateWorkspace([1], [2], OutputWorkspace="w"), 1)


def test_a_group_is_one_file_and_comes_back_as_one(simpleapi: Any, tmp_path: Path) -> None:
    path = str(tmp_path / "group.nxs")
    for name in ("one", "two"):
        simpleapi.CreateWorkspace([1, 2], [3 if name == "one" else 4], OutputWorkspace=name)
    group = WorkspaceGroup("both", [simpleapi.mtd["one"], simpleapi.mtd["two"]])
    simpleapi.SaveNexus(group, path)
    simpleapi.mtd.remove("one")
    back = simpleapi.LoadNexusProcessed(path)
    assert (back.name(), back.getNames()) == ("back", ["one", "two_1"])
    assert [simpleapi.mtd[name].readY(0)[0] for name in back.getNames()] == [3, 4]
    assert simpleapi.LoadNexusProcessed(path, EntryNumber=2, OutputWorkspace="second").readY(0)[0] == 4
    div = simpleapi.SavePlot1D(group, OutputType="plotly")
    assert div.count("Plotly.newPlot") == 2
    several = simpleapi.Load(f"{path}, {path}", EntryNumber=1)
    assert several.getNames() == ["group", "group_1"]


def test_texts_of_single_characters_are_read(simpleapi: Any, tmp_path: Path) -> None:
    path = tmp_path / "characters.nxs"
    simpleapi.SaveNexus(events(), str(path))
    with h5py.File(path, "a") as file:
        group = file["mantid_workspace_1/logs/state"]
        del group["value"]
        group["value"] = np.array([[b"u", b"p", b""], [b"o", b"f", b"f"]])
    back = simpleapi.LoadNexus(str(path))
    assert list(back.run()["state"].value) == ["up", "off"]
