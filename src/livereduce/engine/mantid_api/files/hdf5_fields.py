"""Fields of HDF5 files as Mantid's NeXus library writes and reads them: texts of fixed length, classes of groups."""

from typing import Any

import h5py
import numpy as np


def fixed(text: str) -> np.ndarray[Any, Any]:
    """A text of fixed length, at least one character: the NeXus library reads no others."""
    raw = text.encode()
    return np.array(raw, dtype=f"S{max(len(raw), 1)}")


def new_group(parent: h5py.Group, name: str, nx_class: str, /, **attributes: Any) -> h5py.Group:
    """A group of a NeXus class."""
    group = parent.create_group(name)
    group.attrs["NX_class"] = fixed(nx_class)
    _set(group, attributes)
    return group


def put(group: h5py.Group, name: str, values: Any, /, *, compress: bool = False, **attributes: Any) -> None:
    """A field of numbers; texts among its attributes are of fixed length."""
    data = np.asarray(values)
    packed = {"compression": "gzip", "compression_opts": 1} if compress and data.size else {}
    _set(group.create_dataset(name, data=data, **packed), attributes)


def put_text(group: h5py.Group, name: str, text: str, /, **attributes: Any) -> None:
    """A text, in an array of one, as the NeXus library writes it."""
    _set(group.create_dataset(name, data=fixed(text).reshape(1)), attributes)


def _set(node: h5py.HLObject, attributes: dict[str, Any]) -> None:
    for key, value in attributes.items():
        node.attrs[key] = fixed(value) if isinstance(value, str) else value


def text_at(group: h5py.Group, path: str) -> str:
    """A text; empty if it is absent."""
    found = group.get(path)
    return plain_text(found[()]) if isinstance(found, h5py.Dataset) and found.shape is not None else ""


def attribute_text(node: h5py.HLObject, name: str) -> str:
    """An attribute as text; empty if it is absent."""
    return plain_text(node.attrs[name]) if name in node.attrs else ""


def texts_of(data: h5py.Dataset) -> list[str]:
    """A text for each row: of fixed length, or of single characters, as some versions of the library write them."""
    values = np.atleast_1d(data[()])
    if values.ndim == 2 and data.dtype == np.dtype("S1"):
        return [b"".join(row.tolist()).decode(errors="replace").rstrip("\0") for row in values]
    return [plain_text(row) for row in values]


def plain_text(value: Any) -> str:
    """The first text of what h5py gives, or its number as text."""
    first = np.asarray(value, dtype=object).ravel()
    if not first.size:
        return ""
    raw = first[0]
    return (raw.decode(errors="replace") if isinstance(raw, bytes) else str(raw)).rstrip("\0")
