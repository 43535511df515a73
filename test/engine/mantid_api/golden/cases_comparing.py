"""CompareWorkspaces."""

from typing import Any


def case_compare(api: Any, expect: Any) -> None:
    """CompareWorkspaces: the verdict and its tolerance. Source: Mantid CompareWorkspaces-v1.rst."""
    one = api.CreateWorkspace(DataX=[0.0, 1, 2], DataY=[1.0, 2], DataE=[1.0, 1])
    two = api.CreateWorkspace(DataX=[0.0, 1, 2], DataY=[1.0, 2.001], DataE=[1.0, 1])
    result, messages = api.CompareWorkspaces(one, one)
    expect("same", result, True)
    expect("messages", messages.rowCount(), 0)
    result, messages = api.CompareWorkspaces(one, two)
    expect("other values", result, False)
    expect("messages of other values", messages.rowCount(), 1)
    result, messages = api.CompareWorkspaces(one, two, Tolerance=0.01)
    expect("within the tolerance", result, True)
    short = api.CreateWorkspace(DataX=[0.0, 1], DataY=[1.0])
    result, messages = api.CompareWorkspaces(one, short)
    expect("other sizes", result, False)
