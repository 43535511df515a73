import numpy as np
import pytest
import scipp as sc

from helpers.items import event_batch
from helpers.workspaces import histogram_workspace
from livereduce.engine.builtin import results
from livereduce.engine.builtin.results import products_of
from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.pixels import PixelTable
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.mantid_api.objects.output import Output
from livereduce.engine.mantid_api.objects.spectra.axes import NumericAxis
from livereduce.engine.mantid_api.objects.workspace_group import WorkspaceGroup
from livereduce.engine.mantid_api.objects.wrapping import number_workspace
from livereduce.engine.workspaces.events import Events
from livereduce.engine.workspaces.tally import Tally
from livereduce.engine.workspaces.workspace import Binned, Data
from livereduce.publish.product import MAX_OWN_AXES, Product

BINS = Binning(np.array([0, 10_000, 20_000], np.int64))
EVENTS = Events((event_batch(3, [1, 11_000, 12_000], [7, 5, 7]),))


def product(data: Data, tally: Tally | None = None, incomplete: str = "") -> Product:
    ws = MatrixWorkspace("result", data, binned=Binned(BINS, PixelTable()), run=3, tally=tally)
    ws.logs.set_plain("run_title", "quartz")
    (made,) = products_of(ws, pipeline="live", run=3, name="result", incomplete=incomplete)
    return made


def test_events_become_spectra_in_ascending_order_of_pixels() -> None:
    made = product(Events((event_batch(3, [1], [7]), event_batch(3, [11_000, 12_000], [5, 7]))))
    assert made.signal.tolist() == [[0, 1], [1, 1]]
    assert made.errors is not None
    assert made.errors.tolist() == [[0, 1], [1, 1]]
    pixel, tof = made.axes
    assert (pixel.name, pixel.values.tolist()) == ("pixel", [5, 7])
    assert (tof.name, tof.values.tolist(), tof.units) == ("tof", [0, 10, 20], "µs")
    assert (made.run, made.name, made.pipeline, made.title) == (3, "result", "live", "quartz")


def test_too_many_cells_are_summed_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "MAX_CELLS", 3)
    counts = MatrixWorkspace("c", EVENTS, binned=Binned(BINS, PixelTable())).counts()
    for data in (EVENTS, counts):
        made = product(data)
        assert made.signal.tolist() == [1, 2]
        assert made.attributes["summed_over_spectra"] == 2
    assert "summed_over_spectra" not in product(counts.total()).attributes


def test_attributes_say_what_went_in() -> None:
    second = 1_000_000_000
    tally = Tally(chunks=2, events=3, pulses=4, charge_pc=5.0, unmapped=6, erroneous=7, first_ns=second)
    made = product(EVENTS, tally, incomplete="1 damaged pulses")
    assert made.attributes == {
        "events": 3,
        "pulses": 4,
        "proton_charge_pc": 5.0,
        "unmapped": 6,
        "erroneous": 7,
        "chunks": 2,
        "first_pulse": "1990-01-01T00:00:01.000000000Z",
        "last_pulse": "",
        "incomplete": "1 damaged pulses",
        "outside_tof": 0,
        "unknown_pixel": 0,
        "ended": 0,
        "start_time": "",
        "end_time": "",
        "invalid_logs": "",
    }


def test_arrays_of_any_dimension() -> None:
    values = np.arange(6.0).reshape(2, 3)
    grid = sc.DataArray(
        sc.array(dims=["y", "d"], values=values, variances=values, unit="counts"),
        coords={"d": sc.linspace("d", 1.0, 2.0, 4, unit="angstrom"), "y": sc.array(dims=["y"], values=["a", "b"])},
    )
    made = product(grid)
    assert made.errors is not None
    np.testing.assert_allclose(made.errors**2, values)
    assert [(axis.name, len(axis.values), axis.units) for axis in made.axes] == [("y", 2, ""), ("d", 4, "Å")]
    points = product(sc.DataArray(sc.scalar(3, unit="m") * sc.ones(sizes={"x": 2})))
    assert (points.signal.tolist(), points.errors, points.units) == ([3, 3], None, "m")
    assert points.axes[0].values.tolist() == [0, 1]
    single = product(sc.DataArray(sc.scalar(3, unit=None)))
    assert (single.signal.shape, single.axes, single.units) == ((), (), "")


def test_masked_values_are_not_numbers() -> None:
    grid = sc.DataArray(sc.ones(sizes={"y": 2, "x": 2}))
    grid.masks["dead"] = sc.array(dims=["x"], values=[True, False])
    assert np.isnan(product(grid).signal).tolist() == [[True, False], [True, False]]


def test_events_of_scipp_are_counted() -> None:
    table = MatrixWorkspace("t", EVENTS, binned=Binned(BINS, PixelTable())).data
    assert product(table).signal.tolist() == [1, 2]
    assert product(table.group("pixel")).signal.tolist() == [1, 2]


