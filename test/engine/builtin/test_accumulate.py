import mmap
from dataclasses import replace

import numpy as np
import pytest
import scipp as sc

from helpers.items import event_batch
from livereduce.engine.builtin.accumulate import Accumulation, AccumulationError
from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.counts import Counts
from livereduce.engine.counting.histogram import Histogram
from livereduce.engine.counting.pixels import PixelTable
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.workspaces.events import Events
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.engine.workspaces.tally import Tally
from livereduce.engine.workspaces.workspace import Binned, Data
from livereduce.stream.items import I4

BINS = Binning(np.array([0, 10, 20], np.int64))
TABLE = PixelTable(np.array([1, 2], np.int32))


def ws(data: Data, *, monitors: Events | None = None, tally: Tally | None = None) -> MatrixWorkspace:
    logs = RunLogs()
    logs.add_charge(np.array([1]), np.array([2.0]))
    return MatrixWorkspace(
        "chunk",
        data,
        binned=Binned(BINS, TABLE),
        logs=logs,
        run=3,
        monitors=MatrixWorkspace("m", monitors, binned=Binned(BINS, PixelTable())) if monitors is not None else None,
        tally=tally or Tally(chunks=1, events=2),
    )


def events(*tof: int, pixel: int = 1) -> Events:
    return Events((event_batch(3, tof, [pixel] * len(tof)),))


def counts(*rows: list[float], pixels: tuple[int, ...] = (1, 2), binning: Binning = BINS) -> Counts:
    return Counts(counts=np.array(rows), binning=binning, pixels=np.array(pixels, np.int32))


def array(*values: float, at: float = 0.0, variances: bool = True, unit: str = "counts") -> sc.DataArray:
    numbers = np.array(values, np.float64)
    data = sc.array(dims=["d"], values=numbers, variances=numbers if variances else None, unit=unit)
    return sc.DataArray(data, coords={"d": sc.array(dims=["d"], values=at + np.arange(len(values) + 1.0))})


def accumulated(*chunks: Data, method: str = "Add", preserve: bool = True) -> MatrixWorkspace:
    accumulation = Accumulation("accumulation", method, preserve_events=preserve)
    for chunk in chunks:
        accumulation.add(ws(chunk))
    value = accumulation.value()
    assert value is not None
    return value


def test_nothing_gives_nothing() -> None:
    assert Accumulation("a", "Add", preserve_events=True).value() is None


def test_events_are_added_by_reference_and_keep_one_histogram() -> None:
    one, two = events(1, 11), events(5, pixel=2)
    accumulation = Accumulation("accumulation", "Add", preserve_events=True)
    for chunk in (one, two):
        accumulation.add(ws(chunk))
    value = accumulation.value()
    assert value is not None
    assert value.events.pieces == (*one.pieces, *two.pieces)
    assert value.extractY().tolist() == [[1, 1], [1, 0]]
    again = accumulation.value()
    assert again is not None
    assert again.binned is value.binned, "what was counted need not be counted again"
    assert (value.name(), value.tally.chunks, value.logs.charge_pc) == ("accumulation", 2, 4)


def test_events_that_are_not_preserved_are_counted_at_once() -> None:
    value = accumulated(events(1, 11), events(5, 99, pixel=2), preserve=False)
    assert isinstance(value.held, Counts)
    assert value.extractY().tolist() == [[1, 1], [1, 0]]


def test_a_script_cannot_change_what_is_accumulated() -> None:
    mine = array(1, 2)
    accumulation = Accumulation("a", "Add", preserve_events=True)
    accumulation.add(ws(mine))
    mine *= 100.0
    value = accumulation.value()
    assert value is not None
    value.data *= 100.0
    value.logs.set_plain("mine", 1)
    accumulation.add(ws(array(1, 1)))
    after = accumulation.value()
    assert after is not None
    assert (after.data.values.tolist(), after.data.variances.tolist()) == ([2, 3], [2, 3])
    assert "mine" not in after.logs


