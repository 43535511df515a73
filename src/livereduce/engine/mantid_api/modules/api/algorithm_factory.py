"""``AlgorithmFactory``: which algorithms there are, and how scripts add theirs."""

import sys
from typing import Any

from livereduce.catalog.declared import declared
from livereduce.catalog.mantid_names import SIMPLEAPI
from livereduce.engine.mantid_api.calling.functions import function_for
from livereduce.engine.mantid_api.calling.registry import (
    OfScript,
    add_of_script,
    names_of_scripts,
    of_scripts,
    remove_of_script,
)
from livereduce.engine.mantid_api.modules.api.python_algorithm import PythonAlgorithm, run_as_function


class AlgorithmFactoryImpl:
    """Knows the algorithms by name."""

    def Instance(self) -> "AlgorithmFactoryImpl":
        """The factory itself."""
        return self

    def subscribe(self, algorithm: Any) -> None:
        """Make a class of a script an algorithm: a function of ``mantid.simpleapi`` and a name for `AlgorithmManager`.

        Raises
        ------
        TypeError
            It is not derived from PythonAlgorithm.
        """
        cls = algorithm if isinstance(algorithm, type) else type(algorithm)
        if not issubclass(cls, PythonAlgorithm):
            raise TypeError(f"AlgorithmFactory.subscribe: {cls.__name__} must be derived from PythonAlgorithm")
        instance = _made(cls)
        add_of_script(
            OfScript(
                declaration=instance._declaration(),
                make=lambda: _made(cls),
                run=lambda asked: run_as_function(cls, asked),
            )
        )
        _publish(instance.name(), function_for(instance._declaration()))

    def unsubscribe(self, name: str, version: int = 1) -> None:  # noqa: ARG002
        """Forget an algorithm of a script."""
        remove_of_script(name)

    def exists(self, name: str, version: int = -1) -> bool:  # noqa: ARG002
        """True if there is an algorithm of this name."""
        return name in declared() or of_scripts(name) is not None

    def getRegisteredAlgorithms(self, includeHidden: bool = False) -> dict[str, list[int]]:  # noqa: ARG002
        """All algorithms with their versions."""
        return {name: [1] for name in sorted({*declared(), *names_of_scripts()})}

    def highestVersion(self, name: str) -> int:
        """The newest version of an algorithm.

        Raises
        ------
        RuntimeError
            There is none.
        """
        if not self.exists(name):
            raise RuntimeError(f"AlgorithmFactory: no algorithm named {name!r}")
        return 1

    def enableNotifications(self) -> None:
        """Nothing: nobody is told."""

    disableNotifications = enableNotifications


AlgorithmFactory = AlgorithmFactoryImpl()


def _made(cls: type[PythonAlgorithm]) -> PythonAlgorithm:
    made = cls()
    made.initialize()
    return made


def _publish(name: str, function: Any) -> None:
    """Let scripts import the function, also if they have imported the module already."""
    module = sys.modules.get(SIMPLEAPI)
    if module is not None:
        setattr(module, name, function)
