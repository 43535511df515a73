"""The algorithm: properties, foreground and asynchronous execution, cooperative cancelling."""

import itertools
import threading
from typing import Any

from mantid._double.record import record
from mantid._double.switches import is_on
from mantid.api import observers
from mantid.api.ads import AnalysisDataService
from mantid.api.properties import IN, OUT, Property
from mantid.kernel import Logger

_ids = itertools.count(1)


class CancelException(Exception):
    """Raised at a cancellation check after `cancel`."""

    def __init__(self) -> None:
        super().__init__("Algorithm terminated")


class Algorithm:
    """Base of all algorithms of the double; `declare` and `exec` make one."""

    CATEGORY = ""

    def __init__(self) -> None:
        self._properties: dict[str, Property] = {}
        self._logger = Logger(type(self).__name__)
        self._id = next(_ids)
        self._initialized = self._running = self._executed = self._child = False
        self._rethrows, self._store, self._logging = False, True, True
        self._children: list[Algorithm] = []
        self._parent: Algorithm | None = None
        self._cancelled = threading.Event()
        self._thread: threading.Thread | None = None

    def name(self) -> str:
        return type(self).__name__

    def version(self) -> int:
        return 1

    def category(self) -> str:
        return self.CATEGORY

    def initialize(self) -> None:
        """Declare the properties; `createUnmanaged` leaves this to the caller."""
        if not self._initialized:
            for declared in self.declare():
                self._properties[declared.name] = declared
            self._initialized = True

    def declare(self) -> list[Property]:
        """The properties, in order."""
        raise NotImplementedError

    def exec(self) -> None:
        """Do the work."""
        raise NotImplementedError

    def validateInputs(self) -> dict[str, str]:
        """Errors by property, from looking at several of them."""
        return {}

    def __contains__(self, name: str) -> bool:
        return name in self._properties

    def existsProperty(self, name: str) -> bool:
        return name in self._properties

    def getProperty(self, name: str) -> Property:
        """A property; RuntimeError where there is none of that name."""
        if name not in self._properties:
            raise RuntimeError(f"Unknown property search object {name} ({self.name()})")
        return self._properties[name]

    def getPropertyValue(self, name: str) -> str:
        return self.getProperty(name).valueAsStr

    def setProperty(self, name: str, value: Any) -> None:
        self.getProperty(name).set(value)
        self.changed(name)

    def setPropertyValue(self, name: str, value: str) -> None:
        self.setProperty(name, value)

    def changed(self, name: str) -> None:
        """A property has been set."""

    def mandatoryProperties(self) -> list[str]:
        """Names of the inputs, the mandatory ones first."""
        inputs = [declared for declared in self._properties.values() if declared.direction != OUT]
        return [declared.name for declared in sorted(inputs, key=lambda declared: not declared.mandatory)]

    def setChild(self, is_child: bool) -> None:
        self._child = is_child
        self._store = not is_child

    def isChild(self) -> bool:
        return self._child

    def setRethrows(self, rethrow: bool) -> None:
        self._rethrows = rethrow

    def setLogging(self, value: bool) -> None:
        self._logging = value

    def setAlwaysStoreInADS(self, store: bool) -> None:
        self._store = store

    def isInitialized(self) -> bool:
        return self._initialized

    def isRunning(self) -> bool:
        return self._running

    def isExecuted(self) -> bool:
        return self._executed

    def getAlgorithmID(self) -> int:
        return self._id

    def cancel(self) -> None:
        """Ask to stop, the children too; it cannot interrupt Python code of a script."""
        record("cancel", algorithm=self.name())
        if not is_on("deaf_cancel"):
            self._cancelled.set()
            for child in list(self._children):
                child.cancel()

    def interruption_point(self) -> None:
        """Where cancelling is noticed, also that of the algorithm that this is a child of."""
        if self._cancelled.is_set():
            raise CancelException
        if self._parent is not None:
            self._parent.interruption_point()

    def create_child(self, child: "Algorithm") -> "Algorithm":
        """Make an algorithm a child of this one: unmanaged, initialised, raising its errors."""
        child.initialize()
        child.setChild(True)
        child.setRethrows(True)
        child._parent = self
        self._children.append(child)
        return child

    def execute(self) -> bool:
        """Run in this thread; an error is raised for a child or where `setRethrows` asks for it, else only logged."""
        try:
            self._run()
        except BaseException as error:
            self._failed(error)
            if self._child or self._rethrows:
                raise
        return self._executed

    def executeAsync(self) -> None:
        """Run in a thread of its own; its errors go to a result that nobody looks at."""
        if not self._initialized:
            raise RuntimeError(f"{self.name()} is not initialised")
        self._running = True  # before the thread begins, as its launcher sees it
        self._thread = threading.Thread(target=self._run_async, name=self.name(), daemon=True)
        self._thread.start()

    def _run_async(self) -> None:
        try:
            self._run()
        except BaseException as error:  # noqa: BLE001 (Mantid drops it in the asynchronous result)
            self._failed(error)

    def _run(self) -> None:
        if not self._initialized:
            raise RuntimeError(f"{self.name()} is not initialised")
        self._executed, self._running = False, True
        try:
            self._validate()
            if not self._child:
                observers.tell_starting(self)
            self.exec()
            if self._store:
                self._store_outputs()
        finally:
            self._children.clear()
            self.released()
            self._running = False
        self._executed = True
        observers.tell("finish", self)

    def released(self) -> None:
        """`exec` has ended in whatever way: let go of what was only borrowed."""

    def _failed(self, error: BaseException) -> None:
        self._executed = self._running = False
        if isinstance(error, CancelException):
            text = "Execution cancelled by user"
            self._logger.error(f"{self.name()}: {text}")
        else:
            text = str(error)
            self._logger.error(f"Error in execution of algorithm {self.name()}:\n{text}")
        record("failed", algorithm=self.name(), error=text)
        observers.tell("error", self, text)

    def _validate(self) -> None:
        problems = {
            declared.name: "A value must be entered for this parameter"
            for declared in self._properties.values()
            if declared.mandatory and not declared.given
        }
        problems |= self.validateInputs()
        if problems:
            for name, reason in problems.items():
                self._logger.error(f"Invalid value for {name}: {reason}")
            listed = "\n".join(f" {name}: {reason}" for name, reason in problems.items())
            raise RuntimeError(f"Some invalid Properties found: \n{listed}")

    def _store_outputs(self) -> None:
        """Put the outputs into the data service, and hold no workspace any longer."""
        for declared in self._properties.values():
            if declared.kind == "workspace" and declared.held is not None:
                if declared.direction != IN:
                    AnalysisDataService.addOrReplace(declared.workspace_name, declared.held)
                declared.held = None
