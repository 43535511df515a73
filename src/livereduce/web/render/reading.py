"""Read products from their files in bounded memory: piece by piece, downsampled on the way.

The rules are in `downsample`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from livereduce.publish.product import Axis
from livereduce.publish.products.file import default_data, read_facts
from livereduce.publish.products.file_display import display_in, labels_in
from livereduce.publish.products.inside import member_if_any, opened
from livereduce.scripting.reporting.display import AS_IT_IS, Display, DisplayKind
from livereduce.web.render.downsample import Floats, downsample_axis, extremes, group_sizes, mean_errors, means, said
from livereduce.web.render.tables import table_cells

PIECE_CELLS = 1 << 20
"""Cells read at a time: 8 MiB of signal, and as much of errors."""
MAX_CELLS = 1 << 28
"""Most cells of a product that is shown; a larger one would keep this process busy for many seconds."""
MAX_AXIS = 1 << 24


MAX_LABEL = 1000
"""Most characters of a label or unit."""
MAX_BYTES_UNSTORED = 64 << 20
"""A file may declare this much without storing it; beyond, the factor below: compression reaches a thousand at best."""
MAX_PACKED = 2000


class Unshowable(Exception):
    """The product cannot be shown; the text is a sentence with the reason. Its file can still be downloaded."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shown:
    """A product, or some rows of it, with the requested number of points.

    Attributes
    ----------
    rows
        Number of spectra of the whole product.
    row_numbers
        Row numbers in `signal`, if some were chosen.
    """

    title: str
    kind: str
    rows: int
    signal: Floats
    errors: Floats | None
    label: str
    units: str
    axes: tuple[Axis, ...]
    attributes: dict[str, Any]
    row_numbers: tuple[int, ...] = ()
    thinned: str = ""
    note: str = ""
    display: Display = AS_IT_IS
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """A line of a picture: lowest and highest value of each column, and the same with errors subtracted and added.

    Without errors `least` and `most` are those values themselves. NaN where a column has no value.
    """

    low: Floats
    high: Floats
    least: Floats
    most: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curves:
    """Spectra of a product for a picture; `axis` has the middle of each column or its edges."""

    title: str
    label: str
    units: str
    axis: Axis
    curves: tuple[Curve, ...]
    attributes: dict[str, Any]
    row_numbers: tuple[int, ...] = ()
    thinned: str = ""
    note: str = ""
    display: Display = AS_IT_IS


def read_shown(path: Path, most: int, rows: Sequence[int] = ()) -> Shown:
    """Read the product of a file with at most about `most` points.

    Parameters
    ----------
    rows
        Spectra of a product of several dimensions; empty for all of it.

    Raises
    ------
    Unshowable
        It is too large, or not made of numbers.
    IndexError
        It has no such row.
    OSError, NotAProduct, NotPlain
        As `livereduce.publish.products.file.read_product`.
    """
    facts = facts_of(path)
    with opened(path) as file:
        data, signal, errors = default_data(file)
        check(signal, errors, rows)
        display = display_in(data)
        if signal.ndim == 0:
            body = _scalar(signal, errors)
        elif display.kind is DisplayKind.TABLE and not rows and signal.ndim <= 2:
            body = table_cells(signal, errors, axes_of(data, signal), most)
        else:
            body = _cells(data, signal, errors, most, rows)
        return Shown(
            title=str(facts.pop("title", "")),
            rows=1 if signal.ndim < 2 else signal.shape[-2],
            label=str(signal.attrs.get("long_name", ""))[:MAX_LABEL],
            units=str(signal.attrs.get("units", ""))[:MAX_LABEL],
            attributes=facts,
            note=_note(signal.shape, rows, facts),
            display=display,
            labels=labels_in(data)[: body["signal"].shape[-1]] if signal.ndim else (),
            **body,
        )


def read_dimensions(path: Path) -> int:
    """Number of dimensions of a product; raises as `read_shown`."""
    with opened(path) as file:
        return int(default_data(file)[1].ndim)


