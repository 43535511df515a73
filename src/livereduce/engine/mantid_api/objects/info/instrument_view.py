"""Mantid's Instrument: the component above all others, with its source, its sample and its detectors."""

from collections.abc import Iterable

from livereduce.engine.geometry.errors import GeometryError
from livereduce.engine.mantid_api.objects.info.component import (
    Component,
    Detector,
    component_at,
    component_named,
    detector_of,
)
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.values.v3d import V3D


class ReferenceFrame:
    """Directions of the instrument's frame: Mantid's, z along the beam and y up."""

    def pointingUpAxis(self) -> str:
        """``Y``."""
        return "Y"

    def pointingAlongBeamAxis(self) -> str:
        """``Z``."""
        return "Z"

    def pointingHorizontalAxis(self) -> str:
        """``X``."""
        return "X"

    def vecPointingUp(self) -> V3D:
        """Unit vector up."""
        return V3D(0, 1, 0)

    def vecPointingAlongBeam(self) -> V3D:
        """Unit vector along the beam."""
        return V3D(0, 0, 1)


class InstrumentView(Component):
    """The instrument of a workspace; its name is known from the logs even without a definition."""

    def __init__(self, matrix: Matrix) -> None:
        super().__init__(matrix, 0)

    def getName(self) -> str:
        """The name that the run says, else that of the definition; empty if neither is known."""
        if "instrument_name" in self._matrix.logs:
            return str(self._matrix.logs["instrument_name"].value)
        try:
            return self._geometry.name
        except GeometryError:
            return ""

    def getFullName(self) -> str:
        """The name."""
        return self.getName()

    def getSource(self) -> Component | None:
        """The source; None if the definition has none."""
        return self._special(self._geometry.tree.source)

    def getSample(self) -> Component | None:
        """The sample position; None if the definition has none."""
        return self._special(self._geometry.tree.sample)

    def _special(self, index: int) -> Component | None:
        return component_at(self._matrix, index) if index >= 0 else None

    def getComponentByName(self, name: str, nlevels: int = 0) -> Component | None:  # noqa: ARG002
        """The first component of a name, or of a path with "/"; None if there is none."""
        return component_named(self._matrix, name)

    def getDetector(self, detector_id: int) -> Detector:
        """A detector by its id."""
        return detector_of(self._matrix, int(detector_id))

    def getDetectors(self, detector_ids: Iterable[int]) -> list[Detector]:
        """Detectors by their ids."""
        return [self.getDetector(ident) for ident in detector_ids]

    def getNumberDetectors(self, skipMonitors: bool = False) -> int:
        """Number of detectors, monitors among them if they are not skipped."""
        instrument = self._geometry
        return int((~instrument.is_monitor).sum()) if skipMonitors else len(instrument.ids)

    def getDetectorIDs(self, skipMonitors: bool = False) -> list[int]:
        """Ids of all detectors, ascending."""
        instrument = self._geometry
        ids: list[int] = (instrument.ids[~instrument.is_monitor] if skipMonitors else instrument.ids).tolist()
        return ids

    def getReferenceFrame(self) -> ReferenceFrame:
        """Directions of its frame."""
        return ReferenceFrame()

    def getBaseInstrument(self) -> "InstrumentView":
        """The instrument."""
        return self

    def type(self) -> str:
        """Mantid's name of the kind."""
        return "Instrument"

    def __repr__(self) -> str:
        return f"<Instrument {self.getName() or 'without a name'}>"
