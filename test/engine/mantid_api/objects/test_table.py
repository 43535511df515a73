"""Tables as in Mantid's ITableWorkspaceTest.py."""

import numpy as np
import pytest

from livereduce.engine.mantid_api.objects.table import TableWorkspace
from livereduce.engine.values.v3d import V3D


def table() -> TableWorkspace:
    made = TableWorkspace("table")
    made.addColumn(type="int", name="index")
    made.addColumn("str", "value")
    made.addRow([1, "10"])
    made.addRow({"value": "20", "index": 2})
    return made


def test_rows_columns_and_cells() -> None:
    made = table()
    assert (len(made), made.rowCount(), made.columnCount(), made.getColumnNames()) == (2, 2, 2, ["index", "value"])
    assert (made.row(1), made.column("value"), made.column(0)) == ({"index": 2, "value": "20"}, ["10", "20"], [1, 2])
    assert (made.cell("value", 1), made.cell(1, 0)) == ("20", 2)
    made.setCell(0, 1, "11")
    made.setCell("value", 1, "12")
    assert made.toDict() == {"index": [1, 2], "value": ["11", "12"]}
    assert [row["index"] for row in made] == [1, 2]
    assert (str(made), made.id(), made.columnTypes()) == ("table", "TableWorkspace", ["int", "str"])
    made.setRowCount(3)
    assert made.row(2) == {"index": 0, "value": ""}
    made.removeColumn("value")
    assert made.keys() == ["index"]


def test_what_does_not_fit_is_named() -> None:
    made = table()
    with pytest.raises(TypeError, match=r"column 'value' is of type str, and the value 10 is not"):
        made.addRow([1, 10])
    with pytest.raises(KeyError, match=r"no column named 'notindex'"):
        made.addRow({"notindex": 2, "value": "20"})
    with pytest.raises(KeyError, match="lacks 'value'"):
        made.addRow({"index": 2})
    with pytest.raises(ValueError, match="has 2 columns, and the row 1 values"):
        made.addRow([1])
    with pytest.raises(IndexError, match="has 2 rows, none at 2"):
        made.cell(2, 0)
    with pytest.raises(IndexError, match="has 2 columns, none at 5"):
        made.column(5)
    with pytest.raises(RuntimeError, match=r"no type of column named 'integer'"):
        made.addColumn("integer", "x")
    with pytest.raises(RuntimeError, match="has a column 'index' already"):
        made.addColumn("int", "index")
    assert len(made) == 2


def test_columns_of_all_types() -> None:
    made = TableWorkspace()
    values = {"double": 2, "bool": True, "V3D": V3D(1, 1, 1), "long64": np.int64(5), "float": 0.1}
    for kind in values:
        made.addColumn(kind, kind)
    made.addColumn("vector_int", "vector")
    made.addRow([*values.values(), [1, 2]])
    row = made.row(0)
    assert (row["double"], type(row["double"]), row["bool"], row["V3D"], type(row["long64"])) == (
        2,
        float,
        True,
        V3D(1, 1, 1),
        int,
    )
    assert row["vector"].tolist() == [1, 2]
    assert row["float"] == np.float32(0.1)
    assert (made.getPlotType(0), made.isColumnReadOnly(0)) == (-1000, False)


def test_a_clone_goes_its_own_way_and_whole_columns_make_a_table() -> None:
    made = table()
    twin = made.clone()
    made.setCell("index", 0, 9)
    assert twin.cell("index", 0) == 1
    calibration = TableWorkspace.of_columns({("int", "detid"): np.array([5, 6]), ("double", "difc"): [1, 2.5]})
    assert (calibration.row(1), len(calibration)) == ({"detid": 6, "difc": 2.5}, 2)
