"""Check values from JSON against the annotations of the dataclass that they become.

A file or a pipe may hold anything: without checks, one wrong type would fail much later, in code that adds, compares or
shows it. Numbers may be NaN here, because Python reads and writes that as JSON.
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

LARGEST = 1 << 63
"""No counter, number of bytes or process id is larger; larger numbers do not fit where they are needed."""

LATEST_UNIX_S = 1e11
"""The year 5138: a later time does not fit into a date."""

T = TypeVar("T")
_Check = Callable[[Any], Any]


def checked(kind: type[T], body: object) -> T:
    """Make the dataclass of a JSON object; unknown keys are ignored, because a newer version may have written them.

    Parameters
    ----------
    kind
        A dataclass of texts, numbers, `StrEnum`, further dataclasses, tuples and mappings of them, or None.

    Raises
    ------
    ValueError
        A value is missing or wrong: names the field, what was expected and what was found.
    """
    if not isinstance(body, Mapping):
        raise _wrong("an object", body)
    taken = {}
    known: dict[str, tuple[_Check, bool]] = _fields_of(kind)  # type: ignore[arg-type] # a class is hashable
    for name, (check, required) in known.items():
        if name in body:
            try:
                taken[name] = check(body[name])
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from None
        elif required:
            raise ValueError(f"{name} is missing")
    return kind(**taken)


def encodable(text: str) -> str:
    """The text with lone surrogates escaped: JSON accepts them, files and sockets do not."""
    return text.encode(errors="backslashreplace").decode()


@cache
def _fields_of(kind: type) -> dict[str, tuple[_Check, bool]]:
    """The check of each field, and whether it is required."""
    assert is_dataclass(kind)
    hints = get_type_hints(kind)
    return {
        one.name: (_check_of(hints[one.name]), one.default is MISSING and one.default_factory is MISSING)
        for one in fields(kind)
    }


def _check_of(hint: Any) -> _Check:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        (inner,) = (_check_of(one) for one in arguments if one is not types.NoneType)
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        each = _check_of(arguments[0])
        return lambda value: tuple(map(each, _of(list, "a list", value)))
    if origin is dict:
        key, one = map(_check_of, arguments)
        return lambda value: {key(name): one(inner) for name, inner in _of(dict, "an object", value).items()}
    if is_dataclass(hint) and isinstance(hint, type):
        return lambda value: checked(hint, value)
    if issubclass(hint, StrEnum):
        return lambda value: _word(hint, value)
    return {str: _text, bool: lambda value: _of(bool, "true or false", value), int: _whole, float: _number}[hint]


def _of(kind: type, expected: str, value: Any) -> Any:
    if type(value) is not kind:
        raise _wrong(expected, value)
    return value


def _text(value: Any) -> str:
    return encodable(_of(str, "a text", value))


def _whole(value: Any) -> int:
    if type(value) is not int or not -LARGEST <= value <= LARGEST:
        raise _wrong("a whole number", value)
    return value


def _number(value: Any) -> float:
    if type(value) is float:
        return value
    if type(value) is not int or not -LARGEST <= value <= LARGEST:
        raise _wrong("a number", value)
    return value


def _word(kind: type[StrEnum], value: Any) -> StrEnum:
    if type(value) is not str or value not in {str(one) for one in kind}:
        raise _wrong(f"one of {', '.join(kind)}", value)
    return kind(value)


def _wrong(expected: str, seen: object) -> ValueError:
    return ValueError(f"expected {expected}, got {encodable(f'{seen!r:.60}')}")
