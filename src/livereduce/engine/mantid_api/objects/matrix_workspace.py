"""Mantid's MatrixWorkspace: what scripts are given, with the methods that they call."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from livereduce.engine.counting.histogram import Counts
from livereduce.engine.matrix.event_pass import numbers, x_range
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.workspaces import convert
from livereduce.engine.workspaces.events import Events
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.engine.workspaces.workspace import Workspace
from livereduce.stream.items import F8


class MatrixWorkspace(Workspace):
    """A workspace of spectra with Mantid's interface; the names of its methods are Mantid's."""

    def __repr__(self) -> str:
        kind = type(self._data).__name__
        return f"<Workspace {self._name!r} of run {self.run_number}: {kind}, {self.getNumberEvents()} events>"

    def __str__(self) -> str:
        return self._name

    def getName(self) -> str:
        """The name."""
        return self._name

    def getTitle(self) -> str:
        """The title of the run; empty if not known."""
        return str(self.logs["run_title"].value) if "run_title" in self.logs else ""

    def getRunNumber(self) -> int:
        """The run number; 0 between runs."""
        return self.run_number

    def run(self) -> RunLogs:
        """The logs."""
        return self.logs

    def getRun(self) -> RunLogs:
        """The logs."""
        return self.logs

    def getMonitorWorkspace(self) -> "MatrixWorkspace":
        """The beam monitors; the pixel of an event is the number of its monitor.

        Raises
        ------
        RuntimeError
            There are none.
        """
        if self.monitors is None:
            raise RuntimeError(
                f"workspace {self._name!r} has no monitor workspace: no beam monitor has counted in these data"
            )
        return self.monitors

    def getNumberEvents(self) -> int:
        """Number of events; for a histogram its counts."""
        if isinstance(self._data, Events):
            return self._data.n
        if isinstance(self._data, Matrix):
            content = self._data.events
            if content is not None:
                return int(numbers(content).sum())
            return round(float(np.nansum(self._data.histograms.y)))
        return int(self._data.counts.sum()) if isinstance(self._data, Counts) else convert.number_of_events(self._data)

    def getNumberHistograms(self) -> int:
        """Number of spectra."""
        return len(self._spectra()[1])

    def blocksize(self) -> int:
        """Number of bins of a spectrum."""
        return int(self._spectra()[1].shape[1])

    def getTofMin(self) -> float:
        """The least time of flight in µs, of the events or the bins; 0 without events."""
        return self._tof_range_us()[0]

    def getTofMax(self) -> float:
        """The greatest time of flight in µs, of the events or the bins; 0 without events."""
        return self._tof_range_us()[1]

    def readX(self, index: int) -> F8:  # noqa: ARG002 (all spectra share their bins)
        """Bin edges of a spectrum, or positions for points."""
        return self._spectra()[0].copy()

    def readY(self, index: int) -> F8:
        """Counts of a spectrum, shape (bins,)."""
        values: F8 = self._spectra()[1][index].astype(np.float64)
        return values

    def readE(self, index: int) -> F8:
        """Standard deviations of a spectrum, shape (bins,)."""
        _, values, errors = self._spectra()
        return _poisson(values[index]) if errors is None else errors[index].copy()

    def extractX(self) -> F8:
        """Bin edges of all spectra, shape (spectra, bins + 1)."""
        x, values, _ = self._spectra()
        return np.tile(x, (len(values), 1))

    def extractY(self) -> F8:
        """Counts of all spectra, shape (spectra, bins)."""
        return self._spectra()[1].astype(np.float64)

    def extractE(self) -> F8:
        """Standard deviations of all spectra, shape (spectra, bins)."""
        _, values, errors = self._spectra()
        return _poisson(values) if errors is None else errors.copy()

    def _spectra(self) -> tuple[F8, NDArray[Any], F8 | None]:
        """x, values and errors; errors None means the square root of the values."""
        if convert.is_data_array(self._data):
            return convert.spectra_of(self._data)
        if isinstance(self._data, Matrix):
            histograms = self._data.histograms
            return histograms.x.row(0), histograms.y_table(), histograms.e_table()
        counts = self.counts()
        return counts.binning.edges_us, counts.counts, None

    def _tof_range_us(self) -> tuple[float, float]:
        if isinstance(self._data, Events):
            filled = [piece.tof_ns for piece in self._data.pieces if len(piece.tof_ns)]
            least = min((int(tof.min()) for tof in filled), default=0)
            return least / 1000, max((int(tof.max()) for tof in filled), default=0) / 1000
        if isinstance(self._data, Matrix):
            return (
                x_range(self._data.events) if self._data.events is not None else _ends(self._data.histograms.x.values)
            )
        if isinstance(self._data, Counts):
            return float(self._data.binning.edges_us[0]), float(self._data.binning.edges_us[-1])
        return convert.tof_range_us(self._data)


def _ends(x: F8) -> tuple[float, float]:
    return float(x.min()), float(x.max())


def _poisson(counts: NDArray[Any]) -> F8:
    errors: F8 = np.sqrt(counts, dtype=np.float64)
    return errors


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
