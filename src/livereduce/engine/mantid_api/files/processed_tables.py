"""Tables in processed files: ``table_workspace/column_<n>`` with the attributes ``name`` and ``interpret_as``.

Source: Mantid Framework/Nexus/src/NexusFileIO.cpp, Framework/DataHandling/src/LoadNexusProcessed.cpp.
"""

from typing import Any

import h5py
import numpy as np

from livereduce.engine.mantid_api.files.hdf5_fields import attribute_text, new_group, put, texts_of
from livereduce.engine.mantid_api.objects.table import TableWorkspace
from livereduce.engine.values.v3d import V3D

GROUP = "table_workspace"
_STORED: dict[str, Any] = {
    "double": np.float64,
    "float": np.float32,
    "int": np.int32,
    "uint": np.uint32,
    "uint32_t": np.uint32,
    "long64": np.int64,
    "int64": np.int64,
    "size_t": np.uint64,
    "bool": np.uint8,
}
"""The number in a file for each type of column; of types with the same number the first is read."""
_KINDS = {np.dtype(number).name: kind for kind, number in reversed(_STORED.items())}


def write_table(entry: h5py.Group, table: TableWorkspace) -> None:
    """Write all columns."""
    group = new_group(entry, GROUP, "NXdata")
    for at, (name, kind) in enumerate(zip(table.getColumnNames(), table.columnTypes(), strict=True), 1):
        values, more = _stored(kind, table.column(name))
        put(group, f"column_{at}", values, name=name, **{"units": "Not known", "interpret_as": "", **more})


def _stored(kind: str, values: list[Any]) -> tuple[Any, dict[str, Any]]:
    if kind in _STORED:
        return np.array(values, _STORED[kind]), {}
    if kind in ("str", "string"):
        texts = [value.encode() or b" " for value in values]
        return np.array(texts or [b" "]).reshape(-1, 1)[: len(values)], {"units": "N/A", "interpret_as": "A string"}
    if kind == "V3D":
        return np.array([[one.X(), one.Y(), one.Z()] for one in values]).reshape(-1, 3), {"interpret_as": "V3D"}
    width = max((len(one) for one in values), default=0)
    stored = np.zeros((len(values), width), np.float64 if kind == "vector_double" else np.int32)
    for line, one in zip(stored, values, strict=True):
        line[: len(one)] = one
    return stored, {f"row_size_{row}": np.int32(len(one)) for row, one in enumerate(values)}


def read_table(group: h5py.Group) -> TableWorkspace:
    """The table of a file; columns without a name are left out, as Mantid does."""
    columns: dict[tuple[str, str], Any] = {}
    number = 1
    while isinstance(data := group.get(f"column_{number}"), h5py.Dataset):
        if name := attribute_text(data, "name"):
            kind, values = _read(data)
            columns[kind, name] = values
        number += 1
    return TableWorkspace.of_columns(columns)


def _read(data: h5py.Dataset) -> tuple[str, list[Any]]:
    values: Any = data[()]
    if data.dtype.kind in "SO":
        return "str", [one.rstrip() for one in texts_of(data)]
    if data.ndim == 1:
        kind = _KINDS.get(data.dtype.name, "double")
        return kind, (values.astype(np.bool_) if kind == "bool" else values).tolist()
    if attribute_text(data, "interpret_as") == "V3D":
        return "V3D", [V3D(*map(float, row)) for row in values]
    sizes = [int(data.attrs.get(f"row_size_{row}", data.shape[1])) for row in range(data.shape[0])]
    kind = "vector_double" if data.dtype.kind == "f" else "vector_int"
    return kind, [row[:size] for row, size in zip(values, sizes, strict=True)]
