"""What all of Mantid's workspaces have: a name, a title, a comment, an empty history."""

from collections.abc import Iterator
from typing import Any

from livereduce.engine.mantid_api.session import current_store
from livereduce.engine.workspaces.mtd import is_stored


class EmptyHistory:
    """Mantid's WorkspaceHistory: the builtin engine keeps none."""

    def getAlgorithmHistories(self) -> list[Any]:
        """No algorithms."""
        return []

    def size(self) -> int:
        """0."""
        return 0

    def empty(self) -> bool:
        """True."""
        return True

    def lastAlgorithm(self) -> Any:
        """Nothing can be given.

        Raises
        ------
        RuntimeError
            Always.
        """
        raise RuntimeError("the builtin engine keeps no history of algorithms")

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[Any]:
        return iter(())


class NamedWorkspace:
    """A name under which the store may have it, title and comment."""

    _name: str
    _title: str
    _comment: str

    def name(self) -> str:
        """The name."""
        return self._name

    def getName(self) -> str:
        """The name."""
        return self._name

    def __str__(self) -> str:
        return self._name

    def renamed(self, name: str) -> None:
        """Take another name; the store is another matter."""
        self._name = name

    def getTitle(self) -> str:
        """The title."""
        return self._title

    def setTitle(self, title: str) -> None:
        """Set the title."""
        self._title = str(title)

    def getComment(self) -> str:
        """The comment."""
        return self._comment

    def setComment(self, comment: str) -> None:
        """Set the comment."""
        self._comment = str(comment)

    def getHistory(self) -> EmptyHistory:
        """The history, which is empty."""
        return EmptyHistory()

    def isDirty(self, n: int = 0) -> bool:  # noqa: ARG002
        """False: there is no history that could have grown."""
        return False

    def threadSafe(self) -> bool:
        """True, as Mantid says."""
        return True

    def isGroup(self) -> bool:
        """True for a group."""
        return False

    def delete(self) -> None:
        """Remove it from the store."""
        store = current_store()
        if is_stored(self, store):
            store.remove(self._name)
