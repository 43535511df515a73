"""What the small objects of a script (a spectrum, an axis, an info) ask of the workspace that they belong to."""

from typing import Any, Protocol

from livereduce.engine.mantid_api.objects.spectra.event_reading import EventReader
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.stream.items import B1, F8


class SpectraHolder(Protocol):
    """A workspace of spectra."""

    @property
    def static(self) -> Matrix:
        """All but the values."""

    @property
    def table(self) -> SpectrumTable:
        """Numbers and detectors of the spectra."""

    def name(self) -> str:
        """The name."""

    def getNumberHistograms(self) -> int:
        """Number of spectra."""

    def checked_row(self, index: int) -> int:
        """The place of a spectrum; RuntimeError if there are not so many."""

    def event_reader(self) -> EventReader:
        """The events by spectrum."""

    def readX(self, index: int) -> F8:
        """Edges or points."""

    def readY(self, index: int) -> F8:
        """Values."""

    def readE(self, index: int) -> F8:
        """Standard deviations."""

    def take(self, matrix: Matrix) -> None:
        """Hold this matrix, whose values are those that are held already."""

    def with_table(self, table: SpectrumTable) -> None:
        """Take other numbers or detectors of the spectra."""

    def with_masks(self, masked: B1) -> None:
        """Take other masks of the spectra."""

    def with_said(self, **said: Any) -> None:
        """Take other facts beside the values."""
