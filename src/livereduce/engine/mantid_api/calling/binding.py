"""Arguments of a call, by name and place, matched with those of the declaration."""

from collections.abc import Mapping, Sequence
from typing import Any

from livereduce.catalog.declaration import Algorithm, ArgumentKind
from livereduce.catalog.wording import too_many, unknown_argument

OF_EVERY_ALGORITHM = frozenset(
    {"storeinads", "enablelogging", "version", "startprogress", "endprogress", "rethrow", "logginglevel"}
)
"""Keywords of simpleapi itself, accepted and without effect, in lower case."""


def bound(
    algorithm: Algorithm, args: Sequence[Any], kwargs: Mapping[str, Any], assigned: Sequence[str]
) -> dict[str, Any]:
    """Values by the names of the declaration: given by keyword, taken from the assignment, or by place.

    Names do not depend on case. A name that the call is assigned to is that of the output workspace, unless the output
    is given by keyword; positions count the arguments that are left then, as in Mantid's simpleapi.

    Raises
    ------
    TypeError
        An unknown argument, one given twice, or too many.
    """
    given: dict[str, Any] = {}
    for name, value in kwargs.items():
        argument = algorithm.argument(name)
        if argument is None or argument.kind is ArgumentKind.RESULT:
            if name.casefold() in OF_EVERY_ALGORITHM:
                continue
            raise TypeError(unknown_argument(algorithm, name))
        if argument.name in given:
            raise TypeError(f"{algorithm.name}: {argument.name} is given twice")
        given[argument.name] = value
    given |= _from_assignment(algorithm, given, args, assigned)
    places = [one.name for one in algorithm.arguments if one.kind is not ArgumentKind.RESULT and one.name not in given]
    if len(args) > len(places):
        raise TypeError(too_many(algorithm, len(args)))
    return given | dict(zip(places, args, strict=False))


def _from_assignment(
    algorithm: Algorithm, given: Mapping[str, Any], args: Sequence[Any], assigned: Sequence[str]
) -> dict[str, str]:
    outputs = [one.name for one in algorithm.outputs if one.kind is ArgumentKind.MAKES]
    if algorithm.name == "RenameWorkspace" and len(args) > 1:  # `a = RenameWorkspace(b, "c")` makes c
        return {}
    return {name: wanted for name, wanted in zip(outputs, assigned, strict=False) if name not in given}
