"""A call of an algorithm by a script: bind, convert, compute, name, store, return."""

import inspect
from collections import namedtuple
from collections.abc import Mapping, Sequence
from typing import Any

from livereduce.base.names import missing
from livereduce.catalog.declaration import REQUIRED, Algorithm, Argument, ArgumentKind, snake
from livereduce.catalog.wording import missing_argument, wrong_value
from livereduce.engine.mantid_api.calling.binding import bound
from livereduce.engine.mantid_api.calling.registry import CallContext, function_of
from livereduce.engine.mantid_api.calling.values import converted
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.mantid_api.objects.wrapping import wrapped
from livereduce.engine.mantid_api.session import current_store
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.workspaces.mtd import WorkspaceStore

WORKSPACES = (ArgumentKind.READS, ArgumentKind.READS_ANY, ArgumentKind.CHANGES, ArgumentKind.CHANGES_ANY)


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
    store = current_store()
    given = bound(algorithm, args, kwargs, assigned)
    handles = {
        one.name: workspace_of(algorithm, one, given[one.name], store)
        for one in algorithm.arguments
        if one.kind in WORKSPACES and given.get(one.name) is not None
    }
    made = _computed(algorithm, _inputs(algorithm, given, handles, store), store)
    return _returned(algorithm, made, given, handles, store)


def workspace_of(algorithm: Algorithm, argument: Argument, value: Any, store: WorkspaceStore) -> Any:
    """The object that a script means by an object or a name.

    Raises
    ------
    KeyError
        No workspace has this name.
    TypeError
        It is of another kind than the algorithm reads.
    """
    found = value
    if isinstance(value, str):
        if value not in store:
            raise KeyError(f"{algorithm.name}: {argument.name}: {missing('workspace', value, store)}")
        found = store[value]
    if argument.kind in (ArgumentKind.READS, ArgumentKind.CHANGES) and not isinstance(found, MatrixWorkspace):
        raise TypeError(wrong_value(algorithm, argument, value))
    return found


def _inputs(
    algorithm: Algorithm, given: Mapping[str, Any], handles: Mapping[str, Any], store: WorkspaceStore
) -> dict[str, Any]:
    """Values for the function, by the names of its parameters."""
    inputs: dict[str, Any] = {}
    for one in algorithm.arguments:
        if not one.is_input or one.ignored:
            continue
        if one.name in handles:
            handle = handles[one.name]
            value = handle.matrix if one.kind in (ArgumentKind.READS, ArgumentKind.CHANGES) else handle
        elif one.kind is ArgumentKind.READS_MANY and given.get(one.name) is not None:
            value = [store[part] if isinstance(part, str) else part for part in _listed(given[one.name])]
        else:
            value = _value(algorithm, one, given)
        inputs[snake(one.name)] = value
    return inputs


def _listed(value: Any) -> list[Any]:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else list(value)


def _value(algorithm: Algorithm, argument: Argument, given: Mapping[str, Any]) -> Any:
    value = given.get(argument.name)
    if value is not None and not (isinstance(value, str) and value == "" and argument.kind is not ArgumentKind.TEXT):
        return converted(algorithm, argument, value)
    if argument.default is REQUIRED:
        raise ValueError(missing_argument(algorithm, argument))
    return argument.default


def _computed(algorithm: Algorithm, inputs: dict[str, Any], store: WorkspaceStore) -> tuple[Any, ...]:
    function = function_of(algorithm)
    if "context" in inspect.signature(function).parameters:
        inputs["context"] = CallContext(store)
    try:
        made = function(**inputs)
    except (ValueError, RuntimeError, TypeError, KeyError, IndexError, OSError) as error:
        text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
        kind = RuntimeError if isinstance(error, OSError) else _plain(type(error))
        raise kind(f"{algorithm.name}: {text.removeprefix(f'{algorithm.name}: ')}") from error
    if made is None and not algorithm.outputs:
        return ()
    return made if isinstance(made, tuple) else (made,)


def _plain(kind: type[Exception]) -> type[Exception]:
    """The built-in type of an error, since other types may not take a text."""
    return next(one for one in (KeyError, IndexError, TypeError, ValueError, RuntimeError) if issubclass(kind, one))


def _returned(
    algorithm: Algorithm,
    made: tuple[Any, ...],
    given: Mapping[str, Any],
    handles: Mapping[str, Any],
    store: WorkspaceStore,
) -> Any:
    """Store what was made under its names, and give it to the script."""
    parent = next((one for one in handles.values() if isinstance(one, MatrixWorkspace)), None)
    outputs = [
        _stored(algorithm, one, value, given, handles, parent, store)
        for one, value in zip(algorithm.outputs, made, strict=True)
        if not (one.kind is ArgumentKind.MAKES and value is None)
    ]
    if not outputs or all(one.kind in (ArgumentKind.CHANGES, ArgumentKind.CHANGES_ANY) for one in algorithm.outputs):
        return None
    if len(outputs) == 1:
        return outputs[0]
    names = [one.name for one in algorithm.outputs]
    return namedtuple(f"{algorithm.name}_returns", names)(*outputs)


def _stored(
    algorithm: Algorithm,
    argument: Argument,
    value: Any,
    given: Mapping[str, Any],
    handles: Mapping[str, Any],
    parent: MatrixWorkspace | None,
    store: WorkspaceStore,
) -> Any:
    if argument.kind is ArgumentKind.RESULT:
        return value
    if argument.kind in (ArgumentKind.CHANGES, ArgumentKind.CHANGES_ANY):
        name, handle = handles[argument.name].name(), handles[argument.name]
    else:
        name = _name(algorithm, argument, given)
        handle = next((one for one in handles.values() if one.name() == name), None)
    if isinstance(handle, MatrixWorkspace) and isinstance(value, Matrix):
        handle.matrix = value  # in place: the object in the script's hand changes
        result: Any = handle
    else:
        result = wrapped(name, value, parent)
    store[name] = result
    return result


def _name(algorithm: Algorithm, argument: Argument, given: Mapping[str, Any]) -> str:
    wanted = given.get(argument.name, argument.default)
    name = wanted.name() if hasattr(wanted, "name") and callable(wanted.name) else wanted
    if not isinstance(name, str) or not name:
        raise ValueError(missing_argument(algorithm, argument))
    return name
