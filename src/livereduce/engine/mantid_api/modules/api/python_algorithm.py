"""``PythonAlgorithm``: algorithms that scripts and libraries of a site define, register, and call by name.

A class becomes a declaration, so that a call of it is bound and checked as one of ours; its own ``PyExec`` then runs on
the objects that scripts hold.
"""

from typing import Any

from livereduce.catalog.declaration import REQUIRED, Argument, ArgumentKind
from livereduce.catalog.declaration import Algorithm as Declaration
from livereduce.catalog.wording import missing_argument
from livereduce.engine.mantid_api.calling.binding import BoundCall
from livereduce.engine.mantid_api.modules.api.algorithm import AlgorithmObject
from livereduce.engine.mantid_api.modules.api.managed_algorithm import AlgorithmManager
from livereduce.engine.mantid_api.modules.kernel.properties import Direction, Property
from livereduce.engine.mantid_api.session import current_store
from livereduce.engine.workspaces.mtd import WorkspaceStore


class PythonAlgorithm(AlgorithmObject):
    """Base class of the algorithms of scripts: ``PyInit`` declares properties, ``PyExec`` does the work."""

    def PyInit(self) -> None:
        """Declare the properties."""

    def PyExec(self) -> None:
        """Do the work."""

    def validateInputs(self) -> dict[str, str]:
        """Sentences on what is wrong, by the names of properties."""
        return {}

    def initialize(self) -> None:
        """Declare the properties, once."""
        if not self._is_initialized:
            super().initialize()
            self.PyInit()

    def declareProperty(self, *what: Any, **named: Any) -> None:
        """Declare a property: an object and its documentation, or name and default with what Mantid allows behind."""
        first, *more = what or (named.pop("prop", None) or named.pop("name"),)
        one = first if isinstance(first, Property) else _plain(str(first), *more, **named)
        texts = [part for part in more[0 if isinstance(first, Property) else 1 :] if isinstance(part, str)]
        one.documentation = named.get("doc", texts[0] if texts else "")
        self._properties[one.name.casefold()] = one

    def copyProperties(self, algorithm: str, names: Any, version: int = -1) -> None:
        """Declare the properties of another algorithm under the same names."""
        other = AlgorithmManager.create(algorithm, version)
        for name in [names] if isinstance(names, str) else names:
            self._properties[name.casefold()] = other.getProperty(name)

    def setPropertySettings(self, name: str, *_: Any) -> None:
        """Nothing: it says when a property is shown in a window."""

    setPropertyGroup = declarePropertyGroup = setWikiSummary = setOptionalMessage = setPropertySettings

    def createChildAlgorithm(self, name: str, *_: Any, **__: Any) -> Any:
        """An algorithm that keeps what it makes to itself."""
        made = AlgorithmManager.create(name)
        made.initialize()
        made.setChild(True)
        return made

    def _run(self, *, stored: bool) -> None:
        self.initialize()
        self._check()
        problems = self.validateInputs()
        if problems:
            raise RuntimeError("; ".join(f"{self.name()}: {name}: {text}" for name, text in problems.items()))
        self.PyExec()
        if stored:
            self._store_outputs(current_store())

    def _check(self) -> None:
        """Refuse what is missing."""
        declaration = self._declaration()
        for one in self.getProperties():
            argument = declaration.argument(one.name)
            if (
                argument is not None
                and argument.default is REQUIRED
                and one.direction != Direction.Output
                and one.isValid
            ):
                raise ValueError(missing_argument(declaration, argument))

    def _store_outputs(self, store: WorkspaceStore) -> None:
        for one in self.getProperties():
            if one.is_workspace and one.direction != Direction.Input and one.given and hasattr(one.value, "renamed"):
                one.value.renamed(one.given)
                store[one.given] = one.value

    def _declaration(self) -> Declaration:
        return Declaration(
            name=self.name(),
            summary=self.summary() or f"{self.name()} of a script or a library of the site",
            source=f"its class in {type(self).__module__}",
            family="",
            arguments=tuple(_argument(one) for one in self.getProperties()),
        )


DataProcessorAlgorithm = PythonAlgorithm


def _plain(name: str, default: Any = "", *more: Any, **named: Any) -> Property:
    """A property that is declared by its default: validator, documentation and direction follow in any order."""
    default = named.get("defaultValue", default)
    validator, direction = named.get("validator"), named.get("direction", Direction.Input)
    for one in more:
        if hasattr(one, "isValid"):
            validator = one
        elif isinstance(one, int) and not isinstance(one, bool):
            direction = one
    return Property(name, default, kind=_kind_of(default), direction=direction, validator=validator)


def _kind_of(default: Any) -> ArgumentKind:
    kinds = {bool: ArgumentKind.FLAG, int: ArgumentKind.INTEGER, float: ArgumentKind.NUMBER, str: ArgumentKind.TEXT}
    if isinstance(default, list | tuple) and default:
        return {float: ArgumentKind.NUMBERS, int: ArgumentKind.INTEGERS}.get(type(default[0]), ArgumentKind.TEXTS)
    return kinds.get(type(default), ArgumentKind.ANYTHING)


def _argument(one: Property) -> Argument:
    if one.direction == Direction.Output and not one.is_workspace:
        return Argument(name=one.name, kind=ArgumentKind.RESULT, default=None)
    must = not one.is_optional if one.is_workspace or one.kind is ArgumentKind.FILE else bool(_problem(one))
    default = one.given if one.is_workspace else one.default
    if must and not (one.is_workspace and one.given and one.isDefault):
        default = REQUIRED
    choices = tuple(one.allowedValues) if one.kind is ArgumentKind.TEXT else ()
    return Argument(name=one.name, kind=one.kind, default=default, choices=choices)


def _problem(one: Property) -> str:
    return str(one.validator.isValid(one.default)) if one.validator is not None else ""


def run_as_function(cls: type[PythonAlgorithm], asked: BoundCall) -> dict[str, Any]:
    """Run an algorithm of a script as a function; its outputs by the names of its properties."""
    algorithm = cls()
    algorithm.initialize()
    for name, value in asked.given.items():
        algorithm.setProperty(name, value)
    algorithm.setAlwaysStoreInADS(asked.stored)
    algorithm.execute()
    outputs = [one for one in algorithm.getProperties() if one.direction == Direction.Output]
    return {one.name: one.value for one in outputs if not (one.is_workspace and one.value is None)}
