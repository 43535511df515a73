"""``import mantid`` in a script of the builtin engine: the modules are made here, whatever is installed or lies about.

The hook stands first on `sys.meta_path`, so that neither a real Mantid nor a folder ``mantid/`` beside the scripts
can take its place. It is installed by the choice of the engine, never as a package.
"""

import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import Sequence

from livereduce.catalog.declared import declared
from livereduce.engine.mantid_api.calling.functions import function_for


class MantidFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds ``mantid`` and the modules below it."""

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,  # noqa: ARG002
        target: types.ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of a module of Mantid's; None for others."""
        if name.partition(".")[0] != "mantid":
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """A module with its names."""
        module = types.ModuleType(spec.name)
        if spec.name == "mantid.simpleapi":
            vars(module).update({name: function_for(one) for name, one in declared().items()})
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        """Nothing: it is complete."""


def install() -> None:
    """Put the hook in front, once."""
    if not any(isinstance(finder, MantidFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, MantidFinder())


def uninstall() -> None:
    """Take the hook and its modules away."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, MantidFinder)]
    for name in [name for name in sys.modules if name.partition(".")[0] == "mantid"]:
        del sys.modules[name]
