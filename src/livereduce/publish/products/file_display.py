"""How a product wants to be shown, in its NeXus file: attributes of the NXdata, and a field with the labels of a table.

``@kind``, ``@x_log``, ``@y_log``, ``@x_range``, each only if the product asks for it; ``labels`` names the places along
the last axis. Files of others may hold anything here: what is not usable counts as not said.
"""

from typing import Any

import h5py
import numpy as np

from livereduce.publish.product import Product
from livereduce.publish.products.inside import NotPlain, member_if_any
from livereduce.scripting.reporting.display import AS_IT_IS, Display, display_of

LABELS = "labels"
MAX_LABELS = 10_000
MAX_LABEL = 200
MAX_LABEL_BYTES = 4 * MAX_LABEL
"""Of a text of fixed length: a file may declare gigabytes without holding them."""
_NAMES = ("kind", "x_log", "y_log", "x_range")


def write_display(data: h5py.Group, product: Product) -> None:
    """Write what a product asks for, if it does."""
    display = product.display
    if display.kind:
        data.attrs["kind"] = str(display.kind)
    for name, value in (("x_log", display.x_log), ("y_log", display.y_log)):
        if value:
            data.attrs[name] = 1
    if display.x_range is not None:
        data.attrs["x_range"] = np.array(display.x_range, np.float64)
    if product.labels:
        data.create_dataset(LABELS, data=[_clean(one) for one in product.labels], dtype=h5py.string_dtype())


def display_in(data: h5py.Group) -> Display:
    """What the attributes ask for."""
    try:
        said = {name: _plain(data.attrs[name]) for name in _NAMES if name in data.attrs}
    except (OSError, TypeError, ValueError):  # an attribute of an unusual type
        return AS_IT_IS
    return display_of(said | {name: bool(said[name]) for name in ("x_log", "y_log") if name in said})


def labels_in(data: h5py.Group) -> tuple[str, ...]:
    """The labels; empty without."""
    try:
        field = member_if_any(data, LABELS)
    except NotPlain:
        return ()
    if not isinstance(field, h5py.Dataset) or field.ndim != 1 or not h5py.check_string_dtype(field.dtype):
        return ()
    if field.dtype.itemsize > MAX_LABEL_BYTES:
        return ()
    return tuple(str(one)[:MAX_LABEL] for one in field.asstr(errors="replace")[:MAX_LABELS])


def _plain(value: Any) -> Any:
    """A value as JSON would have it."""
    array = np.asarray(value)
    if array.size > 2:
        raise ValueError("too long")
    return array.tolist()


def _clean(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode()
