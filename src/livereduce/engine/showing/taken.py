"""Take the data that a script reports as a product: copied, checked, as plain arrays."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livereduce.engine.showing.part import ShownPart
from livereduce.engine.showing.scipp_arrays import part_of_array, scipp_array
from livereduce.publish.product import MAX_CELLS, Axis
from livereduce.scripting.reporting.display import Display, DisplayKind
from livereduce.scripting.reporting.product import require_kind, require_showable

MAX_TABLE_CELLS = 10_000
"""Most values of a table; nobody reads more."""
MAX_LABEL = 100
"""Most characters of the name of a column."""

Parts = tuple[ShownPart, ...]
WorkspaceParts = Callable[[Any], Parts | None]
"""Parts of a workspace of the engine; None for anything else."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TakenProduct:
    """The data of a product; `display` may say more than the script did."""

    parts: Parts
    display: Display

    @property
    def cells(self) -> int:
        """Number of values in all parts."""
        return sum(part.signal.size for part in self.parts)


def taken(data: Any, display: Display, workspace_parts: WorkspaceParts) -> TakenProduct:
    """Take the data of a product.

    Raises
    ------
    TypeError, ValueError
        They cannot be published, or not like that: says what was expected.
    Exception
        Whatever an object of the script's raises.
    """
    columns = data if isinstance(data, Mapping) else _columns_of_table(data)
    if columns is not None:
        require_showable(dict(columns), display)
        display = display if display.kind else replace(display, kind=DisplayKind.TABLE)
        parts: Parts = (_curve_of(columns) if display.kind is DisplayKind.LINE else _table_of(columns),)
    else:
        parts = _parts(data, workspace_parts)
    for part in parts:
        require_kind(part.signal.ndim, display)
        _require_size(part.signal.size, MAX_TABLE_CELLS if display.kind is DisplayKind.TABLE else MAX_CELLS, display)
    return TakenProduct(parts=tuple(map(_own, parts)), display=display)


def _require_size(cells: int, most: int, display: Display) -> None:
    if cells > most:
        what = "a table" if display.kind is DisplayKind.TABLE else "a product"
        raise ValueError(f"{what} has at most {most} values; got {cells}")


def _own(part: ShownPart) -> ShownPart:
    """With a copy of what may be the script's own memory, or that of a workspace that it changes."""
    return replace(part, signal=np.array(part.signal), errors=None if part.errors is None else np.array(part.errors))


def _parts(data: Any, workspace_parts: WorkspaceParts) -> Parts:
    array = scipp_array(data)
    if array is not None:
        if array.is_binned:
            array = array.bins.sum()
        elif array.dims == ("event",):
            raise ValueError("a table of events has no bins: make a histogram of it, as in `data.hist(tof=100)`")
        return (part_of_array(array),)
    parts = workspace_parts(data)
    return (_plain(data),) if parts is None else parts


def _plain(data: Any) -> ShownPart:
    """An array or nested lists: over the numbers of its places."""
    signal = _numbers(data)
    require_kind(signal.ndim, Display())
    names = ("index",) if signal.ndim == 1 else ("row", "column")
    sizes = zip(names, signal.shape, strict=False)
    axes = tuple(Axis(name=name, values=np.arange(size, dtype=np.float64)) for name, size in sizes)
    return ShownPart(signal=signal, axes=axes, errors=None, units="")


def _numbers(data: Any) -> NDArray[np.float64]:
    array = np.asanyarray(data)
    if array.size > MAX_CELLS:
        raise ValueError(f"a product has at most {MAX_CELLS} values; got {array.size}")
    if not (np.issubdtype(array.dtype, np.integer) or np.issubdtype(array.dtype, np.floating) or array.dtype == bool):
        seen = type(data).__name__ if array.dtype == object else array.dtype
        raise TypeError(f"expected numbers, an array, a workspace or a dictionary; got {seen}")
    if isinstance(array, np.ma.MaskedArray):
        array = np.ma.filled(array.astype(np.float64), np.nan)
    numbers: NDArray[np.float64] = np.array(array, np.float64)
    return numbers


def _columns_of_table(data: Any) -> Mapping[str, Any] | None:
    """The columns of a table workspace by their names; None for anything else."""
    if not all(callable(getattr(data, name, None)) for name in ("getColumnNames", "columnCount", "column")):
        return None
    return {str(name): data.column(at) for at, name in enumerate(data.getColumnNames())}


def _table_of(columns: Mapping[str, Any]) -> ShownPart:
    """A dictionary of numbers as one row, one of columns as rows × columns; errors where numbers have some."""
    values, errors = zip(*(_with_error(name, one) for name, one in columns.items()), strict=True)
    labels = tuple(name[:MAX_LABEL] for name in columns)
    along = Axis(name="column", values=np.arange(len(labels), dtype=np.float64))
    rows = _rows_of(columns, values)
    spread = np.stack(errors, axis=-1) if any(np.isfinite(one).any() for one in errors) else None
    axes = (along,) if rows is None else (Axis(name="row", values=np.arange(rows, dtype=np.float64)), along)
    return ShownPart(signal=np.stack(values, axis=-1), axes=axes, errors=spread, units="", labels=labels)


def _rows_of(columns: Mapping[str, Any], values: Sequence[NDArray[np.float64]]) -> int | None:
    """Number of rows; None for single numbers. Raises ValueError if the columns are not alike."""
    shapes = {one.shape for one in values}
    if len(shapes) > 1 or any(len(shape) > 1 for shape in shapes):
        seen = ", ".join(f"{name!r:.40}: {one.shape}" for name, one in zip(columns, values, strict=True))
        raise ValueError(f"expected numbers, or columns of one length; got {seen:.300}")
    (shape,) = shapes
    return shape[0] if shape else None


def _with_error(name: str, value: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Numbers and their standard deviations; NaN without."""
    try:
        array = scipp_array(value)
        if array is None:
            numbers = _numbers(value)
            return numbers, np.full(numbers.shape, np.nan)
        part = part_of_array(array)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name!r:.80}: {error}") from None
    return part.signal, np.full(part.signal.shape, np.nan) if part.errors is None else part.errors


def _curve_of(columns: Mapping[str, Any]) -> ShownPart:
    """A dictionary of two or three columns as a curve: x, y, and the errors of y."""
    names, values = list(columns), [_numbers(one) for one in columns.values()]
    if len(values) not in (2, 3):
        raise ValueError(f"a line needs two columns, x and y, or a third one with the errors; got {len(values)}")
    x, y = values[0], values[1]
    if y.ndim != 1 or x.shape not in (y.shape, (y.size + 1,)):
        raise ValueError(f"x must have as many values as y, or one more (edges); got {x.shape} and {y.shape}")
    errors = values[2] if len(values) == 3 else None
    if errors is not None and errors.shape != y.shape:
        raise ValueError(f"the errors must have as many values as y; got {errors.shape} and {y.shape}")
    return ShownPart(signal=y, axes=(Axis(name=names[0][:MAX_LABEL], values=x),), errors=errors, units="")
