"""A component of the instrument: Mantid's IComponent, Detector and Instrument."""

from functools import cached_property

import numpy as np

from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.geometry.parameters import InstrumentParameter
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.values.v3d import V3D


class Component:
    """One component, by its place in the tree of components."""

    def __init__(self, matrix: Matrix, index: int) -> None:
        self._matrix = matrix
        self._index = index

    @property
    def _geometry(self) -> InstrumentGeometry:
        return self._matrix.instrument()

    def getName(self) -> str:
        """The name."""
        return self._geometry.tree.names[self._index]

    def getFullName(self) -> str:
        """Names from the instrument down, with "/" between them."""
        return self._geometry.tree.path(self._index)

    def getPos(self) -> V3D:
        """Position in m."""
        return V3D.of(self._geometry.tree.position[self._index])

    def getRelativePos(self) -> V3D:
        """Position in m from the component above, along its axes."""
        return V3D.of(self._geometry.tree.relative_position(self._index))

    def getDistance(self, other: "Component") -> float:
        """Distance to another component in m."""
        return self.getPos().distance(other.getPos())

    def type(self) -> str:
        """Mantid's name of the kind."""
        tree = self._geometry.tree
        if tree.detector[self._index] >= 0:
            return "DetectorComponent"
        return "CompAssembly" if tree.end[self._index] > self._index + 1 else "ObjComponent"

    def getParent(self) -> "Component | None":
        """The component above."""
        above = int(self._geometry.tree.parent[self._index])
        return component_at(self._matrix, above) if above >= 0 else None

    def nelements(self) -> int:
        """Number of components directly below."""
        return len(self._geometry.tree.children(self._index))

    def __len__(self) -> int:
        return self.nelements()

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, place: int) -> "Component":
        return component_at(self._matrix, self._geometry.tree.children(self._index)[place])

    def getParameterNames(self, recursive: bool = True) -> list[str]:
        """Names of the parameters of this component, and of those above it."""
        tree, found, at = self._geometry.tree, dict[str, None](), self._index
        while at >= 0:
            found |= dict.fromkeys(tree.parameters.get(at, {}))
            at = int(tree.parent[at]) if recursive else -1
        return list(found)

    def hasParameter(self, name: str, recursive: bool = True) -> bool:
        """True if the definition gives a parameter."""
        return self._parameter(name, recursive) is not None

    def getNumberParameter(self, name: str, recursive: bool = True) -> list[float]:
        """A parameter as a list of one number; empty if there is none."""
        found = self._parameter(name, recursive)
        number = None if found is None else found.number(self._matrix.logs)
        return [] if number is None else [number]

    def getIntParameter(self, name: str, recursive: bool = True) -> list[int]:
        """A parameter as a list of one whole number; empty if there is none."""
        return [int(number) for number in self.getNumberParameter(name, recursive)]

    def getBoolParameter(self, name: str, recursive: bool = True) -> list[bool]:
        """A parameter as a list of True or False; empty if there is none."""
        found = self._parameter(name, recursive)
        return [] if found is None else [found.value.strip().casefold() in ("true", "1", "yes", "on")]

    def getStringParameter(self, name: str, recursive: bool = True) -> list[str]:
        """A parameter as a list of one text; empty if there is none."""
        found = self._parameter(name, recursive)
        return [] if found is None else [found.value]

    def getParameterType(self, name: str, recursive: bool = True) -> str:
        """The type that the definition says; empty if there is no such parameter."""
        found = self._parameter(name, recursive)
        return "" if found is None else found.kind

    def _parameter(self, name: str, recursive: bool) -> InstrumentParameter | None:
        return self._geometry.tree.parameter(self._index, name, above=recursive)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.getFullName()}>"


