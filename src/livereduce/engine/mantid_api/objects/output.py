"""What a script has left as its output, as a workspace that can be accumulated and published."""

from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.mantid_api.objects.members import members_of
from livereduce.engine.mantid_api.objects.table import TableWorkspace
from livereduce.engine.mantid_api.objects.workspace_group import WorkspaceGroup
from livereduce.engine.workspaces import convert

Output = MatrixWorkspace | WorkspaceGroup


def as_workspace(output: object, source: Output) -> Output:
    """Convert a script's output to a workspace, or a group of them, that represents all data in `source`.

    Raises
    ------
    TypeError
        It is neither a workspace of spectra, nor a group of some, nor a DataArray.
    """
    if convert.is_data_array(output):
        if not isinstance(source, MatrixWorkspace):
            raise TypeError("output is a DataArray, and its input a group; a workspace or a group was expected")
        output = MatrixWorkspace(
            source.name(),
            output,
            binned=source.binned.fresh(),
            logs=source.logs,
            run=source.run_number,
            monitors=source.monitors,
        )
    if not isinstance(output, MatrixWorkspace | WorkspaceGroup):
        raise TypeError(f"output is a {type(output).__name__}; {_wanted(output)}")
    for member in members_of(output):
        if not isinstance(member, MatrixWorkspace):
            raise TypeError(f"output is a group with a {type(member).__name__}; a group of workspaces was expected")
        member.tally = members_of(source)[0].tally
    return output


def _wanted(output: object) -> str:
    if isinstance(output, TableWorkspace):
        return "its columns can be shown as a workspace: CreateWorkspace(DataX=table.column(0), DataY=table.column(1))"
    return "a workspace or a scipp DataArray was expected"
