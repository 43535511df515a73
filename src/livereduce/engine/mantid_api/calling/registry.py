"""The functions of the algorithms, by name.

``@implements("Rebin")`` above a function makes it the algorithm of that name. It is given, by keyword, each argument
that is read, named as `snake` does (``FullBinsOnly``: ``full_bins_only``), a workspace as its `Matrix`; if it has a
parameter ``context``, a `CallContext`. It returns what the algorithm changes or makes, in the declared order: a
`Matrix` (or `Table`, …) each, one alone without a tuple.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, TypeVar

from livereduce.catalog.declaration import Algorithm
from livereduce.catalog.declared import declared
from livereduce.engine.mantid_api.calling.binding import BoundCall
from livereduce.engine.workspaces.mtd import WorkspaceStore

Function = Callable[..., Any]
_F = TypeVar("_F", bound=Function)
_functions: dict[str, Function] = {}


@dataclass(frozen=True, slots=True)
class CallContext:
    """For the few algorithms that need more than arguments: the store of workspaces, and the names of their outputs."""

    store: WorkspaceStore
    names: Mapping[str, str] = field(default_factory=dict)


def implements(name: str) -> Callable[[_F], _F]:
    """Make a function the algorithm of a name."""

    def registered(function: _F) -> _F:
        _functions[name] = function
        return function

    return registered


def function_of(algorithm: Algorithm) -> Function:
    """The function of a declared algorithm; its file is imported on first use."""
    if algorithm.name not in _functions:
        import_module(f"livereduce.engine.mantid_api.algorithms.{algorithm.family}")
    return _functions[algorithm.name]


def algorithm_named(name: str) -> Algorithm | None:
    """The declaration of an algorithm; None if the builtin engine does not have it."""
    return declared().get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfScript:
    """An algorithm that a script has defined.

    Attributes
    ----------
    make
        Makes an object of it, with its properties declared.
    run
        Runs it as a function; gives what it makes by the names of its properties.
    """

    declaration: Algorithm
    make: Callable[[], Any]
    run: Callable[[BoundCall], dict[str, Any]]


_of_scripts: dict[str, OfScript] = {}


def add_of_script(algorithm: OfScript) -> None:
    """Register an algorithm of a script, in place of another of its name."""
    _of_scripts[algorithm.declaration.name] = algorithm


def remove_of_script(name: str) -> None:
    """Forget an algorithm of a script."""
    _of_scripts.pop(name, None)


def of_scripts(name: str) -> OfScript | None:
    """The algorithm of this name that a script has defined; None if none has."""
    return _of_scripts.get(name)


def names_of_scripts() -> Iterable[str]:
    """Names of the algorithms that scripts have defined."""
    return list(_of_scripts)
