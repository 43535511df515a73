"""A dimension of a workspace: Mantid's IMDDimension of x, or of the vertical axis."""

from livereduce.engine.mantid_api.objects.spectra.axes import MantidAxis


class AxisDimension:
    """Name, limits and bins of an axis."""

    def __init__(self, axis: MantidAxis, bins: int, identifier: str) -> None:
        self._axis, self._bins, self._identifier = axis, bins, identifier

    @property
    def name(self) -> str:
        """Name of the quantity."""
        return self._axis.getUnit().caption()

    def getName(self) -> str:
        """Name of the quantity."""
        return self.name

    def getUnits(self) -> str:
        """Its unit."""
        return self._axis.getUnit().label()

    def getDimensionId(self) -> str:
        """``xDimension`` or ``yDimension``."""
        return self._identifier

    def getNBins(self) -> int:
        """Number of bins."""
        return self._bins

    def getNBoundaries(self) -> int:
        """Number of values of the axis."""
        return len(self._axis)

    def getX(self, index: int) -> float:
        """A value of the axis."""
        return float(self._axis.getValue(index))

    def getMinimum(self) -> float:
        """The least value."""
        return self._axis.getMin()

    def getMaximum(self) -> float:
        """The greatest value."""
        return self._axis.getMax()

    def getBinWidth(self) -> float:
        """Mean width of a bin."""
        return (self.getMaximum() - self.getMinimum()) / max(1, self._bins)

    def getIsIntegrated(self) -> bool:
        """True for a single bin."""
        return self._bins == 1
