"""Values of arguments as scripts write them, converted to what the functions expect: pure, and strict about types."""

import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from livereduce.catalog.declaration import Algorithm, Argument, ArgumentKind
from livereduce.catalog.wording import wrong_value

_RANGE = re.compile(r"\s*(-?\d+)\s*[-:]\s*(-?\d+)\s*")
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
EMPTY_DBL, EMPTY_INT = 8.988465674311579e307, 2147483647
"""What Mantid takes for "not given"."""


def converted(algorithm: Algorithm, argument: Argument, value: Any) -> Any:
    """The value as the function of the algorithm expects it.

    Raises
    ------
    TypeError, ValueError
        It is not of the kind; the text names algorithm, argument, what was expected and seen.
    """
    convert = _CONVERSIONS.get(argument.kind)
    if convert is None or value is None:
        return value
    try:
        result = convert(value)
    except Exception as error:
        kind = TypeError if not isinstance(value, str | int | float) else ValueError
        raise kind(wrong_value(algorithm, argument, value)) from error
    return _chosen(algorithm, argument, result) if argument.choices else result


def _chosen(algorithm: Algorithm, argument: Argument, value: str) -> str:
    for choice in argument.choices:
        if choice.casefold() == value.casefold():
            return choice
    raise ValueError(wrong_value(algorithm, argument, value))


def flag(value: Any) -> bool:
    """True or False, also as text or as 0 and 1."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    text = str(value).strip().casefold()
    if text in (*_TRUE, *_FALSE):
        return text in _TRUE
    raise ValueError


def number(value: Any) -> float | None:
    """A float; None for Mantid's empty value."""
    if isinstance(value, bool) or (hasattr(value, "__len__") and not isinstance(value, str) and len(value) != 1):
        raise TypeError
    result = float(value)
    return None if result == EMPTY_DBL else result


def integer(value: Any) -> int | None:
    """An int, also of a float or text that is one; None for Mantid's empty value."""
    if isinstance(value, bool):
        return int(value)
    result = float(value)
    if result != int(result):
        raise ValueError
    return None if int(result) == EMPTY_INT else int(result)


def numbers(value: Any) -> tuple[float, ...]:
    """Floats of a number, a list, an array of any shape, or a text with commas."""
    if isinstance(value, np.ndarray):
        return tuple(value.astype(np.float64).ravel().tolist())
    return tuple(float(part) for part in _parts(value))


def integers(value: Any) -> tuple[int, ...]:
    """Ints of a number, a list, or a text with ranges: ``0-3, 10-13``."""
    found: list[int] = []
    for part in _parts(value):
        span = _RANGE.fullmatch(part) if isinstance(part, str) else None
        if span:
            low, high = int(span[1]), int(span[2])
            found.extend(range(low, high + 1) if low <= high else range(low, high - 1, -1))
        elif (one := integer(part)) is not None:
            found.append(one)
    return tuple(found)


def texts(value: Any) -> tuple[str, ...]:
    """Texts of a list, or of a text with commas."""
    return tuple(str(part) for part in _parts(value))


def text(value: Any) -> str:
    """A text; numbers are accepted, as Mantid does."""
    if isinstance(value, str | int | float | np.generic) or hasattr(value, "__fspath__"):
        return str(value)
    raise TypeError


def _parts(value: Any) -> Iterable[Any]:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if isinstance(value, bytes) or value is None:
        raise TypeError
    return list(value) if np.ndim(value) or isinstance(value, tuple | list | range | set) else [value]


_CONVERSIONS: dict[ArgumentKind, Callable[[Any], Any]] = {
    ArgumentKind.FLAG: flag,
    ArgumentKind.NUMBER: number,
    ArgumentKind.INTEGER: integer,
    ArgumentKind.NUMBERS: numbers,
    ArgumentKind.INTEGERS: integers,
    ArgumentKind.TEXT: text,
    ArgumentKind.TEXTS: texts,
    ArgumentKind.FILE: text,
}