def read_curves(path: Path, columns: int, rows: Sequence[int] = ()) -> Curves:
    """Read spectra for a picture with this many columns: the extremes of each column, so that no peak is lost.

    Parameters
    ----------
    rows
        As in `read_shown`; for a product of several dimensions at least one.

    Raises
    ------
    Unshowable, IndexError, OSError, NotAProduct, NotPlain
        As `read_shown`.
    """
    facts = facts_of(path)
    with opened(path) as file:
        data, signal, errors = default_data(file)
        check(signal, errors, rows)
        if signal.ndim == 0:
            raise Unshowable("nothing to plot: the product is a single number")
        length = signal.shape[-1]
        by = -(-length // columns) or 1
        thinned = f"each column is drawn from the lowest to the highest of {by} neighbouring points"
        places = [(0,) * (signal.ndim - 2) + (row,) for row in rows] if signal.ndim > 1 else [()]
        drawn = [_envelope(signal, errors, place, by) for place in places]
        return Curves(
            title=str(facts.pop("title", "")),
            label=str(signal.attrs.get("long_name", ""))[:MAX_LABEL],
            units=str(signal.attrs.get("units", ""))[:MAX_LABEL],
            axis=_thin_axis(data, axis_names(data, signal)[-1], length, by),
            curves=tuple(drawn),
            row_numbers=tuple(rows) if signal.ndim > 1 else (),
            note=_note(signal.shape, rows, facts),
            thinned=thinned if by > 1 else "",
            attributes=facts,
            display=display_in(data),
        )


def facts_of(path: Path) -> dict[str, Any]:
    """The facts of a product's file but for those that name it; raises as `read_shown`."""
    facts = read_facts(path)
    for name in ("run_number", "name", "pipeline"):
        facts.pop(name, None)
    return facts


def _envelope(signal: Any, errors: Any, place: tuple[int, ...], by: int) -> Curve:
    """The extremes of each group of cells, with and without their errors."""
    parts = []
    for piece in _pieces(signal.shape[-1], by, PIECE_CELLS):
        values = np.asarray(signal[(*place, piece)], dtype=np.float64)
        spread = None if errors is None else np.asarray(errors[(*place, piece)], dtype=np.float64)
        parts.append(extremes(values, spread, by))
    columns = [np.concatenate(some) if some else np.empty(0) for some in zip(*parts, strict=True)] or [np.empty(0)] * 4
    return Curve(low=columns[0], high=columns[1], least=columns[2], most=columns[3])


def check(signal: Any, errors: Any, rows: Sequence[int]) -> None:
    """Refuse products that cannot be shown; raises as `read_shown`."""
    if signal.dtype.kind not in "iufb":
        raise Unshowable(f"the product is of {signal.dtype}, not of numbers")
    if errors is not None and errors.shape != signal.shape:
        raise Unshowable(f"the errors have shape {errors.shape}, the signal {signal.shape}")
    cells = signal.size if not rows else len(rows) * signal.shape[-1]
    if cells > MAX_CELLS:
        raise Unshowable(f"a product of {signal.size:,} cells is too large to be shown; download it as NeXus")
    if any(length > MAX_AXIS for length in signal.shape):
        raise Unshowable(f"a product of shape {signal.shape} is too long to be shown; download it as NeXus")
    if cells * signal.dtype.itemsize > max(MAX_BYTES_UNSTORED, MAX_PACKED * signal.id.get_storage_size()):
        raise Unshowable(f"the file declares {signal.size:,} cells, but does not hold them")
    count = signal.shape[-2] if signal.ndim > 1 else 1
    for row in rows:
        if row >= count:
            raise IndexError(f"row {row}: the product has {count}")


def _scalar(signal: Any, errors: Any) -> dict[str, Any]:
    return {
        "kind": "scalar",
        "signal": np.asarray(signal[()], dtype=np.float64),
        "errors": None if errors is None else np.asarray(errors[()], dtype=np.float64),
        "axes": (),
    }


def _cells(data: Any, signal: Any, errors: Any, most: int, rows: Sequence[int]) -> dict[str, Any]:
    names = axis_names(data, signal)
    flat = signal.ndim == 1 or bool(rows)
    starts = [(row,) for row in rows] if signal.ndim > 1 else [()] * max(len(rows), 1)
    prefix = (0,) * max(signal.ndim - 2, 0)
    columns, height = signal.shape[-1], 1 if flat else signal.shape[-2]
    by_row, by_column = group_sizes(height, columns, max(1, most // len(starts)) if flat else most)

    def read(values: Any, *, squares: bool) -> Floats:
        if not flat:
            return _blocks(values, prefix, by_row, by_column, squares=squares)
        lines = [_blocks(values, (*prefix, *start), 1, by_column, squares=squares) for start in starts]
        return np.concatenate(lines) if len(lines) > 1 else lines[0][0]

    shown = [_thin_axis(data, names[-1], columns, by_column)]
    if not flat:
        shown.insert(0, _thin_axis(data, names[-2], height, by_row))
    return {
        "kind": "1d" if flat else "2d",
        "signal": read(signal, squares=False),
        "errors": None if errors is None else read(errors, squares=True),
        "axes": tuple(shown),
        "row_numbers": tuple(rows) if signal.ndim > 1 else (),
        "thinned": said(by_row, by_column),
    }


def _note(shape: tuple[int, ...], rows: Sequence[int], facts: Mapping[str, Any]) -> str:
    """What is shown of what; how the engine has made a product of too many spectra smaller is a fact of the file."""
    notes = [str(facts["thinned"])] if facts.get("thinned") else []
    if len(shape) > 2:
        notes.append(f"of {len(shape)} dimensions the last two are shown, at 0 of the others")
    if rows and len(shape) > 1:
        notes.append(f"row {', '.join(map(str, rows))} of {shape[-2]}")
    return "; ".join(notes)


def axes_of(data: Any, signal: Any) -> list[Axis]:
    """The axis of each dimension of the signal, with all its values."""
    names = axis_names(data, signal)
    return [_thin_axis(data, name, length, 1) for name, length in zip(names, signal.shape, strict=True)]


def axis_names(data: Any, signal: Any) -> list[str]:
    """Name of the axis of each dimension; empty if it has none."""
    names = [str(name) for name in np.atleast_1d(data.attrs.get("axes", ()))[: signal.ndim]]
    return names + [""] * (signal.ndim - len(names))


def _thin_axis(data: Any, name: str, length: int, by: int) -> Axis:
    """The axis of this name, downsampled by `by`; cell numbers if it is missing or does not fit."""
    field = member_if_any(data, name) if name else None
    fits = isinstance(field, h5py.Dataset) and field.shape in ((length,), (length + 1,)) and field.dtype.kind in "iuf"
    if field is None or not fits:
        first = np.arange(0, length, by, dtype=np.float64)
        return Axis(name=(name or "index")[:MAX_LABEL], values=(first + np.minimum(first + by, length) - 1) / 2)
    edges = field.shape[0] == length + 1
    pieces = [np.asarray(field[piece], dtype=np.float64) for piece in _pieces(length, by, PIECE_CELLS)]
    values = [downsample_axis(piece, by, edges=edges) for piece in pieces]
    if edges:
        values.append(np.asarray(field[length:], dtype=np.float64))
    units = str(field.attrs.get("units", ""))[:MAX_LABEL]
    return Axis(name=name[:MAX_LABEL], units=units, values=np.concatenate(values) if values else np.empty(0))


def _blocks(values: Any, prefix: tuple[int, ...], by_row: int, by_column: int, *, squares: bool) -> Floats:
    """The means of all blocks, or the errors of those means; a single row if the prefix leaves one dimension."""
    reduce = mean_errors if squares else means
    height = 1 if values.ndim == len(prefix) + 1 else values.shape[-2]
    lines = []
    for rows in _pieces(height, by_row, max(1, PIECE_CELLS // max(1, values.shape[-1]))):
        parts = []
        for columns in _pieces(values.shape[-1], by_column, max(1, PIECE_CELLS // (rows.stop - rows.start))):
            where = (*prefix, columns) if values.ndim == len(prefix) + 1 else (*prefix, rows, columns)
            piece = np.atleast_2d(np.asarray(values[where], dtype=np.float64))
            parts.append(piece if by_row == by_column == 1 else reduce(piece, by_row, by_column))
        lines.append(np.concatenate(parts, axis=1) if parts else np.empty((1, 0)))
    return np.concatenate(lines) if lines else np.empty((0, 0))


def _pieces(length: int, by: int, most: int) -> Iterator[slice]:
    """Slices of about `most` cells that never split a group of `by`."""
    step = max(1, most // by) * by
    return (slice(start, min(start + step, length)) for start in range(0, length, step))
