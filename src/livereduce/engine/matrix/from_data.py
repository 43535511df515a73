"""A `Matrix` of what the engine holds: events of the stream, counts, a scipp array."""

from typing import TYPE_CHECKING

import numpy as np

from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.histogram import Counts
from livereduce.engine.counting.pixels import PixelTable
from livereduce.engine.geometry.definition import Definition
from livereduce.engine.geometry.errors import GeometryError
from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.matrix.pending_events import PendingEvents
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.engine.workspaces import convert
from livereduce.engine.workspaces.events import Events
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.stream.items import I4

if TYPE_CHECKING:
    import scipp as sc

ORDINARY = 1 << 24
"""Pixels up to here are taken into a table as they are: 64 MB."""


def of_events(
    events: Events, binning: Binning, table: PixelTable, logs: RunLogs, geometry: Definition | InstrumentGeometry
) -> Matrix:
    """One spectrum for each detector of the instrument, or, where it is not known, for each pixel seen.

    Mantid's live listener makes a spectrum for each detector of the definition that is no monitor, in the order of
    their ids, as its loader of event files does (Framework/DataObjects/src/EventWorkspace.cpp, padSpectra). Its version
    of 2026 makes spectra for the monitors too, before those of the pixels: they stay empty, so they are left out here.
    """
    pixels = detectors_of(geometry)
    if pixels is None:
        for piece in events.pieces:
            table.extend(np.unique(piece.pixel[table.rows_of(piece.pixel) < 0]))
        pixels = table.pixels
    content = PendingEvents(
        events=events,
        row_of_pixel=row_table(pixels, events),
        rows=len(pixels),
        x=Grid(binning.edges_us.astype(np.float64)),
    )
    return Matrix(content=content, spectra=SpectrumTable.of_pixels(pixels), logs=logs, geometry=geometry)


def detectors_of(geometry: Definition | InstrumentGeometry) -> I4 | None:
    """The ids of all detectors that are no monitors; None if the geometry is not known."""
    try:
        instrument = geometry if isinstance(geometry, InstrumentGeometry) else geometry.instrument()
    except GeometryError:
        return None
    return instrument.ids[~instrument.is_monitor]


def row_table(pixels: I4, events: Events) -> I4:
    """A table from pixel to its row, with -1 for all others, the last entry among them.

    A definition may have ids up to 2³¹: then the table ends at the highest pixel of the events.
    """
    highest = int(pixels.max(initial=0))
    if highest > ORDINARY:
        highest = min(highest, max((int(piece.pixel.max(initial=0)) for piece in events.pieces), default=0))
    table: I4 = np.full(highest + 2, -1, np.int32)
    rows = np.flatnonzero((pixels >= 0) & (pixels <= highest))
    table[pixels[rows]] = rows
    return table


def of_counts(counts: Counts, logs: RunLogs, geometry: Definition | InstrumentGeometry) -> Matrix:
    """One spectrum for each row of counts, with the error √counts."""
    values = counts.counts.astype(np.float64)
    content = Histograms.table(counts.binning.edges_us.astype(np.float64), values, np.sqrt(values))
    known = len(counts.pixels) == len(values)
    spectra = SpectrumTable.of_pixels(counts.pixels) if known else SpectrumTable.without_detectors(len(values))
    return Matrix(content=content, spectra=spectra, logs=logs, geometry=geometry)


def of_array(array: "sc.DataArray", logs: RunLogs, geometry: Definition | InstrumentGeometry) -> Matrix:
    """Spectra of a scipp array, whose last dimension is x; its unit is not known to Mantid unless it is TOF."""
    x, values, errors = convert.spectra_of(array)
    unit = "TOF" if array.dims and array.dims[-1] == "tof" else ""
    spectra = SpectrumTable.without_detectors(len(values))
    return Matrix(content=Histograms.table(x, values, errors), spectra=spectra, logs=logs, geometry=geometry, unit=unit)
