"""Curves and maps as plotly figures in a ``<div>``, written without plotly, with lists of plain numbers.

The style is that of neutrons/plot_publisher, whose figures people know.
"""

import html
import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from livereduce.publish.livedata.figure import figure_div


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trace:
    """One curve; `dy` and `dx` are standard deviations, or None. Hidden: shown when its name is clicked."""

    name: str
    x: Any
    y: Any
    dy: Any = None
    dx: Any = None
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotStyle:
    """Titles and axes of a figure."""

    x_title: str = ""
    y_title: str = ""
    x_log: bool = False
    y_log: bool = False
    title: str = ""
    height: int = 400


def curves(traces: Sequence[Trace], style: PlotStyle) -> str:
    """Curves, with a legend if one has a name."""
    layout = _layout(style) | {"showlegend": any(one.name for one in traces)}
    return _div([_curve(one) for one in traces], layout)


def heatmap(x: Any, y: Any, z: Any, style: PlotStyle, *, surface: bool = False) -> str:
    """A map of `z`, shape (rows, columns)."""
    rows = [plain_numbers(row) for row in np.asarray(z, np.float64)]
    trace = {"type": "surface" if surface else "heatmap", "x": plain_numbers(x), "y": plain_numbers(y), "z": rows}
    return _div([trace], _layout(style) | {"showlegend": False, "height": 500})


def _div(data: list[dict[str, Any]], layout: dict[str, Any]) -> str:
    return figure_div(str(uuid.uuid4()), {"data": data, "layout": layout})


def _curve(one: Trace) -> dict[str, Any]:
    drawn: dict[str, Any] = {"type": "scatter", "name": html.escape(one.name)}
    drawn |= {"x": plain_numbers(one.x), "y": plain_numbers(one.y)}
    for key, values in (("error_y", one.dy), ("error_x", one.dx)):
        if values is not None:
            drawn[key] = {"type": "data", "array": plain_numbers(values), "visible": True}
    return drawn | ({"visible": "legendonly"} if one.hidden else {})


def _layout(style: PlotStyle) -> dict[str, Any]:
    return {
        "title": {"text": html.escape(style.title)},
        "autosize": True,
        "height": style.height,
        "margin": {"t": 40, "b": 40, "l": 80, "r": 40},
        "hovermode": "closest",
        "xaxis": _axis(style.x_title, log=style.x_log),
        "yaxis": _axis(style.y_title, log=style.y_log),
    }


def _axis(title: str, *, log: bool) -> dict[str, Any]:
    axis = {
        "title": {"text": html.escape(title)},
        "zeroline": False,
        "exponentformat": "power",
        "showexponent": "all",
        "showgrid": True,
        "showline": True,
        "mirror": "all",
        "ticks": "inside",
    }
    return axis | ({"type": "log"} if log else {})


def plain_numbers(values: Any) -> list[float | None]:
    """Plain numbers; None for NaN and infinities, which JSON does not have."""
    numbers = np.asarray(values, np.float64).ravel().tolist()
    return [value if math.isfinite(value) else None for value in numbers]
