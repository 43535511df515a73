"""``UnitConversion``, ``UnitFactory`` and ``PhysicalConstants``, of the same figures as ConvertUnits."""

import math
from typing import Any

import numpy as np

from livereduce.base.names import missing
from livereduce.engine.matrix.conversion.units import H_OVER_M, MEV_J, NEUTRON_KG, UNITS, WAVENUMBER_PER_MEV, XUnit

_PATH_CANCELS = (
    {"Wavelength", "Momentum", "Energy", "Energy_inWavenumber"},
    {"dSpacing", "MomentumTransfer", "QSquared"},
)
"""Units converted to each other without path and angle, which scripts then give as 0 (Mantid's quick conversion)."""


class PhysicalConstants:
    """Mantid's constants, in SI units where the name says nothing else."""

    N_A, g = 6.02214179e23, 9.80665
    h = H_OVER_M * NEUTRON_KG
    h_bar = h / (2 * math.pi)
    NeutronMass, NeutronMassAMU, meV = NEUTRON_KG, 1.00866491597, MEV_J
    meVtoWavenumber, meVtoKelvin = WAVENUMBER_PER_MEV, 11.604519
    E_mev_toNeutronWavenumberSq = h_bar**2 / (2 * NEUTRON_KG) / MEV_J * 1e20


class UnitConversion:
    """Converts single values between units of elastic scattering."""

    @staticmethod
    def run(src: Any, dest: Any, value: float, l1: float, l2: float, twoTheta: float, *_: Any) -> float:
        """A value in another unit.

        Raises
        ------
        RuntimeError
            One of them is no unit of elastic scattering.
        """
        source, target = _elastic(src), _elastic(dest)
        cancels = any({source.name, target.name} <= alike for alike in _PATH_CANCELS)
        length, sine = np.array([1.0 if cancels else l1 + l2]), np.array([1.0 if cancels else math.sin(twoTheta / 2)])
        assert source.scale is not None
        assert target.scale is not None
        tof = (value / float(source.scale(length, sine)[0])) ** (1 / source.power)
        return float(target.scale(length, sine)[0] * tof**target.power)


def _elastic(unit: Any) -> XUnit:
    name = unit if isinstance(unit, str) else unit.unitID()
    found = UNITS.get(name)
    if found is None or found.scale is None:
        raise RuntimeError(
            f"UnitConversion: {missing('unit', name, [one.name for one in UNITS.values() if one.scale])}"
        )
    return found