class Detector(Component):
    """One detector or monitor; its id is known without a definition, its place is looked up when asked for."""

    def __init__(self, matrix: Matrix, ident: int) -> None:
        self._matrix = matrix
        self._ident = ident

    @cached_property
    def _place(self) -> int:
        instrument = self._geometry
        place = instrument.place_of(self._ident)
        if place < 0:
            raise RuntimeError(f"instrument {instrument.name!r} has no detector {self._ident}")
        return place

    @cached_property
    def _index(self) -> int:  # type: ignore[override]
        return int(self._geometry.tree.of_detector[self._place])

    def getID(self) -> int:
        """The id of the detector."""
        return self._ident

    def getDetectorIDs(self) -> list[int]:
        """Its id, alone."""
        return [self.getID()]

    def nDets(self) -> int:
        """1."""
        return 1

    def isMonitor(self) -> bool:
        """True for a beam monitor."""
        return bool(self._geometry.is_monitor[self._place])

    def isMasked(self) -> bool:
        """True if the spectrum of the detector is masked."""
        return is_masked(self._matrix, self.getID())

    def getTwoTheta(self, observer: V3D, axis: V3D) -> float:
        """Angle in radians between an axis and the way from an observer to the detector."""
        return (self.getPos() - observer).angle(axis)

    def getPhi(self) -> float:
        """Azimuth in radians."""
        return float(self._geometry.phi[self._place])


class DetectorGroup:
    """The detectors of a spectrum that has several: their mean position."""

    def __init__(self, detectors: list[Detector]) -> None:
        self._detectors = detectors

    def getID(self) -> int:
        """The id of the first."""
        return self._detectors[0].getID()

    def getDetectorIDs(self) -> list[int]:
        """The ids of all."""
        return [one.getID() for one in self._detectors]

    def getPos(self) -> V3D:
        """Mean position in m."""
        return V3D.of(np.mean([list(one.getPos()) for one in self._detectors], axis=0))

    def getName(self) -> str:
        """Names of all, with ";" between them."""
        return ";".join(one.getName() for one in self._detectors)

    def getDistance(self, other: Component) -> float:
        """Distance to a component in m."""
        return self.getPos().distance(other.getPos())

    def getTwoTheta(self, observer: V3D, axis: V3D) -> float:
        """Mean angle in radians between an axis and the ways from an observer to the detectors."""
        return float(np.mean([one.getTwoTheta(observer, axis) for one in self._detectors]))

    def getPhi(self) -> float:
        """Azimuth in radians of the first."""
        return self._detectors[0].getPhi()

    def isMonitor(self) -> bool:
        """True if all are beam monitors."""
        return all(one.isMonitor() for one in self._detectors)

    def isMasked(self) -> bool:
        """True if all are masked."""
        return all(one.isMasked() for one in self._detectors)

    def nDets(self) -> int:
        """Number of detectors."""
        return len(self._detectors)

    def type(self) -> str:
        """Mantid's name of the kind."""
        return "DetectorGroup"

    def getNumberParameter(self, name: str, recursive: bool = True) -> list[float]:
        """A parameter of the first as a list of one number; empty if there is none."""
        return self._detectors[0].getNumberParameter(name, recursive)


def component_at(matrix: Matrix, index: int) -> Component:
    """The component at a place of the tree, as a detector if it is one."""
    instrument = matrix.instrument()
    place = int(instrument.tree.detector[index])
    return Component(matrix, index) if place < 0 else Detector(matrix, int(instrument.ids[place]))


def detector_of(matrix: Matrix, ident: int) -> Detector:
    """A detector by its id.

    Raises
    ------
    RuntimeError
        The instrument does not have it.
    """
    found = Detector(matrix, ident)
    _ = found._place
    return found


def component_named(matrix: Matrix, name: str) -> Component | None:
    """The first component of a name or path; None if there is none, as in Mantid."""
    found = next(iter(matrix.instrument().tree.named(name)), None)
    return None if found is None else component_at(matrix, found)


def is_masked(matrix: Matrix, ident: int) -> bool:
    """True if all spectra of a detector are masked; False for one without a spectrum."""
    if matrix.masked is None:
        return False
    owner = matrix.spectra.owner[matrix.spectra.ids == ident]
    return bool(len(owner)) and bool(matrix.is_masked[owner].all())
