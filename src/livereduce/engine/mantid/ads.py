"""Mantid's analysis data service as the script runner needs it, with a record of when each name was assigned."""

from collections.abc import Callable, Iterator
from typing import Any

from mantid.api import AnalysisDataService, AnalysisDataServiceObserver

Stored = Callable[[str, Any], None]
"""Called with name and workspace after each store."""


class Ads:
    """A `livereduce.scripting.runner.Workspaces` over the data service.

    Parameters
    ----------
    stored
        Called in the thread that stores, after each store; its exceptions do not get into Mantid.
    """

    def __init__(self, stored: Stored) -> None:
        self._assigned: dict[str, int] = {}
        self._assignments = 0
        self._stored = stored
        self._observer = _observer(self._note, self._forget)

    def mark(self) -> int:
        """A mark with which later assignments can be compared."""
        return self._assignments

    def assigned_since(self, name: str, mark: int) -> bool:
        """True if the name exists and was (re)assigned after `mark`."""
        return self._assigned.get(name, 0) > mark and name in self

    def __iter__(self) -> Iterator[str]:
        return iter(AnalysisDataService.getObjectNames())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(AnalysisDataService.doesExist(name))

    def __getitem__(self, name: str) -> Any:
        return AnalysisDataService.retrieve(name)

    def close(self) -> None:
        """Stop observing the data service."""
        for observe in ("observeAdd", "observeReplace", "observeRename"):
            getattr(self._observer, observe)(False)

    def _note(self, name: str, workspace: Any) -> None:
        self._assignments += 1
        self._assigned[name] = self._assignments
        self._stored(name, workspace)

    def _forget(self, name: str) -> None:
        self._assigned.pop(name, None)


def _observer(note: Stored, forget: Callable[[str], None]) -> Any:
    """An active observer; the caller must keep a reference to it."""

    class Observer(AnalysisDataServiceObserver):
        def addHandle(self, name: str, workspace: Any) -> None:  # noqa: N802 (Mantid's names)
            note(name, workspace)

        def replaceHandle(self, name: str, workspace: Any) -> None:  # noqa: N802
            note(name, workspace)

        def renameHandle(self, old: str, new: str) -> None:  # noqa: N802
            forget(old)
            note(new, None)

    observer = Observer()
    observer.observeAdd(True)
    observer.observeReplace(True)
    observer.observeRename(True)
    return observer
