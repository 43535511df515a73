"""Properties of algorithms that scripts define: workspaces and files."""

from collections.abc import Iterable
from typing import Any

from livereduce.catalog.declaration import ArgumentKind
from livereduce.engine.mantid_api.modules.kernel.properties import Direction, Property


class PropertyMode:
    """Mandatory or optional: a workspace must be given, or may be left out."""

    Mandatory, Optional = 0, 1


class LockMode:
    """Locking of a workspace while the algorithm runs; without effect here."""

    Lock, NoLock = 0, 1


class FileAction:
    """The purpose of a property of a file."""

    Save, OptionalSave, Load, OptionalLoad, Directory, OptionalDirectory = range(6)


class InputWorkspaceType:
    """The meaning of numbers of spectra: indices or spectrum numbers."""

    WorkspaceIndex, SpectrumNumber, DetectorID = range(3)


_KINDS = {
    Direction.Input: ArgumentKind.READS_ANY,
    Direction.Output: ArgumentKind.MAKES,
    Direction.InOut: ArgumentKind.CHANGES_ANY,
}
_OPTIONAL_FILES = (FileAction.OptionalSave, FileAction.OptionalLoad, FileAction.OptionalDirectory)


def WorkspaceProperty(
    name: str,
    defaultValue: str = "",
    direction: int = Direction.Input,
    *more: Any,
    optional: int = PropertyMode.Mandatory,
    validator: Any = None,
    lock: int = LockMode.Lock,  # noqa: ARG001
) -> Property:
    """A workspace; behind the direction come validator, mode and lock in any of Mantid's orders."""
    for one in more:
        if hasattr(one, "isValid"):
            validator = one
        elif optional == PropertyMode.Mandatory:
            optional = int(one)
    return Property(
        name,
        defaultValue,
        kind=_KINDS[direction],
        direction=direction,
        validator=validator,
        is_optional=optional == PropertyMode.Optional,
    )


MatrixWorkspaceProperty = WorkspaceGroupProperty = ITableWorkspaceProperty = IEventWorkspaceProperty = WorkspaceProperty
IMDWorkspaceProperty = IMDEventWorkspaceProperty = IMDHistoWorkspaceProperty = IPeaksWorkspaceProperty = (
    WorkspaceProperty
)
EventWorkspaceProperty = TableWorkspaceProperty = MaskWorkspaceProperty = GroupingWorkspaceProperty = WorkspaceProperty
OffsetsWorkspaceProperty = PeaksWorkspaceProperty = Workspace2DProperty = SplittersWorkspaceProperty = WorkspaceProperty
SpecialWorkspace2DProperty = WorkspaceSingleValueProperty = WorkspaceProperty


def FileProperty(
    name: str,
    defaultValue: str = "",
    action: int = FileAction.Load,
    extensions: Iterable[str] = (),  # noqa: ARG001
    direction: int = Direction.Input,
    *_: Any,
    **__: Any,
) -> Property:
    """The path of a file, or of a folder."""
    optional = action in _OPTIONAL_FILES or bool(defaultValue)
    return Property(name, defaultValue, kind=ArgumentKind.FILE, direction=direction, is_optional=optional)


def MultipleFileProperty(name: str, *more: Any, **named: Any) -> Property:
    """The paths of files."""
    action = named.get("action", next((one for one in more if isinstance(one, int)), FileAction.Load))
    return Property(name, [], kind=ArgumentKind.TEXTS, is_optional=action in _OPTIONAL_FILES)


def FunctionProperty(name: str, *_: Any, **__: Any) -> Property:
    """A function to fit."""
    return Property(name, "")


def AlgorithmProperty(name: str, *_: Any, **__: Any) -> Property:
    """An algorithm, as a text."""
    return Property(name, "", kind=ArgumentKind.TEXT)
