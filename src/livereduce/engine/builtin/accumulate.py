"""Accumulate chunks into the data of a run: Add, Replace or Append, of events, counts or scipp histograms."""

import logging
import sys
from typing import TYPE_CHECKING, Any, Protocol, Union

import numpy as np

from livereduce.engine.counting.counts import Counts, stacked
from livereduce.engine.counting.histogram import Histogram
from livereduce.engine.counting.pixels import PixelTable
from livereduce.engine.geometry.definition import Definition
from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.matrix.adding import added
from livereduce.engine.matrix.events.pending_events import PendingEvents
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.matrix.stacking import appended
from livereduce.engine.workspaces import convert
from livereduce.engine.workspaces.events import Events
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.engine.workspaces.tally import Tally
from livereduce.engine.workspaces.workspace import Binned, Data

if TYPE_CHECKING:
    import scipp as sc

ADD, REPLACE, APPEND = "Add", "Replace", "Append"
logger = logging.getLogger("livereduce.engine")

Held = Union[Events, Histogram, Counts, Matrix, "sc.DataArray"]
"""Accumulated data: events by reference; counts in an array of our own; appended spectra; what Mantid's algorithms
made; a copy of scipp's."""


class AccumulationError(Exception):
    """A chunk does not match the accumulated data: an outcome of the script, not a crash."""


class Accumulator(Protocol):
    """Takes the chunks of a run, one after the other or in several places."""

    def add(self, workspace: MatrixWorkspace) -> None:
        """Add a processed chunk.

        Raises
        ------
        AccumulationError
            It does not match those before; nothing has changed.
        """

    def merge(self, other: "Accumulator") -> None:
        """Add what another accumulator has taken of later chunks."""

    def reset(self, run: int) -> None:
        """Start empty for a run."""

    def value(self) -> MatrixWorkspace | None:
        """All data taken; None if there are none.

        Changing the returned workspace does not change the accumulated data.
        """


