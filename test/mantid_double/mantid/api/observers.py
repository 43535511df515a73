"""Observers of the data service and of algorithms.

Names of methods and handlers are those of Mantid's own exports (AnalysisDataServiceObserver.cpp 0dcd6391,
AlgorithmObserverAdapter.cpp 0c47b738); the newest state of the latter was not read, hence the switch ``odd_handlers``.
"""

from typing import Any

from mantid._double.switches import is_on

KINDS = ("add", "replace", "delete", "clear", "rename", "group", "unGroup", "groupUpdate")
_watchers: dict[int, tuple["AnalysisDataServiceObserver", set[str]]] = {}


class AnalysisDataServiceObserver:
    """Derive from it, define handlers (``addHandle(name, workspace)`` …), turn on what is to be observed.

    Handlers: ``addHandle``, ``replaceHandle`` and ``deleteHandle(name, workspace)``, ``renameHandle(old, new)``,
    ``clearHandle()``, ``anyChangeHandle()``.
    """

    def observeAll(self, on: bool) -> None:
        _observe(self, ("any", *KINDS), on)

    def observeAdd(self, on: bool) -> None:
        _observe(self, ("add",), on)

    def observeReplace(self, on: bool) -> None:
        _observe(self, ("replace",), on)

    def observeDelete(self, on: bool) -> None:
        _observe(self, ("delete",), on)

    def observeClear(self, on: bool) -> None:
        _observe(self, ("clear",), on)

    def observeRename(self, on: bool) -> None:
        _observe(self, ("rename",), on)


def _observe(observer: AnalysisDataServiceObserver, kinds: tuple[str, ...], on: bool) -> None:
    asked = _watchers.setdefault(id(observer), (observer, set()))[1]
    if on:
        asked.update(kinds)
    else:
        asked.difference_update(kinds)
    if not asked:
        del _watchers[id(observer)]


def watchers() -> list[tuple[AnalysisDataServiceObserver, set[str]]]:
    """All observers and the kinds of changes that they want."""
    return list(_watchers.values())


class AlgorithmObserver:
    """Derive from it and define handlers.

    They are ``startingHandle(alg)``, ``finishHandle()``, ``errorHandle(what)``, ``progressHandle(p, msg)``.
    """

    def observeStarting(self) -> None:
        _starting.append(self)

    def observeFinish(self, alg: Any) -> None:
        _of_algorithms.append((self, "finish", alg))

    def observeError(self, alg: Any) -> None:
        _of_algorithms.append((self, "error", alg))

    def observeProgress(self, alg: Any) -> None:
        _of_algorithms.append((self, "progress", alg))

    def stopObserving(self, alg: Any) -> None:
        _of_algorithms[:] = [entry for entry in _of_algorithms if entry[0] is not self or entry[2] is not alg]


_starting: list[AlgorithmObserver] = []
_of_algorithms: list[tuple[AlgorithmObserver, str, Any]] = []


def tell_starting(algorithm: Any) -> None:
    """A managed algorithm begins."""
    for observer in _starting:
        _handle(observer, "startingHandle", algorithm)


def tell(kind: str, algorithm: Any, *facts: Any) -> None:
    """An algorithm finishes, fails or makes progress."""
    for observer, wanted, observed in _of_algorithms:
        if wanted == kind and observed is algorithm:
            _handle(observer, f"{kind}Handle", *facts)


def _handle(observer: AlgorithmObserver, handler: str, *facts: Any) -> None:
    function = getattr(observer, handler, None)
    if function is not None and not is_on("odd_handlers"):
        function(*facts)


def forget_all() -> None:
    """Nobody observes anything."""
    _watchers.clear()
    _starting.clear()
    _of_algorithms.clear()
