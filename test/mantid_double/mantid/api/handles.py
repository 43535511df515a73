"""What Python holds of a workspace of the data service: a weak pointer (Mantid's core/GetPointer, WeakPtr).

Whatever the data service gives out, and the members of a group, live only as long as Mantid itself holds them: once
the name has been given to another workspace or removed, every use of the old handle raises.
"""

import weakref
from collections.abc import Iterator
from typing import Any

from mantid._double.switches import is_on

GONE = "Variable invalidated, data has been deleted."


class Handle:
    """Passes everything on to the workspace, for as long as there is one; also looks like it to `isinstance`."""

    __slots__ = ("_target",)

    def __init__(self, workspace: Any) -> None:
        object.__setattr__(self, "_target", weakref.ref(workspace))

    def __getattribute__(self, name: str) -> Any:
        return getattr(strong(self), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(strong(self), name, value)

    def __str__(self) -> str:
        return str(strong(self))

    def __len__(self) -> int:
        return len(strong(self))

    def __iter__(self) -> Iterator[Any]:
        return iter(strong(self))

    def __getitem__(self, index: int) -> Any:
        return strong(self)[index]

    def __eq__(self, other: object) -> bool:
        return strong(self) is strong(other)

    def __hash__(self) -> int:
        return id(object.__getattribute__(self, "_target"))


def weak(workspace: Any) -> Any:
    """A handle of a workspace; with the switch ``weak_handles`` off the workspace itself."""
    return Handle(workspace) if is_on("weak_handles") else workspace


def strong(value: Any) -> Any:
    """The workspace behind a handle, anything else as it is.

    Raises
    ------
    RuntimeError
        Mantid no longer holds it.
    """
    if type(value) is not Handle:
        return value
    target = object.__getattribute__(value, "_target")()
    if target is None:
        raise RuntimeError(GONE)
    return target
