"""How a product wants to be shown: on the page, in a picture, on the live data server. Pure."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from livereduce.base.fields import checked


class DisplayKind(StrEnum):
    """How values are shown; `ANY`: a curve if they have one dimension, an image if they have two."""

    ANY = ""
    LINE = "line"
    IMAGE = "image"
    TABLE = "table"


@dataclass(frozen=True, slots=True, kw_only=True)
class Display:
    """How a product wants to be shown.

    Attributes
    ----------
    x_log, y_log
        Logarithmic axes; `y_log` of an image is its scale of colours.
    x_range
        First and last x that are shown at first; None: all there are.
    """

    kind: DisplayKind = DisplayKind.ANY
    x_log: bool = False
    y_log: bool = False
    x_range: tuple[float, ...] | None = None


AS_IT_IS = Display()


def wanted_display(kind: object, *, x_log: object, y_log: object, x_range: Any) -> Display:
    """Check what a script wants.

    Raises
    ------
    ValueError
        An argument is not usable: names it, what was expected and what was given.
    """
    words = ", ".join(repr(str(one)) for one in DisplayKind if one)
    if not isinstance(kind, str) or kind not in {str(one) for one in DisplayKind}:
        raise ValueError(f"expected a kind of {words}; got {kind!r:.100}")
    log = _range(x_range) if x_range is not None else None
    if log is not None and x_log and log[0] <= 0:
        raise ValueError(f"expected an x_range above 0, because x_log is set; got {x_range!r:.100}")
    return Display(kind=DisplayKind(kind), x_log=bool(x_log), y_log=bool(y_log), x_range=log)


def _range(given: Any) -> tuple[float, float]:
    try:
        low, high = (float(one) for one in given)
    except Exception:  # noqa: BLE001 (whatever an object of the script's does)
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"expected an x_range of two numbers, the smaller one first; got {given!r:.100}")
    return low, high


def display_of(body: Any) -> Display:
    """The display in a file's attributes or in JSON; what is not usable there counts as not said."""
    try:
        display = checked(Display, body)
        return wanted_display(str(display.kind), x_log=display.x_log, y_log=display.y_log, x_range=display.x_range)
    except ValueError:
        return AS_IT_IS
