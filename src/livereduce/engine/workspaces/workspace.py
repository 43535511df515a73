"""Workspaces for scripts: a named, mutable handle on immutable data.

Algorithms that work in place rebind what it holds. Scripts are given a `MatrixWorkspace`: it adds Mantid's interface.
"""

import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self, Union

from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.counts import Counts
from livereduce.engine.counting.histogram import Histogram
from livereduce.engine.counting.pixels import PixelTable
from livereduce.engine.geometry.definition import Definition
from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.matrix import from_data
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.matrix.to_scipp import to_scipp
from livereduce.engine.workspaces import convert
from livereduce.engine.workspaces.events import Events
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.engine.workspaces.tally import Tally
from livereduce.stream.items import EventBatch

if TYPE_CHECKING:
    import scipp as sc

Data = Union[Events, Counts, Matrix, "sc.DataArray"]


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
        `Events`, `Counts`, a scipp DataArray, or the `Matrix` that an algorithm of Mantid's made.
    binned
        Makes histograms of the events.
    monitors
        The beam monitors' events, or None.
    geometry
        Positions of the pixels, or the definition that gives them.
    """

    def __init__(
        self,
        name: str,
        data: Data,
        *,
        binned: Binned,
        logs: RunLogs | None = None,
        run: int = 0,
        monitors: Self | None = None,
        tally: Tally | None = None,
        geometry: Definition | InstrumentGeometry | None = None,
    ) -> None:
        self._name = name
        self._data = data
        self.binned = binned
        self.logs = logs or RunLogs()
        self.run_number = run
        self.monitors = monitors
        self.tally = tally or Tally()
        self.geometry = geometry or Definition()
        self._matrix: Matrix | None = None
        self._table: weakref.ref[Any] | None = None
        self._title, self._comment = (data.title, data.comment) if isinstance(data, Matrix) else ("", "")

    def name(self) -> str:
        """The name."""
        return self._name

    @property
    def held(self) -> Data:
        """The data as stored, without conversion."""
        return self._data

    def _forget(self) -> None:
        """Drop what was made of the data: they are others now."""
        self._table = self._matrix = None
        self.binned = self.binned.fresh()

    @property
    def data(self) -> "sc.DataArray":
        """The data for scipp: events as a table, histograms with variances. Rebind it to change it.

        Changes made in place in a table of events, or in counts, are lost unless it is assigned.
        """
        held = self.held
        if convert.is_data_array(held):
            return held
        # One table for as long as the script holds it: it takes three times the memory of the events.
        table = self._table() if self._table is not None else None
        if table is None:
            table = self.scipp()
            self._table = weakref.ref(table)
        return table

    @data.setter
    def data(self, data: Data) -> None:
        if not (isinstance(data, Events | Counts | Matrix) or convert.is_data_array(data)):
            raise TypeError(f"a scipp DataArray, Events or Counts was expected as data, not {type(data).__name__}")
        self._data = data
        if isinstance(data, Matrix):
            self._title, self._comment = data.title, data.comment
        self._forget()

    @property
    def matrix(self) -> Matrix:
        """The data for Mantid's algorithms; made once, without a copy of events. Rebind it to change the workspace."""
        _ = self.held  # brings it up to date
        return self._present()

    @matrix.setter
    def matrix(self, matrix: Matrix) -> None:
        self.data, self.logs, self.geometry = matrix, matrix.logs, matrix.geometry

    def _present(self) -> Matrix:
        """The matrix of the data as they are stored, with the logs, title and comment of the workspace."""
        kept = self._data if isinstance(self._data, Matrix) else self._matrix
        made = self._as_matrix(self._data) if kept is None else kept
        if made.logs is not self.logs or (made.title, made.comment) != (self._title, self._comment):
            made = replace(made, logs=self.logs, title=self._title, comment=self._comment)
        if isinstance(self._data, Matrix):
            self._data = made
        else:
            self._matrix = made
        return made

    def _as_matrix(self, data: Data) -> Matrix:
        if isinstance(data, Matrix):
            return data
        if isinstance(data, Events):
            return from_data.of_events(data, self.binned.binning, self.binned.table, self.logs, self.geometry)
        if isinstance(data, Counts):
            return from_data.of_counts(data, self.logs, self.geometry)
        return from_data.of_array(data, self.logs, self.geometry)

    @property
    def events(self) -> Events:
        """The events, as numpy arrays without a copy.

        Raises
        ------
        RuntimeError
            The workspace no longer holds events.
        """
        held = self.held
        if isinstance(held, Events):
            return held
        raise RuntimeError(f"workspace {self._name!r} holds {type(held).__name__}, not events")

    def scipp(self, *, pulse_time: bool = False) -> "sc.DataArray":
        """The data as a DataArray; for events optionally with their pulse time, 8 bytes more per event."""
        held = self.held
        if isinstance(held, Events):
            return convert.events_to_scipp(held, pulse_time=pulse_time)
        if isinstance(held, Matrix):
            return to_scipp(held)
        return convert.counts_to_scipp(held) if isinstance(held, Counts) else held

    def counts(self) -> Counts:
        """Counts per spectrum in the configured bins, or those that the workspace holds.

        Raises
        ------
        RuntimeError
            The workspace holds a DataArray, which has bins of its own.
        """
        held = self.held
        if isinstance(held, Events):
            return self.binned.spectra(held)
        if isinstance(held, Counts):
            return held
        raise RuntimeError(f"workspace {self._name!r} holds a {type(held).__name__}: its counts are in .data")

    def clone(self) -> Self:
        """A copy that is not affected by later changes of this workspace."""
        held = self.held
        data = held if isinstance(held, Events | Matrix) else held.copy()
        twin = type(self)(
            self._name,
            data,
            binned=self.binned.fresh(),
            logs=self.logs.copy(),
            run=self.run_number,
            monitors=self.monitors.clone() if self.monitors is not None else None,
            tally=self.tally,
            geometry=self.geometry,
        )
        twin._title, twin._comment = self._title, self._comment
        return twin
