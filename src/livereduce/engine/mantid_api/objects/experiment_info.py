"""Mantid's ExperimentInfo: run and sample of a workspace."""

from livereduce.engine.mantid_api.objects.info.sample import SampleInBeam
from livereduce.engine.workspaces.runlogs import RunLogs


def run_number_in(logs: RunLogs) -> int | None:
    """The number that the log ``run_number`` says; None if there is none."""
    said = str(logs["run_number"].lastValue()) if "run_number" in logs else ""
    return int(said) if said.isdecimal() else None


class ExperimentInfo:
    """Run and sample of a measurement; Mantid's workspaces inherit it, too."""

    logs: RunLogs
    run_number: int
    _sample: SampleInBeam | None = None

    def run(self) -> RunLogs:
        """The logs."""
        return self.logs

    def getRun(self) -> RunLogs:
        """The logs."""
        return self.logs

    def mutableRun(self) -> RunLogs:
        """The logs."""
        return self.logs

    def setRun(self, run: RunLogs) -> None:
        """Take a copy of other logs."""
        self.logs = run.copy()

    def getRunNumber(self) -> int:
        """The run number: that of the logs, as scripts may set it; 0 between runs."""
        said = run_number_in(self.logs)
        return self.run_number if said is None else said

    def sample(self) -> SampleInBeam:
        """The sample in the beam."""
        if self._sample is None:
            self._sample = SampleInBeam()
        return self._sample

    def mutableSample(self) -> SampleInBeam:
        """The sample in the beam."""
        return self.sample()

    def setSample(self, sample: SampleInBeam) -> None:
        """Take a copy of another sample."""
        self._sample = sample.copy()

    def getEMode(self) -> int:
        """0: elastic, as of a workspace that nobody has told another mode."""
        return 0

    def populateInstrumentParameters(self) -> None:
        """Nothing: parameters that logs give are looked up when asked for."""
