"""What the items of `DetectorInfo` and `SpectrumInfo` have in common."""

from typing import Protocol

from livereduce.engine.values.v3d import V3D


class InfoByIndex(Protocol):
    """What an item asks of the info that it belongs to; angles in radians, lengths in m."""

    def isMonitor(self, index: int) -> bool:
        """True for a beam monitor."""

    def isMasked(self, index: int) -> bool:
        """True if it is masked."""

    def setMasked(self, index: int, masked: bool) -> None:
        """Mask it, or take the mask away."""

    def twoTheta(self, index: int) -> float:
        """Scattering angle."""

    def signedTwoTheta(self, index: int) -> float:
        """Scattering angle, with a sign."""

    def l2(self, index: int) -> float:
        """Sample to detector."""

    def position(self, index: int) -> V3D:
        """Position."""


class InfoItem:
    """One detector or spectrum of an info, as iteration gives it."""

    def __init__(self, info: InfoByIndex, index: int) -> None:
        self._info, self._index = info, index

    @property
    def isMonitor(self) -> bool:
        """True for a beam monitor."""
        return self._info.isMonitor(self._index)

    @property
    def isMasked(self) -> bool:
        """True if it is masked."""
        return self._info.isMasked(self._index)

    @property
    def twoTheta(self) -> float:
        """Scattering angle in radians."""
        return self._info.twoTheta(self._index)

    @property
    def signedTwoTheta(self) -> float:
        """Scattering angle in radians, with a sign."""
        return self._info.signedTwoTheta(self._index)

    @property
    def l2(self) -> float:
        """Sample to detector in m; of several the mean."""
        return self._info.l2(self._index)

    @property
    def position(self) -> V3D:
        """Position in m; of several the mean."""
        return self._info.position(self._index)

    def setMasked(self, masked: bool) -> None:
        """Mask it, or take the mask away."""
        self._info.setMasked(self._index, masked)
