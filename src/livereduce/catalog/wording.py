"""The sentences about names, algorithms and arguments that are not there: the same in `check` and at run time."""

from collections.abc import Iterable, Sequence
from reprlib import Repr

from livereduce.base.extras import requirement_of
from livereduce.base.names import did_you_mean
from livereduce.catalog.declaration import Algorithm, Argument, ArgumentKind
from livereduce.catalog.left_out import reason_left_out, reason_of_library

HAS_IT = 'with "engine": "mantid" it is there'


def not_implemented(name: str, known: Iterable[str]) -> str:
    """An algorithm of Mantid that the builtin engine lacks, with the nearest that it has, or why it will not come."""
    reason = reason_left_out(name)
    more = f": {reason}" if reason else did_you_mean(name, known)
    return f"{name} is an algorithm of Mantid that the builtin engine does not have{more} ({HAS_IT})"


def not_implemented_name(module: str, name: str) -> str:
    """A class or function of Mantid, not an algorithm, that the builtin engine lacks."""
    return f"{module}.{name} is a name of Mantid that the builtin engine does not have ({HAS_IT})"


def no_such_algorithm(name: str, known: Iterable[str]) -> str:
    """An algorithm that Mantid does not have either."""
    return f"Mantid has no algorithm {name!r}{did_you_mean(name, known)}"


def no_such_name(module: str, name: str, known: Iterable[str]) -> str:
    """A name that Mantid does not have in a module."""
    return (
        f"cannot import name {name!r} from {module!r}: Mantid has no such name there{did_you_mean(name, sorted(known))}"
    )


def no_such_method(kind: str, name: str, known: Iterable[str]) -> str:
    """A method or attribute that an object of this class does not have, as Python says it, with the nearest."""
    return f"{kind!r} object has no attribute {name!r}{did_you_mean(name, known)}"


def output_is_a_name(attribute: str) -> str:
    """A script takes the name of its output for the workspace before there is one."""
    return f"'str' object has no attribute {attribute!r}: `output` is a name, and no workspace of that name is made yet"


def no_library(module: str, requirement: str) -> str:
    """A library that comes with a part of livereduce which is not installed here."""
    return (
        f"No module named {module!r} in the environment of the service: install it there (pip install '{requirement}')"
    )


def no_site_module(module: str, folders: Iterable[str] = ()) -> str:
    """A module that is neither in the environment, nor beside the scripts, nor in folders that they add to the path."""
    if requirement := requirement_of(module):
        return no_library(module, requirement)
    reason = reason_of_library(module)
    added = "".join(f", nor in {folder}" for folder in folders)
    what = "a library of the site" + (f" ({reason})" if reason else "")
    return (
        f"No module named {module!r} in the environment, nor in script_dir{added}; "
        f"if it is {what}, install it there or put it in script_dir"
    )


def python_2(sign: str) -> str:
    """A script in the language of another time."""
    return f"this is Python 2 ({sign}): port it to Python 3"


def in_lines(lines: Sequence[int], text: str) -> str:
    """A sentence on a line of a script, or on several."""
    return f"line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines))}: {text}"


def unknown_argument(algorithm: Algorithm, name: str) -> str:
    """An argument that the algorithm does not have."""
    known = _arguments(algorithm)
    return f"{algorithm.name} has no argument {name!r}{did_you_mean(name, known)} (arguments: {', '.join(known)})"


def too_many(algorithm: Algorithm, places: Sequence[str], given: int) -> str:
    """More positional arguments than places: inputs in their order that the call does not give by name."""
    order = f" (in this order: {', '.join(places)})" if places else ""
    return f"{algorithm.name} takes at most {len(places)} arguments without their names here{order}, not {given}"


def _arguments(algorithm: Algorithm) -> list[str]:
    """Names of the arguments that a script can give."""
    return [one.name for one in algorithm.arguments if one.kind is not ArgumentKind.RESULT]


def missing_argument(algorithm: Algorithm, argument: Argument) -> str:
    """An argument that must be given; the name of an output may also be the one that a call is assigned to."""
    assigned = f", or an assignment: name = {algorithm.name}(…)" if argument.kind is ArgumentKind.MAKES else ""
    return f"{algorithm.name}: {argument.name} is missing; expected {argument.kind.value}{assigned}"


def wrong_value(algorithm: Algorithm, argument: Argument, seen: object) -> str:
    """A value of a wrong type."""
    expected = f"one of {', '.join(argument.choices)}" if argument.choices else argument.kind.value
    return f"{algorithm.name}: {argument.name} must be {expected.strip()}, not {shown(seen)}"


def shown(value: object) -> str:
    """A value for people: its type, and its text, shortened; that of an object that cannot say it is its type alone."""
    short = Repr()
    short.maxstring = short.maxother = 80
    return f"{type(value).__name__} {short.repr(value)}"
