"""Make the workspace for proc from a chunk of the stream: selection, rows of pixels, logs that carry over."""

from dataclasses import replace

import numpy as np

from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.counts import Counts
from livereduce.engine.counting.pixels import KnownPixels, PixelTable
from livereduce.engine.geometry.definition import Definition
from livereduce.engine.geometry.finding import script_folders
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.values.date_and_time import DateAndTime
from livereduce.engine.workspaces.events import Events, Mask, monitor_events, with_events
from livereduce.engine.workspaces.runlogs import END_NAMES, START_NAMES, RunLogs
from livereduce.engine.workspaces.tally import Tally
from livereduce.engine.workspaces.workspace import Binned
from livereduce.stream.chunk import Chunk
from livereduce.stream.items import I4, EventBatch, Geometry, HistogramSnapshot, LogBatch


class Intake:
    """Makes workspaces from the chunks of one stream, and keeps what the next one needs.

    Parameters
    ----------
    spectra, periods
        Selection; empty for all.
    """

    def __init__(self, binning: Binning, spectra: tuple[int, ...] = (), periods: tuple[int, ...] = ()) -> None:
        self._binning = binning
        self._spectra = spectra
        self._periods = periods
        self._pixel_map: I4 | None = None
        self._instrument = KnownPixels()
        self._definition = Definition()
        self._table = PixelTable(only=spectra)
        self._monitor_table = PixelTable()

    def begin_run(self) -> None:
        """New rows for a new run: its pixel map may differ, and pixels appear again."""
        self._table = PixelTable(self._pixel_map, self._spectra)
        self._monitor_table = PixelTable()

    def cleaned(self, chunk: Chunk) -> Chunk:
        """The chunk, with events of pixels that the instrument does not have counted as erroneous.

        Raises
        ------
        Exception
            A bug in livereduce; the chunk is unchanged.
        """
        if chunk.geometry is not None and chunk.geometry.pixels is not None:
            self._instrument = KnownPixels(chunk.geometry.pixels)
        return replace(chunk, events=tuple(self._cleaned(piece) for piece in chunk.events))

    def _cleaned(self, piece: EventBatch) -> EventBatch:
        outside = self._instrument.outside(piece.pixel)
        if not outside:
            return piece
        kept = with_events(piece, self._instrument.inside(piece.pixel))
        return replace(kept, erroneous=piece.erroneous + outside)

    def workspace(self, chunk: Chunk, tally: Tally, name: str, carried: RunLogs) -> MatrixWorkspace:
        """The chunk as a workspace; the same chunk may come again, joined with a later one."""
        if chunk.geometry is not None and chunk.geometry.pixels is not None:
            self._pixel_map = chunk.geometry.pixels
            self._table.extend(self._pixel_map)
        if chunk.geometry is not None and chunk.geometry.definition_xml:
            self._definition = Definition(chunk.geometry.definition_xml, folders=script_folders())
        events = Events(chunk.events)
        logs = _logs_of(chunk, tally, carried)
        monitors = monitor_events(chunk.monitors)
        return MatrixWorkspace(
            name,
            self._selected(events) if chunk.snapshot is None else _snapshot_counts(chunk.snapshot),
            binned=Binned(self._binning, self._table),
            logs=logs,
            run=chunk.run,
            monitors=self._monitors(monitors, name, chunk.run) if monitors.pieces else None,
            tally=tally,
            geometry=self._definition,
        )

    def _selected(self, events: Events) -> Events:
        if self._periods:
            events = events.where_pulses(lambda piece: np.isin(piece.period, self._periods))
        return events.where(self._is_wanted) if self._spectra else events

    def _is_wanted(self, piece: EventBatch) -> Mask:
        return self._table.rows_of(piece.pixel) >= 0

    def _monitors(self, events: Events, name: str, run: int) -> MatrixWorkspace:
        return MatrixWorkspace(
            f"{name}_monitors",
            events,
            binned=Binned(self._binning, self._monitor_table),
            run=run,
            geometry=replace(self._definition, of_monitors=True),
        )


def _logs_of(chunk: Chunk, tally: Tally, carried: RunLogs) -> RunLogs:
    logs = carried.copy()
    first_ns = min((int(batch.pulse_ns[0]) for batch in chunk.events if len(batch.pulse_ns)), default=None)
    logs.replace_told(chunk.logs, until_ns=first_ns)
    logs.set_plain("run_number", str(chunk.run))
    _add_times(logs, chunk)
    if chunk.geometry is not None:
        _add_run_information(logs, chunk.geometry)
    for events in chunk.events:
        logs.add_charge(events.pulse_ns, events.charge_pc)
    for monitor in chunk.monitors:
        logs.add_monitor_counts(monitor.monitor, len(monitor.tof_ns))
    if "pause" not in logs:
        logs.add_log(_not_paused(chunk, tally))
    for batch in chunk.logs:
        logs.add_log(batch)
    return logs


def _add_times(logs: RunLogs, chunk: Chunk) -> None:
    """Start and, once it is over, end of the run: by the names of Mantid's live listener and of its files."""
    start, end = (DateAndTime(ns).toISO8601String() for ns in (chunk.start_ns, chunk.end_ns))
    for name in START_NAMES if chunk.start_ns else ():
        logs.set_plain(name, start)
    for name in END_NAMES if chunk.end_ns else ():
        logs.set_plain(name, end)
    if chunk.start_ns and chunk.end_ns:
        logs.set_plain("duration", (chunk.end_ns - chunk.start_ns) / 1e9, "second")


def _add_run_information(logs: RunLogs, geometry: Geometry) -> None:
    said = {
        "run_title": geometry.title,
        "experiment_identifier": geometry.proposal,
        "instrument_name": geometry.instrument,
    }
    for name, value in said.items():
        if value:
            logs.set_plain(name, value)


def _not_paused(chunk: Chunk, tally: Tally) -> LogBatch:
    """A log that says "not paused", because a run begins unpaused, as in Mantid."""
    since_ns = chunk.start_ns or tally.first_ns
    return LogBatch(run=chunk.run, name="pause", units="", time_ns=np.array([since_ns]), value=np.zeros(1))


def _snapshot_counts(snapshot: HistogramSnapshot) -> Counts:
    edges_ns = np.rint(snapshot.tof_edges_us * 1000).astype(np.int64)
    return Counts(counts=snapshot.counts, binning=Binning(edges_ns), pixels=snapshot.spectra)
