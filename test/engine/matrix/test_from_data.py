import numpy as np

from helpers.items import event_batch
from livereduce.engine.counting.binning import Binning, make_edges_ns
from livereduce.engine.counting.pixels import PixelTable
from livereduce.engine.geometry.definition import Definition
from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.matrix.events.pending_events import PendingEvents
from livereduce.engine.matrix.from_data import of_events, row_table
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.workspaces.events import Events
from livereduce.engine.workspaces.runlogs import RunLogs

BINNING = Binning(make_edges_ns(0, 10, 100))


def instrument(ids: list[int], monitors: int = 0) -> InstrumentGeometry:
    return InstrumentGeometry(
        name="TOY",
        source=np.zeros(3),
        sample=np.array([0.0, 0, 10]),
        ids=np.array(ids, np.int32),
        position=np.zeros((len(ids), 3)),
        is_monitor=np.arange(len(ids)) < monitors,
    )


def made(
    pixel: list[int], table: PixelTable, geometry: Definition | InstrumentGeometry
) -> tuple[Matrix, PendingEvents]:
    events = Events((event_batch(1, np.zeros(len(pixel)), pixel),))
    matrix = of_events(events, BINNING, table, RunLogs(), geometry)
    assert isinstance(matrix.content, PendingEvents)
    return matrix, matrix.content


def test_detectors_have_spectra_and_monitors_have_none() -> None:
    geometry = instrument([-1, 5, 9], monitors=1)
    one, content = made([9, 5, 9, 7], PixelTable(), geometry)
    assert one.spectra.ids.tolist() == [5, 9]
    assert one.histograms.y.reshape(2, -1).sum(axis=1).tolist() == [1, 2]
    two, again = made([5], PixelTable(), geometry)
    assert two.spectra is one.spectra
    assert again.row_of_pixel is content.row_of_pixel


def test_without_positions_each_pixel_seen_has_a_spectrum() -> None:
    table = PixelTable()
    one, content = made([9, 5, 9], table, Definition())
    two, same = made([5], table, Definition())
    assert one.spectra.ids.tolist() == [5, 9]
    assert same.row_of_pixel is content.row_of_pixel
    assert two.spectra is one.spectra
    three, more = made([5, 1], table, Definition())
    assert three.spectra.ids.tolist() == [5, 9, 1]
    assert more.rows == 3
    assert content.row_of_pixel.max() == 1


def test_ids_that_no_pixel_can_have_take_no_memory() -> None:
    table = row_table(np.array([-5, 3, 2**31 - 1], np.int32))
    assert table.tolist() == [-1, -1, -1, 1, -1]
    assert row_table(np.empty(0, np.int32)).tolist() == [-1, -1]