class Accumulation:
    """The accumulated data of a run.

    Parameters
    ----------
    name
        Name of the workspace that `value` returns.
    method
        ``Add``, ``Replace`` or ``Append``.
    preserve_events
        False: events are counted in the configured bins at once, and memory does not grow with them.

    Attributes
    ----------
    held_bytes, mapped_bytes
        Memory of all data taken, and the part of it that lies where the receiver has put it.
    """

    def __init__(self, name: str, method: str, *, preserve_events: bool) -> None:
        self._name = name
        self._method = method
        self._preserve_events = preserve_events
        self._monitors: Accumulation | None = None
        self.reset(0)

    def reset(self, run: int, *, preserve_events: bool | None = None) -> None:
        """Start empty for a run, optionally changing whether events are kept."""
        if preserve_events is not None:
            self._preserve_events = preserve_events
        self._run = run
        self._held: Held | None = None
        self._binned: Binned | None = None
        self._geometry: Definition | InstrumentGeometry | None = None
        self._logs = RunLogs()
        self._monitors = None
        self.tally = Tally()
        self.held_bytes = self.mapped_bytes = 0

    def add(self, workspace: MatrixWorkspace) -> None:
        """Add a processed chunk, see `Accumulator.add`."""
        if self._method == REPLACE or self._held is None:
            self.replace(workspace)
            return
        logs = self._logs.copy()
        logs.merge(workspace.logs)
        self._held = self._combined(self._held, workspace)
        self._logs = logs  # after the data: a failed chunk has changed nothing and may come again
        # for events only the new ones: summing all pieces of a long run again would take longer and longer
        grows = _is_by_reference(self._held)
        self.held_bytes = self.held_bytes + _bytes_of(workspace.held) if grows else _bytes_of(self._held)
        self.mapped_bytes = self.mapped_bytes + _mapped_bytes_of(workspace.held) if grows else 0
        self.tally += workspace.tally
        self._add_monitors(workspace.monitors)

    def replace(self, workspace: MatrixWorkspace) -> None:
        """Replace everything by a chunk."""
        binned, logs = workspace.binned.fresh(), workspace.logs.copy()
        try:
            self._held = self._first(workspace)
        except Exception as error:  # the script made these data: whatever they raise is an outcome
            raise AccumulationError(_one_line(error)) from error
        self._binned, self._logs, self._geometry = binned, logs, workspace.geometry
        self.held_bytes, self.mapped_bytes = _bytes_of(self._held), _mapped_bytes_of(self._held)
        self._monitors = None
        self.tally = workspace.tally
        self._add_monitors(workspace.monitors)

    def add_logs(self, logs: RunLogs, tally: Tally) -> None:
        """Add the logs of a chunk without events; with ``Replace`` those of the newest chunk with events stay."""
        if self._method == REPLACE:
            return
        merged = self._logs.copy()
        merged.merge(logs)
        self._logs = merged
        self.tally += tally

    def merge(self, other: Accumulator) -> None:
        """Add what another accumulator has taken of later chunks."""
        later = other.value()
        if later is not None:
            self.add(later)

    def value(self) -> MatrixWorkspace | None:
        """All data taken, see `Accumulator.value`."""
        if self._held is None or self._binned is None:
            return None
        return MatrixWorkspace(
            self._name,
            _given_out(self._held),
            binned=self._binned,
            logs=self._logs.copy(),
            run=self._run,
            monitors=self._monitors.value() if self._monitors is not None else None,
            tally=self.tally,
            geometry=self._geometry,
        )

    def _add_monitors(self, monitors: MatrixWorkspace | None) -> None:
        if monitors is None:
            return
        if self._monitors is None:
            self._monitors = Accumulation(monitors.name(), ADD, preserve_events=self._preserve_events)
            self._monitors.reset(self._run)
        try:
            self._monitors.add(monitors)
        except Exception as error:  # noqa: BLE001 (the boundary of a chunk's monitors)
            # The chunk's own data are in already; failing now would count them again when the chunk is retried.
            logger.warning("run %d: monitors of a chunk are not accumulated: %s", self._run, error)

    def _first(self, workspace: MatrixWorkspace) -> Held:
        """The first chunk, with which all later ones are combined; copied if later chunks are written into it."""
        data = workspace.held
        if isinstance(data, Matrix):
            return _matrix(data, self._preserve_events)
        if self._method == APPEND and not convert.is_data_array(data):
            return workspace.counts().copy()
        if isinstance(data, Events):
            return data if self._preserve_events else _counted(data, workspace.binned)
        if isinstance(data, Counts):
            return _own(data)
        return _prepared(data, workspace, self._preserve_events).copy()

    def _combined(self, held: Held, workspace: MatrixWorkspace) -> Held:
        try:
            return self._sum(held, workspace)
        except Exception as error:
            # Counting in place may have stopped half-way: such a chunk must not come again. These two are raised by
            # scipp and our own checks before anything has changed.
            if isinstance(held, Histogram) and not isinstance(error, RuntimeError | ValueError | AccumulationError):
                raise
            raise AccumulationError(_one_line(error)) from error

    def _sum(self, held: Held, workspace: MatrixWorkspace) -> Held:
        data = workspace.held
        if isinstance(data, Matrix) and isinstance(held, Events | Histogram | Counts):
            # proc has let the chunks before pass as they are
            held = _matrix(self._as_matrix(held), self._preserve_events)
        if isinstance(held, Matrix):
            later = _matrix(workspace.matrix, self._preserve_events)
            return appended(held, later) if self._method == APPEND else added(held, later)
        if isinstance(held, Counts) and not convert.is_data_array(data):
            return _appended_counts(held, workspace.counts())
        if isinstance(held, Histogram) and isinstance(data, Events | Counts):
            if isinstance(data, Events):
                held.add(data)
            else:
                held.add_counts(data)
            return held
        if isinstance(held, Events) and isinstance(data, Events):
            return held + data
        if convert.is_data_array(held) and convert.is_data_array(data):
            prepared = _prepared(data, workspace, self._preserve_events)
            return _appended_arrays(held, prepared) if self._method == APPEND else _added_arrays(held, prepared)
        raise AccumulationError(f"{_kind(data)} cannot be added to {_kind(held)} of the chunks before")

    def _as_matrix(self, held: Events | Histogram | Counts) -> Matrix:
        assert self._binned is not None
        return MatrixWorkspace(self._name, _given_out(held), binned=self._binned, geometry=self._geometry).matrix


