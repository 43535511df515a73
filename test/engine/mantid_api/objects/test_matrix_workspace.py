import numpy as np
import pytest
import scipp as sc

from helpers.items import event_batch
from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.counts import Counts
from livereduce.engine.counting.histogram import Histogram
from livereduce.engine.counting.pixels import PixelTable
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.mantid_api.objects.output import as_workspace
from livereduce.engine.workspaces.events import Events
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.engine.workspaces.workspace import Binned

BINS = Binning(np.array([0, 10_000, 20_000, 40_000], np.int64))
TOF, PIXEL = [1000, 11_000, 12_000, 39_000], [5, 5, 6, 7]


def make(data: Events | Counts | sc.DataArray | None = None) -> MatrixWorkspace:
    events = Events((event_batch(3, TOF[:2], PIXEL[:2], pulse_ns=1), event_batch(3, TOF[2:], PIXEL[2:], pulse_ns=2)))
    return MatrixWorkspace("chunk", events if data is None else data, binned=Binned(BINS, PixelTable()), run=3)


def dense(values: list[float], **coords: list[float]) -> sc.DataArray:
    data = sc.array(dims=["d"], values=values, variances=values, unit="counts", dtype="float64")
    return sc.DataArray(data, coords={k: sc.array(dims=["d"], values=v, unit="angstrom") for k, v in coords.items()})


def test_events_answer_as_mantids_workspaces_do() -> None:
    ws = make()
    assert (ws.name(), ws.getName(), ws.getRunNumber(), ws.getTitle()) == ("chunk", "chunk", 3, "")
    assert (ws.getNumberEvents(), ws.getNumberHistograms(), ws.blocksize()) == (4, 3, 3)
    assert (ws.getTofMin(), ws.getTofMax()) == (1, 39)
    assert ws.readX(0).tolist() == [0, 10, 20, 40]
    assert ws.extractY().tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 1]]
    assert ws.readY(0).tolist() == [1, 1, 0]
    assert ws.readE(1).tolist() == [0, 1, 0]
    assert ws.extractE().tolist() == np.sqrt(ws.extractY()).tolist()
    assert ws.extractX().shape == (3, 4)
    assert "run 3: Events, 4 events" in repr(ws)
    assert MatrixWorkspace("empty", Events(), binned=ws.binned.fresh()).getTofMax() == 0


def test_the_scipp_table_has_every_event() -> None:
    ws = make()
    table = ws.data
    assert table.coords["tof"].values.tolist() == TOF
    assert (str(table.coords["tof"].unit), str(table.coords["tof"].dtype)) == ("ns", "int32")
    assert table.coords["pixel"].values.tolist() == PIXEL
    assert table.variances.tolist() == [1, 1, 1, 1]
    assert ws.data is table, "one table as long as it is held"
    times = ws.scipp(pulse_time=True).coords["pulse_time"].values
    assert times[-1] == np.datetime64("1990-01-01T00:00:00.000000002", "ns")


def test_counts_for_scipp_have_edges_and_pixels() -> None:
    counts = make().counts()
    array = make(counts).data
    assert array.dims == ("spectrum", "tof")
    assert array.coords["tof"].values.tolist() == [0, 10, 20, 40]
    assert array.coords["pixel"].values.tolist() == [5, 6, 7]
    assert array.variances.tolist() == array.values.tolist()
    assert make(counts.total()).data.dims == ("tof",)
    assert (make(counts).getNumberEvents(), make(counts).getTofMax()) == (4, 40)


def test_questions_about_counts_copy_none_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    ws = make(make().counts())
    monkeypatch.setattr("livereduce.engine.matrix.from_data.of_counts", lambda *_: pytest.fail("a matrix was made"))
    assert (ws.id(), ws.blocksize(), ws.size(), ws.getNumberHistograms()) == ("Workspace2D", 3, 9, 3)
    assert (ws.getNumberEvents(), ws.getTofMax(), ws.readY(0).tolist()) == (4, 40, [1, 1, 0])
    assert (ws.isCommonBins(), ws.isHistogramData(), ws.has_events) == (True, True, False)