def test_arrays_of_counts_that_a_script_holds_are_not_written_to() -> None:
    theirs = counts([1, 0], [0, 2])
    value = accumulated(theirs, counts([5, 5], [1, 1]), events(1))
    assert theirs.table().tolist() == [[1, 0], [0, 2]]
    assert value.extractY().tolist() == [[7, 5], [1, 3]]


def test_replace_keeps_the_last_chunk_alone() -> None:
    value = accumulated(events(1, 2), events(3), method="Replace")
    assert value.events.tof_ns.tolist() == [3]
    assert (value.logs.charge_pc, value.tally.chunks) == (2, 1)


def test_append_adds_spectra() -> None:
    value = accumulated(events(1), events(11, pixel=2), method="Append")
    assert value.extractY().tolist() == [[1, 0], [0, 0], [0, 0], [0, 1]]
    value = accumulated(array(1, 2), array(3, 4), array(5, 6), method="Append")
    assert (value.data.dims, value.extractY().tolist()) == (("spectrum", "d"), [[1, 2], [3, 4], [5, 6]])
    with pytest.raises(AccumulationError, match="other values of 'd'"):
        accumulated(array(1), array(1, at=1), method="Append")
    other = Binning(np.array([0, 20], np.int64))
    with pytest.raises(AccumulationError, match="cannot be appended"):
        accumulated(counts([1, 1], [1, 1]), counts([1], [1], binning=other), method="Append")


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (array(1, 2), array(1, 2, at=0.5), "coord"),
        (array(1, 2), array(1, 2, 3), "coord"),
        (array(1, 2), array(1, 2, unit="m"), "Cannot add"),
        (events(1), array(1, 2), "DataArray cannot be added to Events"),
        (array(1, 2), events(1), "Events cannot be added to DataArray"),
        (counts([1, 1], [1, 1]), counts([1], [1], binning=Binning(np.array([0, 9]))), "1 bins from 0 to 0.009"),
    ],
)
def test_what_does_not_go_together_is_an_error_and_changes_nothing(first: Data, second: Data, words: str) -> None:
    accumulation = Accumulation("a", "Add", preserve_events=True)
    accumulation.add(ws(first))
    before = accumulation.value()
    with pytest.raises(AccumulationError, match=words) as error:
        accumulation.add(ws(second))
    assert "\n" not in str(error.value)
    after = accumulation.value()
    assert before is not None
    assert after is not None
    assert (after.extractY().tolist(), after.tally) == (before.extractY().tolist(), before.tally)


def test_variances_and_numbers_may_come_later() -> None:
    value = accumulated(array(1, 2, variances=False), array(1, 2)).data
    assert (value.values.tolist(), value.variances.tolist()) == ([2, 4], [1, 2])
    whole = sc.DataArray(sc.array(dims=["d"], values=[1, 2], unit="counts"))
    half = sc.DataArray(sc.array(dims=["d"], values=[0.5, 0.5], unit="counts"))
    assert accumulated(whole, half).data.values.tolist() == [1.5, 2.5]


def test_events_in_scipp_are_joined_or_counted() -> None:
    table = ws(events(1, 2, 11)).data
    for data in (table, table.group("pixel")):
        assert accumulated(data, data).getNumberEvents() == 6
    assert accumulated(table, table, preserve=False).extractY().tolist() == [[4, 2]]
    assert accumulated(table.group("pixel"), table.group("pixel"), preserve=False).extractY().tolist() == [[6]]
    no_tof = sc.DataArray(table.data, coords={"d": table.coords["tof"]})
    with pytest.raises(AccumulationError, match="without a coordinate 'tof'"):
        accumulated(no_tof, preserve=False)


