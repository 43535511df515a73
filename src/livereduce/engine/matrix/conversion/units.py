"""Units of x: Mantid's names, their labels, and the power laws between them for elastic scattering.

For each of these units x is ``scale * t ** power`` of the time of flight t (µs), with a scale of each spectrum's own.
Sources: Mantid Framework/Kernel/src/Unit.cpp and PhysicalConstants.h (whose constants are used: those of CODATA today
differ by 1e-7).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from livereduce.stream.items import F8

H_OVER_M = 6.62606896e-34 / 1.674927211e-27
"""h / neutron mass in m²/s."""
MEV_J = 1.602176487e-22
NEUTRON_KG = 1.674927211e-27
WAVENUMBER_PER_MEV = 8.06554465
GHZ_PER_MEV = MEV_J / 6.62606896e-34 * 1e-9
A_US_PER_M = H_OVER_M * 1e4
"""λ in Å is this times t in µs over L in m."""
MEV_US2_PER_M2 = 0.5 * NEUTRON_KG / MEV_J * 1e12
"""E in meV is this times (L in m / t in µs)²."""


@dataclass(frozen=True, slots=True)
class XUnit:
    """A unit of x.

    Attributes
    ----------
    caption, symbol
        As Mantid's axis and unit say.
    dimension, scipp_unit
        For scipp.
    power
        Of the time of flight; 0 if it is no such law.
    scale
        From L1 + L2 (m) and sin θ, shape (n,) each, to the scale of the law.
    """

    name: str
    caption: str
    symbol: str
    dimension: str = "x"
    scipp_unit: str | None = None
    power: float = 0.0
    scale: Callable[[F8, F8], F8] | None = None


def _one(length: F8, _: F8) -> F8:
    return np.ones_like(length)


def _wavelength(length: F8, _: F8) -> F8:
    return A_US_PER_M / length


def _d(length: F8, sine: F8) -> F8:
    return A_US_PER_M / (length * 2 * sine)


def _k(length: F8, _: F8) -> F8:
    return 2 * math.pi * length / A_US_PER_M


def _q(length: F8, sine: F8) -> F8:
    return 2 * sine * _k(length, sine)


def _q_squared(length: F8, sine: F8) -> F8:
    return _q(length, sine) ** 2


def _energy(length: F8, _: F8) -> F8:
    return MEV_US2_PER_M2 * length**2


def _wavenumber(length: F8, sine: F8) -> F8:
    return WAVENUMBER_PER_MEV * _energy(length, sine)


UNITS = {
    unit.name: unit
    for unit in (
        XUnit("", "", ""),
        XUnit("Empty", "", ""),
        XUnit("Label", "", ""),
        XUnit("TOF", "Time-of-flight", "microsecond", "tof", "us", 1, _one),
        XUnit("Wavelength", "Wavelength", "Angstrom", "wavelength", "angstrom", 1, _wavelength),
        XUnit("dSpacing", "d-Spacing", "Angstrom", "dspacing", "angstrom", 1, _d),
        XUnit("Momentum", "Momentum", "Angstrom^-1", "k", "1/angstrom", -1, _k),
        XUnit("MomentumTransfer", "q", "Angstrom^-1", "Q", "1/angstrom", -1, _q),
        XUnit("QSquared", "Q2", "Angstrom^-2", "Q2", "1/angstrom**2", -2, _q_squared),
        XUnit("Energy", "Energy", "meV", "energy", "meV", -2, _energy),
        XUnit("Energy_inWavenumber", "Energy", "cm^-1", "energy", "1/cm", -2, _wavenumber),
        XUnit("DeltaE", "Energy transfer", "meV", "energy_transfer", "meV"),
        XUnit("DeltaE_inWavenumber", "Energy transfer", "cm^-1", "energy_transfer", "1/cm"),
        XUnit("DeltaE_inFrequency", "Energy transfer", "GHz", "energy_transfer", "GHz"),
        XUnit("dSpacingPerpendicular", "d-SpacingPerpendicular", "Angstrom", "dspacing_perpendicular", "angstrom"),
    )
}
"""By Mantid's name."""
DIMENSIONS = {name: unit.dimension for name, unit in UNITS.items()}
SCIPP_UNITS = {name: unit.scipp_unit for name, unit in UNITS.items()}


def caption_of(unit: str) -> str:
    """The caption of a unit; of one that is not known its own name."""
    return UNITS[unit].caption if unit in UNITS else unit
