"""A product as a plotly figure in a ``<div>``, in the form that live data servers store and WebMon shows.

It is only JSON, a ``<div>`` and a call, written without plotly (importing it costs time and memory of the worker).
WebMon requires: the body begins with ``<div``; the first ``div.plotly-graph-div`` names the version of the JavaScript
library that it was written for; the call is on one line and ends in ``)</script>``; for a download of the points there
is one trace, of the type ``scatter``, with plain lists of numbers.
"""

import html
import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livereduce.publish.livedata.table import table_of
from livereduce.publish.product import Axis, Product
from livereduce.scripting.reporting.display import Display, DisplayKind

PLOTLY_JS_VERSION = "3.0.1"
"""The version that WebMon loads. The figure uses only features that plotly.js has had since 2.0."""
MAX_POINTS = 2000
"""Most points of a curve."""
MAX_CELLS_A_SIDE = 256
"""Most cells of an image."""
MAX_NOTES = 300
"""Most characters of the text below the title."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _DrawnCurve:
    """Arrays small enough to draw, and a text on how they were reduced."""

    signal: Array
    errors: Array | None
    axes: tuple[Axis, ...]
    notes: tuple[str, ...] = ()


def div_of(products: list[Product], instrument: str) -> str:
    """Draw all products of a run into one ``<div>``."""
    figures = [_div(product, instrument) for product in products]
    return f"<div>{''.join(figures)}</div>"


def _div(product: Product, instrument: str) -> str:
    if not product.signal.ndim:
        return f"<p>{html.escape(_heading(product, instrument))}: {_single(product)}</p>"
    if product.display.kind is DisplayKind.TABLE:
        return table_of(product, _heading(product, instrument))
    figure = figure_of(product, instrument)
    return figure_div(f"livereduce-{instrument}-{product.run}-{product.name}", figure)


def figure_div(name: str, figure: dict[str, Any]) -> str:
    """``data`` and ``layout`` of plotly as a ``<div>``; `name` is its id, the only one on a page."""
    call = f"{_json(name)}, {_json(figure['data'])}, {_json(figure['layout'])}, {{}}"
    return (
        f'<div><div id="{html.escape(name)}" class="plotly-graph-div" plotlyjs-version="{PLOTLY_JS_VERSION}" '
        f'style="height:{figure["layout"]["height"]}px; width:100%;"></div>'
        f'<script type="text/javascript">Plotly.newPlot({call})</script></div>'
    )


def _json(value: object) -> str:
    """Encode JSON that cannot end the script element around it."""
    return json.dumps(value, allow_nan=False).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _single(product: Product) -> str:
    error = "" if product.errors is None else f" ± {float(product.errors):.4g}"
    return html.escape(f"{float(product.signal):.6g}{error} {product.units}".rstrip())


def _heading(product: Product, instrument: str) -> str:
    title = f": {product.title}" if product.title else ""
    return f"{instrument} run {product.run}{title}, {product.name}"


def figure_of(product: Product, instrument: str) -> dict[str, Any]:
    """``data`` and ``layout`` of a product with at least one dimension, downsampled to what can be drawn."""
    shown = _flattened(_DrawnCurve(signal=product.signal, errors=product.errors, axes=product.axes))
    image = shown.signal.ndim == 2
    for dim, most in enumerate((MAX_CELLS_A_SIDE,) * 2 if image else (MAX_POINTS,)):
        shown = _coarser(shown, dim, most)
    x_axis = shown.axes[-1]
    y_title = _label(shown.axes[0]) if image else _with_units(product.name, product.units)
    notes = html.escape("; ".join((*_facts(product), *shown.notes))[:MAX_NOTES])
    title = f"{html.escape(_heading(product, instrument))}<br><sub>{notes}</sub>"
    return {
        "data": [_image(shown, product.units)] if image else [_curve(shown)],
        "layout": {
            "title": {"text": title},
            "autosize": True,
            "height": 500 if image else 400,
            "margin": {"t": 60, "b": 50, "l": 80, "r": 40},
            "hovermode": "closest",
            "showlegend": False,
            "xaxis": _axis(_label(x_axis), log=product.display.x_log) | _range(product.display),
            "yaxis": _axis(y_title, log=product.display.y_log and not image),
        },
    }


def _axis(title: str, *, log: bool) -> dict[str, Any]:
    axis = {"title": {"text": html.escape(title)}, "exponentformat": "power", "showline": True}
    return axis | ({"type": "log"} if log else {})


def _range(display: Display) -> dict[str, Any]:
    if display.x_range is None:
        return {}
    return {"range": [float(np.log10(one)) if display.x_log else one for one in display.x_range]}


def _facts(product: Product) -> tuple[str, ...]:
    """Facts below the title: not final, up to when, and whether data are missing."""
    last, incomplete = (str(product.attributes.get(name, "")) for name in ("last_pulse", "incomplete"))
    facts = [f"live, up to {last[:19].replace('T', ' ')} UTC" if last else "live"]
    return (*facts, f"incomplete: {incomplete}") if incomplete else tuple(facts)


def _flattened(shown: _DrawnCurve) -> _DrawnCurve:
    """Reduce to two dimensions at most, and to one if the first of two has a single row."""
    while shown.signal.ndim > 2 or (shown.signal.ndim == 2 and shown.signal.shape[0] == 1):
        several = shown.signal.shape[0] > 1
        note = (f"summed over {shown.axes[0].name}",) if several else ()
        errors = None if shown.errors is None else np.sqrt(np.nansum(shown.errors**2, axis=0))
        shown = _DrawnCurve(
            signal=np.nansum(shown.signal, axis=0) if several else shown.signal[0],
            errors=errors if several or shown.errors is None else shown.errors[0],
            axes=shown.axes[1:],
            notes=(*shown.notes, *note),
        )
    return shown


def _coarser(shown: _DrawnCurve, dim: int, most: int) -> _DrawnCurve:
    """Average neighbors along one dimension, so that at most `most` cells are left."""
    n = shown.signal.shape[dim]
    every = -(-n // most)
    if every <= 1:
        return shown
    starts = np.arange(0, n, every)
    finite = np.isfinite(shown.signal)
    number = np.add.reduceat(finite.astype(np.float64), starts, axis=dim)
    total = np.add.reduceat(np.where(finite, shown.signal, 0.0), starts, axis=dim)
    errors = None
    with np.errstate(invalid="ignore", divide="ignore"):
        signal = total / number  # NaN where no cell has a value
        if shown.errors is not None:
            squares = np.where(finite, shown.errors, 0.0) ** 2
            errors = np.sqrt(np.add.reduceat(squares, starts, axis=dim)) / number
    axis = shown.axes[dim]
    note = f"each {'point' if shown.signal.ndim == 1 else 'cell'} the mean of {every} along {axis.name}"
    return _DrawnCurve(
        signal=signal,
        errors=errors,
        axes=(*shown.axes[:dim], _coarser_axis(axis, n, starts), *shown.axes[dim + 1 :]),
        notes=(*shown.notes, note),
    )


def _coarser_axis(axis: Axis, n: int, starts: NDArray[np.intp]) -> Axis:
    if len(axis.values) == n + 1:
        return replace(axis, values=np.append(axis.values[starts], axis.values[-1]))
    return replace(axis, values=np.add.reduceat(axis.values, starts) / np.diff(np.append(starts, n)))


def _curve(shown: _DrawnCurve) -> dict[str, Any]:
    x = shown.axes[0].values
    if len(x) == len(shown.signal) + 1:
        x = (x[:-1] + x[1:]) / 2
    trace: dict[str, Any] = {"type": "scatter", "mode": "lines+markers" if len(x) <= 100 else "lines"}
    trace |= {"x": _numbers(x, 8), "y": _numbers(shown.signal, 6)}
    if shown.errors is not None:
        array = _numbers(shown.errors, 3)
        trace["error_y"] = {"type": "data", "array": array, "visible": True, "thickness": 0.5, "width": 0}
    return trace


def _image(shown: _DrawnCurve, units: str) -> dict[str, Any]:
    y, x = shown.axes
    rows = [_numbers(row, 4) for row in shown.signal]
    colors = {"title": {"text": html.escape(units)}}
    return {"type": "heatmap", "x": _numbers(x.values, 8), "y": _numbers(y.values, 8), "z": rows, "colorbar": colors}


def _numbers(values: Array, digits: int) -> list[float | None]:
    """Plain numbers with as few digits as are drawn; None for NaN and infinities."""
    return [float(f"{value:.{digits}g}") if np.isfinite(value) else None for value in values.tolist()]


def _label(axis: Axis) -> str:
    return _with_units(axis.name, axis.units)


def _with_units(name: str, units: str) -> str:
    return f"{name} ({units})" if units else name
