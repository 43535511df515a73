"""The workspace store that scripts see as ``mtd``: our own version of Mantid's dictionary-like interface.

A workspace may be any object; the store neither copies it nor looks into it, but gives a name to one without.
Workspaces survive the call that made them, so that a proc can pass things to a post_proc and to its own next call.
Names are listed in order of creation, including hidden ones (leading ``__``).
"""

import random
import string
import sys
from collections.abc import Iterable, Iterator, MutableMapping
from typing import Any

from livereduce.base.names import missing


class WorkspaceStore(MutableMapping[str, Any]):
    """Workspaces by name, and a memory of when each name was last assigned."""

    def __init__(self) -> None:
        self._workspaces: dict[str, Any] = {}
        self._assigned: dict[str, int] = {}
        self._assignments = 0
        self._imported: list[tuple[dict[str, Any], str]] = []

    def Instance(self) -> "WorkspaceStore":  # noqa: N802 (Mantid's name)
        """The store itself."""
        return self

    def mark(self) -> int:
        """A mark with which later assignments can be compared."""
        return self._assignments

    def assigned_since(self, name: str, mark: int) -> bool:
        """True if the name exists and was (re)assigned after `mark`, even with the same object."""
        return self._assigned.get(name, 0) > mark

    def __getitem__(self, name: str) -> Any:
        try:
            return self._workspaces[name]
        except KeyError:
            raise KeyError(missing("workspace", name, self._workspaces)) from None

    def __setitem__(self, name: str, workspace: Any) -> None:
        if not isinstance(name, str):
            raise TypeError(f"the name of a workspace must be a string, not {type(name).__name__}")
        if not name:
            raise ValueError("the name of a workspace must not be empty")
        if workspace is None:
            raise ValueError(f"a workspace was expected under the name {name!r}, not None")
        if callable(getattr(workspace, "renamed", None)) and not workspace.name():
            workspace.renamed(name)  # so that `mtd[str(workspace)]` finds it
        self._workspaces[name] = workspace
        self._assignments += 1
        self._assigned[name] = self._assignments

    def __delitem__(self, name: str) -> None:
        if name not in self._workspaces:
            raise KeyError(missing("workspace", name, self._workspaces))
        del self._workspaces[name]
        del self._assigned[name]

    def __contains__(self, name: object) -> bool:
        return name in self._workspaces

    def __iter__(self) -> Iterator[str]:
        # A script may remove names while it iterates over them.
        return iter(list(self._workspaces))

    def __len__(self) -> int:
        return len(self._workspaces)

    def __eq__(self, other: object) -> bool:
        return self is other  # that of a mapping would compare the workspaces, which may be anything

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<Store: {', '.join(self._workspaces) or 'empty'}>"

    def doesExist(self, name: str) -> bool:  # noqa: N802 (Mantid's name)
        """True if a workspace of that name exists."""
        return name in self

    workspaceExists = doesExist  # noqa: N815 (an older name of Mantid's)

    def retrieveWorkspaces(self, names: Iterable[str], unrollGroups: bool = False) -> list[Any]:  # noqa: N802, N803
        """The workspaces of these names; with `unrollGroups` the members in place of a group."""
        found: list[Any] = []
        for name in names:
            workspace = self[name]
            members = getattr(workspace, "getNames", None) if unrollGroups else None
            found += [workspace] if members is None else list(workspace)
        return found

    def importAll(self) -> None:  # noqa: N802 (Mantid's name)
        """Make each workspace a global variable of the caller, until the script's call ends."""
        names = sys._getframe(1).f_globals
        for name, workspace in self._workspaces.items():
            if name.isidentifier() and name not in names:
                names[name] = workspace
                self._imported.append((names, name))

    def forget_imported(self) -> None:
        """Take away the variables of `importAll`, so that they keep no data alive."""
        while self._imported:
            names, name = self._imported.pop()
            names.pop(name, None)

    def add(self, name: str, workspace: Any) -> None:
        """Add a workspace under a name that is still free.

        Raises
        ------
        RuntimeError
            The name is taken (as in Mantid).
        """
        if name in self:
            raise RuntimeError(f"a workspace named {name!r} exists already; addOrReplace would replace it")
        self[name] = workspace

    def addOrReplace(self, name: str, workspace: Any) -> None:  # noqa: N802 (Mantid's name)
        """Store a workspace under a name, replacing any other."""
        self[name] = workspace

    def retrieve(self, name: str) -> Any:
        """The workspace of that name.

        Raises
        ------
        KeyError
            It does not exist; the message lists the existing names.
        """
        return self[name]

    def remove(self, name: str) -> None:
        """Remove a name; a name that does not exist is not an error, as in Mantid (``del mtd[name]`` does raise)."""
        if name in self:
            del self[name]

    def clear(self) -> None:
        """Remove all names."""
        self._workspaces.clear()
        self._assigned.clear()

    def getObjectNames(self, contain: str = "") -> list[str]:  # noqa: N802 (Mantid's name)
        """All names, or those that contain a text."""
        return [name for name in self._workspaces if contain in name]

    def size(self) -> int:
        """Number of workspaces."""
        return len(self)

    def unique_name(self, n: int = 5, prefix: str = "", suffix: str = "") -> str:
        """A name that is still free: `n` random letters between prefix and suffix."""
        while True:
            name = f"{prefix}{''.join(random.choices(string.ascii_lowercase, k=max(n, 1)))}{suffix}"
            if name not in self:
                return name
            n += 1  # all names of this length may be taken

    def unique_hidden_name(self) -> str:
        """A free name with the leading underscores that hide a workspace from people."""
        return self.unique_name(n=12, prefix="__")


def is_stored(workspace: Any, store: WorkspaceStore) -> bool:
    """True if a workspace is what its name means in the store."""
    return store.get(workspace.name()) is workspace
