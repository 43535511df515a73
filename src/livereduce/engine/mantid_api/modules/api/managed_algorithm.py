"""``AlgorithmManager``: an algorithm as an object, ``create("Rebin")``, set property by property and executed."""

from typing import Any

from livereduce.catalog.declaration import REQUIRED, Argument, ArgumentKind
from livereduce.catalog.declaration import Algorithm as Declaration
from livereduce.catalog.declared import declared
from livereduce.catalog.mantid_names import algorithms
from livereduce.catalog.wording import no_such_algorithm, not_implemented
from livereduce.engine.mantid_api.calling.binding import BoundCall
from livereduce.engine.mantid_api.calling.call import WORKSPACES, executed
from livereduce.engine.mantid_api.calling.outputs import CHANGED
from livereduce.engine.mantid_api.calling.registry import algorithm_named, of_scripts
from livereduce.engine.mantid_api.modules.api.algorithm import AlgorithmObject
from livereduce.engine.mantid_api.modules.kernel.properties import Direction, Property
from livereduce.engine.mantid_api.session import current_store

_OUTPUTS = (ArgumentKind.MAKES, ArgumentKind.RESULT)


class ManagedAlgorithm(AlgorithmObject):
    """An algorithm of the builtin engine."""

    def __init__(self, algorithm: Declaration) -> None:
        super().__init__()
        self._algorithm = algorithm
        self.initialize()

    def name(self) -> str:
        """The name."""
        return self._algorithm.name

    def summary(self) -> str:
        """Its purpose, in a line."""
        return self._algorithm.summary

    def initialize(self) -> None:
        """Declare the properties, once."""
        if not self._is_initialized:
            self._properties = {one.name.casefold(): _property(one) for one in self._algorithm.arguments}
        super().initialize()

    def _run(self, *, stored: bool) -> None:
        given = {one.name: _as_given(one) for one in self.getProperties() if not one.isDefault}
        objects = executed(self._algorithm, BoundCall(given=given, stored=stored), current_store())
        for name, made in objects.items():
            self.getProperty(name).value = made

    def _declaration(self) -> Declaration:
        return self._algorithm


def _as_given(one: Property) -> Any:
    return one.given if one.direction == Direction.Output and one.given else one.value


def _property(argument: Argument) -> Property:
    direction = Direction.Output if argument.kind in _OUTPUTS else Direction.Input
    kind = argument.kind
    if kind in WORKSPACES:
        kind = ArgumentKind.READS_ANY
    value = "" if argument.default is REQUIRED or argument.default is None else argument.default
    return Property(
        argument.name,
        value,
        kind=kind,
        direction=Direction.InOut if argument.kind in CHANGED else direction,
        is_optional=argument.default is not REQUIRED,
    )


class AlgorithmManagerImpl:
    """Makes algorithms."""

    def Instance(self) -> "AlgorithmManagerImpl":
        """The manager itself."""
        return self

    def create(self, name: str, version: int = -1) -> Any:  # noqa: ARG002
        """An algorithm, with its properties declared.

        Raises
        ------
        RuntimeError
            The builtin engine, or Mantid, has none of this name.
        """
        own = of_scripts(name)
        if own is not None:
            return own.make()
        algorithm = algorithm_named(name)
        if algorithm is None and name in algorithms():
            raise NotImplementedError(not_implemented(name, declared()))
        if algorithm is None:
            raise RuntimeError(no_such_algorithm(name, declared()))
        return ManagedAlgorithm(algorithm)

    createUnmanaged = create

    def newestInstanceOf(self, name: str) -> None:
        """None: an algorithm has ended before anybody can ask."""

    def runningInstancesOf(self, name: str) -> list[Any]:  # noqa: ARG002
        """None of them runs."""
        return []

    def size(self) -> int:
        """0: none is kept."""
        return 0

    def clear(self) -> None:
        """Nothing: none is kept."""

    cancelAll = clear


AlgorithmManager = AlgorithmManagerImpl()