def test_rebinding_the_data_changes_what_is_read() -> None:
    ws = make()
    assert ws.readY(0).tolist() == [1, 1, 0]
    ws.data = ws.events.where(lambda piece: piece.tof_ns > 5000)
    assert ws.extractY().tolist() == [[0, 1, 0], [0, 1, 0], [0, 0, 1]]
    ws.data = ws.data.hist(tof=2)
    assert (ws.blocksize(), ws.getNumberEvents()) == (2, 3)
    assert ws.getTofMin() == 11
    with pytest.raises(RuntimeError, match="holds DataArray, not events"):
        _ = ws.events
    with pytest.raises(RuntimeError, match=r"its counts are in \.data"):
        ws.counts()
    with pytest.raises(TypeError, match="not list"):
        ws.data = [1]  # type: ignore[assignment]


def test_arrays_of_scipp_are_spectra_along_the_last_dimension() -> None:
    ws = make(dense([1, 4, 9], d=[1, 2, 3, 4]))
    assert ws.readX(0).tolist() == [1, 2, 3, 4]
    assert (ws.readY(0).tolist(), ws.readE(0).tolist()) == ([1, 4, 9], [1, 2, 3])
    assert make(dense([1, 4, 9])).readX(0).tolist() == [0, 1, 2]
    assert make(sc.DataArray(sc.scalar(7.0))).extractY().tolist() == [[7]]
    binned = make(make().data.group("pixel"))
    assert (binned.getNumberEvents(), binned.extractY().tolist()) == (4, [[2, 1, 1]])
    assert (binned.getTofMin(), binned.getTofMax()) == (1, 39)
    with pytest.raises(RuntimeError, match="no coordinate 'tof', only d"):
        make(dense([1], d=[1])).getTofMin()


def test_only_new_pieces_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []
    add = Histogram.add

    def counting(self: Histogram, events: Events) -> None:
        counted.append(events.n)
        add(self, events)

    monkeypatch.setattr(Histogram, "add", counting)
    one, binned = make().events, Binned(BINS, PixelTable())
    more = one + Events((event_batch(3, [1], [5]),))
    assert binned.spectra(one).counts.sum() == 4
    assert binned.spectra(more).counts.sum() == 5
    assert counted == [4, 1]
    assert binned.spectra(Events(more.pieces[1:])).counts.sum() == 3, "other events are counted anew"
    assert binned.total(more).table().tolist() == [[2, 2, 1]]


def test_a_clone_stays() -> None:
    histogram = Histogram(BINS, PixelTable())
    histogram.add(make().events)
    ws = make(histogram.counts())
    ws.monitors = make()
    twin = ws.clone()
    histogram.add(make().events)
    assert (ws.getNumberEvents(), twin.getNumberEvents()) == (8, 4)
    assert twin.getMonitorWorkspace() is not ws.getMonitorWorkspace()
    with pytest.raises(RuntimeError, match="no monitor workspace"):
        make().getMonitorWorkspace()


def test_logs_and_title() -> None:
    ws = make()
    ws.logs.set_plain("run_title", "quartz")
    assert ws.getTitle() == "quartz"
    assert ws.run() is ws.getRun() is ws.logs


def test_what_a_script_left_becomes_a_workspace() -> None:
    chunk = make()
    chunk.logs = RunLogs()
    made = as_workspace(dense([1]), chunk)
    assert isinstance(made, MatrixWorkspace)
    assert (made.name(), made.run_number, made.logs is chunk.logs) == ("chunk", 3, True)
    assert as_workspace(chunk, chunk) is chunk
    with pytest.raises(TypeError, match=r"output is a Variable; a workspace or a scipp DataArray"):
        as_workspace(sc.scalar(1), chunk)
