"""The analysis data service ``mtd``: workspaces by name, with notifications."""

import itertools
import threading
from typing import Any

from mantid._double.record import record
from mantid.api.handles import strong, weak
from mantid.api.observers import AnalysisDataServiceObserver, watchers
from mantid.api.workspaces import Workspace, WorkspaceGroup
from mantid.kernel import ConfigService


class AnalysisDataServiceImpl:
    """The one data service of the process. Observers are called in the thread of the change."""

    def __init__(self) -> None:
        self._workspaces: dict[str, Workspace] = {}
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)

    def Instance(self) -> "AnalysisDataServiceImpl":
        return self

    def add(self, name: str, workspace: Workspace) -> None:
        """Put a workspace under a free name; RuntimeError if it is taken."""
        if self.doesExist(name):
            raise RuntimeError(f"add : Unable to insert Data Object : '{name}': it exists already")
        self.addOrReplace(name, workspace)

    def addOrReplace(self, name: str, workspace: Workspace) -> None:
        """Put a workspace under a name; the members of a group that have no name get ``<name>_<i>``."""
        workspace = strong(workspace)
        if not isinstance(workspace, Workspace):
            raise TypeError(f"a workspace is expected under {name!r}, not {type(workspace).__name__}")
        if not name:
            raise RuntimeError("Add Data Object with empty name")
        with self._lock:
            known = name in self._workspaces
            workspace._name = name
            self._workspaces[name] = workspace
            if isinstance(workspace, WorkspaceGroup):
                self._name_members(name, workspace)
        record("ads", change="replace" if known else "add", name=name)
        _tell("replace" if known else "add", name, workspace)

    def _name_members(self, name: str, group: WorkspaceGroup) -> None:
        for number, member in enumerate(group._members, start=1):
            if self._workspaces.get(member.name()) is not member:
                self.addOrReplace(f"{name}_{number}", member)

    def doesExist(self, name: str) -> bool:
        return name in self._workspaces

    def __contains__(self, name: str) -> bool:
        return name in self._workspaces

    def retrieve(self, name: str) -> Any:
        """A weak handle of the workspace of a name; KeyError if there is none."""
        return weak(self._held(name))

    def _held(self, name: str) -> Any:
        """The workspace itself: what Mantid's own code holds."""
        with self._lock:
            if name not in self._workspaces:
                raise KeyError(f"'{name}' does not exist.")
            return self._workspaces[name]

    def _find(self, name: str) -> Any:
        """The same, or None."""
        return self._workspaces.get(name)

    def __getitem__(self, name: str) -> Any:
        return self.retrieve(name)

    def __setitem__(self, name: str, workspace: Workspace) -> None:
        self.addOrReplace(name, workspace)

    def __delitem__(self, name: str) -> None:
        self.remove(name)

    def remove(self, name: str) -> None:
        """Forget a name; one that is not there is no error."""
        with self._lock:
            gone = self._workspaces.pop(name, None)
        if gone is not None:
            record("ads", change="delete", name=name)
            _tell("delete", name, gone)

    def rename(self, old: str, new: str) -> None:
        """What RenameWorkspace does; whatever had the new name is replaced."""
        with self._lock:
            workspace = self._held(old)
            del self._workspaces[old]
            workspace._name = new
            self._workspaces[new] = workspace
        record("ads", change="rename", name=new, old=old)
        _tell("rename", old, new)

    def clear(self) -> None:
        with self._lock:
            self._workspaces.clear()
        record("ads", change="clear", name="")
        _tell("clear")

    def size(self) -> int:
        return len(self._workspaces)

    def __len__(self) -> int:
        return len(self._workspaces)

    def getObjectNames(self) -> list[str]:
        """All names but the hidden ones, which begin with ``__``."""
        hidden = ConfigService["MantidOptions.InvisibleWorkspaces"] != "1"
        return [name for name in sorted(self._workspaces) if not (hidden and name.startswith("__"))]

    def unique_name(self, n: int = 5, prefix: str = "", suffix: str = "") -> str:
        """A name that is free; the double counts instead of drawing letters."""
        names = (f"{prefix}{number:0{n}d}{suffix}" for number in self._numbers)
        return next(name for name in names if name not in self._workspaces)

    def unique_hidden_name(self) -> str:
        return self.unique_name(prefix="__")


def _tell(change: str, *facts: Any) -> None:
    """Tell every observer that asked for this kind of change; what a handler raises is raised here."""
    for observer, kinds in watchers():
        if change in kinds:
            _call(observer, f"{change}Handle", facts)
        if "any" in kinds:
            _call(observer, "anyChangeHandle", ())


def _call(observer: AnalysisDataServiceObserver, handler: str, facts: tuple[Any, ...]) -> None:
    function = getattr(observer, handler, None)
    if function is not None:
        function(*facts)


AnalysisDataService = AnalysisDataServiceImpl()
