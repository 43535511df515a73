"""Maps of x for spectra: from time of flight to a unit, from one unit to another, by a calibration.

All take L1 (m), L2 (m) and 2θ (radians) of each spectrum, shape (rows,), and give `PixelMaps` of shape (rows,), for
`event_changes.mapped` (events) and `Grid.mapped` (edges). Sources of the formulas: `units.py`.
"""

import numpy as np

from livereduce.engine.matrix.conversion.units import (
    GHZ_PER_MEV,
    MEV_J,
    MEV_US2_PER_M2,
    NEUTRON_KG,
    UNITS,
    WAVENUMBER_PER_MEV,
)
from livereduce.engine.matrix.events.pixel_maps import PixelMaps
from livereduce.stream.items import F8

US_PER_M_ROOT_MEV = np.sqrt(NEUTRON_KG / (2 * MEV_J)) * 1e6
"""A neutron of E meV needs this over √E µs for each m."""
ENERGY_TRANSFERS = {"DeltaE": 1.0, "DeltaE_inWavenumber": WAVENUMBER_PER_MEV, "DeltaE_inFrequency": GHZ_PER_MEV}
"""Units of energy transfer, and how many of each make 1 meV."""


def elastic(source: str, target: str, l1: float | F8, l2: F8, two_theta: F8) -> PixelMaps:
    """From one unit to another for elastic scattering; NaN where a spectrum has no such value (2θ = 0 for d).

    Raises
    ------
    ValueError
        One of the two is no power of the time of flight.
    """
    length, sine = l1 + np.asarray(l2, np.float64), np.sin(np.asarray(two_theta, np.float64) / 2)
    one, two = UNITS.get(source), UNITS.get(target)
    if one is None or two is None or one.scale is None or two.scale is None:
        raise ValueError(f"{source or 'no unit'} cannot be converted to {target or 'no unit'} for elastic scattering")
    with np.errstate(all="ignore"):
        power = two.power / one.power
        scale = two.scale(length, sine) / one.scale(length, sine) ** power
    return PixelMaps(scale=np.where(np.isfinite(scale), scale, np.nan), zero=np.zeros(len(scale)), power=power)


def direct(unit: str, ei_mev: float | F8, l1: float | F8, l2: F8) -> PixelMaps:
    """From time of flight to the energy that a neutron of `ei_mev` has lost: Ei - ½ m (L2 / (t - t1))²."""
    factor = ENERGY_TRANSFERS[unit]
    ei, length = np.broadcast_to(np.float64(ei_mev), np.shape(l2)), np.asarray(l2, np.float64)
    flight_us = np.broadcast_to(l1 * US_PER_M_ROOT_MEV / np.sqrt(ei), np.shape(l2))
    return PixelMaps(scale=-factor * MEV_US2_PER_M2 * length**2, zero=flight_us.copy(), power=-2.0, offset=factor * ei)


def indirect(unit: str, ef_mev: float | F8, l1: float | F8, l2: F8) -> PixelMaps:
    """From time of flight to the energy lost by a neutron that arrives with `ef_mev`: ½ m (L1 / (t - t2))² - Ef."""
    factor = ENERGY_TRANSFERS[unit]
    ef, first = np.broadcast_to(np.float64(ef_mev), np.shape(l2)), np.broadcast_to(np.float64(l1), np.shape(l2))
    with np.errstate(all="ignore"):
        flight_us = np.asarray(l2, np.float64) * US_PER_M_ROOT_MEV / np.sqrt(ef)
    return PixelMaps(scale=factor * MEV_US2_PER_M2 * first**2, zero=flight_us, power=-2.0, offset=-factor * ef)


def calibrated(difc: F8, difa: F8, tzero: F8) -> PixelMaps:
    """From time of flight to d by ``t = difa d² + difc d + tzero``; a DIFC that is not positive has no d."""
    usable = np.asarray(difc, np.float64) > 0
    return PixelMaps(
        scale=np.ones(len(difc)),
        zero=np.asarray(tzero, np.float64),
        difc=np.where(usable, difc, np.nan),
        difa=np.asarray(difa, np.float64),
    )
