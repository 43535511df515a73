"""ConvertUnits between time of flight, wavelength and d, with each spectrum's flight path and angle."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mantid._algorithms.base import OneToOne, in_out, matrix
from mantid.api.events import EventWorkspace
from mantid.api.factory import subscribe
from mantid.api.properties import Property
from mantid.api.workspaces import MatrixWorkspace, Workspace, Workspace2D

ANGSTROM_M_PER_US = 3.9560339795566e-3
"""h / m_n: ångström of wavelength for each µs of flight over each metre."""


@subscribe
class ConvertUnits(OneToOne):
    """Elastic; events stay events, and each spectrum gets bins of its own."""

    def declare(self) -> list[Property]:
        return [
            *in_out(),
            Property("Target", allowed=["TOF", "Wavelength", "dSpacing"], mandatory=True),
            Property("EMode", default="Elastic", allowed=["Elastic"]),
        ]

    def compute(self, workspace: Workspace) -> Workspace:
        return converted(matrix(workspace, self), str(self.getProperty("Target").value))


def converted(given: MatrixWorkspace, target: str) -> MatrixWorkspace:
    """X in another unit, by way of the wavelength."""
    if given._unit == target:
        return given.clone()
    to_angstrom, from_angstrom = _factors(given, given._unit), _factors(given, target)
    factor = to_angstrom / from_angstrom
    made = changed(given, lambda x, row: x * factor[row])
    made._unit = target
    return made


def changed(given: MatrixWorkspace, change: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> MatrixWorkspace:
    """X changed by a function of X and the workspace index; it grows with X."""
    rows = np.arange(given.getNumberHistograms())
    edges = change(given.extractX(), rows[:, None])
    if not isinstance(given, EventWorkspace):
        return Workspace2D(edges, given.extractY(), given.extractE()).take_over(given)
    made = given.with_events(replace(given.events, x=change(given.tof, given.index)))
    made.edges = edges
    return made


def _factors(given: MatrixWorkspace, unit: str) -> np.ndarray:
    """Å of wavelength for one of a unit, by spectrum: λ = h t / (m L) = 2 d sin θ."""
    if unit not in ("TOF", "Wavelength", "dSpacing"):
        raise RuntimeError(f"ConvertUnits: the double does not convert {unit!r}")
    length_m, two_theta = given.flights()
    if unit == "TOF":
        return ANGSTROM_M_PER_US / length_m
    return np.ones(len(length_m)) if unit == "Wavelength" else 2 * np.sin(two_theta / 2)
