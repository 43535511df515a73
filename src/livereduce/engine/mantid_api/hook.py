"""``import mantid`` in a script of the builtin engine: the modules are made here, whatever is installed.

The hook stands first on `sys.meta_path`, so that neither a real Mantid nor a folder ``mantid/`` beside the scripts
can take its place. It is installed by the choice of the engine, never as a package.
"""

import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from livereduce.catalog.mantid_names import SIMPLEAPI, modules, names_in
from livereduce.catalog.wording import no_such_name
from livereduce.engine.mantid_api.modules.kernel.config_service import config
from livereduce.engine.mantid_api.modules.kernel.property_managers import pmds
from livereduce.engine.mantid_api.modules.mantid_module import MantidModule

TOP = "mantid"


class MantidFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds ``mantid`` and the modules below it."""

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,  # noqa: ARG002
        target: types.ModuleType | None = None,  # noqa: ARG002
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of a module of Mantid's; None for modules of others.

        Raises
        ------
        ModuleNotFoundError
            Mantid has no such module. Every module is a package here, so that Python asks for the names, too, that
            ``from mantid.kernel import …`` did not find: they are told the nearest name.
        """
        if not _is_mantids(name):
            return None
        if name not in modules():
            parent, _, tail = name.rpartition(".")
            raise ModuleNotFoundError(no_such_name(parent, tail, names_in(parent) or ()))
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """A module that knows its names, and makes each when a script asks for it."""
        return MantidModule(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """Nothing: it is complete."""


def install(instrument: str = "") -> None:
    """Put the hook in front, once; a Mantid that something has imported before is forgotten.

    `instrument` is what scripts find as ``config["default.instrument"]``.
    """
    config.reset(Path.home(), instrument)
    pmds.clear()
    if not any(isinstance(finder, MantidFinder) for finder in sys.meta_path):
        _forget_modules()
        sys.meta_path.insert(0, MantidFinder())


def uninstall() -> None:
    """Take the hook and its modules away."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, MantidFinder)]
    _forget_modules()


def script_globals() -> dict[str, Any]:
    """The names that scripts have without an import: ``mantid`` and all names of ``mantid.simpleapi``, as in Mantid."""
    simpleapi = import_module(SIMPLEAPI)
    return {TOP: import_module(TOP), **{name: getattr(simpleapi, name) for name in simpleapi.__all__}}


def _forget_modules() -> None:
    for name in [name for name in sys.modules if _is_mantids(name)]:
        del sys.modules[name]


def _is_mantids(name: str) -> bool:
    return name == TOP or name.startswith(f"{TOP}.")
