"""``livereduce.product``: a result beside the result, with how it wants to be shown."""

from typing import Any

from livereduce.scripting.reporting.display import Display, DisplayKind, wanted_display
from livereduce.scripting.reporting.names import mending, usable_name
from livereduce.scripting.reporting.report import at_its_own_cost, note, place_of_caller

LONGEST_TITLE = 200
RESULT = "result"
"""The name of the result, and the beginning of those of its parts."""
_SIGNS = ("__array__", "dims", "readY", "getNumberOfEntries", "columnCount", "__float__")
"""What tells an array, a scipp object, a workspace, a group, a table or a number."""


def product(
    name: str,
    data: Any,
    *,
    title: str = "",
    x_log: bool = False,
    y_log: bool = False,
    x_range: Any = None,
    kind: str = "",
) -> None:
    """Report a result of this cycle beside the result; reported twice, the last one counts.

    It is published with the result: as a file, on the page, on the live data server. Outside of a script's call in a
    worker, such as in a notebook, the arguments are checked and nothing else happens.

    Parameters
    ----------
    name
        Letters, digits and ``_ . -``, at most 64, the first one a letter; a blank becomes an underscore. It is not
        ``result``.
    data
        An array or nested lists of one or two dimensions, a scipp DataArray or Variable, a workspace, a number; or a
        dictionary: of numbers, or of columns of one length. As a ``line`` the columns are x, y and perhaps the errors.
    title
        For people, at most 200 characters.
    x_log, y_log
        Logarithmic axes; of an image, `y_log` is its scale of colours.
    x_range
        First and last x that are shown at first.
    kind
        ``"line"``, ``"image"`` or ``"table"``; empty: a table of a dictionary, an image of two dimensions, else a line.

    Raises
    ------
    ValueError, TypeError
        Outside of a worker: an argument is not as above; the text says which. In a worker's call it costs this product
        alone: log and status say it, with the script's line.
    """
    place = place_of_caller()
    with at_its_own_cost("product", name, place) as report:
        mended = usable_name("product", name)
        if mended == RESULT or mended.startswith(f"{RESULT}_"):
            raise ValueError(f"the result of the cycle is called {RESULT!r}; a product needs another name")
        if not isinstance(title, str) or len(title) > LONGEST_TITLE:
            raise ValueError(f"expected a title of at most {LONGEST_TITLE} characters; got {title!r:.100}")
        display = wanted_display(kind, x_log=x_log, y_log=y_log, x_range=x_range)
        if report is None:
            require_showable(data, display)
        else:
            report.add_product(mended, title, display, data)
            note(report, place, mending("product", name, mended))


def require_showable(data: Any, display: Display) -> None:
    """Check what can be seen of data without the libraries that made them.

    Raises
    ------
    TypeError, ValueError
        It cannot be shown, or not like that.
    """
    if isinstance(data, dict):
        if not data or not all(isinstance(key, str) for key in data):
            raise ValueError(f"expected a dictionary of numbers or columns by their names; got {data!r:.100}")
        return
    if not isinstance(data, list | tuple | int | float) and not any(hasattr(data, sign) for sign in _SIGNS):
        raise TypeError(f"expected numbers, an array, a workspace or a dictionary; got {type(data).__name__}")
    dimensions = getattr(data, "ndim", None)
    if isinstance(dimensions, int):
        require_kind(dimensions, display)


def require_kind(dimensions: int, display: Display) -> None:
    """Check that data of so many dimensions can be shown as wanted; raises ValueError."""
    if dimensions > 2:
        raise ValueError(f"expected at most two dimensions; got {dimensions}")
    if display.kind is DisplayKind.IMAGE and dimensions != 2:
        raise ValueError(f"an image needs two dimensions; got {dimensions}")
