"""A module of Mantid's: every name that Mantid has in it, each made when it is asked for."""

import types
from importlib import import_module
from typing import Any

from livereduce.catalog.declared import declared
from livereduce.catalog.mantid_names import SIMPLEAPI, algorithms, modules, names_in
from livereduce.catalog.wording import no_such_name
from livereduce.engine.mantid_api.calling.functions import function_for, function_named
from livereduce.engine.mantid_api.calling.registry import of_scripts
from livereduce.engine.mantid_api.modules.absent import absent, absent_algorithm
from livereduce.engine.mantid_api.modules.provided import provided, version_of


class MantidModule(types.ModuleType):
    """A module whose names are looked up when a script uses them."""

    def __init__(self, name: str) -> None:
        super().__init__(name, f"{name} of livereduce's builtin engine: Mantid's interface without Mantid.")
        self.__version__ = version_of()

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return [one for one in self.__dir__() if not one.startswith("_")]
        value = _looked_up(self.__name__, name)
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return sorted({*(names_in(self.__name__) or ()), *vars(self)})


def _looked_up(module: str, name: str) -> Any:
    """The object of a name.

    Raises
    ------
    AttributeError
        Mantid has no such name there.
    """
    if f"{module}.{name}" in modules():
        return import_module(f"{module}.{name}")
    own = of_scripts(name) if module == SIMPLEAPI else None
    if own is not None:
        return function_for(own.declaration)
    known = names_in(module) or frozenset()
    if name not in known:
        raise AttributeError(no_such_name(module, name, known) if not name.startswith("__") else name)
    if module == SIMPLEAPI and name in declared():
        return function_named(name)
    found = provided(name)
    if found is not None:
        return found
    return absent_algorithm(name) if module == SIMPLEAPI and name in algorithms() else absent(module, name)
