"""Algorithms on tables."""

from collections.abc import Sequence
from typing import Any

from livereduce.engine.mantid_api.calling.registry import implements
from livereduce.engine.mantid_api.objects.table import TableWorkspace


@implements("DeleteTableRows")
def delete_table_rows(*, table_workspace: Any, rows: Sequence[int]) -> Any:
    """The same table without these rows."""
    if not isinstance(table_workspace, TableWorkspace):
        raise TypeError(f"TableWorkspace must be a table, not a {type(table_workspace).__name__}")
    left = [row for at, row in enumerate(table_workspace) if at not in set(rows)]
    table_workspace.setRowCount(0)
    for row in left:
        table_workspace.addRow(row)
    return table_workspace
