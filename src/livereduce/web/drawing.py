"""A product as a PNG, drawn by matplotlib without a display.

matplotlib and not a smaller library, because a picture that goes into a logbook or a talk has ticks, units, a colour
scale and error bars that somebody has thought about; drawing those ourselves would be more code than this package's
server. It is imported with the first picture, so that a page nobody takes pictures from does not pay for it.
"""

import io

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from livereduce.publish.product import Axis
from livereduce.web.reading import Shown, Unshowable
from livereduce.web.thin import Floats

SIZE_INCHES, DPI = (8.0, 5.0), 120
MOST_LINES = 20


def draw(shown: Shown, run: int, name: str) -> bytes:
    """The picture of a product.

    Raises
    ------
    Unshowable
        There is nothing to draw.
    """
    if shown.kind == "scalar" or not shown.signal.size:
        raise Unshowable("there is nothing to draw: the product has no axis, or no points")
    # titles come from people: a dollar sign in one is no formula
    with mpl.rc_context({"text.parse_math": False, "axes.unicode_minus": True}):
        figure = Figure(figsize=SIZE_INCHES, dpi=DPI, layout="constrained")
        plot = figure.add_subplot()
        if shown.kind == "2d":
            _image(figure, plot, shown)
        else:
            _lines(plot, shown)
        title = f"run {run}  {name}" + (f"\n{shown.title[:100]}" if shown.title else "")
        plot.set_title(_printable(title), fontsize=10)
        notes = "; ".join(note for note in (shown.note, shown.thinned, _incomplete(shown)) if note)
        figure.supxlabel(_printable(notes[:200]), fontsize=7)
        out = io.BytesIO()
        FigureCanvasAgg(figure).print_png(out)  # type: ignore[no-untyped-call]
    return out.getvalue()


def _incomplete(shown: Shown) -> str:
    why = str(shown.attributes.get("incomplete", ""))
    return f"incomplete: {why}" if why else ""


def _lines(plot: mpl.axes.Axes, shown: Shown) -> None:
    lines = np.atleast_2d(shown.signal)
    errors = None if shown.errors is None else np.atleast_2d(shown.errors)
    across = _points(shown.axes[-1], lines.shape[1])
    for number, line in enumerate(lines[:MOST_LINES]):
        label = f"row {shown.row_numbers[number]}" if shown.row_numbers else None
        drawn = plot.plot(across, line, drawstyle="steps-mid", linewidth=1, label=label)
        if errors is not None:
            low, high = line - errors[number], line + errors[number]
            plot.fill_between(across, low, high, step="mid", alpha=0.25, linewidth=0, color=drawn[0].get_color())
    plot.set_xlabel(_label(shown.axes[-1].name, shown.axes[-1].units))
    plot.set_ylabel(_printable(shown.label) or shown.units)
    plot.grid(alpha=0.25)
    if shown.row_numbers:
        plot.legend(fontsize=8)


def _image(figure: Figure, plot: mpl.axes.Axes, shown: Shown) -> None:
    along, across = shown.axes
    values = np.ma.masked_invalid(shown.signal)
    positive = values[values > 0].compressed()
    wide = positive.size > 0 and positive.max() > 1000 * np.median(positive)
    image = plot.pcolormesh(
        _edges(across, values.shape[1]),
        _edges(along, values.shape[0]),
        values,
        norm=LogNorm(float(positive.min()), float(positive.max())) if wide else None,
        rasterized=True,
    )
    plot.set_xlabel(_label(across.name, across.units))
    plot.set_ylabel(_label(along.name, along.units))
    figure.colorbar(image, ax=plot, label=_printable(shown.label) or shown.units)


def _points(axis: Axis, length: int) -> Floats:
    values = axis.values
    return (values[:-1] + values[1:]) / 2 if len(values) == length + 1 else values


def _edges(axis: Axis, length: int) -> Floats:
    """Edges of cells; around points where there are only those. Ones that cannot be drawn become cell numbers."""
    values = axis.values
    if len(values) == length and length > 1:
        middles = (values[:-1] + values[1:]) / 2
        values = np.concatenate([[2 * values[0] - middles[0]], middles, [2 * values[-1] - middles[-1]]])
    good = len(values) == length + 1 and np.isfinite(values).all() and (np.diff(values) != 0).all()
    return values if good else np.arange(length + 1, dtype=np.float64)


def _label(name: str, units: str) -> str:
    return _printable(f"{name} ({units})" if units else name)


def _printable(text: str) -> str:
    return "".join(one if one.isprintable() or one == "\n" else "�" for one in text)
