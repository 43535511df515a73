"""What a script has left as its output, as a workspace that can be accumulated and published."""

from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.workspaces import convert


def as_workspace(output: object, source: MatrixWorkspace) -> MatrixWorkspace:
    """Convert a script's output to a workspace that represents all data in `source`.

    Raises
    ------
    TypeError
        It is neither a workspace nor a DataArray.
    """
    if convert.is_data_array(output):
        output = MatrixWorkspace(
            source.name(),
            output,
            binned=source.binned.fresh(),
            logs=source.logs,
            run=source.run_number,
            monitors=source.monitors,
        )
    if not isinstance(output, MatrixWorkspace):
        raise TypeError(f"output is a {type(output).__name__}; a workspace or a scipp DataArray was expected")
    output.tally = source.tally
    return output
