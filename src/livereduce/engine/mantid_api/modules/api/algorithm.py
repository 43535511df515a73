"""``Algorithm``: what algorithms of scripts and those that an ``AlgorithmManager`` makes have in common."""

from typing import Any

from livereduce.base.names import did_you_mean
from livereduce.catalog.declaration import Algorithm as Declaration
from livereduce.catalog.declaration import ArgumentKind
from livereduce.engine.mantid_api.calling.call import workspace_of
from livereduce.engine.mantid_api.calling.values import converted
from livereduce.engine.mantid_api.modules.kernel.logger import Logger
from livereduce.engine.mantid_api.modules.kernel.properties import Direction, Property, as_held, name_of
from livereduce.engine.mantid_api.session import current_store


class AlgorithmObject:
    """An algorithm with properties that are set one by one, and then executed."""

    def __init__(self) -> None:
        self._properties: dict[str, Property] = {}
        self._is_child = self._is_executed = self._is_initialized = False
        self._is_stored = True

    def name(self) -> str:
        """The name; of a script's own algorithm that of its class."""
        return type(self).__name__

    def version(self) -> int:
        """The version."""
        return 1

    def category(self) -> str:
        """The category."""
        return "PythonAlgorithms"

    def summary(self) -> str:
        """Its purpose, in a line."""
        return ""

    def alias(self) -> str:
        """Another name."""
        return ""

    def seeAlso(self) -> list[str]:
        """Names of algorithms like it."""
        return []

    def log(self) -> Logger:
        """The logger of its name."""
        return Logger(self.name())

    getLogger = log

    # ---- properties

    def existsProperty(self, name: str) -> bool:
        """True if it has a property of this name."""
        return name.casefold() in self._properties

    def getProperty(self, name: str) -> Property:
        """The property of a name, whose case does not matter.

        Raises
        ------
        RuntimeError
            There is none.
        """
        found = self._properties.get(name.casefold())
        if found is None:
            known = [one.name for one in self._properties.values()]
            raise RuntimeError(f"{self.name()} has no property {name!r}{did_you_mean(name, known)}")
        return found

    def getPropertyValue(self, name: str) -> str:
        """The value of a property as a text; of a workspace its name."""
        return self.getProperty(name).valueAsStr

    def setProperty(self, name: str, value: Any) -> None:
        """Set a property; a workspace as an object or by its name.

        Raises
        ------
        RuntimeError
            There is no such property.
        TypeError, ValueError
            The value cannot be used.
        """
        one = self.getProperty(name)
        if value is None:
            return
        one.isDefault = False
        declared = self._declaration().argument(one.name)
        if one.is_workspace:
            one.given = value if isinstance(value, str) else one.given or name_of(value)
            if one.direction != Direction.Output and declared is not None and value != "":
                one.value = workspace_of(self._declaration(), declared, value, current_store(), groups=True)
            else:
                one.value = None if isinstance(value, str) else value
            return
        if declared is not None and declared.kind is not ArgumentKind.RESULT:
            value = converted(self._declaration(), declared, value)
        problem = one.validator.isValid(value) if one.validator is not None else ""
        if problem:
            raise ValueError(f"{self.name()}: {one.name}: {problem}")
        one.value = as_held(value, one.kind)

    def setPropertyValue(self, name: str, value: str) -> None:
        """Set a property by a text."""
        self.setProperty(name, value)

    def setProperties(self, values: dict[str, Any]) -> None:
        """Set several properties."""
        for name, value in values.items():
            self.setProperty(name, value)

    def getProperties(self) -> list[Property]:
        """All properties."""
        return list(self._properties.values())

    def outputProperties(self) -> list[str]:
        """Names of what it makes."""
        return [one.name for one in self.getProperties() if one.direction == Direction.Output]

    def mandatoryProperties(self) -> list[str]:
        """Names of what it reads, those first that must be given."""
        return [one.name for one in self._declaration().places]

    orderedProperties = mandatoryProperties

    def propertyCount(self) -> int:
        """Number of properties."""
        return len(self._properties)

    # ---- running

    def initialize(self) -> None:
        """Declare the properties."""
        self._is_initialized = True

    def isInitialized(self) -> bool:
        """True once the properties are declared."""
        return self._is_initialized

    def setChild(self, child: bool) -> None:
        """A child keeps what it makes to itself: it does not go to the store."""
        self._is_child = child

    def isChild(self) -> bool:
        """True for a child."""
        return self._is_child

    def setAlwaysStoreInADS(self, stored: bool) -> None:
        """Say whether what is made goes to the store."""
        self._is_stored = stored

    def execute(self) -> bool:
        """Run it; True, since a failure raises."""
        self._run(stored=self._is_stored and not self._is_child)
        self._is_executed = True
        return True

    def executeAsync(self) -> bool:
        """Run it at once: a script has to wait for it anyway."""
        return self.execute()

    def isExecuted(self) -> bool:
        """True if it has run without an error."""
        return self._is_executed

    def isRunning(self) -> bool:
        """False: whoever asks is not within its run."""
        return False

    def setRethrows(self, rethrows: bool) -> None:
        """Nothing: errors always reach the script."""

    def setLogging(self, on: bool) -> None:
        """Nothing: algorithms do not log here."""

    setAlgStartupLogging = enableHistoryRecordingForChild = setLogging

    def isLogging(self) -> bool:
        """False: algorithms do not log here."""
        return False

    getAlgStartupLogging = isLogging

    def cancel(self) -> None:
        """Nothing: it runs at once."""

    def interruption_point(self) -> None:
        """Nothing: it cannot be interrupted."""

    def _run(self, *, stored: bool) -> None:
        raise NotImplementedError

    def _declaration(self) -> Declaration:
        raise NotImplementedError


Algorithm = IAlgorithm = AlgorithmObject