def _is_by_reference(held: Held) -> bool:
    """True for events that are kept as the pieces that the stream gave."""
    return isinstance(held, Events) or (isinstance(held, Matrix) and isinstance(held.content, PendingEvents))


def _bytes_of(held: Held) -> int:
    if isinstance(held, Events | Histogram | Matrix):
        return held.nbytes
    # scipp knows the memory that it refers to
    return held.counts.nbytes if isinstance(held, Counts) else sys.getsizeof(held)


def _mapped_bytes_of(held: Held) -> int:
    """The part of it that is the receiver's memory."""
    if isinstance(held, Events):
        return held.mapped_nbytes
    events = held.content.events if isinstance(held, Matrix) and isinstance(held.content, PendingEvents) else Events()
    return events.mapped_nbytes


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return (
        text if isinstance(error, RuntimeError | ValueError | AccumulationError) else f"{type(error).__name__}: {text}"
    )


def _kind(data: Held) -> str:
    return type(data).__name__


def _matrix(matrix: Matrix, preserve_events: bool) -> Matrix:
    """The matrix, or its events in their current bins."""
    return matrix if preserve_events else matrix.with_histograms(matrix.histograms)


def _counted(events: Events, binned: Binned) -> Histogram:
    histogram = Histogram(binned.binning, binned.table)
    histogram.add(events)
    return histogram


def _own(counts: Counts) -> Histogram:
    """Copy counts into an array of our own, to which later ones can be added."""
    table = PixelTable(counts.pixels) if len(counts.pixels) else None
    histogram = Histogram(counts.binning, table)
    histogram.add_counts(counts)
    return histogram


def _given_out(held: Held) -> Data:
    """Data for a script: it cannot change ours through them."""
    if isinstance(held, Matrix):
        return held
    if isinstance(held, Histogram):
        return held.counts()
    return held.copy() if convert.is_data_array(held) else held


def _appended_counts(held: Counts, later: Counts) -> Counts:
    if not np.array_equal(held.binning.edges_ns, later.binning.edges_ns):
        raise AccumulationError(f"spectra in {later.binning} cannot be appended to spectra in {held.binning}")
    return Counts(
        counts=stacked([held, later]),
        binning=held.binning,
        pixels=np.concatenate([held.pixels, later.pixels]),
        outside_tof=held.outside_tof + later.outside_tof,
        unknown_pixel=held.unknown_pixel + later.unknown_pixel,
    )


def _prepared(array: "sc.DataArray", workspace: MatrixWorkspace, preserve_events: bool) -> "sc.DataArray":
    """The array, or its events as a histogram: in their own bins, or for a table in the configured ones."""
    if preserve_events:
        return array
    if convert.is_event_table(array):
        return convert.table_histogram(array, workspace.binned.binning)
    return convert.binned_sum(array)


def _added_arrays(held: "sc.DataArray", later: "sc.DataArray") -> "sc.DataArray":
    """The sum; a histogram is added in place, because `held` is our own copy."""
    import scipp as sc

    if convert.is_event_table(held):  # copies all accumulated events: use `Events.where` to keep many events
        return sc.concat([held, later], convert.EVENT)
    if held.is_binned:
        together: Any = held.bins.concatenate(later)
        return together  # type: ignore[no-any-return]
    alike = held.dtype == later.dtype and held.sizes == later.sizes
    if not alike or (held.variances is None) != (later.variances is None):
        return held + later  # wider numbers, or scipp's own error for arrays that do not match
    held += later
    return held


def _appended_arrays(held: "sc.DataArray", later: "sc.DataArray") -> "sc.DataArray":
    """Concatenate spectra along the first dimension; single spectra along a new dimension."""
    import scipp as sc

    dim = later.dims[0] if later.ndim > 1 or convert.is_event_table(later) else "spectrum"
    for name, coord in later.coords.items():
        if dim not in coord.dims and not (name in held.coords and sc.identical(held.coords[name], coord)):
            raise AccumulationError(f"spectra with other values of {name!r} cannot be appended")
    return sc.concat([held, later], dim)
