"""The workspace store that scripts see as ``mtd``: Mantid's dictionary-like interface in code of our own.

A workspace is any object here; the store neither copies it nor looks into it. What a script leaves survives its call,
so that a proc can hand things to a post_proc and to its own next call. Names are listed in the order they came in,
hidden ones (leading ``__``) included.
"""

import random
import string
from collections.abc import Iterator, MutableMapping
from typing import Any

from livereduce.base.names import missing


class WorkspaceStore(MutableMapping[str, Any]):
    """Workspaces by name, and a memory of when each name was last assigned."""

    def __init__(self) -> None:
        self._workspaces: dict[str, Any] = {}
        self._assigned: dict[str, int] = {}
        self._assignments = 0

    def mark(self) -> int:
        """A moment to compare later assignments with."""
        return self._assignments

    def assigned_since(self, name: str, mark: int) -> bool:
        """Whether the name is there and was (re)assigned after `mark`, be it with the same object."""
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
        # A script may remove names while it walks over them.
        return iter(list(self._workspaces))

    def __len__(self) -> int:
        return len(self._workspaces)

    def __repr__(self) -> str:
        return f"<Store: {', '.join(self._workspaces) or 'empty'}>"

    def doesExist(self, name: str) -> bool:  # noqa: N802 (Mantid's name)
        """Whether a workspace of that name is there."""
        return name in self

    def add(self, name: str, workspace: Any) -> None:
        """Put a workspace under a name that is still free.

        Raises
        ------
        RuntimeError
            The name is taken, as Mantid has it.
        """
        if name in self:
            raise RuntimeError(f"a workspace named {name!r} exists already; addOrReplace would replace it")
        self[name] = workspace

    def addOrReplace(self, name: str, workspace: Any) -> None:  # noqa: N802 (Mantid's name)
        """Put a workspace under a name, whatever was there before."""
        self[name] = workspace

    def retrieve(self, name: str) -> Any:
        """The workspace of that name.

        Raises
        ------
        KeyError
            There is none; the message names those that exist.
        """
        return self[name]

    def remove(self, name: str) -> None:
        """Forget a name; one that is not there is no error, as Mantid has it (``del mtd[name]`` does raise)."""
        if name in self:
            del self[name]

    def clear(self) -> None:
        """Forget all names."""
        self._workspaces.clear()
        self._assigned.clear()

    def getObjectNames(self, contain: str = "") -> list[str]:  # noqa: N802 (Mantid's name)
        """All names, or those that contain a text."""
        return [name for name in self._workspaces if contain in name]

    def size(self) -> int:
        """How many workspaces there are."""
        return len(self)

    def unique_name(self, n: int = 5, prefix: str = "", suffix: str = "") -> str:
        """A name that is still free: `n` random letters between prefix and suffix."""
        while True:
            name = f"{prefix}{''.join(random.choices(string.ascii_lowercase, k=max(n, 1)))}{suffix}"
            if name not in self:
                return name
            n += 1  # short names may all be taken

    def unique_hidden_name(self) -> str:
        """A free name with the leading underscores that mark a workspace as not meant for people."""
        return self.unique_name(n=12, prefix="__")
