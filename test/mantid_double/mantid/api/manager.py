"""AlgorithmManager: managed algorithms, which of them run, cancelling and the shutdown that waits."""

import atexit
import ctypes
import sys
import threading
import time

from mantid._double.record import record
from mantid._double.stream import time_scale
from mantid._double.switches import is_on
from mantid.api.algorithm import Algorithm
from mantid.api.factory import make_algorithm

POLL_S = 0.1
_LIMIT_S = 5.0


class AlgorithmManagerImpl:
    """The one manager of the process. A finished algorithm stays listed until `clear` or the next `create`."""

    def __init__(self) -> None:
        self._managed: list[Algorithm] = []
        self._lock = threading.Lock()

    def Instance(self) -> "AlgorithmManagerImpl":
        return self

    def create(self, name: str, version: int = -1) -> Algorithm:
        """A managed, initialised algorithm; RuntimeError where none has that name."""
        algorithm = make_algorithm(name, version)
        algorithm.initialize()
        with self._lock:
            self._managed = [known for known in self._managed if known.isRunning() or not known.isExecuted()]
            self._managed.append(algorithm)
        return algorithm

    def createUnmanaged(self, name: str, version: int = -1) -> Algorithm:
        """An algorithm that is not managed and not initialised."""
        return make_algorithm(name, version)

    def size(self) -> int:
        return len(self._managed)

    def getAlgorithm(self, id_holder: int) -> Algorithm | None:
        return next((known for known in self._managed if known.getAlgorithmID() == id_holder), None)

    def removeById(self, id_holder: int) -> None:
        with self._lock:
            self._managed = [known for known in self._managed if known.getAlgorithmID() != id_holder]

    def runningInstancesOf(self, algorithm_name: str) -> list[Algorithm]:
        """The managed algorithms of that name that are running, oldest first."""
        return [known for known in list(self._managed) if known.isRunning() and known.name() == algorithm_name]

    def cancelAll(self) -> None:
        """Set the flag of everything that is running and managed; returns at once."""
        record("cancelAll")
        for algorithm in list(self._managed):
            if algorithm.isRunning():
                algorithm.cancel()

    def clear(self) -> None:
        """Forget what is not running."""
        with self._lock:
            self._managed = [known for known in self._managed if known.isRunning()]

    def shutdown(self) -> None:
        """Cancel all, then wait without any time limit until nothing managed is running."""
        record("shutdown", begins=True)
        self.cancelAll()
        end = None if is_on("endless_shutdown") else time.monotonic() + _LIMIT_S * time_scale()
        while any(known.isRunning() for known in list(self._managed)):
            if end is not None and time.monotonic() > end:
                break
            _wait(POLL_S)
        self.clear()
        record("shutdown", begins=False)


def _wait(seconds: float) -> None:
    """Sleep; keeping the interpreter to this thread where earlier copies did (issue 33895 of Mantid)."""
    if is_on("shutdown_holds_gil"):
        sys.setswitchinterval(1e6)  # nobody else gets the interpreter between two waits either
        ctypes.PyDLL(None).usleep(int(seconds * 1e6))
    else:
        time.sleep(seconds)


AlgorithmManager = AlgorithmManagerImpl()


@atexit.register
def _at_exit() -> None:
    """What importing Mantid registers: the interpreter's exit waits for a script that hangs."""
    if is_on("atexit_shutdown"):
        AlgorithmManager.shutdown()