def test_words_are_no_result() -> None:
    with pytest.raises(TypeError, match="must be numbers"):
        product(sc.DataArray(sc.array(dims=["x"], values=["a"])))


def test_vectors_are_refused_with_their_dimension_and_what_to_do() -> None:
    flow = sc.DataArray(sc.vectors(dims=["layer"], values=[[1, 2, 3], [4, 5, 6]], unit="m"))
    with pytest.raises(TypeError, match=r"along 'layer' they are vector3; publish one of their components"):
        product(flow)
    turned = sc.DataArray(sc.spatial.rotations(dims=["layer"], values=[[0, 0, 0, 1.0]]))
    with pytest.raises(TypeError, match=r"along 'layer' they are rotation3"):
        product(turned)


def test_a_coordinate_of_vectors_is_no_axis_and_the_points_are_counted() -> None:
    positions = sc.vectors(dims=["pixel"], values=[[1, 2, 3], [4, 5, 6]], unit="m")
    made = product(sc.DataArray(sc.ones(sizes={"pixel": 2}), coords={"pixel": positions}))
    assert made.axes[0].values.tolist() == [0, 1]


def products(result: Output) -> dict[str, Product]:
    made = products_of(result, pipeline="live", run=3, name="result", incomplete="")
    return {one.name: one for one in made}


def test_a_workspace_of_mantids_is_published_with_its_units_and_axes() -> None:
    """Named as the mantid engine names them: the caption of the unit, its symbol, the number of the spectrum."""
    ws = histogram_workspace([[1, 4], [9, np.nan]])
    ws.getAxis(0).setUnit("dSpacing")
    ws.setTitle("quartz")
    ws.setYUnit("Counts per microAmp.hour")
    (made,) = products(ws).values()
    rows, d = made.axes
    assert (made.name, made.title, made.units) == ("result", "quartz", "Counts per microAmp.hour")
    assert (d.name, d.units, d.values.tolist(), rows.name, rows.values.tolist()) == (
        "d-Spacing",
        "Angstrom",
        [0, 1, 2],
        "spectrum",
        [1, 2],
    )
    assert np.isnan(made.signal).tolist() == [[False, False], [False, True]]
    axis = NumericAxis.create(2)
    axis.setValue(1, 0.5)
    axis.setUnit("MomentumTransfer")
    ws.replaceAxis(1, axis)
    assert (products(ws)["result"].axes[0].name, products(ws)["result"].axes[0].values.tolist()) == ("q", [0, 0.5])


def test_single_spectra_single_values_and_points_are_published() -> None:
    (one,) = products(histogram_workspace([[1, 4]], [5, 6])).values()
    assert (one.signal.tolist(), one.axes[0].values.tolist(), one.axes[0].name) == ([1, 4], [5, 6], "tof")
    (single,) = products(number_workspace(2.5)).values()
    assert (single.signal.tolist(), single.units) == ([2.5], "")


def test_few_spectra_with_bins_of_their_own_are_products_each_and_many_are_integrated() -> None:
    few = products(histogram_workspace([[1, 2], [3, 4, 5]], [[0, 1, 2], [0, 1, 2, 4]]))
    assert {name: made.signal.tolist() for name, made in few.items()} == {
        "result_spectrum_1": [1, 2],
        "result_spectrum_2": [3, 4, 5],
    }
    assert few["result_spectrum_2"].axes[0].values.tolist() == [0, 1, 2, 4]
    count = MAX_OWN_AXES + 1
    (many,) = products(
        histogram_workspace([[k, 1] for k in range(count)], [[k, k + 1, k + 2] for k in range(count)])
    ).values()
    assert many.signal.tolist() == [k + 1 for k in range(count)]
    assert many.attributes["thinned"] == "integral of each spectrum, as their bins differ"


def test_too_many_values_of_a_workspace_are_summed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "MAX_CELLS", 3)
    (made,) = products(histogram_workspace([[1, 4], [8, 5]])).values()
    assert (made.signal.tolist(), made.attributes["thinned"]) == ([9, 9], "sum over 2 spectra")
    assert made.errors is not None
    assert made.errors.tolist() == pytest.approx([3, 3])


def test_each_member_of_a_group_is_a_product() -> None:
    group = WorkspaceGroup("group", [histogram_workspace([[1]]), histogram_workspace([[2]])])
    assert {name: made.signal.tolist() for name, made in products(group).items()} == {"result_1": [1], "result_2": [2]}


def test_nothing_is_no_result() -> None:
    ws = histogram_workspace([[1]])
    ws.matrix = ws.matrix.taken(np.empty(0, np.int64))
    with pytest.raises(ValueError, match="the result has no spectra"):
        products(ws)
