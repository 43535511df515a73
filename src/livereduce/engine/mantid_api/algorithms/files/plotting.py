"""Algorithms that draw spectra."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from livereduce.base.files import replace_file, replacing
from livereduce.engine.mantid_api.calling.registry import implements
from livereduce.engine.mantid_api.files.ascii_write import points
from livereduce.engine.mantid_api.files.finding import writable
from livereduce.engine.mantid_api.helpers import drawing
from livereduce.engine.mantid_api.helpers.drawing import PlotStyle, Trace
from livereduce.engine.mantid_api.objects.members import members_of
from livereduce.engine.matrix.conversion.units import UNITS, caption_of
from livereduce.engine.matrix.matrix import Matrix

_SIGNS = {"microsecond": "µs", "Angstrom": "Å", "Angstrom^-1": "Å⁻¹", "Angstrom^-2": "Å⁻²", "cm^-1": "cm⁻¹"}
_LIBRARY = "https://cdn.plot.ly/plotly-3.0.1.min.js"
MOST_NAMED = 10
"""A legend of more curves helps nobody; Mantid shows none then."""


@implements("SavePlot1D")
def save_plot_1d(
    *,
    input_workspace: Any,
    output_filename: str,
    output_type: str,
    x_label: str,
    y_label: str,
    spectra_list: Sequence[int],
    spectra_names: Sequence[str],
) -> str:
    """The figure as a ``<div>`` (plotly), or the name of the file that was written.

    Spectra that are not in the list, by their numbers, are hidden behind their names in the legend of a plotly figure.
    """
    if output_type != "plotly" and not output_filename:
        raise ValueError(f"OutputFilename is missing; a figure of the type {output_type} is written to a file")
    drawn = list(_drawn([one.matrix for one in members_of(input_workspace)], spectra_list, spectra_names))
    styles = [_style(matrix, x_label, y_label) for matrix, _ in drawn]
    if output_type == "image":
        return str(_image(writable(output_filename), [traces for _, traces in drawn], styles))
    divs = [drawing.curves(traces, style) for (_, traces), style in zip(drawn, styles, strict=True)]
    div = divs[0] if len(divs) == 1 else f"<div>{''.join(divs)}</div>"
    return div if output_type == "plotly" else str(_page(writable(output_filename), div))


def _drawn(
    matrices: Sequence[Matrix], listed: Sequence[int], names: Sequence[str]
) -> Iterator[tuple[Matrix, list[Trace]]]:
    """The curves of each workspace; a group uses up the names from one to the next."""
    left = list(names)
    for matrix in matrices:
        histograms = matrix.histograms
        traces = []
        for row in range(matrix.rows):
            y = histograms.y_of(row)
            named = left[row] if row < len(left) and left[row].strip() else _label(matrix, row)
            hidden = bool(listed) and int(matrix.spectra.number[row]) not in listed
            traces.append(Trace(name=named, x=points(histograms.x.row(row), len(y)), y=y, hidden=hidden))
        left = left[len(traces) :]
        yield matrix, traces


def _label(matrix: Matrix, row: int) -> str:
    vertical = matrix.vertical
    if vertical is None:
        return f"sp-{matrix.spectra.number[row]}"
    return f"{vertical.caption or caption_of(vertical.unit)} = {float(vertical.values[row])}"


def _style(matrix: Matrix, x_label: str, y_label: str) -> PlotStyle:
    unit = UNITS.get(matrix.unit)
    caption = f"{unit.caption} ({_SIGNS.get(unit.symbol, unit.symbol)})" if unit else matrix.unit
    return PlotStyle(x_title=x_label or caption, y_title=y_label or matrix.y_unit or matrix.y_label)


def _image(path: Path, drawn: Sequence[list[Trace]], styles: Sequence[PlotStyle]) -> Path:
    """A picture, without the figures that a script has open."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4.8 * len(drawn)), layout="tight")
    panels = figure.subplots(len(drawn), squeeze=False)[:, 0]
    for axes, traces, style in zip(panels, drawn, styles, strict=True):
        shown = [one for one in traces if not one.hidden]
        for one in shown:
            axes.plot(one.x, one.y, label=one.name)
        axes.set_xlabel(style.x_title)
        axes.set_ylabel(style.y_title)
        if 1 < len(shown) <= MOST_NAMED:
            axes.legend()
    with replacing(path) as fresh:
        figure.savefig(fresh, format=path.suffix.lstrip(".").lower() or "png", bbox_inches="tight")
    return path


def _page(path: Path, div: str) -> Path:
    """A page of its own, with plotly's JavaScript within if plotly is installed, else from the web."""
    try:
        from plotly.offline import get_plotlyjs

        library = f"<script>{get_plotlyjs()}</script>"
    except ImportError:
        library = f'<script src="{_LIBRARY}"></script>'
    head = f'<!doctype html><html><head><meta charset="utf-8">{library}</head>'
    replace_file(path, f"{head}<body>{div}</body></html>".encode())
    return path
