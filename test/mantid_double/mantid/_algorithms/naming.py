"""RenameWorkspace, DeleteWorkspace."""

from mantid._algorithms.base import in_out
from mantid.api.ads import AnalysisDataService
from mantid.api.algorithm import Algorithm
from mantid.api.factory import subscribe
from mantid.api.properties import Property
from mantid.api.workspaces import WorkspaceGroup


@subscribe
class RenameWorkspace(Algorithm):
    """The workspace has another name afterwards, and the old one is free."""

    def declare(self) -> list[Property]:
        return [*in_out(), Property("RenameMonitors", "bool", False)]

    def exec(self) -> None:
        old, new = self.getPropertyValue("InputWorkspace"), self.getPropertyValue("OutputWorkspace")
        AnalysisDataService.rename(old, new)
        self.getProperty("OutputWorkspace").held = None


@subscribe
class DeleteWorkspace(Algorithm):
    """Gone from the data service, a group with its members."""

    def declare(self) -> list[Property]:
        return [Property("Workspace", "workspace", mandatory=True)]

    def exec(self) -> None:
        doomed = self.getProperty("Workspace").value
        for member in doomed._members if isinstance(doomed, WorkspaceGroup) else ():
            AnalysisDataService.remove(member.name())
        AnalysisDataService.remove(self.getPropertyValue("Workspace"))
