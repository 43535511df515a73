"""Encode answers as bytes: JSON, with null in place of NaN and infinities. Pure."""

import json
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livereduce.scripting.reporting.display import Display
from livereduce.web.render.reading import Shown

SIGNAL_DIGITS, AXIS_DIGITS = 7, 12
"""A screen shows no more than four digits; times on an axis need more than counts."""


def to_json(body: object) -> bytes:
    """Compact JSON text; NaN and infinities become null."""
    try:
        return json.dumps(body, separators=(",", ":"), allow_nan=False).encode()
    except ValueError:
        return json.dumps(_finite(body), separators=(",", ":"), allow_nan=False).encode()


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(one) for name, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, list | tuple) else value


def shown_body(shown: Shown, run: int, name: str, version: str) -> dict[str, Any]:
    """A product in the API's form."""
    return {
        "run": run,
        "name": name,
        "title": shown.title,
        "kind": shown.kind,
        "rows": shown.rows,
        "row_numbers": list(shown.row_numbers),
        "label": shown.label,
        "signal": numbers(shown.signal, SIGNAL_DIGITS),
        "errors": None if shown.errors is None else numbers(shown.errors, SIGNAL_DIGITS),
        "units": shown.units,
        "axes": [
            {"name": axis.name, "units": axis.units, "values": numbers(axis.values, AXIS_DIGITS)} for axis in shown.axes
        ],
        "attributes": shown.attributes,
        "thinned": shown.thinned,
        "note": shown.note,
        "version": version,
        "display": display_body(shown.display),
        "labels": list(shown.labels),
    }


def display_body(display: Display) -> dict[str, Any]:
    """How a product wants to be shown, in the API's form."""
    return {
        "kind": str(display.kind),
        "x_log": display.x_log,
        "y_log": display.y_log,
        "x_range": None if display.x_range is None else list(display.x_range),
    }


def numbers(values: NDArray[np.float64], digits: int) -> Any:
    """A number or nested lists of numbers, rounded to significant digits; None for NaN and infinities."""
    finite = np.isfinite(values)
    rounded = _rounded(np.where(finite, values, 0.0), digits)
    if finite.all():
        return rounded.tolist()
    boxed = rounded.astype(object)
    boxed[~finite] = None
    return boxed.tolist()


def _rounded(values: NDArray[np.float64], digits: int) -> NDArray[np.float64]:
    size = np.abs(values)
    power = np.floor(np.log10(np.where(size > 0, size, 1.0)))
    with np.errstate(over="ignore", invalid="ignore"):
        scale = 10.0 ** (digits - 1 - power)
        rounded = np.round(values * scale) / scale
    # the smallest and largest doubles cannot be scaled this way
    return np.where(np.isfinite(rounded), rounded, values)
