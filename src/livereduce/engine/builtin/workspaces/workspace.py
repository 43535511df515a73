"""Workspaces for scripts: a named, mutable handle on immutable data.

Algorithms that work in place rebind `Workspace.data`. The methods with Mantid's names are those that simple scripts
need; the rest of Mantid's interface, and its algorithms, are to come as functions on this handle.
"""

import weakref
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np
from numpy.typing import NDArray

from livereduce.engine.builtin.counting.binning import Binning
from livereduce.engine.builtin.counting.histogram import Counts, Histogram
from livereduce.engine.builtin.counting.pixels import PixelTable
from livereduce.engine.builtin.tally import Tally
from livereduce.engine.builtin.workspaces import convert
from livereduce.engine.builtin.workspaces.events import Events
from livereduce.engine.builtin.workspaces.runlogs import RunLogs
from livereduce.stream.items import F8, EventBatch

if TYPE_CHECKING:
    import scipp as sc

Data = Union[Events, Counts, "sc.DataArray"]


class _Growing:
    """A histogram that counts only the new pieces of events each time: pieces never change."""

    def __init__(self, binning: Binning, table: PixelTable | None) -> None:
        self._binning = binning
        self._table = table
        self._histogram = Histogram(binning, table)
        self._counted: tuple[EventBatch, ...] = ()

    def of(self, events: Events) -> Counts:
        done = len(self._counted)
        if events.pieces[:done] != self._counted:  # compares by identity: batches have no other equality
            self._histogram, done = Histogram(self._binning, self._table), 0
        self._histogram.add(Events(events.pieces[done:]))
        self._counted = events.pieces
        return self._histogram.counts()


class Binned:
    """Events as histograms in the configured bins, made on request and cached.

    Parameters
    ----------
    table
        Rows of the spectra; shared, so that chunk and accumulated data have the same.
    """

    def __init__(self, binning: Binning, table: PixelTable) -> None:
        self.binning = binning
        self.table = table
        self._spectra: _Growing | None = None
        self._total: _Growing | None = None

    def fresh(self) -> "Binned":
        """A new one with the same bins and rows and nothing counted."""
        return Binned(self.binning, self.table)

    def spectra(self, events: Events) -> Counts:
        """Counts per spectrum."""
        self._spectra = self._spectra or _Growing(self.binning, self.table)
        return self._spectra.of(events)

    def shown(self, events: Events, most_cells: int) -> Counts:
        """Counts per spectrum, or their sum if there are too many to show."""
        if self.table.rows * self.binning.bins <= most_cells:
            counts = self.spectra(events)
            if counts.counts.size <= most_cells:
                return counts
            self._spectra = None  # counting them was needed to learn the number of pixels
        return self.total(events)

    def total(self, events: Events) -> Counts:
        """Counts summed over all spectra; takes no memory per pixel."""
        self._total = self._total or _Growing(self.binning, None)
        return self._total.of(events)


