"""Mantid's SpectrumInfo: where the detectors of each spectrum are, and which spectra are masked."""

import math
from collections.abc import Iterator

import numpy as np

from livereduce.engine.geometry.errors import GeometryError
from livereduce.engine.mantid_api.objects.info.info_item import InfoItem
from livereduce.engine.mantid_api.objects.info.workspace_info import WorkspaceInfo
from livereduce.engine.mantid_api.objects.spectra.holder import SpectraHolder
from livereduce.engine.matrix.conversion.flight import FlightPaths, flight_paths
from livereduce.engine.matrix.conversion.units import A_US_PER_M
from livereduce.engine.values.v3d import V3D


class SpectrumInfo(WorkspaceInfo):
    """Of all spectra of a workspace, by their place; angles in radians, lengths in m."""

    def __init__(self, workspace: SpectraHolder) -> None:
        super().__init__(workspace)
        self._known: FlightPaths | None = None

    @property
    def _paths(self) -> FlightPaths:
        if self._known is None:
            self._known = flight_paths(self._workspace.static)
        return self._known

    def size(self) -> int:
        """Number of spectra."""
        return self._workspace.getNumberHistograms()

    def __len__(self) -> int:
        return self.size()

    def __iter__(self) -> "Iterator[SpectrumInfoItem]":
        return (SpectrumInfoItem(self, index) for index in range(self.size()))

    def hasDetectors(self, index: int) -> bool:
        """True if the spectrum has a detector."""
        return len(self._ids(index)) > 0

    def hasUniqueDetector(self, index: int) -> bool:
        """True if it has just one."""
        return len(self._ids(index)) == 1

    def isMonitor(self, index: int) -> bool:
        """True if its detectors are beam monitors; False where positions are not known."""
        try:
            return bool(self._paths.is_monitor[index])
        except GeometryError:
            return False

    def isMasked(self, index: int) -> bool:
        """True if it is masked."""
        return bool(self._workspace.static.is_masked[self._workspace.checked_row(index)])

    def setMasked(self, index: int, masked: bool) -> None:
        """Mask it, or take the mask away; the values stay."""
        flags = self._workspace.static.is_masked.copy()
        flags[self._workspace.checked_row(index)] = masked
        self._workspace.with_masks(flags)

    def hasMaskedDetectors(self) -> bool:
        """True if any is masked."""
        return bool(self._workspace.static.is_masked.any())

    def l1(self) -> float:
        """Source to sample."""
        return self._paths.l1

    def l2(self, index: int) -> float:
        """Sample to detectors, their mean; for a monitor what L1 lacks of its distance from the source."""
        self._need_detector(index)
        return float(self._paths.l2[index])

    def twoTheta(self, index: int) -> float:
        """Scattering angle, the mean of its detectors.

        Raises
        ------
        RuntimeError
            It is a monitor, or has no detector.
        """
        self._need_scattering(index)
        return float(self._paths.two_theta[index])

    def signedTwoTheta(self, index: int) -> float:
        """Scattering angle, negative on the other side of the beam (below it, for Mantid's frame)."""
        angle = self.twoTheta(index)
        up = self._instrument.up
        across = np.asarray(self.position(index)) - self._instrument.sample
        return -angle if float(across @ up) < 0 else angle

    def azimuthal(self, index: int) -> float:
        """Angle around the beam."""
        self._need_scattering(index)
        place = np.asarray(self.position(index)) - self._instrument.sample
        return math.atan2(float(place[1]), float(place[0]))

    def geographicalAngles(self, index: int) -> tuple[float, float]:
        """Latitude and longitude of its position as seen from the sample."""
        instrument = self._instrument
        x, y, z = np.asarray(self.position(index)) - instrument.sample
        return math.atan2(y, math.hypot(x, z)), math.atan2(x, z)

    def position(self, index: int) -> V3D:
        """Mean position of its detectors."""
        self._need_detector(index)
        instrument = self._instrument
        places = instrument.index_of(self._ids(index))
        return V3D.of(instrument.position[places[places >= 0]].mean(axis=0))

    def difcUncalibrated(self, index: int) -> float:
        """µs for each Å, from positions."""
        return (self.l1() + self.l2(index)) * 2 * math.sin(self.twoTheta(index) / 2) / A_US_PER_M

    def getSpectrumDefinition(self, index: int) -> list[tuple[int, int]]:
        """Places of its detectors in `DetectorInfo`, each with the time index 0."""
        places = self._instrument.index_of(self._ids(index))
        return [(int(place), 0) for place in places if place >= 0]

    def getAllSpectrumDefinitions(self) -> list[list[tuple[int, int]]]:
        """Those of all spectra."""
        return [self.getSpectrumDefinition(index) for index in range(self.size())]

    def _ids(self, index: int) -> "np.ndarray[tuple[int], np.dtype[np.int32]]":
        return self._workspace.table.ids_of(self._workspace.checked_row(index))

    def _need_detector(self, index: int) -> None:
        if not self._paths.is_known[self._workspace.checked_row(index)]:
            raise RuntimeError(f"spectrum {index} of {self._workspace.name()!r} has no detector with a position")

    def _need_scattering(self, index: int) -> None:
        self._need_detector(index)
        if self._paths.is_monitor[index]:
            raise RuntimeError(f"spectrum {index} of {self._workspace.name()!r} is a beam monitor: it has no angle")


class SpectrumInfoItem(InfoItem):
    """One spectrum of a `SpectrumInfo`."""

    _info: SpectrumInfo

    @property
    def hasDetectors(self) -> bool:
        """True if it has a detector."""
        return self._info.hasDetectors(self._index)

    @property
    def hasUniqueDetector(self) -> bool:
        """True if it has just one."""
        return self._info.hasUniqueDetector(self._index)
