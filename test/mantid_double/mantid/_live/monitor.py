"""MonitorLiveData: the loop in the background."""

import os
import time

from mantid._double.record import record
from mantid._double.switches import is_on
from mantid._live import waiting
from mantid._live.listener import LiveListener, Status
from mantid._live.load import LoadLiveData
from mantid._live.properties import common_properties, copy_properties, validate_live
from mantid.api import observers
from mantid.api.ads import AnalysisDataService
from mantid.api.algorithm import Algorithm, CancelException
from mantid.api.factory import subscribe
from mantid.api.properties import Property


@subscribe
class MonitorLiveData(Algorithm):
    """Ends when it is cancelled, at a run's end with Stop, or by any error; never because data stop."""

    CATEGORY = "DataHandling\\LiveData\\Support"
    listener: LiveListener | None = None

    def declare(self) -> list[Property]:
        return [Property("UpdateEvery", "float", 60.0), *common_properties()]

    def validateInputs(self) -> dict[str, str]:
        return validate_live(self)

    def exec(self) -> None:
        every = float(self.getProperty("UpdateEvery").value)
        if every <= 0:
            raise RuntimeError("UpdateEvery must be > 0")
        if self.listener is None:
            raise RuntimeError("MonitorLiveData: there is no live listener")
        self._existed = self.getPropertyValue("OutputWorkspace") in AnalysisDataService
        self._method = ""
        self._number, self._previous_number, self._chunks = 0, 0, 0
        self._stopped = False
        last = time.monotonic()
        while not self._stopped:
            self.interruption_point()
            waiting.sleep(waiting.TICK_S)
            now = time.monotonic()
            if now - last > every:
                last = now  # before the work: the period is measured start to start
                self._tick()
        self._set_outputs()

    def _tick(self) -> None:
        """One cycle; with the switch ``silent_death`` off an error costs only that cycle."""
        try:
            self._cycle()
        except CancelException:
            raise
        except Exception as error:
            if is_on("silent_death"):
                raise
            self._logger.error(f"a cycle failed: {error}")

    def _cycle(self) -> None:
        assert self.listener is not None
        self._chunks += 1
        self._logger.notice(f"Loading live data chunk {self._chunks} at {time.strftime('%H:%M:%S')}")
        child = self.create_child(LoadLiveData())
        assert isinstance(child, LoadLiveData)
        copy_properties(self, child)
        child.listener = self.listener
        if self._method:
            child.setProperty("AccumulationMethod", self._method)
        child.setAlwaysStoreInADS(True)
        try:
            child.execute()
        finally:
            self._children.remove(child)
        if self._existed:
            AnalysisDataService._held(self.getPropertyValue("OutputWorkspace"))
        self._method = ""
        self._number = self._number or self.listener.run_number()
        self._look_at_run(self.listener.take_status())
        record("cycle", number=self._chunks)
        observers.tell("progress", self, 0.0, f"Live Data {self._chunks}")

    def _look_at_run(self, status: Status) -> None:
        """Run transitions."""
        if status not in (Status.BEGIN_RUN, Status.END_RUN):
            return
        behaviour = self.getProperty("RunTransitionBehavior").value
        self._logger.notice(f"Run #{self._number} ended. {behaviour}.")
        record("transition", status=str(status), run=self._number)
        if behaviour == "Stop":
            self._stopped = True
            return
        self._method = "Replace"
        if behaviour == "Rename":
            self._clone(status)
        self._previous_number = self._number if status is Status.END_RUN else self._previous_number
        self._number = 0

    def _clone(self, status: Status) -> None:
        """Only the output is kept, under a name with the run's number, if memory allows it three times."""
        name = self.getPropertyValue("OutputWorkspace")
        output = AnalysisDataService._held(name)
        if status is Status.END_RUN:
            copy = f"{name}_{self._number}"
        else:
            copy = f"{name}_{self._previous_number or ''}_post"
        available = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        if 3 * output.getMemorySize() < available:
            AnalysisDataService.addOrReplace(copy, output.clone())
        else:
            self._logger.warning(f"Not enough spare memory to clone {name}. Workspace will be reset.")

    def _set_outputs(self) -> None:
        for name in ("OutputWorkspace", "AccumulationWorkspace"):
            declared = self.getProperty(name)
            if declared.workspace_name:
                declared.held = AnalysisDataService._held(declared.workspace_name)

    def released(self) -> None:
        """The listener is local to `exec`: it goes when that returns or throws."""
        if self.listener is not None:
            self.listener.close()
            self.listener = None
