"""Mantid's TableWorkspace: columns of one type each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from livereduce.base.names import missing
from livereduce.engine.mantid_api.objects.named import NamedWorkspace
from livereduce.engine.values.v3d import V3D

PLAIN_PLOT = -1000
"""Mantid's number for a column that is not plotted."""


@dataclass(slots=True, kw_only=True)
class TableColumn:
    """A column: its values, and how Mantid would plot it."""

    kind: str
    name: str
    plot_type: int = PLAIN_PLOT
    values: list[Any] = field(default_factory=list)


class TableWorkspace(NamedWorkspace):
    """A table; algorithms make it without a name, which the call gives it."""

    def __init__(self, name: str = "", title: str = "", comment: str = "") -> None:
        self._name, self._title, self._comment = name, title, comment
        self._columns: list[TableColumn] = []
        self._rows = 0

    @classmethod
    def of_columns(cls, columns: Mapping[tuple[str, str], Any]) -> "TableWorkspace":
        """A table of values by type and name of their columns: ``{("int", "detid"): ids, …}``."""
        table = cls()
        for (kind, name), values in columns.items():
            table.addColumn(kind, name)
            table._columns[-1].values = [_checked(table._columns[-1], value) for value in values]
            table._rows = len(table._columns[-1].values)
        return table

    def id(self) -> str:
        """Mantid's name of this kind."""
        return "TableWorkspace"

    def addColumn(self, type: str, name: str, plottype: int = PLAIN_PLOT) -> bool:
        """Add a column of a type, as ``int``, ``double``, ``str``, ``bool``, ``V3D`` or ``vector_double``.

        Raises
        ------
        RuntimeError
            There is no such type, or a column of this name.
        """
        if name in self.getColumnNames():
            raise RuntimeError(f"table {self._name!r} has a column {name!r} already")
        if type not in _KINDS:
            raise RuntimeError(missing("type of column", type, _KINDS))
        empty = [_KINDS[type].empty() for _ in range(self._rows)]
        self._columns.append(TableColumn(kind=type, name=name, plot_type=plottype, values=empty))
        return True

    addReadOnlyColumn = addColumn

    def removeColumn(self, name: str) -> None:
        """Remove a column; one that does not exist is no error."""
        self._columns = [one for one in self._columns if one.name != name]

    def columnCount(self) -> int:
        """Number of columns."""
        return len(self._columns)

    def rowCount(self) -> int:
        """Number of rows."""
        return self._rows

    def __len__(self) -> int:
        return self._rows

    def __bool__(self) -> bool:
        return True

    def getColumnNames(self) -> list[str]:
        """Names of the columns."""
        return [one.name for one in self._columns]

    keys = getColumnNames

    def columnTypes(self) -> list[str]:
        """Types of the columns."""
        return [one.kind for one in self._columns]

    def setRowCount(self, count: int) -> None:
        """Add empty rows, or cut the last ones."""
        for one in self._columns:
            one.values = one.values[:count] + [_KINDS[one.kind].empty() for _ in range(count - len(one.values))]
        self._rows = count

    def addRow(self, row: Any) -> None:
        """Add a row: a value for each column, in order or by name.

        Raises
        ------
        TypeError
            A value is of another type than its column.
        ValueError
            It has more or fewer values than there are columns.
        KeyError
            A column is missing, or there is none of a name.
        """
        values = self._in_order(row)
        checked = [_checked(one, value) for one, value in zip(self._columns, values, strict=True)]
        for one, value in zip(self._columns, checked, strict=True):
            one.values.append(value)
        self._rows += 1

    def _in_order(self, row: Any) -> list[Any]:
        names = self.getColumnNames()
        if isinstance(row, Mapping):
            for name in row:
                self._column(name)
            if lacking := [name for name in names if name not in row]:
                raise KeyError(f"a row for table {self._name!r} lacks {', '.join(map(repr, lacking))}")
            return [row[name] for name in names]
        values = list(row)
        if len(values) != len(names):
            raise ValueError(f"table {self._name!r} has {len(names)} columns, and the row {len(values)} values")
        return values

    def row(self, row: int) -> dict[str, Any]:
        """A row, by name of column."""
        self._check_row(row)
        return {one.name: one.values[row] for one in self._columns}

    def column(self, column: str | int) -> list[Any]:
        """All values of a column, by name or place."""
        return list(self._column(column).values)

    def cell(self, value: str | int, row_or_column: int) -> Any:
        """A value: by name of column and row, or by row and place of column."""
        column, row = (value, row_or_column) if isinstance(value, str) else (row_or_column, value)
        self._check_row(row)
        return self._column(column).values[row]

    def setCell(self, row_or_column: str | int, col_or_row: int, value: Any, notify_replace: bool = True) -> None:  # noqa: ARG002
        """Set a value, as `cell` finds it."""
        by_name = isinstance(row_or_column, str)
        column, row = (row_or_column, col_or_row) if by_name else (col_or_row, row_or_column)
        self._check_row(int(row))
        found = self._column(column)
        found.values[int(row)] = _checked(found, value)

    def toDict(self) -> dict[str, list[Any]]:
        """Lists of values by name of column."""
        return {one.name: list(one.values) for one in self._columns}

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self.row(row) for row in range(self._rows))

    def isColumnReadOnly(self, column: str | int) -> bool:
        """False: every column can be written."""
        self._column(column)
        return False

    def getPlotType(self, column: str | int) -> int:
        """Mantid's number for the way to plot a column."""
        return self._column(column).plot_type

    def setPlotType(self, column: str | int, ptype: int, linkedCol: int = -1) -> None:  # noqa: ARG002
        """Set how Mantid would plot a column."""
        self._column(column).plot_type = ptype

    def getMemorySize(self) -> int:
        """Memory in bytes, roughly."""
        return 8 * self._rows * len(self._columns)

    def clone(self) -> Self:
        """A copy that is not affected by later changes."""
        twin = type(self)(self._name, self._title, self._comment)
        twin._rows = self._rows
        twin._columns = [replace(one, values=list(one.values)) for one in self._columns]
        return twin

    def __repr__(self) -> str:
        return f"<TableWorkspace {self._name!r}: {self._rows} rows of {', '.join(self.getColumnNames()) or 'nothing'}>"

    def _column(self, column: str | int) -> TableColumn:
        if isinstance(column, str):
            for one in self._columns:
                if one.name == column:
                    return one
            raise KeyError(missing("column", column, self.getColumnNames()))
        if not 0 <= column < len(self._columns):
            raise IndexError(f"table {self._name!r} has {len(self._columns)} columns, none at {column}")
        return self._columns[column]

    def _check_row(self, row: int) -> None:
        if not 0 <= row < self._rows:
            raise IndexError(f"table {self._name!r} has {self._rows} rows, none at {row}")


