"""Algorithms that copy, name, group and delete workspaces."""

import fnmatch
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from livereduce.engine.mantid_api.calling.registry import CallContext, implements
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.mantid_api.objects.table import TableWorkspace
from livereduce.engine.mantid_api.objects.workspace_group import WorkspaceGroup
from livereduce.engine.workspaces.mtd import WorkspaceStore, is_stored


@implements("CloneWorkspace")
def clone_workspace(*, input_workspace: Any) -> Any:
    """A copy that later changes of either do not touch; events and values are shared until one changes."""
    if isinstance(input_workspace, MatrixWorkspace):
        return replace(input_workspace.matrix, logs=input_workspace.logs.copy())
    return input_workspace.clone()


@implements("RenameWorkspace")
def rename_workspace(
    *,
    input_workspace: Any,
    rename_monitors: bool,  # noqa: ARG001 (monitors have no name here)
    overwrite_existing: bool,
    context: CallContext,
) -> Any:
    """The same object under another name; what had that name is gone."""
    name = context.names["OutputWorkspace"]
    if not overwrite_existing and name in context.store:
        raise RuntimeError(_taken(name))
    forget(context.store, input_workspace)
    return input_workspace


@implements("RenameWorkspaces")
def rename_workspaces(
    *,
    input_workspaces: Sequence[Any],
    workspace_names: Sequence[str],
    prefix: str,
    suffix: str,
    rename_monitors: bool,  # noqa: ARG001
    overwrite_existing: bool,
    context: CallContext,
) -> tuple[()]:
    """Several, by a list of names, or by what is put before and behind their names."""
    if not (workspace_names or prefix or suffix):
        raise ValueError("give WorkspaceNames, Prefix or Suffix")
    if workspace_names and len(workspace_names) != len(input_workspaces):
        raise ValueError(f"WorkspaceNames has {len(workspace_names)} names for {len(input_workspaces)} workspaces")
    names = workspace_names or [f"{prefix}{one.name()}{suffix}" for one in input_workspaces]
    if len(set(names)) < len(names):
        raise ValueError("WorkspaceNames has a name twice")
    taken = [name for name in names if name in context.store]
    if taken and not overwrite_existing:
        raise RuntimeError(_taken(taken[0]))
    for workspace, name in zip(input_workspaces, names, strict=True):
        forget(context.store, workspace)
        workspace.renamed(name)
        context.store[name] = workspace
    return ()


def _taken(name: str) -> str:
    return f"there is a workspace {name!r} already; OverwriteExisting=True replaces it"


@implements("DeleteWorkspace")
def delete_workspace(*, workspace: Any, context: CallContext) -> tuple[()]:
    """Gone from the store; of a group its members, too."""
    _delete(context.store, workspace)
    return ()


@implements("DeleteWorkspaces")
def delete_workspaces(*, workspace_list: Sequence[Any], context: CallContext) -> tuple[()]:
    """Several."""
    for workspace in workspace_list:
        _delete(context.store, workspace)
    return ()


def _delete(store: WorkspaceStore, workspace: Any) -> None:
    if _is_group(workspace):
        for member in workspace:
            forget(store, member)
    forget(store, workspace)


def forget(store: WorkspaceStore, workspace: Any) -> None:
    """Remove a workspace from the store, if it is what its name means there."""
    if is_stored(workspace, store):
        del store[workspace.name()]


@implements("GroupWorkspaces")
def group_workspaces(*, input_workspaces: Sequence[Any], glob_expression: str, context: CallContext) -> WorkspaceGroup:
    """Workspaces of a list, and those whose names match a pattern; members of groups are taken one by one."""
    names = fnmatch.filter(context.store, glob_expression) if glob_expression else []
    members: list[Any] = []
    for one in (*input_workspaces, *(context.store[name] for name in names)):
        for member in one if _is_group(one) else (one,):
            if not any(member is known for known in members):
                members.append(member)
    if not members:
        raise ValueError("give InputWorkspaces, or a GlobExpression that some names match")
    return WorkspaceGroup(members=members)


@implements("UnGroupWorkspace")
def ungroup_workspace(*, input_workspace: Any, context: CallContext) -> tuple[()]:
    """The group is gone; its members stay under their own names."""
    if not _is_group(input_workspace):
        raise ValueError(f"workspace {input_workspace} is no group")
    forget(context.store, input_workspace)
    return ()


def _is_group(workspace: Any) -> bool:
    return isinstance(workspace, WorkspaceGroup)


@implements("CreateEmptyTableWorkspace")
def create_empty_table_workspace() -> TableWorkspace:
    """A table; its columns come with addColumn."""
    return TableWorkspace()
