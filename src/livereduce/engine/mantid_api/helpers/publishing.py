"""``publish_plot``, ``plot1d`` and ``plot_heatmap`` of finddata, postprocessing and plot_publisher.

Their own versions post to the live data server at once, and wait for it. These hand the figure to the publisher of the
cycle, which keeps it beside the result and sends it by its own rules. So a call never waits, and never fails for a
server.
Source of the signatures: neutrons/plot_publisher, neutrons/finddata.
"""

import logging
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from livereduce.engine.mantid_api.helpers import drawing
from livereduce.engine.mantid_api.helpers.drawing import PlotStyle, Trace
from livereduce.engine.mantid_api.helpers.plotly_text import figure_data
from livereduce.scripting.reporting.display import Display
from livereduce.scripting.reporting.figures import FigureData, ScriptFigure
from livereduce.scripting.reporting.report import report_of_caller

logger = logging.getLogger("livereduce.engine")

_CONFIGURATIONS = ("/etc/autoreduce/post_processing.conf", "post_processing.conf")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishAnswer:
    """The stand-in for the server's answer that a call returns, as far as scripts look at it."""

    status_code: int = 200
    text: str = ""
    reason: str = "OK"

    @property
    def ok(self) -> bool:
        """True if the figure is in the hands of the publisher."""
        return self.status_code == 200

    def raise_for_status(self) -> None:
        """Nothing: what is refused is told in the log, and the script goes on."""


def publish_plot(
    instrument: str,
    run_number: int | str,
    files: Mapping[str, Any],
    config: Any = None,  # noqa: ARG001 (the service has a configuration of its own)
) -> PublishAnswer:
    """Publish a figure of a run: the text of ``files["file"]``, or of the only file.

    Raises
    ------
    ValueError, TypeError
        There is no file, or it is no text; the run is no number.
    """
    if not isinstance(files, Mapping) or not files:
        raise ValueError(f"publish_plot: files must be a dictionary such as {{'file': div}}, not {files!r:.80}")
    return _publish(instrument, run_number, _text(files.get("file", next(iter(files.values())))))


def _text(value: Any) -> str:
    held = value.read() if hasattr(value, "read") else value
    if isinstance(held, bytes):
        held = held.decode(errors="replace")
    if not isinstance(held, str):
        raise TypeError(f"publish_plot: the text of a figure was expected, not a {type(held).__name__}")
    return held


def _publish(instrument: str, run_number: int | str, text: str, data: Sequence[FigureData] = ()) -> PublishAnswer:
    """Hand a figure over; one that is too large is left out, as a server would refuse it."""
    if not isinstance(instrument, str):
        raise ValueError(f"publish_plot: the name of an instrument was expected, not {instrument!r:.80}")
    try:
        run = int(run_number)
    except (TypeError, ValueError):
        raise ValueError(f"publish_plot: the number of a run was expected, not {run_number!r:.80}") from None
    report = report_of_caller()
    if report is None:
        return PublishAnswer()
    try:
        report.add_figure(ScriptFigure(run=run, text=_with_version(text), data=tuple(data) or figure_data(text)))
    except ValueError as error:
        logger.warning("run %d: %s; it is not published", run, error)
        return PublishAnswer(status_code=413, text=str(error), reason="Content Too Large")
    return PublishAnswer()


_PLOTLY_DIV = re.compile(r"<div\b[^>]*\bplotly-graph-div\b[^>]*>")


def _with_version(text: str) -> str:
    """Plotly's figures say the version of the JavaScript that they were made for: readers choose it by that."""
    offline = sys.modules.get("plotly.offline")
    if offline is None:
        return text
    version = f' plotlyjs-version="{offline.get_plotlyjs_version()}">'

    def marked(found: re.Match[str]) -> str:
        return found[0] if "plotlyjs-version" in found[0] else found[0][:-1] + version

    return _PLOTLY_DIV.sub(marked, text)


def plot1d(
    run_number: int | str,
    data_list: Sequence[Any],
    data_names: Sequence[str] | None = None,
    x_title: str = "",
    y_title: str = "",
    x_log: bool = False,
    y_log: bool = False,
    instrument: str = "",
    show_dx: bool = True,
    title: str = "",
    publish: bool = True,
) -> Any:
    """Draw curves, each ``[x, y]``, ``[x, y, dy]`` or ``[x, y, dy, dx]``; one alone needs no list around it.

    Returns
    -------
    The figure as a ``<div>`` if it is not to be published.

    Raises
    ------
    RuntimeError
        The data are not such lists.
    """
    traces = _traces(data_list, data_names, show_dx=show_dx)
    style = PlotStyle(x_title=x_title, y_title=y_title, x_log=x_log, y_log=y_log, title=title)
    div = drawing.curves(traces, style)
    if not publish:
        return div
    data = [
        FigureData(
            name=" ".join(filter(None, ("plot1d", one.name))),
            signal=one.y,
            errors=one.dy,
            axes=((x_title, one.x),),
            title=title or y_title,
            display=Display(x_log=bool(x_log), y_log=bool(y_log)),
        )
        for one in traces
    ]
    return _publish(instrument, run_number, div, data)


def _traces(data_list: Any, names: Sequence[str] | None, *, show_dx: bool) -> list[Trace]:
    if not isinstance(data_list, list | tuple) or not len(data_list):
        raise RuntimeError("plot1d: data_list parameter is expected to be a list")
    alone = len(data_list) >= 2 and not isinstance(data_list[0], list | tuple)
    curves = [data_list] if alone else list(data_list)
    labels = list(names) if isinstance(names, list | tuple) and len(names) == len(curves) else [""] * len(curves)
    traces = []
    for at, (curve, label) in enumerate(zip(curves, labels, strict=True)):
        if not isinstance(curve, list | tuple) or len(curve) < 2:
            raise RuntimeError(f"plot1d: data_list[{at}] should be a list with at least [x, y] data")
        x, y, dy, dx = (*curve, None, None)[:4]
        traces.append(Trace(name=str(label), x=x, y=y, dy=dy, dx=dx if show_dx else None))
    return traces


def plot_heatmap(
    run_number: int | str,
    x: Any,
    y: Any,
    z: Any,
    x_title: str = "",
    y_title: str = "",
    surface: bool = False,
    x_log: bool = False,
    y_log: bool = False,
    instrument: str = "",
    title: str = "",
    publish: bool = True,
) -> Any:
    """Draw a map of `z` over `x` (columns) and `y` (rows).

    Returns
    -------
    The figure as a ``<div>`` if it is not to be published.
    """
    style = PlotStyle(x_title=x_title, y_title=y_title, x_log=x_log, y_log=y_log, title=title)
    div = drawing.heatmap(x, y, z, style, surface=surface)
    if not publish:
        return div
    axes = ((y_title or "y", y), (x_title or "x", x))
    data = FigureData(name="heatmap", signal=z, axes=axes, title=title, display=Display(x_log=bool(x_log)))
    return _publish(instrument, run_number, div, [data])


def _determine_config_file(config_file: str | None) -> str | None:
    """The first of these files that can be read: the named one, or those of the facility."""
    return next((name for name in (config_file, *_CONFIGURATIONS) if name and os.access(name, os.R_OK)), None)


def read_configuration(config_file: str | None = None) -> str | None:
    """The name of the configuration, to be passed on: the service reads its own."""
    return _determine_config_file(config_file)


NAMES: dict[str, Any] = {
    one.__name__: one for one in (publish_plot, plot1d, plot_heatmap, read_configuration, _determine_config_file)
}
"""The functions that the modules hold."""
