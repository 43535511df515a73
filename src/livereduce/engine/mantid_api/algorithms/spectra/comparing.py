"""Algorithms that compare workspaces."""

from typing import Any

from livereduce.engine.mantid_api.calling.registry import implements
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.mantid_api.objects.table import TableWorkspace
from livereduce.engine.mantid_api.objects.workspace_group import WorkspaceGroup
from livereduce.engine.matrix.difference import CompareRule, differences


@implements("CompareWorkspaces")
def compare_workspaces(
    *,
    workspace_1: Any,
    workspace_2: Any,
    tolerance: float,
    check_uncertainty: bool,
    check_type: bool,
    check_axes: bool,
    check_spectra_map: bool,
    check_masking: bool,
    tolerance_rel_err: bool,
    check_all_data: bool,
) -> tuple[TableWorkspace, bool]:
    """True if nothing differs, and a table of what does: the first thing, or all with CheckAllData."""
    rule = CompareRule(
        tolerance=tolerance,
        is_relative=tolerance_rel_err,
        errors=check_uncertainty,
        types=check_type,
        axes=check_axes,
        spectra=check_spectra_map,
        masks=check_masking,
    )
    found = list(_different(workspace_1, workspace_2, rule))
    shown = found if check_all_data else found[:1]
    columns = {("str", "Message"): shown, ("str", "Workspace 1"): [str(workspace_1)] * len(shown)}
    table = TableWorkspace.of_columns({**columns, ("str", "Workspace 2"): [str(workspace_2)] * len(shown)})
    return table, not found


def _different(one: Any, two: Any, rule: CompareRule) -> list[str]:
    if isinstance(one, MatrixWorkspace) and isinstance(two, MatrixWorkspace):
        return list(differences(one.matrix, two.matrix, rule))
    if isinstance(one, WorkspaceGroup) and isinstance(two, WorkspaceGroup):
        if len(one) != len(two):
            return ["GroupWorkspaces size mismatch."]
        return [text for pair in zip(one, two, strict=True) for text in _different(*pair, rule)]
    if isinstance(one, TableWorkspace) and isinstance(two, TableWorkspace):
        return [] if one.toDict() == two.toDict() else ["Table data mismatch"]
    return ["Different workspace types"]