class Workspace:
    """A chunk, the accumulated data, or the output of a script.

    Parameters
    ----------
    data
        `Events`, `Counts`, or a scipp DataArray.
    binned
        Makes histograms of the events.
    monitors
        The beam monitors' events, or None.
    """

    def __init__(
        self,
        name: str,
        data: Data,
        *,
        binned: Binned,
        logs: RunLogs | None = None,
        run: int = 0,
        monitors: Optional["Workspace"] = None,
        tally: Tally | None = None,
    ) -> None:
        self._name = name
        self._data = data
        self.binned = binned
        self.logs = logs or RunLogs()
        self.run_number = run
        self.monitors = monitors
        self.tally = tally or Tally()
        self._table: weakref.ref[Any] | None = None

    def __repr__(self) -> str:
        kind = type(self._data).__name__
        return f"<Workspace {self._name!r} of run {self.run_number}: {kind}, {self.getNumberEvents()} events>"

    @property
    def held(self) -> Data:
        """The data as stored, without conversion."""
        return self._data

    @property
    def data(self) -> "sc.DataArray":
        """The data for scipp: events as a table, histograms with variances. Rebind it to change it.

        Changes made in place in a table of events, or in counts, are lost unless it is assigned.
        """
        if convert.is_data_array(self._data):
            return self._data
        # One table for as long as the script holds it: it takes three times the memory of the events.
        table = self._table() if self._table is not None else None
        if table is None:
            table = self.scipp()
            self._table = weakref.ref(table)
        return table

    @data.setter
    def data(self, data: Data) -> None:
        if not (isinstance(data, Events | Counts) or convert.is_data_array(data)):
            raise TypeError(f"a scipp DataArray, Events or Counts was expected as data, not {type(data).__name__}")
        self._data = data
        self._table = None
        self.binned = self.binned.fresh()

    @property
    def events(self) -> Events:
        """The events, as numpy arrays without a copy.

        Raises
        ------
        RuntimeError
            The workspace no longer holds events.
        """
        if isinstance(self._data, Events):
            return self._data
        raise RuntimeError(f"workspace {self._name!r} holds {type(self._data).__name__}, not events")

    def scipp(self, *, pulse_time: bool = False) -> "sc.DataArray":
        """The data as a DataArray; for events optionally with their pulse time, 8 bytes more per event."""
        if isinstance(self._data, Events):
            return convert.events_to_scipp(self._data, pulse_time=pulse_time)
        return convert.counts_to_scipp(self._data) if isinstance(self._data, Counts) else self._data

    def counts(self) -> Counts:
        """Counts per spectrum in the configured bins, or those that the workspace holds.

        Raises
        ------
        RuntimeError
            The workspace holds a DataArray, which has bins of its own.
        """
        if isinstance(self._data, Events):
            return self.binned.spectra(self._data)
        if isinstance(self._data, Counts):
            return self._data
        raise RuntimeError(f"workspace {self._name!r} holds a DataArray: its counts are in .data")

    def clone(self) -> "Workspace":
        """A copy that is not affected by later changes of this workspace."""
        data = self._data if isinstance(self._data, Events) else self._data.copy()
        return Workspace(
            self._name,
            data,
            binned=self.binned.fresh(),
            logs=self.logs.copy(),
            run=self.run_number,
            monitors=self.monitors.clone() if self.monitors is not None else None,
            tally=self.tally,
        )

    # Mantid's interface from here on.

    def name(self) -> str:
        """The name."""
        return self._name

    def getName(self) -> str:  # noqa: N802
        """The name."""
        return self._name

    def getTitle(self) -> str:  # noqa: N802
        """The title of the run; empty if not known."""
        return str(self.logs["run_title"].value) if "run_title" in self.logs else ""

    def getRunNumber(self) -> int:  # noqa: N802
        """The run number; 0 between runs."""
        return self.run_number

    def run(self) -> RunLogs:
        """The logs."""
        return self.logs

    def getRun(self) -> RunLogs:  # noqa: N802
        """The logs."""
        return self.logs

    def getMonitorWorkspace(self) -> "Workspace":  # noqa: N802
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

    def getNumberEvents(self) -> int:  # noqa: N802
        """Number of events; for a histogram its counts."""
        if isinstance(self._data, Events):
            return self._data.n
        return int(self._data.counts.sum()) if isinstance(self._data, Counts) else convert.number_of_events(self._data)

    def getNumberHistograms(self) -> int:  # noqa: N802
        """Number of spectra."""
        return len(self._spectra()[1])

    def blocksize(self) -> int:
        """Number of bins of a spectrum."""
        return int(self._spectra()[1].shape[1])

    def getTofMin(self) -> float:  # noqa: N802
        """The least time of flight in µs, of the events or the bins; 0 without events."""
        return self._tof_range_us()[0]

    def getTofMax(self) -> float:  # noqa: N802
        """The greatest time of flight in µs, of the events or the bins; 0 without events."""
        return self._tof_range_us()[1]

    def readX(self, index: int) -> F8:  # noqa: N802, ARG002 (all spectra share their bins)
        """Bin edges of a spectrum, or positions for points."""
        return self._spectra()[0].copy()

    def readY(self, index: int) -> F8:  # noqa: N802
        """Counts of a spectrum, shape (bins,)."""
        values: F8 = self._spectra()[1][index].astype(np.float64)
        return values

    def readE(self, index: int) -> F8:  # noqa: N802
        """Standard deviations of a spectrum, shape (bins,)."""
        _, values, errors = self._spectra()
        return _poisson(values[index]) if errors is None else errors[index].copy()

    def extractX(self) -> F8:  # noqa: N802
        """Bin edges of all spectra, shape (spectra, bins + 1)."""
        x, values, _ = self._spectra()
        return np.tile(x, (len(values), 1))

    def extractY(self) -> F8:  # noqa: N802
        """Counts of all spectra, shape (spectra, bins)."""
        return self._spectra()[1].astype(np.float64)

    def extractE(self) -> F8:  # noqa: N802
        """Standard deviations of all spectra, shape (spectra, bins)."""
        _, values, errors = self._spectra()
        return _poisson(values) if errors is None else errors.copy()

    def _spectra(self) -> tuple[F8, NDArray[Any], F8 | None]:
        """x, values and errors; errors None means the square root of the values."""
        if convert.is_data_array(self._data):
            return convert.spectra_of(self._data)
        counts = self.counts()
        return counts.binning.edges_us, counts.counts, None

    def _tof_range_us(self) -> tuple[float, float]:
        if isinstance(self._data, Events):
            filled = [piece.tof_ns for piece in self._data.pieces if len(piece.tof_ns)]
            least = min((int(tof.min()) for tof in filled), default=0)
            return least / 1000, max((int(tof.max()) for tof in filled), default=0) / 1000
        if isinstance(self._data, Counts):
            return float(self._data.binning.edges_us[0]), float(self._data.binning.edges_us[-1])
        return convert.tof_range_us(self._data)


def _poisson(counts: NDArray[Any]) -> F8:
    errors: F8 = np.sqrt(counts, dtype=np.float64)
    return errors


def as_workspace(output: object, source: Workspace) -> Workspace:
    """Convert a script's output to a workspace that represents all data in `source`.

    Raises
    ------
    TypeError
        It is neither a workspace nor a DataArray.
    """
    if convert.is_data_array(output):
        output = Workspace(
            source.name(),
            output,
            binned=source.binned.fresh(),
            logs=source.logs,
            run=source.run_number,
            monitors=source.monitors,
        )
    if not isinstance(output, Workspace):
        raise TypeError(f"output is a {type(output).__name__}; a workspace or a scipp DataArray was expected")
    output.tally = source.tally
    return output
