"""Arguments of a call, by name and place, matched with those of the declaration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from livereduce.catalog.declaration import OF_EVERY_ALGORITHM, STORE_IN_ADS, Algorithm, Argument, ArgumentKind
from livereduce.catalog.wording import too_many, unknown_argument
from livereduce.engine.mantid_api.calling.values import converted

STORED = Argument(name="StoreInADS", kind=ArgumentKind.FLAG, default=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundCall:
    """The arguments of one call.

    Attributes
    ----------
    given
        Values as the script gives them, by the names of the declaration; an argument that is None is not given.
    stored
        False if the script wants what is made without a name in the store (``StoreInADS=False``).
    """

    given: Mapping[str, Any]
    stored: bool = True


def bound(algorithm: Algorithm, args: Sequence[Any], kwargs: Mapping[str, Any], assigned: Sequence[str]) -> BoundCall:
    """Values by keyword, from the assignment, or by place.

    Names do not depend on case. A name that the call is assigned to is that of the output workspace, unless the output
    is given by keyword. Places are those of Mantid's simpleapi: inputs alone, those that must be given first, without
    those that are given by keyword.

    Raises
    ------
    TypeError
        An unknown argument, one given twice, or too many.
    """
    given: dict[str, Any] = {}
    stored = True
    for name, value in kwargs.items():
        argument = algorithm.argument(name)
        if argument is None or argument.kind is ArgumentKind.RESULT:
            if name.casefold() not in OF_EVERY_ALGORITHM:
                raise TypeError(unknown_argument(algorithm, name))
            stored = converted(algorithm, STORED, value) if name.casefold() == STORE_IN_ADS else stored
        elif argument.name in given:
            raise TypeError(f"{algorithm.name}: {argument.name} is given twice")
        else:
            given[argument.name] = value
    places = [one.name for one in algorithm.places if one.name not in given]
    if len(args) > len(places):
        raise TypeError(too_many(algorithm, places, len(args)))
    given |= zip(places, args, strict=False)
    for name, wanted in _from_assignment(algorithm, assigned).items():
        given.setdefault(name, wanted)
    return BoundCall(given={name: value for name, value in given.items() if value is not None}, stored=stored)


def _from_assignment(algorithm: Algorithm, assigned: Sequence[str]) -> dict[str, str]:
    """Names for the output workspaces, in order: of ``a, b = …``, those in the places of workspaces."""
    returned = algorithm.returned
    if len(assigned) < len(returned):  # one name for what is a tuple: that of its first workspace
        returned = tuple(one for one in returned if one.kind is ArgumentKind.MAKES)
    pairs = zip(returned, assigned, strict=False)
    return {one.name: wanted for one, wanted in pairs if one.kind is ArgumentKind.MAKES}
