"""Algorithms that copy, name, group and delete workspaces."""

from livereduce.catalog.declaration import Algorithm, Argument, ArgumentKind, flag, makes, text


def _any(name: str = "InputWorkspace") -> Argument:
    return Argument(name=name, kind=ArgumentKind.READS_ANY)


def _many(name: str) -> Argument:
    return Argument(name=name, kind=ArgumentKind.READS_MANY)


CLONE_WORKSPACE = Algorithm(
    name="CloneWorkspace",
    summary="Copy a workspace",
    source="Mantid docs/source/algorithms/CloneWorkspace-v1.rst",
    family="spectra.handling",
    arguments=(_any(), makes()),
)
RENAME_WORKSPACE = Algorithm(
    name="RenameWorkspace",
    summary="Give a workspace another name",
    source="Mantid docs/source/algorithms/RenameWorkspace-v1.rst",
    family="spectra.handling",
    arguments=(_any(), makes(), flag("RenameMonitors", default=False), flag("OverwriteExisting", default=True)),
)
RENAME_WORKSPACES = Algorithm(
    name="RenameWorkspaces",
    summary="Give several workspaces other names",
    source="Mantid docs/source/algorithms/RenameWorkspaces-v1.rst",
    family="spectra.handling",
    arguments=(
        _many("InputWorkspaces"),
        Argument(name="WorkspaceNames", kind=ArgumentKind.TEXTS, default=()),
        text("Prefix"),
        text("Suffix"),
        flag("RenameMonitors", default=False),
        flag("OverwriteExisting", default=True),
    ),
)
DELETE_WORKSPACE = Algorithm(
    name="DeleteWorkspace",
    summary="Delete a workspace from the store",
    source="Mantid docs/source/algorithms/DeleteWorkspace-v1.rst",
    family="spectra.handling",
    arguments=(_any("Workspace"),),
)
DELETE_WORKSPACES = Algorithm(
    name="DeleteWorkspaces",
    summary="Delete several workspaces from the store",
    source="Mantid docs/source/algorithms/DeleteWorkspaces-v1.rst",
    family="spectra.handling",
    arguments=(_many("WorkspaceList"),),
)

GROUP_WORKSPACES = Algorithm(
    name="GroupWorkspaces",
    summary="Put workspaces into a group",
    source="Mantid docs/source/algorithms/GroupWorkspaces-v1.rst; Framework/Algorithms/src/GroupWorkspaces.cpp",
    family="spectra.handling",
    arguments=(
        Argument(name="InputWorkspaces", kind=ArgumentKind.READS_MANY, default=()),
        makes(),
        text("GlobExpression"),
    ),
)
UNGROUP_WORKSPACE = Algorithm(
    name="UnGroupWorkspace",
    summary="Delete a group and keep its members",
    source="Mantid docs/source/algorithms/UnGroupWorkspace-v1.rst",
    family="spectra.handling",
    arguments=(_any(),),
)
CREATE_EMPTY_TABLE_WORKSPACE = Algorithm(
    name="CreateEmptyTableWorkspace",
    summary="Make a table without columns",
    source="Mantid docs/source/algorithms/CreateEmptyTableWorkspace-v1.rst",
    family="spectra.handling",
    arguments=(makes(),),
)

ALGORITHMS = (
    CLONE_WORKSPACE,
    RENAME_WORKSPACE,
    RENAME_WORKSPACES,
    DELETE_WORKSPACE,
    DELETE_WORKSPACES,
    GROUP_WORKSPACES,
    UNGROUP_WORKSPACE,
    CREATE_EMPTY_TABLE_WORKSPACE,
)
