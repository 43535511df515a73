"""Draw a product as a PNG with matplotlib, without a display.

matplotlib and not a smaller library, because a picture for a logbook or a talk needs good ticks, units, a color scale
and error bars; drawing those ourselves would be more code than the whole server. It is imported with the first picture,
so that a page without pictures does not pay for it.
"""

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from livereduce.publish.product import Axis
from livereduce.publish.products.file import read_display
from livereduce.scripting.reporting.display import Display, DisplayKind
from livereduce.web.render.downsample import LARGEST_USUAL, SMALLEST_USUAL, Floats
from livereduce.web.render.reading import Curve, Curves, Shown, Unshowable, read_curves, read_dimensions, read_shown

SIZE_INCHES, DPI = (8.0, 5.0), 120
MAX_COLUMNS = int(SIZE_INCHES[0] * DPI)
"""More points than pixels cannot be seen, and each takes time."""
MAX_CELLS = 200_000
"""Most cells of an image, about as many as it has pixels."""
MAX_TEXT = 100
"""Most characters of a label."""
FAINTEST = 1e-12
"""Fraction of the largest value: lowest possible start of a logarithmic scale."""


def draw(path: Path, rows: Sequence[int], run: int, name: str) -> bytes:
    """Draw the picture of a product.

    Raises
    ------
    Unshowable
        There is nothing to draw; and as `livereduce.web.render.reading.read_shown`.
    """
    if read_display(path).kind is DisplayKind.TABLE:
        raise Unshowable("a table has no picture; download it as CSV")
    if rows or read_dimensions(path) < 2:
        return _picture(read_curves(path, MAX_COLUMNS, rows), run, name)
    return _picture(read_shown(path, MAX_CELLS), run, name)


def _picture(shown: Curves | Shown, run: int, name: str) -> bytes:
    # titles are free text: a dollar sign in one does not start a formula
    with mpl.rc_context({"text.parse_math": False, "axes.unicode_minus": True}):
        figure = Figure(figsize=SIZE_INCHES, dpi=DPI, layout="constrained")
        plot = figure.add_subplot()
        if isinstance(shown, Shown):
            _image(figure, plot, shown)
        else:
            _lines(plot, shown)
        title = f"run {run}  {name[:MAX_TEXT]}" + (f"\n{shown.title[:MAX_TEXT]}" if shown.title else "")
        plot.set_title(_printable(title), fontsize=10)
        notes = "; ".join(note for note in (shown.note, shown.thinned, _incomplete(shown)) if note)
        figure.supxlabel(_printable(notes[:200]), fontsize=7)
        out = io.BytesIO()
        FigureCanvasAgg(figure).print_png(out)  # type: ignore[no-untyped-call]
    return out.getvalue()


def _incomplete(shown: Curves | Shown) -> str:
    why = str(shown.attributes.get("incomplete", ""))
    return f"incomplete: {why}" if why else ""


def _lines(plot: mpl.axes.Axes, shown: Curves) -> None:
    power = _power([one for curve in shown.curves for one in (curve.low, curve.least, curve.most)])
    for number, curve in enumerate(shown.curves):
        across, of_axis = _along(shown.axis, len(curve.low))
        label = f"row {shown.row_numbers[number]}" if shown.row_numbers else None
        _line(plot, across, curve, power, label, many=bool(shown.thinned))
    plot.set_xlabel(_label(shown.axis.name, shown.axis.units, of_axis))
    plot.set_ylabel(_label(shown.label or shown.units, "", power))
    plot.grid(alpha=0.25)
    _as_wanted(plot, shown.display, of_axis)
    if shown.row_numbers:
        plot.legend(fontsize=8)


def _as_wanted(plot: mpl.axes.Axes, display: Display, power: int) -> None:
    """Logarithmic axes and the range that a product asks for; `power`: of ten, by which x was divided."""
    if display.x_log:
        plot.set_xscale("log", nonpositive="mask")
    if display.y_log:
        plot.set_yscale("log", nonpositive="mask")
    if display.x_range is not None:
        plot.set_xlim(*_scaled(np.array(display.x_range), power))


