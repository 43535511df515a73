"""Data of a script as what is published: shapes, labels, errors, limits, and copies."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import scipp as sc

from livereduce.engine.showing.part import ShownPart
from livereduce.engine.showing.taken import MAX_TABLE_CELLS, TakenProduct, taken
from livereduce.publish.product import MAX_CELLS
from livereduce.scripting.reporting.display import AS_IT_IS, Display, DisplayKind

LINE, IMAGE, TABLE = (Display(kind=kind) for kind in (DisplayKind.LINE, DisplayKind.IMAGE, DisplayKind.TABLE))


def take(data: Any, display: Display = AS_IT_IS) -> TakenProduct:
    return taken(data, display, lambda _: None)


def part(data: Any, display: Display = AS_IT_IS) -> ShownPart:
    (one,) = take(data, display).parts
    return one


@pytest.mark.parametrize("data", [[1, 2, 3], (1.0, 2.0, 3.0), np.array([1, 2, 3], np.int16), range(1, 4)])
def test_one_dimension_is_a_curve_over_its_places(data: Any) -> None:
    one = part(data)
    assert (one.signal.tolist(), str(one.signal.dtype)) == ([1.0, 2.0, 3.0], "float64")
    assert [(axis.name, axis.values.tolist()) for axis in one.axes] == [("index", [0.0, 1.0, 2.0])]


def test_two_dimensions_are_an_image() -> None:
    one = part([[1, 2, 3], [4, 5, 6]], IMAGE)
    assert [(axis.name, axis.values.size) for axis in one.axes] == [("row", 2), ("column", 3)]


def test_a_number_is_a_number() -> None:
    assert (part(2.5).signal.shape, part(np.bool_(True)).signal.item()) == ((), 1.0)


def test_the_script_may_go_on_to_change_its_array() -> None:
    data = np.ones(3)
    one = part(data)
    data[:] = 7
    assert one.signal.tolist() == [1.0, 1.0, 1.0]


def test_what_is_masked_is_not_a_number() -> None:
    assert np.isnan(part(np.ma.array([1, 2], mask=[False, True])).signal).tolist() == [False, True]


def test_scipp_arrays_have_axes_units_and_errors() -> None:
    counts = sc.array(dims=["d"], values=[4.0, 9.0], variances=[4.0, 9.0], unit="counts")
    edges = sc.array(dims=["d"], values=[0.0, 1.0, 2.0], unit="angstrom")
    one = part(sc.DataArray(counts, coords={"d": edges}))
    assert one.errors is not None
    assert (one.errors.tolist(), one.units, one.axes[0].units) == ([2.0, 3.0], "counts", "Å")
    assert one.axes[0].values.tolist() == [0.0, 1.0, 2.0]
    assert part(counts).axes[0].values.tolist() == [0.0, 1.0]


def test_binned_events_are_summed_and_a_table_of_them_is_refused() -> None:
    table = sc.data.table_xyz(20)
    assert part(table.bin(x=3)).signal.sum() == pytest.approx(table.sum().value)
    events = sc.DataArray(sc.ones(sizes={"event": 4}))
    with pytest.raises(ValueError, match=r"make a histogram of it"):
        take(events)


def test_a_dictionary_of_numbers_is_a_table_with_one_row() -> None:
    one = take({"position": 2.05, "width": np.float32(0.5), "area": sc.scalar(4.0, variance=9.0)})
    (row,) = one.parts
    assert (one.display, row.labels, row.signal.tolist()) == (TABLE, ("position", "width", "area"), [2.05, 0.5, 4.0])
    assert row.errors is not None
    assert (np.isnan(row.errors).tolist(), row.errors[2]) == ([True, True, False], 3.0)


def test_a_dictionary_of_columns_is_a_table_with_rows() -> None:
    one = part({"peak": [1, 2, 3], "area": np.ones(3)})
    assert (one.labels, one.signal.shape, one.errors) == (("peak", "area"), (3, 2), None)
    assert [axis.name for axis in one.axes] == ["row", "column"]


def test_columns_of_a_line_are_x_y_and_errors() -> None:
    one = part({"Q": [1, 2, 3], "R": [4, 5], "dR": [0.1, 0.2]}, LINE)
    assert one.errors is not None
    assert (one.signal.tolist(), one.errors.tolist(), one.labels) == ([4.0, 5.0], [0.1, 0.2], ())
    assert (one.axes[0].name, one.axes[0].values.tolist()) == ("Q", [1.0, 2.0, 3.0])


def test_a_table_workspace_is_its_columns() -> None:
    columns = {"a": [1, 2], "b": [3, 4]}
    table = SimpleNamespace(
        getColumnNames=lambda: list(columns), columnCount=lambda: 2, column=lambda at: list(columns.values())[at]
    )
    assert part(table).signal.tolist() == [[1.0, 3.0], [2.0, 4.0]]


def test_parts_of_a_workspace_keep_their_suffixes_and_are_copied() -> None:
    signal = np.zeros(2)
    given = tuple(ShownPart(signal=signal, axes=(), errors=None, units="", suffix=f"_{k}") for k in (1, 2))
    one = taken(object(), AS_IT_IS, lambda _: given)
    signal[:] = 1
    assert [(each.suffix, each.signal.sum()) for each in one.parts] == [("_1", 0.0), ("_2", 0.0)]
    assert one.cells == 4


@pytest.mark.parametrize(
    ("data", "display", "says"),
    [
        (None, AS_IT_IS, "got NoneType"),
        ("text", AS_IT_IS, "got <U4"),
        (object(), AS_IT_IS, "got object"),
        ([1, "a"], AS_IT_IS, "expected numbers"),
        ([1j], AS_IT_IS, "got complex128"),
        ([[1], [1, 2]], AS_IT_IS, "inhomogeneous"),
        (np.zeros((1, 1, 1)), AS_IT_IS, "at most two dimensions; got 3"),
        ([1, 2], IMAGE, "an image needs two dimensions; got 1"),
        (
            [1] * (MAX_TABLE_CELLS + 1),
            TABLE,
            f"a table has at most {MAX_TABLE_CELLS} values; got {MAX_TABLE_CELLS + 1}",
        ),
        (np.broadcast_to(1.0, MAX_CELLS + 1), AS_IT_IS, f"a product has at most {MAX_CELLS} values"),
        ({}, AS_IT_IS, "a dictionary of numbers or columns"),
        ({1: 2}, AS_IT_IS, "a dictionary of numbers or columns"),
        ({"a": [1, 2], "b": 1}, AS_IT_IS, r"columns of one length; got 'a': \(2,\), 'b': \(\)"),
        ({"a": [[1]]}, AS_IT_IS, "columns of one length"),
        ({"a": "x"}, AS_IT_IS, "'a': expected numbers"),
        ({"a": 1}, IMAGE, "an image needs two dimensions"),
        ({"x": [1]}, LINE, "a line needs two columns"),
        ({"x": [1], "y": [1, 2, 3]}, LINE, "x must have as many values as y"),
        ({"x": [1], "y": 1}, LINE, "x must have as many values as y"),
        ({"x": [1], "y": [1], "e": [1, 2]}, LINE, "the errors must have as many values as y"),
    ],
)
def test_what_cannot_be_shown_says_what_was_expected(data: Any, display: Display, says: str) -> None:
    with pytest.raises((TypeError, ValueError), match=says):
        take(data, display)
