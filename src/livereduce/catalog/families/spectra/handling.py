"""Algorithms that copy, name, group and delete workspaces."""

from livereduce.catalog.declaration import Algorithm, flag, makes, reads_any, reads_many, text, texts

_RENAMING = (flag("RenameMonitors", default=False), flag("OverwriteExisting", default=True))

CLONE_WORKSPACE = Algorithm(
    name="CloneWorkspace",
    summary="Copy a workspace",
    source="Mantid docs/source/algorithms/CloneWorkspace-v1.rst",
    family="spectra.handling",
    arguments=(reads_any(), makes()),
)
RENAME_WORKSPACE = Algorithm(
    name="RenameWorkspace",
    summary="Give a workspace another name",
    source="Mantid docs/source/algorithms/RenameWorkspace-v1.rst",
    family="spectra.handling",
    arguments=(reads_any(), makes(), *_RENAMING),
)
RENAME_WORKSPACES = Algorithm(
    name="RenameWorkspaces",
    summary="Give several workspaces other names",
    source="Mantid docs/source/algorithms/RenameWorkspaces-v1.rst",
    family="spectra.handling",
    arguments=(
        reads_many(),
        texts("WorkspaceNames"),
        text("Prefix"),
        text("Suffix"),
        *_RENAMING,
    ),
)
DELETE_WORKSPACE = Algorithm(
    name="DeleteWorkspace",
    summary="Delete a workspace from the store",
    source="Mantid docs/source/algorithms/DeleteWorkspace-v1.rst",
    family="spectra.handling",
    arguments=(reads_any("Workspace"),),
)
DELETE_WORKSPACES = Algorithm(
    name="DeleteWorkspaces",
    summary="Delete several workspaces from the store",
    source="Mantid docs/source/algorithms/DeleteWorkspaces-v1.rst",
    family="spectra.handling",
    arguments=(reads_many("WorkspaceList"),),
)

GROUP_WORKSPACES = Algorithm(
    name="GroupWorkspaces",
    summary="Put workspaces into a group",
    source="Mantid docs/source/algorithms/GroupWorkspaces-v1.rst; Framework/Algorithms/src/GroupWorkspaces.cpp",
    family="spectra.handling",
    arguments=(
        reads_many(default=()),
        makes(),
        text("GlobExpression"),
    ),
)
UNGROUP_WORKSPACE = Algorithm(
    name="UnGroupWorkspace",
    summary="Delete a group and keep its members",
    source="Mantid docs/source/algorithms/UnGroupWorkspace-v1.rst",
    family="spectra.handling",
    arguments=(reads_any(),),
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
