"""The sentences about names, algorithms and arguments that are not there: the same in `check` and at run time."""

from collections.abc import Iterable

from livereduce.base.names import did_you_mean
from livereduce.catalog.declaration import Algorithm, Argument

HAS_IT = 'with "engine": "mantid" it is there'


def not_implemented(name: str, known: Iterable[str]) -> str:
    """An algorithm of Mantid that the builtin engine lacks."""
    return (
        f"{name} is an algorithm of Mantid that the builtin engine does not have{did_you_mean(name, known)} ({HAS_IT})"
    )


def no_such_name(module: str, name: str, known: Iterable[str]) -> str:
    """A name that Mantid does not have in a module."""
    return f"cannot import name {name!r} from {module!r}: Mantid has no such name there{did_you_mean(name, known)}"


def unknown_argument(algorithm: Algorithm, name: str) -> str:
    """An argument that the algorithm does not have."""
    known = [one.name for one in algorithm.arguments if one.kind.name != "RESULT"]
    return f"{algorithm.name} has no argument {name!r}{did_you_mean(name, known)} (arguments: {', '.join(known)})"


def too_many(algorithm: Algorithm, given: int) -> str:
    """More positional arguments than there are."""
    known = [one.name for one in algorithm.arguments if one.kind.name != "RESULT"]
    return f"{algorithm.name} takes at most {len(known)} arguments, {given} were given (arguments: {', '.join(known)})"


def missing_argument(algorithm: Algorithm, argument: Argument) -> str:
    """An argument that must be given."""
    return f"{algorithm.name}: {argument.name} is missing; expected {argument.kind.value}"


def wrong_value(algorithm: Algorithm, argument: Argument, seen: object) -> str:
    """A value of a wrong type."""
    expected = f"one of {', '.join(argument.choices)}" if argument.choices else argument.kind.value
    return f"{algorithm.name}: {argument.name} must be {expected.strip()}, not {shown(seen)}"


def shown(value: object) -> str:
    """A value for people: its type, and its text if that is short."""
    text = repr(value)
    return f"{type(value).__name__} {text}" if len(text) <= 80 else f"{type(value).__name__} {text[:77]}..."
