"""Properties of algorithms that scripts define: Mantid's ``Property`` and those with a type."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from livereduce.catalog.declaration import ArgumentKind
from livereduce.engine.mantid_api.calling.values import EMPTY_DBL, EMPTY_INT

LIST_KINDS = (ArgumentKind.NUMBERS, ArgumentKind.INTEGERS, ArgumentKind.TEXTS)


class Direction:
    """Direction of a property: into the algorithm, out of it, or both."""

    Input, Output, InOut, NONE = 0, 1, 2, 3


class Property:
    """A named value of an algorithm.

    Attributes
    ----------
    name
        The name, as declared.
    kind
        The type of its value.
    direction
        A value of `Direction`.
    is_optional
        True if it may stay empty.
    value
        The value; of a workspace property the workspace, or None; of numbers an array.
    given
        The name of a workspace as it was given.
    """

    EMPTY_DBL, EMPTY_INT, EMPTY_LONG = EMPTY_DBL, EMPTY_INT, 2**63 - 1

    def __init__(
        self,
        name: str,
        value: Any = "",
        *,
        kind: ArgumentKind = ArgumentKind.ANYTHING,
        direction: int = Direction.Input,
        validator: Any = None,
        is_optional: bool = True,
    ) -> None:
        self.name, self.kind, self.direction = name, kind, direction
        self.given = value if isinstance(value, str) else ""
        self.default: Any = None if self.is_workspace else value
        self.value: Any = self.default
        self.validator, self.is_optional = validator, is_optional
        self.documentation, self.units, self.isDefault = "", "", True

    @property
    def allowedValues(self) -> list[Any]:
        """The values that are accepted; empty: all."""
        return list(getattr(self.validator, "allowedValues", ()))

    @property
    def isValid(self) -> str:
        """Sentence on what is wrong with the value; empty if nothing is."""
        if self.is_workspace:
            missing = self.value is None and not self.given and not self.is_optional
            return "a workspace must be given" if missing else ""
        return str(self.validator.isValid(self.value)) if self.validator is not None else ""

    @property
    def is_workspace(self) -> bool:
        """True for a workspace."""
        return self.kind in (ArgumentKind.READS_ANY, ArgumentKind.CHANGES_ANY, ArgumentKind.MAKES)

    @property
    def valueAsStr(self) -> str:
        """The value as a text; of a workspace its name."""
        if self.is_workspace:
            return self.given or name_of(self.value)
        if isinstance(self.value, bool):
            return str(int(self.value))
        return ",".join(map(str, self.value)) if self.kind in LIST_KINDS else str(self.value)


def name_of(value: Any) -> str:
    """The name of a workspace; empty for other things."""
    return str(value.name()) if callable(getattr(value, "name", None)) else ""


def _array(name: str, more: tuple[Any, ...], named: dict[str, Any], kind: ArgumentKind) -> Property:
    """A property of a list: after the name come values, validator and direction, in this order, any left out."""
    values = named.get("values", ())
    direction, validator = named.get("direction", Direction.Input), named.get("validator")
    for one in more:
        if isinstance(one, int) and not isinstance(one, bool):
            direction = one
        elif hasattr(one, "isValid"):
            validator = one
        elif isinstance(one, Iterable):
            values = one
    values = tuple(part.strip() for part in values.split(",") if part.strip()) if isinstance(values, str) else values
    return Property(name, as_held(list(values), kind), kind=kind, direction=direction, validator=validator)


def as_held(value: Any, kind: ArgumentKind) -> Any:
    """A value as Mantid gives it to scripts: numbers as an array, texts as a list."""
    if kind is ArgumentKind.NUMBERS:
        return np.array(value, np.float64)
    if kind is ArgumentKind.INTEGERS:
        return np.array(value, np.int64)
    return [str(one) for one in value] if kind is ArgumentKind.TEXTS else value


def FloatArrayProperty(name: str, *more: Any, **named: Any) -> Property:
    """A list of floats."""
    return _array(name, more, named, ArgumentKind.NUMBERS)


def IntArrayProperty(name: str, *more: Any, **named: Any) -> Property:
    """A list of ints."""
    return _array(name, more, named, ArgumentKind.INTEGERS)


UnsignedIntArrayProperty = CIntArrayProperty = IntArrayProperty


def StringArrayProperty(name: str, *more: Any, **named: Any) -> Property:
    """A list of texts."""
    return _array(name, more, named, ArgumentKind.TEXTS)


def PythonObjectProperty(name: str, value: Any = None, *_: Any, **__: Any) -> Property:
    """Any object of Python's."""
    return Property(name, value)


def PropertyManagerProperty(name: str, value: Any = None, direction: int = Direction.Input, *_: Any) -> Property:
    """A set of named values."""
    return Property(name, value, direction=direction)
