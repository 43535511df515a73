"""LoadLiveData: one cycle, step by step as Mantid does it."""

from mantid._live import waiting
from mantid._live.accumulate import accumulate, fix_default_bins, without_events
from mantid._live.catalogue import connect_listener
from mantid._live.listener import LiveListener, NotYet
from mantid._live.processing import run_chunk_step, run_post_step
from mantid._live.properties import common_properties, has_step, validate_live
from mantid.api.ads import AnalysisDataService
from mantid.api.algorithm import Algorithm
from mantid.api.factory import subscribe
from mantid.api.properties import Property
from mantid.api.workspaces import Workspace, WorkspaceGroup
from mantid.kernel import DateAndTime


@subscribe
class LoadLiveData(Algorithm):
    """Fetch, process, accumulate, post-process, once."""

    CATEGORY = "DataHandling\\LiveData\\Support"
    listener: LiveListener | None = None
    _own: LiveListener | None = None

    def declare(self) -> list[Property]:
        return common_properties()

    def validateInputs(self) -> dict[str, str]:
        return validate_live(self)

    def exec(self) -> None:
        old = self.getProperty("OutputWorkspace").value
        posts = has_step(self, "Post")
        accumulated = self.getProperty("AccumulationWorkspace").value if posts else old
        listener = self.listener or self._own_listener()
        reset = listener.data_reset()
        chunk = self._extract(listener)
        self.setProperty("LastTimeStamp", str(DateAndTime.getCurrentTime()))
        processed = self._process(chunk)
        method = str(self.getProperty("AccumulationMethod").value)
        if accumulated is None or reset:
            method = "Replace"
        self._logger.notice(f"Performing the {method} operation.")
        accumulated = accumulate(method, accumulated, processed)
        if method == "Add" and self.getProperty("PreserveEvents").value:
            fix_default_bins(accumulated)
        self._give(accumulated, posts)

    def _own_listener(self) -> LiveListener:
        """LoadLiveData alone makes its own, which goes with it."""
        self._own = connect_listener(self, 0)
        return self._own

    def released(self) -> None:
        if self._own is not None:
            self._own.close()
            self._own = None

    def _extract(self, listener: LiveListener) -> Workspace:
        """NotYet is waited for, for ever, with a look for a cancel in each slice (step 3)."""
        while True:
            try:
                return listener.extract()
            except NotYet as reason:
                self._logger.warning(f"The {listener.name()} is not ready to return data: {reason}")
                self._logger.warning("Trying again in 10 seconds - cancel the algorithm if this is not what is wanted.")
                waiting.wait_in_slices(waiting.RETRY_S, waiting.RETRY_SLICE_S, self.interruption_point)

    def _process(self, chunk: Workspace) -> Workspace:
        """Steps 5 to 7."""
        preserve = bool(self.getProperty("PreserveEvents").value)
        if preserve:
            fix_default_bins(chunk)
        processed = run_chunk_step(self, chunk) if has_step(self, "") else chunk
        return processed if preserve else without_events(processed)

    def _give(self, accumulated: Workspace, posts: bool) -> None:
        """Steps 11 and 12; without a post step the accumulation property is not set."""
        output = accumulated
        if posts:
            output = run_post_step(self, accumulated)
            self._set_output("AccumulationWorkspace", accumulated)
        self._set_output("OutputWorkspace", output)
        if isinstance(output, WorkspaceGroup):
            self._name_members(output)

    def _set_output(self, name: str, workspace: Workspace) -> None:
        """By object, the name stays the property's own."""
        self.getProperty(name).held = workspace

    def _name_members(self, group: WorkspaceGroup) -> None:
        """``<OutputWorkspace>_<i>``; one that has that name is put in again, which tells observers (step 12)."""
        for number, member in enumerate(group._members, start=1):
            name = f"{self.getPropertyValue('OutputWorkspace')}_{number}"
            if member.name() in AnalysisDataService and member.name() != name:
                AnalysisDataService.rename(member.name(), name)
            else:
                AnalysisDataService.addOrReplace(name, member)
