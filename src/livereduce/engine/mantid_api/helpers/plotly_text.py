"""Read the curves and maps of a plotly figure that a script publishes as a text: HTML with its call, or JSON. Pure.

Source of the form: the division that ``plotly.offline.plot`` and SavePlot1D write.
"""

import html
import json
import re
from collections.abc import Iterator
from typing import Any

from livereduce.scripting.reporting.display import Display
from livereduce.scripting.reporting.figures import FigureData

MOST_CHARACTERS = 8 << 20
"""Of a longer text only the figure is kept: reading it would hold up the cycle."""
_CALL = "Plotly.newPlot("
_TAG = re.compile(r"<[^>]*>")
_DECODER = json.JSONDecoder()


def figure_data(text: str) -> tuple[FigureData, ...]:
    """The curves and maps that can be read and are not hidden; never raises."""
    if len(text) > MOST_CHARACTERS:
        return ()
    try:
        return tuple(one for traces, layout in _figures(text) for one in _data_of(traces, layout))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return ()


def _figures(text: str) -> Iterator[tuple[Any, Any]]:
    """Traces and layout of each figure."""
    if text.lstrip().startswith("{"):
        body = json.loads(text)
        yield body.get("data", []), body.get("layout", {})
        return
    at = text.find(_CALL)
    while at >= 0:
        _, at = _value(text, at + len(_CALL))
        traces, at = _value(text, at)
        layout, at = _value(text, at)
        yield traces, layout
        at = text.find(_CALL, at)


def _value(text: str, at: int) -> tuple[Any, int]:
    """The value of an argument, and where the next one begins."""
    while text[at : at + 1] in (",", " ", "\n", "\t"):
        at += 1
    return _DECODER.raw_decode(text, at)


def _data_of(traces: Any, layout: dict[str, Any]) -> Iterator[FigureData]:
    x_axis, y_axis = layout.get("xaxis") or {}, layout.get("yaxis") or {}
    display = Display(x_log=x_axis.get("type") == "log", y_log=y_axis.get("type") == "log")
    title = _title(layout)
    for trace in traces:
        name = " ".join(filter(None, ("figure", _plain(trace.get("name", "")))))
        kind = trace.get("type", "scatter")
        if trace.get("visible", True) is not True:
            continue
        if kind in ("scatter", "scattergl") and _are_numbers(y := trace.get("y")):
            x = trace.get("x", list(range(len(y))))
            if not _are_numbers(x):
                continue
            errors = (trace.get("error_y") or {}).get("array")
            axes: tuple[tuple[str, Any], ...] = ((_title(x_axis), x),)
            yield FigureData(name=name, signal=y, errors=errors, axes=axes, title=title, display=display)
        elif kind in ("heatmap", "contour", "surface") and all(map(_are_numbers, z := trace.get("z") or [None])):
            x, y = trace.get("x", list(range(len(z[0])))), trace.get("y", list(range(len(z))))
            if not (_are_numbers(x) and _are_numbers(y)):
                continue
            axes = ((_title(y_axis) or "y", y), (_title(x_axis) or "x", x))
            yield FigureData(name=name, signal=z, axes=axes, title=title, display=Display(x_log=display.x_log))


def _are_numbers(values: Any) -> bool:
    """True for a list of numbers, with null where there is none: not for dates, names, or base64."""
    return isinstance(values, list) and bool(values) and all(isinstance(one, int | float | None) for one in values)


def _title(thing: dict[str, Any]) -> str:
    title = thing.get("title") or ""
    return _plain(title.get("text") or "" if isinstance(title, dict) else title)


def _plain(text: object) -> str:
    return html.unescape(_TAG.sub(" ", str(text))).strip()
