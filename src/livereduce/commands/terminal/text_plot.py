"""Draw a curve as text, for terminals: columns of eighths of a character."""

import math
from collections.abc import Sequence
from itertools import pairwise

_EIGHTHS = " ▁▂▃▄▅▆▇█"


def columns(values: Sequence[float], width: int) -> list[float]:
    """Reduce the values to at most `width` columns: the maximum of each, so that a narrow peak is not lost."""
    finite = [value if math.isfinite(value) else 0.0 for value in values]
    width = min(width, len(finite))
    edges = [round(k * len(finite) / width) for k in range(width + 1)] if width else []
    return [max(finite[start:stop]) for start, stop in pairwise(edges)]


def curve(x: Sequence[float], y: Sequence[float], *, width: int = 76, height: int = 12, label: str = "") -> list[str]:
    """Lines that draw y over x (of equal length, or x one longer: bin edges), from 0 to the maximum of y.

    The last line has the ends of the axis and the label.
    """
    bars = [max(0.0, bar) for bar in columns(y, width)]
    top = max(bars, default=0.0)
    if top <= 0:
        return [f"(no data to plot yet: {label})"]
    eighths = [round(bar / top * 8 * height) for bar in bars]
    lines = []
    for row in range(height - 1, -1, -1):
        cells = "".join(_EIGHTHS[min(8, max(0, level - 8 * row))] for level in eighths)
        margin = f"{top:>9.3g} " if row == height - 1 else " " * 10
        lines.append((margin + "│" + cells).rstrip())
    left, right = f"{x[0]:.4g}", f"{x[-1]:.4g}"
    between = max(len(label) + 2, len(bars) - len(left) - len(right))
    lines.append(" " * 10 + "└" + "─" * len(bars))
    lines.append(" " * 11 + left + label.center(between) + right)
    return lines
