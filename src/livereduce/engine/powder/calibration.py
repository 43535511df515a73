"""The calibration of a powder instrument: DIFC, DIFA and TZERO of each detector.

Time of flight and d go together by t = DIFC·d + DIFA·d² + TZERO.
Source: Mantid docs/source/algorithms/ApplyDiffCal-v1.rst, LoadDiffCal-v1.rst,
Framework/DataHandling/src/LoadDiffCal.cpp.
"""

from dataclasses import dataclass

import numpy as np

from livereduce.engine.geometry.calibration import Calibration
from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.matrix.conversion.units import A_US_PER_M
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.stream.items import B1, F8, I4

NOTHING = 1e-10
"""A constant nearer to 0 means 0."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CalibrationFile:
    """What a calibration file holds; arrays of shape (n,), as the constants.

    Attributes
    ----------
    group
        Group of each detector, 0 or less for none; None: it has no groups.
    is_used
        False for detectors that are masked; None: it has no mask.
    """

    constants: Calibration
    group: I4 | None = None
    is_used: B1 | None = None


def difc_of(instrument: InstrumentGeometry) -> F8:
    """DIFC of each detector from its position, shape (n,): (L1 + L2) · 2 sin θ · m/h; 0 for monitors."""
    difc: F8 = (instrument.l1 + instrument.l2) * 2 * np.sin(instrument.two_theta / 2) / A_US_PER_M
    return np.where(instrument.is_monitor, 0.0, difc)


def of_spectra(constants: Calibration, spectra: SpectrumTable) -> tuple[F8, F8, F8, B1]:
    """DIFC, DIFA and TZERO of each spectrum, the mean of its detectors; and True where one of them has constants.

    Source: Mantid averages the constants of a group of detectors (Framework/API/src/SpectrumInfo.cpp).
    """
    order = np.argsort(constants.detector, kind="stable")
    known = constants.detector[order]
    owner = spectra.owner
    if not len(known):
        zeros = np.zeros(spectra.rows)
        return zeros, zeros, zeros, np.zeros(spectra.rows, np.bool_)
    place = np.minimum(np.searchsorted(known, spectra.ids), len(known) - 1)
    found = known[place] == spectra.ids
    owner, entry = owner[found], order[place[found]]
    count = np.bincount(owner, minlength=spectra.rows)
    tables = (constants.difc, constants.difa, constants.tzero)
    means = [np.bincount(owner, table[entry], minlength=spectra.rows) / np.maximum(count, 1) for table in tables]
    return means[0], means[1], means[2], count > 0


def tof_limits(constants: Calibration, tof_min: float, tof_max: float | None) -> tuple[F8, F8 | None]:
    """The range of time of flight of each detector in which it has a d, from a range for all."""
    difc, difa, tzero = constants.difc, constants.difa, constants.tzero
    with np.errstate(divide="ignore", invalid="ignore"):
        turn = tzero - 0.25 * difc * difc / difa
    low = np.where(difa > 0, np.maximum(turn, tof_min), tof_min)
    low = np.where((difa == 0) & (tzero != 0), np.maximum(-tzero, tof_min), low)
    if tof_max is None:
        return low, None
    return low, np.where(difa < 0, np.minimum(turn, tof_max), tof_max)