def test_monitors_are_accumulated_beside_the_data(caplog: pytest.LogCaptureFixture) -> None:
    accumulation = Accumulation("a", "Append", preserve_events=False)
    for _ in range(2):
        accumulation.add(ws(events(1), monitors=events(1, 11, pixel=7)))
    value = accumulation.value()
    assert value is not None
    assert value.getMonitorWorkspace().extractY().tolist() == [[2, 2]]
    odd = ws(events(1))
    odd.monitors = MatrixWorkspace("m", array(1, 2), binned=Binned(BINS, PixelTable()))
    accumulation.add(odd)
    assert "monitors of a chunk are not accumulated" in caplog.text


def test_partial_results_from_elsewhere_are_merged() -> None:
    one, two = (Accumulation("a", "Add", preserve_events=False) for _ in range(2))
    one.add(ws(events(1)))
    one.merge(two)
    two.add(ws(events(11)))
    two.add(ws(events(5)))
    one.merge(two)
    value = one.value()
    assert value is not None
    assert value.extractY().tolist() == [[2, 1], [0, 0]]
    assert (value.tally.chunks, value.logs.charge_pc) == (3, 6)


def test_a_reset_begins_anew() -> None:
    accumulation = Accumulation("a", "Add", preserve_events=True)
    accumulation.add(ws(events(1)))
    accumulation.reset(9)
    assert accumulation.value() is None
    accumulation.add(ws(events(5)))
    value = accumulation.value()
    assert value is not None
    assert (value.events.tof_ns.tolist(), value.run_number, value.logs.charge_pc) == ([5], 9, 2)


def test_a_histogram_goes_on_in_place() -> None:
    accumulation = Accumulation("a", "Add", preserve_events=False)
    accumulation.add(ws(events(1)))
    assert isinstance(accumulation._held, Histogram)
    held = accumulation._held
    accumulation.add(ws(events(1)))
    assert accumulation._held is held


def mapped(chunk: Events) -> Events:
    """The same events where a receiver would have put them."""

    def in_mapped_memory(column: I4) -> I4:
        memory = np.frombuffer(mmap.mmap(-1, max(1, column.nbytes)), np.int32)[: len(column)]
        memory[:] = column
        return memory

    return Events(
        tuple(
            replace(one, tof_ns=in_mapped_memory(one.tof_ns), pixel=in_mapped_memory(one.pixel)) for one in chunk.pieces
        )
    )


def test_what_lies_where_the_receiver_has_put_it_is_known() -> None:
    accumulation = Accumulation("a", "Add", preserve_events=True)
    for chunk in (mapped(events(1, 2, 3)), events(4, 4, 4, 4), mapped(events(5, 6))):
        accumulation.add(ws(chunk))
    assert accumulation.mapped_bytes == 8 * (3 + 2)
    assert accumulation.held_bytes > accumulation.mapped_bytes + 8 * 4
    counts = Accumulation("a", "Add", preserve_events=False)
    counts.add(ws(mapped(events(1, 2, 3))))
    assert counts.mapped_bytes == 0, "counted, so not needed any more"
    accumulation.replace(ws(mapped(events(7))))
    assert accumulation.mapped_bytes == 8
    accumulation.reset(9)
    assert accumulation.mapped_bytes == 0


def test_the_bytes_that_are_held_are_known_at_any_time() -> None:
    accumulation = Accumulation("a", "Add", preserve_events=True)
    chunks = [events(1, 2, 3), events(4), events(5, 6)]
    for chunk in chunks:
        accumulation.add(ws(chunk))
    assert accumulation.held_bytes == sum(chunk.nbytes for chunk in chunks)
    accumulation.reset(4, preserve_events=False)
    assert accumulation.held_bytes == 0
    for chunk in chunks:
        accumulation.add(ws(chunk))
    once = accumulation.held_bytes
    accumulation.add(ws(events(*range(10))))
    assert accumulation.held_bytes == once > 0, "histograms do not grow with the events"
    arrays = Accumulation("a", "Add", preserve_events=True)
    arrays.add(ws(array(*range(1000))))
    assert 8000 <= arrays.held_bytes < 1_000_000
