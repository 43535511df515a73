"""The functions of ``mantid.simpleapi``, made of declarations: ``help(Rebin)`` says the arguments."""

import inspect
import sys
from functools import cache
from typing import Any

from livereduce.catalog.declaration import REQUIRED, Algorithm, ArgumentKind
from livereduce.catalog.mantid_names import SIMPLEAPI
from livereduce.engine.mantid_api.calling.assigned import assigned_names
from livereduce.engine.mantid_api.calling.call import call
from livereduce.engine.mantid_api.calling.registry import algorithm_named


def function_for(algorithm: Algorithm) -> Any:
    """The function that scripts call."""

    def run(*args: Any, **kwargs: Any) -> Any:
        return call(algorithm, args, kwargs, assigned_names(sys._getframe(1)))

    run.__name__ = run.__qualname__ = algorithm.name
    run.__module__ = SIMPLEAPI
    run.__doc__ = documentation(algorithm)
    run.__signature__ = signature(algorithm)  # type: ignore[attr-defined]
    return run


@cache
def function_named(name: str) -> Any:
    """The one function of a declared algorithm."""
    algorithm = algorithm_named(name)
    if algorithm is None:
        raise KeyError(name)
    return function_for(algorithm)


def signature(algorithm: Algorithm) -> inspect.Signature:
    """Arguments in Mantid's order with their defaults."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [
        inspect.Parameter(one.name, kind, default=None if one.default is REQUIRED else one.default)
        for one in algorithm.arguments
        if one.kind is not ArgumentKind.RESULT
    ]
    return inspect.Signature(parameters)


def documentation(algorithm: Algorithm) -> str:
    """Help on an algorithm: its purpose, and its arguments, a line each."""
    lines = [algorithm.summary + ".", "", "Arguments:"]
    for one in algorithm.arguments:
        if one.kind is not ArgumentKind.RESULT:
            default = "required" if one.default is REQUIRED else f"default {one.default!r}"
            choices = f", one of {', '.join(one.choices)}" if one.choices else ""
            lines.append(f"  {one.name}: {one.kind.value.strip()} ({default}){choices}")
    return "\n".join([*lines, "", f"Source of its rule: {algorithm.source}"])