@dataclass(frozen=True, slots=True)
class ColumnKind:
    """A type of column: the Python type of its values, and which others are taken for it."""

    of: type
    accepts: tuple[type, ...]

    def empty(self) -> Any:
        """The value of a row that nobody has set."""
        return np.empty(0) if self.of is np.ndarray else self.of()


_INTEGER = ColumnKind(int, (int, np.integer))
_FLOAT = ColumnKind(float, (float, int, np.floating, np.integer))
_VECTOR = ColumnKind(np.ndarray, (list, tuple, np.ndarray))
_KINDS: dict[str, ColumnKind] = {
    **dict.fromkeys(("int", "long64", "int64", "size_t", "uint", "uint32_t"), _INTEGER),
    **dict.fromkeys(("double", "float"), _FLOAT),
    **dict.fromkeys(("str", "string"), ColumnKind(str, (str,))),
    "bool": ColumnKind(bool, (bool, np.bool_, int)),
    "V3D": ColumnKind(V3D, (V3D,)),
    **dict.fromkeys(("vector_int", "vector_double", "vector_long64"), _VECTOR),
}


def _checked(column: TableColumn, value: Any) -> Any:
    kind, accepted = _KINDS[column.kind], isinstance(value, _KINDS[column.kind].accepts)
    if not accepted:
        raise TypeError(f"column {column.name!r} is of type {column.kind}, and the value {value!r} is not")
    if kind.of is np.ndarray:
        return np.array(value)
    if column.kind == "float":
        return float(np.float32(value))
    return value if kind.of is V3D else kind.of(value)
