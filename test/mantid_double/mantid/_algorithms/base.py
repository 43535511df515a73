"""Algorithms from one workspace to another; a group is worked on member by member."""

from collections.abc import Callable
from typing import Any

from mantid.api.ads import AnalysisDataService
from mantid.api.algorithm import Algorithm
from mantid.api.properties import OUT, Property
from mantid.api.workspaces import MatrixWorkspace, Workspace, WorkspaceGroup


def in_out() -> list[Property]:
    """InputWorkspace and OutputWorkspace."""
    return [
        Property("InputWorkspace", "workspace", mandatory=True),
        Property("OutputWorkspace", "workspace", direction=OUT, mandatory=True),
    ]


class OneToOne(Algorithm):
    """`compute` makes the output of one workspace; a group's members are worked on one by one."""

    def compute(self, workspace: Any) -> Workspace:
        """The output of one workspace that is no group; may be the input itself, changed in place."""
        raise NotImplementedError

    def exec(self) -> None:
        given = self.getProperty("InputWorkspace").value
        self.getProperty("OutputWorkspace").held = each(given, self.compute)


def each(given: Workspace, compute: Callable[[Any], Workspace]) -> Workspace:
    """A workspace computed, or a group of its members computed; members keep the names that they have."""
    if not isinstance(given, WorkspaceGroup):
        return compute(given)
    made = []
    for member in given._members:
        output = compute(member)
        if output is not member and member.name() in AnalysisDataService:
            AnalysisDataService.addOrReplace(member.name(), output)
        made.append(output)
    return WorkspaceGroup(made)


def matrix(workspace: Workspace, algorithm: Algorithm) -> MatrixWorkspace:
    """The workspace, if it is one of spectra."""
    if not isinstance(workspace, MatrixWorkspace):
        raise RuntimeError(f"{algorithm.name()}: {workspace.name()} is no MatrixWorkspace")
    return workspace
