"""Algorithms that Mantid's workspaces have as methods: ``ws.rebin(Params=200)``."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from livereduce.catalog.declared import declared
from livereduce.engine.mantid_api.calling.assigned import assigned_names


class AlgorithmMethods:
    """The workspace is the first argument; the name of the result is that of the variable, as in a call."""

    def rebin(self, *args: Any, **kwargs: Any) -> Any:
        """Rebin."""
        return _called("Rebin", self, args, kwargs)

    def convertUnits(self, *args: Any, **kwargs: Any) -> Any:
        """ConvertUnits."""
        return _called("ConvertUnits", self, args, kwargs)

    def rename(self, *args: Any, **kwargs: Any) -> Any:
        """RenameWorkspace."""
        return _called("RenameWorkspace", self, args, kwargs)


def _called(name: str, workspace: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return algorithm(name, workspace, kwargs, args, assigned_names(sys._getframe(2)))


def algorithm(
    name: str, workspace: Any, kwargs: dict[str, Any], args: tuple[Any, ...] = (), assigned: Sequence[str] = ()
) -> Any:
    """Run an algorithm with a workspace as its first argument."""
    # calls import the objects, so the objects find the calls when they need them
    call = import_module("livereduce.engine.mantid_api.calling.call").call
    return call(declared()[name], (workspace, *args), kwargs, assigned)
