"""An instrument as positions: source, sample, and all detectors."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from livereduce.stream.items import B1, F8, I4, I8


@dataclass(frozen=True, kw_only=True, eq=False)
class InstrumentGeometry:
    """Positions in m; angles in radians.

    Attributes
    ----------
    source, sample
        Shape (3,).
    ids
        Detectors and monitors, ascending, shape (n,).
    position
        Shape (n, 3).
    is_monitor
        Shape (n,).
    up
        Unit vector against gravity, shape (3,): azimuth is measured from the horizontal axis across the beam.
    efixed_mev
        Final energy of each detector for indirect geometry, shape (n,), NaN if not known; None if no detector has one.
    """

    name: str
    source: F8
    sample: F8
    ids: I4
    position: F8
    is_monitor: B1
    up: F8 = field(default_factory=lambda: np.array([0.0, 1.0, 0.0]))
    efixed_mev: F8 | None = None

    @cached_property
    def l1(self) -> float:
        """Source to sample."""
        return float(np.linalg.norm(self.sample - self.source))

    @cached_property
    def beam(self) -> F8:
        """Unit vector of the beam, shape (3,)."""
        beam: F8 = (self.sample - self.source) / (self.l1 or 1.0)
        return beam

    @cached_property
    def l2(self) -> F8:
        """Sample to detector, shape (n,)."""
        lengths: F8 = np.linalg.norm(self.position - self.sample, axis=1)
        return lengths

    @cached_property
    def two_theta(self) -> F8:
        """Angle to the beam, shape (n,); by the tangent, exact for small angles too."""
        out = self.position - self.sample
        along = out @ self.beam
        across = np.linalg.norm(out - along[:, None] * self.beam, axis=1)
        angles: F8 = np.arctan2(across, along)
        return angles

    @cached_property
    def phi(self) -> F8:
        """Azimuth around the beam, shape (n,)."""
        out = self.position - self.sample
        across = np.cross(self.up, self.beam)
        angles: F8 = np.arctan2(out @ self.up, out @ across)
        return angles

    def index_of(self, ids: I4) -> I8:
        """Index of each detector id, -1 if there is none; same shape."""
        if not len(self.ids):
            return np.full(len(ids), -1, np.int64)
        place = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        found: I8 = np.where(self.ids[place] == ids, place, -1)
        return found
