"""Fields of a NeXus file: numbers and texts, checked before anybody uses them.

HDF5 files describe each dataset themselves, and each writer does it a little differently: scalars or arrays of one,
bytes or strings, attributes that are arrays, broken links. This module hides these differences.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from livereduce.base.errors import OperatorError

MAX_NAMES = 5
"""Most names of one kind in a note; the rest is a number."""
ALL = slice(None)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """The numbers that a field may hold: a range (inclusive), whole or not, and its possible units.

    Attributes
    ----------
    least, most
        None lets every number pass, NaN too; the reader then checks each value.
    units
        Factor of each unit by its name in lower case. The empty name stands for no unit.
    """

    least: float | None = None
    most: float | None = None
    whole: bool = False
    units: Mapping[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class Notes:
    """Notes about a file for the person who plays it: one line per reason, with the names that it concerns."""

    _names: dict[str, list[str]] = field(default_factory=dict)

    def add(self, reason: str, name: str) -> None:
        """Note that `reason` holds for `name`."""
        self._names.setdefault(reason, []).append(name)

    def lines(self) -> tuple[str, ...]:
        """The notes, in the order in which their reasons came up."""
        return tuple(f"{_some(names)}: {reason}" for reason, names in self._names.items())


def _some(names: list[str]) -> str:
    more = len(names) - MAX_NAMES
    return ", ".join(names[:MAX_NAMES]) + (f" and {more} more" if more > 0 else "")


def bad(
    node: h5py.HLObject, expected: str, found: object, *, name: str = "", index: int | None = None
) -> OperatorError:
    """Make the error of a field: file, path, index, what was expected and what was found."""
    path = f"{node.name.rstrip('/')}/{name}" if name else node.name
    at = "" if index is None else f"[{index}]"
    return OperatorError(f"{node.file.filename}: {path}{at}: expected {expected}, found {found}")


def child(group: h5py.Group, name: str) -> h5py.Group | h5py.Dataset | None:
    """A member of a group; None if it is absent, a broken link, or something that HDF5 cannot open."""
    try:
        found = group.get(name)
    except (KeyError, OSError, RuntimeError, ValueError):
        return None
    return found if isinstance(found, h5py.Group | h5py.Dataset) else None


def dataset(group: h5py.Group, name: str) -> h5py.Dataset:
    """A dataset that must exist.

    Raises
    ------
    OperatorError
        It is missing, a broken link, or a group.
    """
    found = child(group, name)
    if isinstance(found, h5py.Dataset):
        return found
    if found is not None:
        raise bad(group, "a dataset", "a group", name=name)
    raise bad(group, "a dataset", "a broken link" if name in group.keys() else "nothing", name=name)  # noqa: SIM118  (`in` follows links)


def text_of(value: Any) -> str:
    """Convert a text from any HDF5 library (bytes, a string, an array of one); control characters become ``_``."""
    first = np.asarray(value, dtype=object).ravel()
    if not first.size:
        return ""
    raw = first[0].decode(errors="replace") if isinstance(first[0], bytes) else str(first[0])
    return printable(raw.strip("\0 \t\r\n"))


def printable(text: str | bytes) -> str:
    """Replace each run of control characters by ``_``: XML, logs and terminals cannot carry them.

    The text is bytes where it is a name in the file that is not UTF-8.
    """
    return _CONTROL.sub("_", text.decode(errors="replace") if isinstance(text, bytes) else text)


def text(group: h5py.Group, name: str) -> str:
    """Read a text; empty if it is absent."""
    found = child(group, name)
    return text_of(found[()]) if isinstance(found, h5py.Dataset) and found.shape is not None else ""


def attribute(node: h5py.HLObject, *names: str) -> str:
    """Read the first of these attributes that exists, as text; empty if none does."""
    return next((text_of(node.attrs[name]) for name in names if name in node.attrs), "")


def length(data: h5py.Dataset) -> int:
    """Number of values of a column.

    Raises
    ------
    OperatorError
        As `column`.
    """
    _require_column(data)
    return data.shape[0] if data.shape else 1


def _require_column(data: h5py.Dataset) -> None:
    if data.shape is None:
        raise bad(data, "values", "an empty dataspace")
    if any(size != 1 for size in data.shape[1:]):
        raise bad(data, "one column", f"shape {data.shape}")


def column(data: h5py.Dataset, part: slice = ALL) -> NDArray[Any]:
    """All values, or some, as one column: a scalar is one value, shape (n, 1) is n values.

    Raises
    ------
    OperatorError
        The dataset is empty space or a table of more than one column.
    """
    _require_column(data)
    try:
        whole = part == ALL or not data.shape
        values: NDArray[Any] = np.asarray(data[()] if whole else data[part]).reshape(-1)
    except (OSError, TypeError, ValueError) as error:
        raise bad(data, "values that HDF5 can read", str(error)) from None
    is_wide = values.dtype.kind == "f" and values.dtype.itemsize > 8
    return values.astype(np.float64) if is_wide else values  # neither we nor the stream have a wider number


def numbers(data: h5py.Dataset, allowed: Numbers, part: slice = ALL) -> NDArray[Any]:
    """The numbers of a field, or some of them, in our unit: int64 where whole numbers are expected, else float64.

    Raises
    ------
    OperatorError
        They are not numbers, not whole, out of range, or in a unit that the field cannot have.
    """
    values, factor = plain_numbers(data, allowed, part)
    if allowed.whole:
        return values.astype(np.int64)
    in_ours = values.astype(np.float64)
    return in_ours if factor == 1.0 else in_ours * factor


def plain_numbers(data: h5py.Dataset, allowed: Numbers, part: slice = ALL) -> tuple[NDArray[Any], float]:
    """The numbers of a field, or some of them, as the file has them, and the factor to our unit.

    Raises
    ------
    OperatorError
        As `numbers`.
    """
    values, factor = unchecked_numbers(data, allowed, part)
    check_range(data, values, factor, allowed, part.start or 0)
    return values, factor


def unchecked_numbers(data: h5py.Dataset, allowed: Numbers, part: slice = ALL) -> tuple[NDArray[Any], float]:
    """As `plain_numbers`, for who checks the range by himself.

    Raises
    ------
    OperatorError
        They are not numbers, not of a type of whole ones, or in a unit that the field cannot have.
    """
    values = column(data, part)
    if values.dtype.kind not in ("iub" if allowed.whole else "iubf"):
        raise bad(data, "whole numbers" if allowed.whole else "numbers", f"values of type {data.dtype}")
    return values, _factor(data, allowed)


def check_range(data: h5py.Dataset, values: NDArray[Any], factor: float, allowed: Numbers, start: int) -> None:
    """Check numbers of a field, of which the first is that with the index `start`, and the factor to our unit.

    Raises
    ------
    OperatorError
        One is out of range, or none.
    """
    if allowed.least is None or allowed.most is None:
        return
    least, most = allowed.least, allowed.most
    if not values.size or (values.min() * factor >= least and values.max() * factor <= most):  # false for NaN, too
        return
    values = values if factor == 1.0 else values * factor
    wrong = ~((values >= least) & (values <= most))
    if wrong.any():
        first = int(wrong.argmax())
        found = f"{values[first]} ({np.count_nonzero(wrong)} of {values.size} values are out of range)"
        raise bad(data, f"{least:.12g} to {most:.12g}", found, index=start + first)


def _factor(data: h5py.Dataset, allowed: Numbers) -> float:
    """Factor of the field's unit; a field without a unit has its usual one."""
    units = attribute(data, "units")
    if not allowed.units or not units:
        return 1.0
    if units.lower() not in allowed.units:
        known = ", ".join(sorted(name for name in allowed.units if name))
        raise bad(data, f"a unit ({known})", repr(units))
    return allowed.units[units.lower()]
