"""Mantid's WorkspaceGroup: workspaces under one name."""

from collections.abc import Iterator, Sequence
from typing import Any

from livereduce.base.names import missing
from livereduce.catalog.wording import shown
from livereduce.engine.mantid_api.objects.named import NamedWorkspace
from livereduce.engine.mantid_api.objects.operators import Arithmetic
from livereduce.engine.mantid_api.session import current_store


class WorkspaceGroup(Arithmetic, NamedWorkspace):
    """Members in order; each is also in the store under its own name."""

    def __init__(self, name: str = "", members: Sequence[Any] = ()) -> None:
        self._name, self._title, self._comment = name, "", ""
        self._members: list[Any] = list(members)

    def id(self) -> str:
        """Mantid's name of this kind."""
        return "WorkspaceGroup"

    def isGroup(self) -> bool:
        """True."""
        return True

    def size(self) -> int:
        """Number of members."""
        return len(self._members)

    def getNumberOfEntries(self) -> int:
        """Number of members."""
        return len(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __bool__(self) -> bool:
        return True

    def getNames(self) -> list[str]:
        """Names of the members."""
        return [one.name() for one in self._members]

    def contains(self, workspace: Any) -> bool:
        """True if a workspace, or one of this name, is a member."""
        return workspace in self

    def __contains__(self, workspace: object) -> bool:
        return any(one is workspace or one.name() == workspace for one in self._members)

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._members))

    def __getitem__(self, item: int | str) -> Any:
        return self.getItem(item)

    def getItem(self, item: int | str) -> Any:
        """A member by place or name.

        Raises
        ------
        IndexError
            There are not so many.
        KeyError
            None has this name.
        """
        if isinstance(item, str):
            for one in self._members:
                if one.name() == item:
                    return one
            raise KeyError(missing("member", item, self.getNames()))
        if not -len(self._members) <= item < len(self._members):
            raise IndexError(f"group {self._name!r} has {len(self._members)} members, none at {item}")
        return self._members[item]

    def add(self, name: str) -> None:
        """Add a workspace of the store by its name."""
        self.addWorkspace(current_store()[name])

    def addWorkspace(self, workspace: Any) -> None:
        """Add a workspace; a member of the same name is replaced.

        Raises
        ------
        TypeError
            It is no workspace.
        """
        if not isinstance(workspace, NamedWorkspace):
            raise TypeError(f"addWorkspace: a workspace was expected, not {shown(workspace)}")
        self._members = [one for one in self._members if one.name() != workspace.name() or not one.name()]
        self._members.append(workspace)

    def remove(self, name: str) -> None:
        """Remove a member by its name; the workspace stays in the store."""
        self._members = [one for one in self._members if one.name() != name]

    def sortByName(self) -> None:
        """Put the members in the order of their names."""
        self._members.sort(key=lambda one: str(one.name()))

    sortMembersByName = sortByName

    def isMultiPeriod(self) -> bool:
        """False: groups of periods are not made here."""
        return False

    def isEmpty(self) -> bool:
        """True without members."""
        return not self._members

    def getMemorySize(self) -> int:
        """Memory of all members in bytes."""
        return sum(one.getMemorySize() for one in self._members)

    def __repr__(self) -> str:
        return f"<WorkspaceGroup {self._name!r}: {', '.join(self.getNames()) or 'empty'}>"
