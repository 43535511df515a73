"""An instrument as positions: source, sample, all detectors, and the tree of its components."""

from bisect import bisect_left
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from livereduce.engine.geometry.errors import GeometryError
from livereduce.engine.geometry.tree import ComponentTree
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.stream.items import B1, F8, I4, I8

EFIXED = ("Efixed", "EFixed-val")
"""Parameters that give the final energy of a detector; the later one counts."""
UNKNOWN: F8 = np.full(3, np.nan)
UNKNOWN.flags.writeable = False


@dataclass(frozen=True, kw_only=True, eq=False)
class InstrumentGeometry:
    """Positions in m; angles in radians.

    Attributes
    ----------
    source, sample
        Shape (3,); NaN if there is none.
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
    components
        The tree, where a definition gave one; `tree` always has one.
    """

    name: str
    source: F8
    sample: F8
    ids: I4
    position: F8
    is_monitor: B1
    up: F8 = field(default_factory=lambda: np.array([0.0, 1.0, 0.0]))
    efixed_mev: F8 | None = None
    components: ComponentTree | None = None

    @classmethod
    def of_tree(cls, *, name: str, tree: ComponentTree, ids: I4, is_monitor: B1, up: F8) -> "InstrumentGeometry":
        """The instrument whose components stand where the tree says."""
        bare = cls(
            name=name,
            source=UNKNOWN,
            sample=UNKNOWN,
            ids=ids,
            position=np.empty((len(ids), 3)),
            is_monitor=is_monitor,
            up=up,
        )
        return bare.with_tree(tree)

    def with_tree(self, tree: ComponentTree, logs: RunLogs | None = None) -> "InstrumentGeometry":
        """The same detectors where another tree puts them; logs give the parameters that depend on them."""
        return replace(
            self,
            components=tree,
            position=tree.position[tree.of_detector],
            source=tree.position[tree.source] if tree.source >= 0 else UNKNOWN,
            sample=tree.position[tree.sample] if tree.sample >= 0 else UNKNOWN,
            efixed_mev=_efixed(tree, len(self.ids), logs),
        )

    @cached_property
    def tree(self) -> ComponentTree:
        """The components; without a definition the source, the sample and the detectors, below the instrument."""
        return self.components if self.components is not None else _flat(self)

    @cached_property
    def l1(self) -> float:
        """Source to sample.

        Raises
        ------
        GeometryError
            There is no source or no sample.
        """
        length = float(np.linalg.norm(self.sample - self.source))
        if np.isnan(length):
            what = "no source" if np.isnan(self.source).any() else "no sample position"
            raise GeometryError(
                f'the instrument definition of {self.name!r} has {what} (a component whose type is is="Source" or '
                'is="SamplePos"): flight paths and angles are not known'
            )
        return length

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

    def place_of(self, detector: int) -> int:
        """Index of one detector id, -1 if there is none."""
        place = bisect_left(self.ids, detector)
        return place if place < len(self.ids) and self.ids[place] == detector else -1


def _efixed(tree: ComponentTree, detectors: int, logs: RunLogs | None) -> F8 | None:
    """Final energies: each parameter counts for all detectors below its component that have no nearer one."""
    energies: F8 | None = None
    for component in sorted(tree.parameters):
        for name in EFIXED:
            parameter = tree.parameters[component].get(name)
            value = parameter.number(logs) if parameter is not None else None
            if value is not None:
                energies = np.full(detectors, np.nan) if energies is None else energies
                energies[tree.detectors(component)] = value
    return energies


def _flat(instrument: InstrumentGeometry) -> ComponentTree:
    """The instrument, its source, its sample and its detectors."""
    n = len(instrument.ids)
    positions = np.concatenate((np.zeros((1, 3)), [instrument.source, instrument.sample], instrument.position))
    names = (instrument.name, "source", "sample", *(f"detector{number}" for number in instrument.ids.tolist()))
    return ComponentTree(
        names=names,
        parent=np.concatenate(([-1], np.zeros(n + 2))).astype(np.int32),
        end=np.concatenate(([n + 3], np.arange(2, n + 4))).astype(np.int32),
        position=positions,
        rotation=np.broadcast_to(np.eye(3), (n + 3, 3, 3)),
        detector=np.concatenate(([-1, -1, -1], np.arange(n))).astype(np.int32),
        source=1,
        sample=2,
    )
