"""A product as a small picture for a card of the overview: some hundred numbers that the browser draws.

Not a PNG: a card is of any size and in the colours of its theme, and twenty cards cost less than one picture.
"""

import base64
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livereduce.publish.product import Axis
from livereduce.publish.products.file import read_display
from livereduce.scripting.reporting.display import Display, DisplayKind
from livereduce.web.render.downsample import Floats
from livereduce.web.render.reading import Curves, Shown, read_curves, read_dimensions, read_shown

COLUMNS = 400
CELLS = 3000
FINE = 1000
"""Heights and places are whole numbers up to this."""
DECADES = 6
"""Most decades of a logarithmic scale."""


def sketch(path: Path) -> dict[str, Any]:
    """The sketch of a product.

    Raises
    ------
    Unshowable, OSError, NotAProduct, NotPlain
        As `livereduce.web.render.reading.read_shown`.
    """
    display = read_display(path)
    dimensions = read_dimensions(path)
    if dimensions == 0:
        shown = read_shown(path, 1)
        errors = shown.errors
        error = None if errors is None else float(errors)
        return {"kind": "scalar", "value": float(shown.signal), "error": error, "units": shown.units}
    if display.kind is DisplayKind.TABLE:
        return {"kind": "table"}
    if dimensions == 1 or display.kind is DisplayKind.LINE:
        return of_curve(read_curves(path, COLUMNS, (0,) if dimensions > 1 else ()), display)
    return of_image(read_shown(path, CELLS), display)


def of_curve(shown: Curves, display: Display) -> dict[str, Any]:
    """The sketch of a curve: where its columns are, and from where to where each of them goes."""
    curve = shown.curves[0]
    x = middles(shown.axis, len(curve.low))
    known = np.isfinite(x) & np.isfinite(curve.low) & np.isfinite(curve.high)
    if display.x_log:
        known &= x > 0
    if display.y_log:
        known &= curve.high > 0
    if display.x_range is not None:
        known &= (x >= display.x_range[0]) & (x <= display.x_range[1])
    x, low, high = x[known], curve.low[known], curve.high[known]
    if not x.size:
        return {"kind": "empty"}
    least, most = float(low.min()), float(high.max())
    return {
        "kind": "curve",
        "x": scaled(x, float(x.min()), float(x.max()), log=display.x_log).tolist(),
        "low": heights(low, least, most, log=display.y_log).tolist(),
        "high": heights(high, least, most, log=display.y_log).tolist(),
        **_labels(shown.axis, x),
        "least": least,
        "most": most,
        "units": shown.units,
    }


def of_image(shown: Shown, display: Display) -> dict[str, Any]:
    """The sketch of an image: a byte a cell, the first row at the bottom; 0 where there is no number."""
    values = np.atleast_2d(shown.signal)
    known = np.isfinite(values) & ((values > 0) | (not display.y_log))
    if not known.any():
        return {"kind": "empty"}
    least, most = float(values[known].min()), float(values[known].max())
    cells = np.zeros(values.shape, dtype=np.uint8)
    cells[known] = 1 + scaled(values[known], least, most, log=display.y_log) * 254 // FINE
    across = shown.axes[-1]
    return {
        "kind": "image",
        "width": values.shape[1],
        "height": values.shape[0],
        "cells": base64.b64encode(cells.tobytes()).decode(),
        **_labels(across, across.values),
        "least": least,
        "most": most,
        "units": shown.units,
    }


def _labels(axis: Axis, shown: Floats) -> dict[str, Any]:
    known = shown[np.isfinite(shown)]
    ends = (float(known.min()), float(known.max())) if known.size else (None, None)
    return {"x_name": axis.name, "x_units": axis.units, "x_from": ends[0], "x_to": ends[1]}


def middles(axis: Axis, length: int) -> Floats:
    """The middle of each column; numbers of columns where the axis does not fit."""
    values = axis.values
    if len(values) == length + 1:
        values = (values[:-1] + values[1:]) / 2
    return values if len(values) == length else np.arange(float(length))


def heights(values: Floats, least: float, most: float, *, log: bool) -> NDArray[np.int64]:
    """Heights from 0, which is the value 0, the least value if that is negative, or some decades below the largest."""
    if log:
        floor = most / 10**DECADES
        return scaled(np.maximum(values, floor), max(floor, least), most, log=True)
    return scaled(values, min(0.0, least), most, log=False)


def scaled(values: Floats, least: float, most: float, *, log: bool) -> NDArray[np.int64]:
    """Whole numbers from 0 (the least) to `FINE`."""
    if log:
        floor = max(least, most / 1e300, np.finfo(np.float64).tiny)
        values, least, most = np.log(np.maximum(values, floor)), float(np.log(floor)), float(np.log(max(most, floor)))
    with np.errstate(over="ignore", invalid="ignore"):
        # halved, since the difference of two doubles may be larger than any
        span = most / 2 - least / 2
        part = (values / 2 - least / 2) / span if span > 0 else np.full(values.shape, 0.5)
    whole: NDArray[np.int64] = np.rint(np.clip(np.nan_to_num(part), 0, 1) * FINE).astype(np.int64)
    return whole
