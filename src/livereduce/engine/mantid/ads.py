"""Mantid's analysis data service as the script runner needs it, with a memory of when each name was assigned."""

from collections.abc import Callable, Iterator
from typing import Any

from mantid.api import AnalysisDataService, AnalysisDataServiceObserver

Stored = Callable[[str, Any], None]
"""What is called with the name and the workspace whenever one has been stored."""


class Ads:
    """A `livereduce.scripting.runner.Workspaces` over the data service.

    Parameters
    ----------
    stored
        Called in the thread that stores, after the fact; nothing it raises gets into Mantid.
    """

    def __init__(self, stored: Stored) -> None:
        self._assigned: dict[str, int] = {}
        self._assignments = 0
        self._stored = stored
        self._observer = _observer(self._note, self._forget)

    def mark(self) -> int:
        """A moment to compare later assignments with."""
        return self._assignments

    def assigned_since(self, name: str, mark: int) -> bool:
        """Whether the name is there and was (re)assigned after `mark`."""
        return self._assigned.get(name, 0) > mark and name in self

    def __iter__(self) -> Iterator[str]:
        return iter(AnalysisDataService.getObjectNames())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(AnalysisDataService.doesExist(name))

    def __getitem__(self, name: str) -> Any:
        return AnalysisDataService.retrieve(name)

    def close(self) -> None:
        """Hear nothing more."""
        for observe in ("observeAdd", "observeReplace", "observeRename"):
            getattr(self._observer, observe)(False)

    def _note(self, name: str, workspace: Any) -> None:
        self._assignments += 1
        self._assigned[name] = self._assignments
        self._stored(name, workspace)

    def _forget(self, name: str) -> None:
        self._assigned.pop(name, None)


def _observer(note: Stored, forget: Callable[[str], None]) -> Any:
    """An observer that is at work; the caller must keep it."""

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
