"""Mantid's DetectorInfo: where each detector is, by its place in the order of ids."""

import math
from collections.abc import Iterator

import numpy as np

from livereduce.engine.geometry.errors import GeometryError
from livereduce.engine.mantid_api.objects.info.info_item import InfoItem
from livereduce.engine.mantid_api.objects.info.workspace_info import WorkspaceInfo
from livereduce.engine.mantid_api.objects.spectra.holder import SpectraHolder
from livereduce.engine.matrix.conversion.units import A_US_PER_M
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.engine.values.v3d import V3D
from livereduce.stream.items import B1, I4


class DetectorInfo(WorkspaceInfo):
    """Of all detectors of the instrument; angles in radians, lengths in m. Empty where there is no instrument."""

    def __init__(self, workspace: SpectraHolder) -> None:
        super().__init__(workspace)
        self._flags: tuple[B1 | None, SpectrumTable, B1] | None = None

    def detectorIDs(self) -> I4:
        """Ids, ascending."""
        try:
            return self._instrument.ids.copy()
        except GeometryError:
            return np.empty(0, np.int32)

    def size(self) -> int:
        """Number of detectors, monitors among them."""
        return len(self.detectorIDs())

    def __len__(self) -> int:
        return self.size()

    def __iter__(self) -> "Iterator[DetectorInfoItem]":
        return (DetectorInfoItem(self, index) for index in range(self.size()))

    def indexOf(self, detector_id: int) -> int:
        """Place of a detector.

        Raises
        ------
        IndexError
            There is no such detector.
        """
        place = self._instrument.place_of(detector_id)
        if place < 0:
            raise IndexError(f"instrument {self._instrument.name!r} has no detector {detector_id}")
        return place

    def isMonitor(self, index: int) -> bool:
        """True for a beam monitor."""
        return bool(self._instrument.is_monitor[index])

    def isMasked(self, index: int) -> bool:
        """True if its spectrum is masked."""
        return bool(self._masked[index])

    @property
    def _masked(self) -> B1:
        """Masked detectors, shape (n,): all of their spectra are; made anew when a mask is set."""
        matrix = self._workspace.static
        if self._flags is None or self._flags[0] is not matrix.masked or self._flags[1] is not matrix.spectra:
            owner = matrix.spectra.owner
            place = self._instrument.index_of(matrix.spectra.ids)
            known, size = place >= 0, self.size()
            spectra = np.bincount(place[known], minlength=size)
            hidden = np.bincount(place[known], matrix.is_masked[owner][known], minlength=size)
            self._flags = (matrix.masked, matrix.spectra, (spectra > 0) & (hidden == spectra))
        return self._flags[2]

    def setMasked(self, index: int, masked: bool) -> None:
        """Mask the spectrum of a detector, or take the mask away.

        Raises
        ------
        RuntimeError
            Its spectrum has other detectors too: the builtin engine masks spectra.
        """
        table, flags = self._workspace.table, self._workspace.static.is_masked.copy()
        ident = int(self._instrument.ids[index])
        for row in table.owner[table.ids == ident]:
            if len(table.ids_of(int(row))) > 1:
                raise RuntimeError(f"detector {ident} shares its spectrum with others: mask it before grouping")
            flags[row] = masked
        self._workspace.with_masks(flags)

    def clearMaskFlags(self) -> None:
        """Take all masks away."""
        self._workspace.with_masks(np.zeros(self._workspace.getNumberHistograms(), np.bool_))

    def hasMaskedDetectors(self) -> bool:
        """True if any is masked."""
        return bool(self._workspace.static.is_masked.any())

    def twoTheta(self, index: int) -> float:
        """Scattering angle.

        Raises
        ------
        RuntimeError
            It is a monitor.
        """
        if self.isMonitor(index):
            raise RuntimeError(f"detector {self._instrument.ids[index]} is a beam monitor: it has no scattering angle")
        return float(self._instrument.two_theta[index])

    def signedTwoTheta(self, index: int) -> float:
        """Scattering angle, negative on the other side of the beam (below it, for Mantid's frame)."""
        instrument = self._instrument
        is_below = float((instrument.position[index] - instrument.sample) @ instrument.up) < 0
        return -self.twoTheta(index) if is_below else self.twoTheta(index)

    def azimuthal(self, index: int) -> float:
        """Angle around the beam."""
        return float(self._instrument.phi[index])

    def l1(self) -> float:
        """Source to sample."""
        return self._instrument.l1

    def l2(self, index: int) -> float:
        """Sample to detector; for a monitor what L1 lacks of its distance from the source."""
        instrument = self._instrument
        if self.isMonitor(index):
            return float(np.linalg.norm(instrument.position[index] - instrument.source)) - instrument.l1
        return float(instrument.l2[index])

    def position(self, index: int) -> V3D:
        """Position."""
        return V3D.of(self._instrument.position[index])

    def difcUncalibrated(self, index: int) -> float:
        """µs for each Å, from positions."""
        return (self.l1() + self.l2(index)) * 2 * math.sin(self.twoTheta(index) / 2) / A_US_PER_M


class DetectorInfoItem(InfoItem):
    """One detector of a `DetectorInfo`."""
