"""A call of an algorithm by a script: bind, convert, compute, name, store, return."""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from livereduce.base.names import missing
from livereduce.catalog.declaration import REQUIRED, Algorithm, Argument, ArgumentKind, snake
from livereduce.catalog.wording import missing_argument, wrong_value
from livereduce.engine.mantid_api.calling.binding import BoundCall, bound
from livereduce.engine.mantid_api.calling.grouped import run_each
from livereduce.engine.mantid_api.calling.outputs import CHANGED, check_names, kept, name_of, returned
from livereduce.engine.mantid_api.calling.refusal import RefusedCall
from livereduce.engine.mantid_api.calling.registry import CallContext, function_of, of_scripts
from livereduce.engine.mantid_api.calling.values import converted
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.mantid_api.objects.workspace_group import WorkspaceGroup
from livereduce.engine.mantid_api.session import current_store
from livereduce.engine.workspaces.mtd import WorkspaceStore

WORKSPACES = (ArgumentKind.READS, ArgumentKind.READS_ANY, *CHANGED)
OF_SPECTRA = (ArgumentKind.READS, ArgumentKind.CHANGES)
_ANY_BY_MEMBER = ("CloneWorkspace",)
"""Algorithms of any workspace that take the members of a group one by one."""


class MissingWorkspace(KeyError, ValueError):
    """No workspace has the name that a script gives: Mantid's ValueError, and the KeyError of a store."""


def call(algorithm: Algorithm, args: Sequence[Any], kwargs: Mapping[str, Any], assigned: Sequence[str]) -> Any:
    """Run an algorithm as a script has called it.

    Parameters
    ----------
    assigned
        The names that the call is assigned to.

    Raises
    ------
    TypeError, ValueError, RuntimeError, KeyError
        As Mantid does; the text begins with the name of the algorithm.
    """
    objects = executed(algorithm, bound(algorithm, args, kwargs, assigned), current_store())
    return returned(algorithm, objects, len(assigned))


def executed(algorithm: Algorithm, asked: BoundCall, store: WorkspaceStore) -> dict[str, Any]:
    """Run a call; its outputs by the names of the arguments, kept in the store unless the call says no."""
    own = of_scripts(algorithm.name)
    if own is not None:
        return own.run(asked)
    handles = {
        one.name: workspace_of(algorithm, one, asked.given[one.name], store, groups=True)
        for one in algorithm.arguments
        if one.kind in WORKSPACES and one.name in asked.given
    }
    by_member = [
        handles[one.name]
        for one in algorithm.arguments
        if one.name in handles and (one.kind in OF_SPECTRA or algorithm.name in _ANY_BY_MEMBER)
    ]
    if any(isinstance(one, WorkspaceGroup) for one in by_member):
        check_names(algorithm, asked)
        return run_each(algorithm, asked, handles, store, lambda part, own: run_once(algorithm, part, own, store))
    return run_once(algorithm, asked, handles, store)


def run_once(
    algorithm: Algorithm, asked: BoundCall, handles: Mapping[str, Any], store: WorkspaceStore
) -> dict[str, Any]:
    """The same, for one set of workspaces.

    Parameters
    ----------
    handles
        The workspaces that are read or changed, by the names of the arguments.
    """
    check_names(algorithm, asked)
    outputs = [one for one in algorithm.arguments if one.kind is ArgumentKind.MAKES]
    context = CallContext(store, {one.name: name_of(algorithm, one, asked.given) for one in outputs})
    made = _computed(algorithm, _inputs(algorithm, asked.given, handles, store), context)
    return kept(algorithm, made, asked, handles, store)


def workspace_of(
    algorithm: Algorithm, argument: Argument, value: Any, store: WorkspaceStore, *, groups: bool = False
) -> Any:
    """The object that a script means by an object or a name.

    Parameters
    ----------
    groups
        A group is accepted where a workspace of spectra is expected.

    Raises
    ------
    MissingWorkspace
        No workspace has this name.
    TypeError
        It is of another kind than the algorithm reads.
    """
    if isinstance(value, str):
        if value not in store:
            raise MissingWorkspace(f"{algorithm.name}: {argument.name}: {missing('workspace', value, store)}")
        value = store[value]
    if groups and isinstance(value, WorkspaceGroup):
        return value
    if argument.kind in OF_SPECTRA and not isinstance(value, MatrixWorkspace):
        raise TypeError(wrong_value(algorithm, argument, value))
    return value


def _inputs(
    algorithm: Algorithm, given: Mapping[str, Any], handles: Mapping[str, Any], store: WorkspaceStore
) -> dict[str, Any]:
    """Values for the function, by the names of its parameters."""
    inputs: dict[str, Any] = {}
    for one in algorithm.parameters:
        if one.name in handles:
            handle = handles[one.name]
            value = handle.matrix if one.kind in OF_SPECTRA else handle
        elif one.kind is ArgumentKind.READS_MANY and one.name in given:
            value = [workspace_of(algorithm, one, part, store) for part in _listed(given[one.name])]
        else:
            value = _value(algorithm, one, given)
        inputs[snake(one.name)] = value
    return inputs


def _listed(value: Any) -> list[Any]:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    return list(value) if hasattr(value, "__iter__") and not isinstance(value, MatrixWorkspace) else [value]


def _value(algorithm: Algorithm, argument: Argument, given: Mapping[str, Any]) -> Any:
    value = given.get(argument.name)
    if value is not None and not (isinstance(value, str) and value == "" and argument.kind is not ArgumentKind.TEXT):
        return converted(algorithm, argument, value)
    if argument.default is REQUIRED:
        raise RefusedCall(missing_argument(algorithm, argument))
    return argument.default


def _computed(algorithm: Algorithm, inputs: dict[str, Any], context: CallContext) -> tuple[Any, ...]:
    function = function_of(algorithm)
    if "context" in inspect.signature(function).parameters:
        inputs["context"] = context
    try:
        made = function(**inputs)
    except (ValueError, RuntimeError, TypeError, KeyError, IndexError, OSError) as error:
        text = _in_words(algorithm, error, inputs)
        kind = RefusedCall if isinstance(error, OSError | ValueError | RuntimeError) else _plain(type(error))
        raise kind(f"{algorithm.name}: {text.removeprefix(f'{algorithm.name}: ')}") from error
    if made is None and not algorithm.outputs:
        return ()
    return made if isinstance(made, tuple) else (made,)


def _in_words(algorithm: Algorithm, error: Exception, inputs: Mapping[str, Any]) -> str:
    """The text of an error; that of a file names the argument, the file and what is wrong with it."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        path = str(error.filename)
        names = [one.name for one in algorithm.arguments if _gives(inputs.get(snake(one.name)), path)]
        return f"{names[0] + ': ' if names else ''}{path}: {error.strerror}"
    return str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)


def _gives(value: Any, path: str) -> bool:
    parts = value if isinstance(value, list | tuple) else [value]
    return any(isinstance(part, str) and part == path for part in parts)


def _plain(kind: type[Exception]) -> type[Exception]:
    """The built-in type of an error, since other types may not take a text."""
    return next(one for one in (KeyError, IndexError, TypeError) if issubclass(kind, one))
