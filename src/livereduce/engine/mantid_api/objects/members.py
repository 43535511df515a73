"""The workspaces of a group, or the one."""

from typing import Any


def members_of(workspace: Any) -> list[Any]:
    """The members of a group in their order; a workspace that is no group is its only one."""
    if hasattr(workspace, "getNumberOfEntries"):
        return [workspace.getItem(at) for at in range(workspace.getNumberOfEntries())]
    return [workspace]
