"""Values that scripts add to the logs, as plain Python or numpy values."""

from typing import Any

import numpy as np


def plain_value(name: str, value: Any) -> Any:
    """The value of a property as it is kept.

    Raises
    ------
    ValueError
        It is neither a number, a text, nor a list of these.
    """
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, bool | int | float | str | dict):
        return value
    if isinstance(value, list | tuple | np.ndarray):
        kept = np.asarray(value)
        if kept.ndim == 1 and kept.dtype.kind in "biuf":
            return kept
        if kept.ndim == 1 and kept.dtype.kind == "U":
            return [str(one) for one in value]
    if hasattr(value, "toISO8601String"):
        return str(value.toISO8601String())
    kind = type(value).__name__
    raise ValueError(f"the log {name!r} cannot be a {kind}: expected a number, a text, a list of these, or a series")


def single_number(name: str, value: Any) -> float:
    """A plain value as a number.

    Raises
    ------
    ValueError
        It is none.
    """
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError(f"the log {name!r} is no number: {value!r}") from None
