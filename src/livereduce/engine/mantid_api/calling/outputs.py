"""What an algorithm has made: under which name it is kept, and what the call returns."""

from collections import namedtuple
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from livereduce.catalog.declaration import REQUIRED, Algorithm, Argument, ArgumentKind
from livereduce.catalog.wording import missing_argument, wrong_value
from livereduce.engine.mantid_api.calling.binding import BoundCall
from livereduce.engine.mantid_api.calling.refusal import RefusedCall
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.mantid_api.objects.wrapping import wrapped
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.workspaces.mtd import WorkspaceStore

CHANGED = (ArgumentKind.CHANGES, ArgumentKind.CHANGES_ANY)


class NamedResults(dict[str, Any]):
    """Values of a result that a call returns under names of their own, behind all others."""


def check_names(algorithm: Algorithm, asked: BoundCall) -> None:
    """Refuse a call that has no name for a workspace that it must make, before anything is computed.

    Raises
    ------
    RefusedCall, TypeError
        A name is missing, or is not one.
    """
    for one in algorithm.arguments:
        if one.kind is ArgumentKind.MAKES:
            name = name_of(algorithm, one, asked.given)
            if not name and one.default is REQUIRED and asked.stored:
                raise RefusedCall(missing_argument(algorithm, one))


def name_of(algorithm: Algorithm, argument: Argument, given: Mapping[str, Any]) -> str:
    """The name for an output: as given, that of a workspace that is given, or the default; empty if there is none.

    Raises
    ------
    TypeError
        What is given is neither.
    """
    default = "" if argument.default is REQUIRED or argument.default is None else argument.default
    wanted = given.get(argument.name, default)
    name = wanted.name() if callable(getattr(wanted, "name", None)) else wanted
    if not isinstance(name, str):
        raise TypeError(wrong_value(algorithm, argument, wanted))
    return name


def kept(
    algorithm: Algorithm,
    made: tuple[Any, ...],
    asked: BoundCall,
    handles: Mapping[str, Any],
    store: WorkspaceStore,
) -> dict[str, Any]:
    """Put what was made in the store, as objects that scripts hold; by the names of the arguments."""
    parent = next((one for one in handles.values() if isinstance(one, MatrixWorkspace)), None)
    objects: dict[str, Any] = {}
    for one, value in zip(algorithm.outputs, made, strict=True):
        if one.kind is ArgumentKind.RESULT:
            if isinstance(value, NamedResults):
                objects.update(value)
            elif value is not None:  # what was not asked for
                objects[one.name] = value
        elif one.kind in CHANGED and one.name in handles:
            objects[one.name] = _changed(handles[one.name], value)
        elif value is not None:
            name = name_of(algorithm, one, asked.given)
            objects[one.name] = _made(name, value, asked, handles, parent, store)
    return objects


def _changed(handle: Any, value: Any) -> Any:
    """An input that is changed stays the object that it is, wherever it is kept."""
    if isinstance(handle, MatrixWorkspace) and isinstance(value, Matrix):
        # its logs are its own: a script may add to them
        handle.matrix = value if value.logs is handle.logs else replace(value, logs=value.logs.copy())
    return handle


def _made(
    name: str,
    value: Any,
    asked: BoundCall,
    handles: Mapping[str, Any],
    parent: MatrixWorkspace | None,
    store: WorkspaceStore,
) -> Any:
    """An output: the object of the input that has its name, changed in place, or a new one."""
    own = next((one for one in handles.values() if callable(getattr(one, "name", None)) and one.name() == name), None)
    if asked.stored and isinstance(own, MatrixWorkspace) and isinstance(value, Matrix):
        result = _changed(own, value)
    else:
        result = wrapped(name, value, parent)
        if name and callable(getattr(result, "renamed", None)):
            result.renamed(name)
    if asked.stored and name:
        store[name] = result
    return result


def returned(algorithm: Algorithm, objects: Mapping[str, Any], assigned: int = 0) -> Any:
    """The value that the script gets: nothing, one object, or a tuple with the names of the arguments.

    Parameters
    ----------
    assigned
        Number of variables that the call is assigned to; 0 if it is not.

    Raises
    ------
    RuntimeError
        Several variables, but not as many as there are values.
    """
    names = [one.name for one in algorithm.returned if one.name in objects]
    names += [name for name in objects if algorithm.argument(name) is None]
    if assigned > 1 and assigned != len(names):
        what = f" ({', '.join(names)})" if names else ""
        raise RuntimeError(f"{algorithm.name} returns {len(names)} values{what}, not {assigned}")
    if len(names) <= 1:
        return objects[names[0]] if names else None
    title = f"{algorithm.name}_returns"
    kind = type(title, (_AskedByName, namedtuple(title, names)), {"__slots__": ()})
    return kind(*(objects[name] for name in names))


class _AskedByName:
    """Old scripts ask what a call returned as they would ask an algorithm, as simpleapi once returned it."""

    __slots__ = ()

    def getPropertyValue(self, name: str) -> str:  # noqa: N802 (Mantid's name)
        """A value by name, as text."""
        return str(getattr(self, name))