def _line(plot: mpl.axes.Axes, across: Floats, curve: Curve, power: int, label: str | None, *, many: bool) -> None:
    low, high, least, most = (_scaled(one, power) for one in (curve.low, curve.high, curve.least, curve.most))
    style: dict[str, Any] = {"label": label, "linewidth": 1}
    drawn = plot.plot(across, low, drawstyle="steps-mid", **style)
    colour = drawn[0].get_color()
    if many:  # each column is a line from its lowest to its highest point
        plot.fill_between(across, low, high, step="mid", linewidth=1, color=colour)
    with np.errstate(invalid="ignore"):
        errors = (least < low) | (most > high)
    if errors.any():
        plot.fill_between(across, least, most, step="mid", alpha=0.25, linewidth=0, color=colour)


def _image(figure: Figure, plot: mpl.axes.Axes, shown: Shown) -> None:
    power = _power([shown.signal])
    values = np.ma.masked_invalid(_scaled(shown.signal, power))
    (along, of_along), (across, of_across) = (_edges(axis, n) for axis, n in zip(shown.axes, values.shape, strict=True))
    norm = _scale(values[values > 0].compressed(), wanted=shown.display.y_log)
    image = plot.pcolormesh(across, along, values, norm=norm, rasterized=True)
    plot.set_xlabel(_label(shown.axes[1].name, shown.axes[1].units, of_across))
    plot.set_ylabel(_label(shown.axes[0].name, shown.axes[0].units, of_along))
    _as_wanted(plot, replace(shown.display, y_log=False), of_across)
    figure.colorbar(image, ax=plot, label=_label(shown.label or shown.units, "", power))


def _scale(positive: Floats, *, wanted: bool) -> LogNorm | None:
    """A logarithmic scale for an image that wants it, or has a few bright spots; None for a linear one."""
    if not positive.size or not (wanted or positive.max() > 1000 * np.median(positive)):
        return None
    return LogNorm(max(float(positive.min()), FAINTEST * float(positive.max())), float(positive.max()))


def _power(arrays: Sequence[Floats]) -> int:
    """The power of ten to scale unusually large or small numbers by, because matplotlib cannot draw them; mostly 0.

    Raises
    ------
    Unshowable
        There are no numbers.
    """
    sizes = [float(np.abs(known).max()) for one in arrays if (known := one[np.isfinite(one)]).size]
    if not sizes:
        raise Unshowable("nothing to plot: the product has no points, or none of them is a number")
    largest = max(sizes)
    return 0 if largest == 0 or SMALLEST_USUAL < largest < LARGEST_USUAL else int(np.floor(np.log10(largest)))


def _scaled(values: Floats, power: int) -> Floats:
    # in two steps: a double holds neither 1e-324 nor 1e309
    scaled: Floats = values / 10.0 ** (power // 2) / 10.0 ** (power - power // 2) if power else values
    return np.where(np.isfinite(scaled), scaled, np.nan)


def _along(axis: Axis, length: int) -> tuple[Floats, int]:
    """The middle of each cell, and its power of ten; cell numbers if the axis cannot be drawn."""
    values, power = _drawable(axis)
    if len(values) == length + 1:
        values = (values[:-1] + values[1:]) / 2
    return (values, power) if len(values) == length and np.isfinite(values).all() else (np.arange(float(length)), 0)


def _edges(axis: Axis, length: int) -> tuple[Floats, int]:
    """Edges of cells; for an axis of points, edges around them. Edges that cannot be drawn become cell numbers."""
    values, power = _drawable(axis)
    if len(values) == length and length > 1:
        middles = (values[:-1] + values[1:]) / 2
        values = np.concatenate([[2 * values[0] - middles[0]], middles, [2 * values[-1] - middles[-1]]])
    good = len(values) == length + 1 and np.isfinite(values).all() and (np.diff(values) != 0).all()
    return (values, power) if good else (np.arange(length + 1, dtype=np.float64), 0)


def _drawable(axis: Axis) -> tuple[Floats, int]:
    power = _power([axis.values]) if np.isfinite(axis.values).any() else 0
    return _scaled(axis.values, power), power


def _label(name: str, units: str, power: int) -> str:
    text = f"{name} ({units})" if units else name
    return _printable(text[:MAX_TEXT]) + (f"  × 1e{power}" if power else "")


def _printable(text: str) -> str:
    return "".join(one if one.isprintable() or one == "\n" else "�" for one in text)
