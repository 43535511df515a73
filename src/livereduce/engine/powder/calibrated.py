"""Spectra between time of flight and d by a calibration.

Source: Mantid docs/source/algorithms/ApplyDiffCal-v1.rst, AlignDetectors-v1.rst; Framework/Kernel/src/Unit.cpp.
"""

from dataclasses import replace

import numpy as np

from livereduce.engine.geometry.calibration import Calibration
from livereduce.engine.geometry.errors import GeometryError
from livereduce.engine.matrix.conversion import unit_maps
from livereduce.engine.matrix.events import event_changes
from livereduce.engine.matrix.events.event_pass import carried_out
from livereduce.engine.matrix.events.pixel_maps import PixelMaps
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.powder.calibration import difc_of, of_spectra
from livereduce.stream.items import F8, I8


def to_d(matrix: Matrix, constants: Calibration) -> Matrix:
    """Time of flight as d; a spectrum without constants takes the DIFC of its position, and is 0 if that is not known.

    Raises
    ------
    ValueError
        X is no time of flight.
    """
    if matrix.unit != "TOF":
        raise ValueError(f"InputWorkspace must be in TOF, not in {matrix.unit or 'no unit'}")
    difc, difa, tzero = _complete(matrix, constants)
    usable = difc > 0
    maps = unit_maps.calibrated(difc, difa, tzero)
    return replace(_changed(matrix.with_mask(~usable), maps), unit="dSpacing")


def to_tof(matrix: Matrix, constants: Calibration) -> Matrix:
    """The way back."""
    difc, difa, tzero = _complete(matrix, constants)
    usable = difc > 0
    cleared = matrix.with_mask(~usable)
    if not np.any(difa[usable]):
        safe = np.where(usable, difc, np.nan)
        return replace(_changed(cleared, PixelMaps(scale=safe, zero=-tzero / safe)), unit="TOF")
    return replace(_bent(cleared, difc, difa, tzero), unit="TOF")


def _complete(matrix: Matrix, constants: Calibration) -> tuple[F8, F8, F8]:
    difc, difa, tzero, known = of_spectra(constants, matrix.spectra)
    if known.all():
        return difc, difa, tzero
    try:
        instrument = matrix.instrument()
    except GeometryError:
        return difc, difa, tzero
    zeros = np.zeros(len(instrument.ids))
    positions = Calibration(detector=instrument.ids, difc=difc_of(instrument), difa=zeros, tzero=zeros)
    return np.where(known, difc, of_spectra(positions, matrix.spectra)[0]), difa, tzero


def _changed(matrix: Matrix, maps: PixelMaps) -> Matrix:
    if matrix.events is None:
        histograms = matrix.histograms
        return matrix.with_histograms(replace(histograms, x=histograms.x.mapped(maps)))
    return replace(matrix, content=event_changes.mapped(matrix.events, maps))


def _bent(matrix: Matrix, difc: F8, difa: F8, tzero: F8) -> Matrix:
    """With a DIFA every value is computed at once."""

    def tof(d: F8, row: I8 | int) -> F8:
        values: F8 = (difa[row] * d + difc[row]) * d + tzero[row]
        return values

    x = Grid.ragged([tof(values, row) for row, values in enumerate(matrix.content.x.rows(matrix.rows))])
    if matrix.events is None:
        return matrix.with_histograms(replace(matrix.histograms, x=x))
    lists = carried_out(matrix.events)
    return replace(matrix, content=replace(lists, x_of=tof(lists.x_of, lists.row_of), x=x))
