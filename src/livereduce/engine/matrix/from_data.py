"""A `Matrix` of what the engine holds: events of the stream, counts, a scipp array."""

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.counts import Counts
from livereduce.engine.counting.pixels import MAX_PIXEL, PixelTable
from livereduce.engine.counting.sparse.cells import SparseCounts
from livereduce.engine.geometry.definition import Definition
from livereduce.engine.geometry.errors import GeometryError
from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.matrix.events.pending_events import PendingEvents
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.matrix.sparse_histograms import SparseHistograms
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.engine.workspaces import convert
from livereduce.engine.workspaces.events import Events
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.stream.items import I4

if TYPE_CHECKING:
    import scipp as sc


def of_events(
    events: Events, binning: Binning, table: PixelTable, logs: RunLogs, geometry: Definition | InstrumentGeometry
) -> Matrix:
    """One spectrum for each detector of the instrument, or, where it is not known, for each pixel seen.

    Mantid's live listener makes a spectrum for each detector of the definition that is no monitor, in the order of
    their ids, as its loader of event files does (Framework/DataObjects/src/EventWorkspace.cpp, padSpectra). Its version
    of 2026 makes spectra for the monitors too, before those of the pixels: they stay empty, so they are left out here.
    Of a definition that belongs to beam monitors: one for each monitor, in the order of their ids (-2, -1), as it does.
    """
    tables = _of_monitors(geometry) if _is_of_monitors(geometry) else _of_instrument(geometry)
    spectra, row_of_pixel = tables or _of_pixels_seen(events, table)
    content = PendingEvents(
        events=events, row_of_pixel=row_of_pixel, rows=spectra.rows, x=Grid(binning.edges_us.astype(np.float64))
    )
    return Matrix(content=content, spectra=spectra, logs=logs, geometry=geometry)


def detectors_of(geometry: Definition | InstrumentGeometry) -> I4 | None:
    """The ids of all detectors that are no monitors; None if the geometry is not known."""
    found = _of_instrument(geometry)
    return None if found is None else found[0].ids


Tables = tuple[SpectrumTable, I4]
"""Spectra, and the row of each pixel. The same objects for every chunk: what is pending is compared by them first."""
_of_instruments: "WeakKeyDictionary[InstrumentGeometry, Tables]" = WeakKeyDictionary()
_of_their_monitors: "WeakKeyDictionary[InstrumentGeometry, Tables]" = WeakKeyDictionary()
_of_tables: "WeakKeyDictionary[PixelTable, Tables]" = WeakKeyDictionary()


def _known(geometry: Definition | InstrumentGeometry) -> InstrumentGeometry | None:
    try:
        return geometry if isinstance(geometry, InstrumentGeometry) else geometry.instrument()
    except GeometryError:
        return None


def _of_instrument(geometry: Definition | InstrumentGeometry) -> Tables | None:
    """One spectrum for each detector that is no monitor; None if the geometry is not known."""
    instrument = _known(geometry)
    if instrument is None:
        return None
    if instrument not in _of_instruments:
        pixels = instrument.ids[~instrument.is_monitor]
        _of_instruments[instrument] = SpectrumTable.of_pixels(pixels), row_table(pixels)
    return _of_instruments[instrument]


def _is_of_monitors(geometry: Definition | InstrumentGeometry) -> bool:
    return isinstance(geometry, Definition) and geometry.of_monitors


def _of_monitors(geometry: Definition | InstrumentGeometry) -> Tables | None:
    """One spectrum for each monitor; None if the geometry is not known, or its monitors' ids are not below 0."""
    instrument = _known(geometry)
    if instrument is None:
        return None
    if instrument not in _of_their_monitors:
        ids = instrument.ids[instrument.is_monitor & (instrument.ids < 0)]
        _of_their_monitors[instrument] = SpectrumTable.of_pixels(ids), row_table(-ids)
    tables = _of_their_monitors[instrument]
    return tables if tables[0].rows else None


def _of_pixels_seen(events: Events, table: PixelTable) -> Tables:
    table.extend_by_pieces(events.pieces)
    known = _of_tables.get(table)
    if known is None or known[1] is not table.row_of_pixel:
        known = _of_tables[table] = SpectrumTable.of_pixels(table.pixels), table.row_of_pixel
    return known


def row_table(pixels: I4, events: Events | None = None) -> I4:
    """A table from pixel to its row, with -1 for all others, the last entry among them.

    A definition may have ids up to 2³¹, too many for a table. Those that no pixel of a stream has (negative, or above
    `MAX_PIXEL`) are left out, but for the pixels of `events`, if given: a file may have them.
    """
    highest = MAX_PIXEL
    if events is not None and pixels.max(initial=0) > MAX_PIXEL:
        highest = max([MAX_PIXEL, *(int(piece.pixel.max(initial=0)) for piece in events.pieces)])
    rows = np.flatnonzero((pixels >= 0) & (pixels <= highest)).astype(np.int32)
    table: I4 = np.full(int(pixels[rows].max(initial=0)) + 2, -1, np.int32)
    table[pixels[rows]] = rows
    return table


def of_counts(counts: Counts, logs: RunLogs, geometry: Definition | InstrumentGeometry) -> Matrix:
    """One spectrum for each row of counts, with the error √counts; sparse counts stay sparse."""
    x, content = counts.binning.edges_us.astype(np.float64), counts.counts
    rows = len(content)
    values: Histograms | SparseHistograms
    if isinstance(content, SparseCounts):
        values = SparseHistograms(x=Grid(x), counts=content)
    else:
        values = Histograms.table(x, table := counts.table(), np.sqrt(table))
    known = len(counts.pixels) == rows
    spectra = SpectrumTable.of_pixels(counts.pixels) if known else SpectrumTable.without_detectors(rows)
    return Matrix(content=values, spectra=spectra, logs=logs, geometry=geometry)


def of_array(array: "sc.DataArray", logs: RunLogs, geometry: Definition | InstrumentGeometry) -> Matrix:
    """Spectra of a scipp array, whose last dimension is x; its unit is not known to Mantid unless it is TOF."""
    x, values, errors = convert.spectra_of(array)
    unit = "TOF" if array.dims and array.dims[-1] == "tof" else ""
    spectra = SpectrumTable.without_detectors(len(values))
    return Matrix(content=Histograms.table(x, values, errors), spectra=spectra, logs=logs, geometry=geometry, unit=unit)
