"""What the benchmarks of Mantid's algorithms share: a beam, Mantid's interface, and the same events for scipp."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from measure import Row, medians

BINS_US = (300.0, 10.0, 16_667.0)
D_BINS, D_LEAST, D_MOST = 3600, 0.2, 20.0
D_STEP = (D_MOST / D_LEAST) ** (1 / D_BINS) - 1
D_PARAMS = (D_LEAST, -D_STEP, D_MOST)
SPANS_OF_TEMPERATURE = (295.0, 305.0)


class Bench:
    """A beam, Mantid's interface, and the same events for scipp.

    Parameters
    ----------
    events
        Number of events.
    folder
        For files.
    """

    def __init__(self, events: int, folder: str) -> None:
        from livereduce.engine.mantid_api import hook
        from powder_beam import powder_beam

        hook.install()
        import mantid.simpleapi

        self.api: Any = mantid.simpleapi
        self.beam = powder_beam(events)
        self.events, self.folder = events, folder
        self._table: Any = None

    @property
    def table(self) -> Any:
        """The events as scipp has them, made when first asked for."""
        if self._table is None:
            from scipp_forms import table_of

            self._table = table_of(self.beam)
        return self._table

    def row(
        self,
        name: str,
        act: Callable[[], object],
        reference_name: str,
        reference: Callable[[], object],
        **more: float | str,
    ) -> Row:
        """Both measured in turn."""
        ours, theirs = medians(act, reference)
        return Row(
            name=name,
            events_per_pulse=None,
            events_per_s=self.events / ours,
            reference=reference_name,
            ratio=theirs / ours,
            more={"ms": ours * 1e3, "reference ms": theirs * 1e3, **more},
        )


def store() -> AbstractContextManager[object]:
    """An empty store for the workspaces of algorithms, for as long as the context."""
    from livereduce.engine.mantid_api.session import using
    from livereduce.engine.workspaces.mtd import WorkspaceStore

    return using(WorkspaceStore())


def rebinned_sum(bench: Bench, workspace: Any, params: tuple[float, float, float] = BINS_US) -> Any:
    """Counts of all spectra in common bins."""
    binned = bench.api.Rebin(workspace, params, OutputWorkspace="binned")
    return bench.api.SumSpectra(binned, OutputWorkspace="summed").readY(0)


def sum_of_good(bench: Bench, workspace: Any) -> Any:
    """Counts of the times at which the temperature is good."""
    good = bench.api.FilterByLogValue(workspace, "SampleTemp", *SPANS_OF_TEMPERATURE, OutputWorkspace="good")
    return rebinned_sum(bench, good)


def sum_of_normalised(bench: Bench, workspace: Any) -> Any:
    """Counts over the charge."""
    return rebinned_sum(bench, bench.api.NormaliseByCurrent(workspace, OutputWorkspace="normal"))


def sum_in_d(bench: Bench, workspace: Any) -> Any:
    """Counts in bins of d."""
    return rebinned_sum(bench, bench.api.ConvertUnits(workspace, "dSpacing", OutputWorkspace="in_d"), D_PARAMS)


PLAIN_FOCUS = {"PreserveEvents": False, "CompressTolerance": 0.0, "RemovePromptPulseWidth": 0.0}
NOMAD_FOCUS = {"PreserveEvents": True, "CompressTolerance": 0.01, "RemovePromptPulseWidth": 50.0}
"""What neutrons/autoreduce's NOMAD script asks for."""


def focused(bench: Bench, workspace: Any, **arguments: Any) -> Any:
    """AlignAndFocusPowder with the calibration and groups of the beam; read from their file the first time only."""
    path = Path(bench.folder) / "calibration.h5"
    if not path.exists():
        bench.beam.save_calibration(path)
    return bench.api.AlignAndFocusPowder(
        workspace, CalFilename=str(path), Params=D_PARAMS, OutputWorkspace="focused", **arguments
    )
