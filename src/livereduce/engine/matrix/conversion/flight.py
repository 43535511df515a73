"""Flight paths and angles of spectra: the mean of their detectors."""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from livereduce.engine.geometry.errors import GeometryError
from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.stream.items import B1, F8, I8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FlightPaths:
    """Where the neutrons of each spectrum have been; arrays of shape (rows,).

    Attributes
    ----------
    l1
        Source to sample in m.
    l2, two_theta
        Sample to detector in m, scattering angle in radians. For monitors L1 + L2 is source to monitor, and 2θ is 0.
    is_monitor
        All detectors of the spectrum are monitors.
    is_known
        The spectrum has a detector, and it has a place.
    efixed_mev
        Final energy for indirect geometry, NaN if the definition has none.
    """

    l1: float
    l2: F8
    two_theta: F8
    is_monitor: B1
    is_known: B1
    efixed_mev: F8


def flight_paths(matrix: Matrix) -> FlightPaths:
    """Flight paths of the spectra of a matrix.

    Raises
    ------
    GeometryError
        The positions of the detectors are not known.
    """
    instrument, spectra = matrix.instrument(), matrix.spectra
    known = _known.setdefault(instrument, [])
    for its_spectra, paths in known:
        if its_spectra is spectra:
            return paths
    paths = _paths_of(instrument, spectra)
    known[:] = [(spectra, paths), *known[: KEPT - 1]]
    return paths


KEPT = 4
_known: "WeakKeyDictionary[InstrumentGeometry, list[tuple[SpectrumTable, FlightPaths]]]" = WeakKeyDictionary()
"""The newest of each instrument: all chunks have the same table of spectra."""


def _paths_of(instrument: InstrumentGeometry, spectra: SpectrumTable) -> FlightPaths:
    rows = spectra.rows
    owner = spectra.owner
    index = instrument.index_of(spectra.ids)
    owner, index = owner[index >= 0], index[index >= 0]
    is_monitor = instrument.is_monitor[index]
    from_source = np.linalg.norm(instrument.position[index] - instrument.source, axis=1)
    l2 = np.where(is_monitor, from_source - instrument.l1, instrument.l2[index])
    two_theta = np.where(is_monitor, 0.0, instrument.two_theta[index])
    efixed = instrument.efixed_mev[index] if instrument.efixed_mev is not None else np.full(len(index), np.nan)
    count = np.bincount(owner, minlength=rows)
    return FlightPaths(
        l1=instrument.l1,
        l2=_mean(owner, l2, count),
        two_theta=_mean(owner, two_theta, count),
        is_monitor=(count > 0) & (np.bincount(owner, is_monitor, minlength=rows) == count),
        is_known=count > 0,
        efixed_mev=_mean(owner, efixed, count),
    )


def _mean(owner: I8, values: F8, count: I8) -> F8:
    total: F8 = np.bincount(owner, values, minlength=len(count)) / np.maximum(count, 1)
    return total


def monitors_of(matrix: Matrix) -> B1:
    """Spectra of monitors, shape (rows,); none where positions are not known."""
    try:
        return flight_paths(matrix).is_monitor
    except GeometryError:
        return np.zeros(matrix.rows, np.bool_)
