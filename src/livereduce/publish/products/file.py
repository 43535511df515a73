"""Write and read a product as a NeXus file: one NXentry with one NXdata that h5py, scipp and NeXus viewers open.

The layout follows the NXdata definition of the NeXus manual: ``@signal``, ``@axes``, ``<signal>_errors``; an axis with
n + 1 values holds bin edges. Times and other facts are fields of the entry, named as in index and status.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from livereduce.base.files import READABLE_BY_ALL, read_regular, unfinished_path
from livereduce.publish.product import Axis, Product
from livereduce.publish.products.file_display import LABELS, display_in, labels_in, write_display
from livereduce.publish.products.inside import NotAProduct, NotPlain, member, member_if_any, opened
from livereduce.publish.products.provenance import PROVENANCE, write_provenance
from livereduce.publish.products.writing import clean, write_attributes, write_field
from livereduce.scripting.reporting.display import Display

_UNITS = {"events": "counts", "proton_charge_pc": "pC"}
_NAMES_BEFORE = {"total_counts": "events", "proton_charge": "proton_charge_pc"}
"""Fields in files from before November 2026, and the attributes that they are now."""

MAX_BYTES = 1 << 30
"""Most bytes of a file that is amended, and of an array that is read; the largest product has 64 MB."""
MAX_FACTS = 500
"""Most fields of an entry that are read, and most bytes of one."""
MAX_FACT_BYTES = 1 << 16


def write_product(path: Path, product: Product) -> None:
    """Write a product so that readers see the old file or the new one, never half of one.

    It is not synced to the disk: after a power failure the stream is replayed anyway. The file format is the oldest
    that HDF5 knows (h5py's default), because viewers with old libraries cannot open the newest; it is not slower.

    Raises
    ------
    ValueError
        Shapes or names do not match; the text says which.
    OSError
        The file cannot be written.
    """
    _check(product)
    # Nobody else writes here, and file locks fail on some network file systems.
    with _replacing(path) as unfinished, h5py.File(unfinished, "w", locking=False) as file:
        _write(file, product)


def amend_product(path: Path, facts: Mapping[str, float | int | str]) -> None:
    """Change facts of an existing product; readers see the file before or after the change.

    Raises
    ------
    ValueError
        The file is not a product that can be changed.
    OSError
        It cannot be written; the old file is unchanged.
    """
    try:
        content = read_regular(path, MAX_BYTES, follow_link=False)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise ValueError(f"it cannot be read: {error}") from None
    with _replacing(path) as unfinished:
        unfinished.write_bytes(content)
        try:
            file = h5py.File(unfinished, "r+", locking=False)
        except OSError as error:
            raise ValueError(str(error)) from None
        with file:
            _change(file, facts)


def _change(file: h5py.File, facts: Mapping[str, float | int | str]) -> None:
    try:
        entry = _default_entry(file)
    except (KeyError, NotPlain) as error:
        raise ValueError(f"it is not a product: {error}") from None
    for name, value in facts.items():
        if name in entry:
            del entry[name]
        write_field(entry, name, value, {})


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Write a file beside `path` that then replaces it; it is removed if writing fails."""
    unfinished = unfinished_path(path)
    try:
        yield unfinished
        unfinished.chmod(READABLE_BY_ALL)
        os.replace(unfinished, path)  # noqa: PTH105 (Path.replace builds another path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise


def _check(product: Product) -> None:
    shape = product.signal.shape
    if len(shape) != len(product.axes):
        raise ValueError(f"{product.name}: {len(shape)} dimensions, but {len(product.axes)} axes")
    for axis, length in zip(product.axes, shape, strict=True):
        if axis.values.shape not in ((length,), (length + 1,)):
            raise ValueError(
                f"{product.name}: axis {axis.name!r} has shape {axis.values.shape}, "
                f"but {length} points or {length + 1} edges are needed"
            )
    if product.errors is not None and product.errors.shape != shape:
        raise ValueError(f"{product.name}: errors have shape {product.errors.shape}, but the signal {shape}")
    names = [axis.name for axis in product.axes]
    if len(set(names)) != len(names):
        raise ValueError(f"{product.name}: two dimensions have the same name: {', '.join(map(repr, names))}")


def _link(name: str) -> str:
    """Make a name that HDF5 takes as one link, not as a path."""
    return re.sub(r"^\.+$|^$", "_", clean(name).replace("/", "_"))


def _write(file: h5py.File, product: Product) -> None:
    facts = _facts(product)
    name = _link(product.name)
    name += "_" * (name in facts or name == PROVENANCE)
    write_attributes(file, {"NX_class": "NXroot", "default": "entry"})
    entry = file.create_group("entry")
    write_attributes(entry, {"NX_class": "NXentry", "default": name})
    for field, (value, units) in facts.items():
        write_field(entry, field, value, {"units": units} if units else {})
    _write_data(entry.create_group(name), product)
    if product.provenance is not None and PROVENANCE not in entry:
        write_provenance(entry.create_group(PROVENANCE), product.provenance)


def _facts(product: Product) -> dict[str, tuple[float | int | str, str]]:
    """Fields of the entry: value and units by name."""
    facts: dict[str, tuple[float | int | str, str]] = {
        "run_number": (product.run, ""),
        "title": (product.title, ""),
        "pipeline": (product.pipeline, ""),
        "name": (product.name, ""),
    }
    for name, value in product.attributes.items():
        field = _link(name)
        if field in facts:
            raise ValueError(f"{product.name}: the attribute {name!r} has the name of another field of the file")
        facts[field] = (value, _UNITS.get(name, ""))
    return facts


def _write_data(data: h5py.Group, product: Product) -> None:
    axes = _axis_links(product)
    write_attributes(data, {"NX_class": "NXdata", "signal": "signal"} | ({"axes": axes} if axes else {}))
    write_display(data, product)
    write_field(data, "signal", product.signal, _labels(product.name, product.units))
    if product.errors is not None:
        write_field(data, "signal_errors", product.errors, {"units": product.units})
    for name, axis in zip(axes, product.axes, strict=True):
        write_field(data, name, axis.values, _labels(axis.name, axis.units))


def _axis_links(product: Product) -> list[str]:
    """Field names of the axes: unchanged, unless the signal or another axis already has the name."""
    links: list[str] = []
    for axis in product.axes:
        link = _link(axis.name)
        while link in ("signal", "signal_errors", LABELS, *links):
            link += "_"
        links.append(link)
    return links


def _labels(name: str, units: str) -> dict[str, str]:
    return {"units": units, "long_name": f"{name} ({units})" if units else name}


def default_data(file: h5py.File) -> tuple[h5py.Group, h5py.Dataset, h5py.Dataset | None]:
    """Find the default data of a file by the rules of NXdata: group, signal, and errors if there are any.

    Raises
    ------
    KeyError
        The file is not of this layout.
    NotPlain
        It refers to other files, see `livereduce.publish.products.inside`.
    """
    data = member(_default_entry(file), str(_default_entry(file).attrs["default"]))
    name = str(data.attrs["signal"])
    return data, member(data, name), member_if_any(data, f"{name}_errors")


def _default_entry(file: h5py.File) -> h5py.Group:
    return member(file, str(file.attrs["default"]))


def read_product(path: Path) -> Product:
    """Read the product of a file by the rules of NXdata, as any viewer would.

    Raises
    ------
    OSError
        There is no such file, or the system cannot read it.
    NotAProduct
        It is not an HDF5 file, or not of this layout.
    NotPlain
        It refers to other files, or declares more than `MAX_BYTES`.
    ValueError
        Its parts do not fit together.
    """
    with opened(path) as file:
        return _product(file)


def read_small(path: Path, most: int) -> Product:
    """The same, but only of a product of at most so many values, all of them numbers; they become doubles.

    Raises
    ------
    OSError, NotAProduct, ValueError
        As `read_product`.
    NotPlain
        As `read_product`; and it has more values, or something else in it.
    """
    with opened(path) as file:
        data, signal, errors = default_data(file)
        names = data.attrs.get("axes", ())
        if len(names) != signal.ndim:
            raise NotPlain(f"{signal.name} has {signal.ndim} dimensions, but {len(names)} axes")
        axes = [member(data, name) for name in names]
        for field in (signal, *([] if errors is None else [errors]), *axes):
            if not isinstance(field, h5py.Dataset) or field.dtype.kind not in "iufb":
                raise NotPlain(f"{field.name} is not made of numbers")
            if field.size > most + 1:
                raise NotPlain(f"{field.name} has {field.size:,} values, more than {most:,}")
        product = _product(file)
    doubles = [replace(axis, values=axis.values.astype(np.float64)) for axis in product.axes]
    errors = None if product.errors is None else product.errors.astype(np.float64)
    product = replace(product, signal=product.signal.astype(np.float64), errors=errors, axes=tuple(doubles))
    _check(product)
    return product


def _product(file: h5py.File) -> Product:
    data, signal, errors = default_data(file)
    facts = _read_facts(file)
    return Product(
        pipeline=str(facts.pop("pipeline")),
        run=int(facts.pop("run_number")),
        title=str(facts.pop("title")),
        name=str(facts.pop("name")),
        signal=_values(signal),
        errors=None if errors is None else _values(errors),
        units=str(signal.attrs["units"]),
        axes=tuple(_axis(member(data, name), str(name)) for name in data.attrs.get("axes", ())),
        attributes=facts,
        display=display_in(data),
        labels=labels_in(data),
    )


def _axis(field: h5py.Dataset, name: str) -> Axis:
    return Axis(name=name, values=_values(field), units=str(field.attrs["units"]))


def _values(field: h5py.Dataset) -> Any:
    if not isinstance(field, h5py.Dataset):
        raise NotAProduct(f"{field.name} is a group, expected values")
    if field.nbytes > MAX_BYTES:  # it may be packed, or not be stored at all
        raise NotPlain(f"{field.name} has {field.nbytes:,} bytes, more than {MAX_BYTES:,}")
    return field[()]


def count_values(path: Path) -> int:
    """How many values the product of a file has, without reading them; raises as `read_product`."""
    with opened(path) as file:
        return int(default_data(file)[1].size)


def read_display(path: Path) -> Display:
    """How the product of a file wants to be shown; raises as `read_product`."""
    with opened(path) as file:
        return display_in(default_data(file)[0])


def read_facts(path: Path) -> dict[str, Any]:
    """Read run number, title, pipeline, name and attributes of a product's file, without its arrays.

    Raises
    ------
    OSError, NotAProduct, NotPlain, ValueError
        As `read_product`.
    """
    with opened(path) as file:
        return _read_facts(file)


def _read_facts(file: h5py.File) -> dict[str, Any]:
    entry = _default_entry(file)
    facts = {}
    for name in islice(entry, MAX_FACTS):
        value = _fact(entry, name)
        if value is not None:
            facts[_NAMES_BEFORE.get(name, name)] = value
    return facts


def _fact(entry: h5py.Group, name: str) -> float | int | str | None:
    """A single number or text of the entry; None for everything else, which is not even read."""
    try:
        field = member(entry, name)
    except (NotPlain, KeyError):
        return None
    if not isinstance(field, h5py.Dataset) or field.shape != () or field.dtype.itemsize > MAX_FACT_BYTES:
        return None
    if h5py.check_string_dtype(field.dtype):
        return str(field.asstr(errors="replace")[()])
    return field[()].item() if field.dtype.kind in "iufb" else None
