"""Write fields and attributes of HDF5 files by h5py's low-level calls.

Its dictionary-like writing costs twice as much, and a product is written every cycle. Texts have variable length,
because h5py returns fixed-length attributes as bytes.
"""

from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np
from h5py import h5a, h5d, h5s, h5t

_TEXT = h5py.string_dtype("utf-8")
_TEXT_IN_FILE = h5t.py_create(_TEXT, logical=True)
_TEXT_IN_MEMORY = h5t.py_create(_TEXT)
_SCALAR = h5s.create(h5s.SCALAR)


def clean(text: str) -> str:
    """Make a text that HDF5 accepts: titles come unchecked from the stream."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def write_field(group: h5py.Group, name: str, value: Any, attributes: Mapping[str, str]) -> None:
    """Write a number, a text, a list of texts or an array of numbers as a field with attributes."""
    array, in_file, in_memory, space = _stored(value)
    field = h5d.create(group.id, name.encode(), in_file, space)
    if array.size:
        field.write(h5s.ALL, h5s.ALL, array, mtype=in_memory)
    if attributes:
        write_attributes(h5py.Dataset(field), attributes)


def write_attributes(place: h5py.Group | h5py.Dataset, attributes: Mapping[str, str | list[str]]) -> None:
    """Write texts, or lists of texts, as attributes."""
    for name, value in attributes.items():
        array, in_file, in_memory, space = _stored(value)
        h5a.create(place.id, name.encode(), in_file, space).write(array, mtype=in_memory)


def _stored(value: Any) -> tuple[Any, Any, Any, Any]:
    """An array with its type in the file, its type in memory and its extent."""
    if isinstance(value, str):
        array = np.array(clean(value), dtype=_TEXT)
    elif isinstance(value, list):
        array = np.array(value, dtype=_TEXT)
    else:
        array = np.ascontiguousarray(value) if np.ndim(value) else np.asarray(value)
    is_text = array.dtype == _TEXT
    in_file = _TEXT_IN_FILE if is_text else h5t.py_create(array.dtype)
    space = h5s.create_simple(array.shape) if array.ndim else _SCALAR
    return array, in_file, _TEXT_IN_MEMORY if is_text else None, space
