"""The value behind a workspace of spectra: what an algorithm is given, and makes anew."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np

from livereduce.engine.geometry.calibration import Calibration
from livereduce.engine.geometry.definition import Definition
from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.matrix.events import event_changes
from livereduce.engine.matrix.events.event_lists import EventLists
from livereduce.engine.matrix.events.event_pass import EventContent, counted
from livereduce.engine.matrix.events.pending_events import PendingEvents
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.sparse_histograms import SparseHistograms
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.stream.items import B1, F8, I8
from livereduce.stream.stretches import starts_of

Content = Histograms | SparseHistograms | PendingEvents | EventLists


class MatrixKind(Enum):
    """What the values are, where they are no counts."""

    PLAIN = "Workspace2D"
    SINGLE = "WorkspaceSingleValue"
    MASK = "MaskWorkspace"
    GROUPING = "GroupingWorkspace"
    OFFSETS = "OffsetsWorkspace"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VerticalAxis:
    """The axis across spectra, where it is not their numbers: values, shape (rows,) or edges (rows + 1,), and unit.

    Attributes
    ----------
    labels
        Texts of the spectra, where the unit is ``Text``.
    """

    values: F8
    unit: str = ""
    caption: str = ""
    symbol: str = ""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matrix:
    """Spectra with all that algorithms know of them. Its arrays and logs are never changed, but replaced.

    Attributes
    ----------
    unit
        Mantid's name of the unit of X: ``TOF``, ``dSpacing``, ``Wavelength`` …; empty: none.
    y_unit, y_label
        Unit of the values as Mantid has it (``Counts``), and its label.
    is_distribution
        The values are per unit of x.
    vertical
        None: numbers of spectra.
    geometry
        Positions, or the definition that gives them when something asks.
    masked
        Masked spectra, shape (rows,).
    x_label
        Caption and symbol of X, where a script has set them: its unit is ``Label`` then.
    constants
        What ApplyDiffCal has set: between TOF and dSpacing they count instead of positions.
    """

    content: Content
    spectra: SpectrumTable
    logs: RunLogs = field(default_factory=RunLogs)
    unit: str = "TOF"
    y_unit: str = "Counts"
    y_label: str = ""
    is_distribution: bool = False
    vertical: VerticalAxis | None = None
    geometry: Definition | InstrumentGeometry = field(default_factory=Definition)
    masked: B1 | None = None
    title: str = ""
    comment: str = ""
    x_label: tuple[str, str] = ("", "")
    kind: MatrixKind = MatrixKind.PLAIN
    constants: Calibration | None = None

    @property
    def rows(self) -> int:
        """Number of spectra."""
        return self.spectra.rows

    @property
    def events(self) -> EventContent | None:
        """The events; None if it holds histograms."""
        return None if isinstance(self.content, Histograms | SparseHistograms) else self.content

    @property
    def histograms(self) -> Histograms:
        """Values in bins; events are counted in their current edges.

        Raises
        ------
        TooManyCells
            They do not fit into memory.
        """
        if isinstance(self.content, SparseHistograms):
            return self.content.written_out()
        return self.content if isinstance(self.content, Histograms) else counted(self.content)

    def by_parts(self, change: Callable[[Histograms, slice], Histograms]) -> Histograms:
        """What a function makes of the values of all spectra; sparse ones are given some at a time.

        Parameters
        ----------
        change
            Makes the same of each spectrum, whichever others it is given; the slice says which they are.
        """
        if isinstance(self.content, SparseHistograms):
            return self.content.in_parts(change)
        return change(self.histograms, slice(0, self.rows))

    @property
    def is_masked(self) -> B1:
        """Masked spectra, shape (rows,)."""
        return np.zeros(self.rows, np.bool_) if self.masked is None else self.masked

    @property
    def nbytes(self) -> int:
        """Memory of the values or events in bytes."""
        return self.content.nbytes

    @property
    def instrument_name(self) -> str:
        """Name that the definition gives, else that of the log ``instrument_name``; empty if neither is known."""
        said = self.logs["instrument_name"].value if "instrument_name" in self.logs else ""
        return self.geometry.name or str(said)

    def instrument(self) -> InstrumentGeometry:
        """Positions, with moving parts where the logs say they are.

        Raises
        ------
        GeometryError
            They are not known.
        """
        return self.geometry if isinstance(self.geometry, InstrumentGeometry) else self.geometry.at(self.logs)

    def with_histograms(self, histograms: Histograms) -> "Matrix":
        """The same spectra with other values."""
        return replace(self, content=histograms)

    def with_mask(self, is_masked: B1) -> "Matrix":
        """The counts of some spectra set to 0, and these marked beside those that are already.

        A mask workspace has 1 in them instead.
        """
        if not is_masked.any():
            return self
        content: Content
        if self.events is not None:
            content = event_changes.masked(self.events, is_masked)
        else:
            content = self.histograms
            cells = np.repeat(is_masked, np.diff(content.first))
            value = 1.0 if self.kind is MatrixKind.MASK else 0.0
            content = content.with_values(np.where(cells, value, content.y), np.where(cells, 0.0, content.e))
        return replace(self, content=content, masked=self.is_masked | is_masked)

    def taken(self, rows: I8) -> "Matrix":
        """Some spectra, in this order."""
        vertical = self.vertical
        if vertical is not None and len(vertical.values) == self.rows:
            vertical = replace(vertical, values=vertical.values[rows])
        return replace(
            self,
            content=taken_content(self.content, rows),
            spectra=self.spectra.taken(rows),
            masked=None if self.masked is None else self.masked[rows],
            vertical=vertical,
        )


def taken_content(content: Content, rows: I8) -> Content:
    """Some spectra, in this order; of lists also several times."""
    if isinstance(content, Histograms | SparseHistograms):
        return content.taken(rows)
    x = content.x.taken(rows)
    if isinstance(content, PendingEvents):
        new_row = np.full(content.rows, -1, np.int64)
        new_row[rows] = np.arange(len(rows))
        return content.regrouped(new_row, len(rows), x)
    parts = [np.arange(content.first[row], content.first[row + 1]) for row in rows]
    index = np.concatenate([np.empty(0, np.int64), *parts])
    first = starts_of([len(part) for part in parts])
    return content.picked(index, first, x)


def single_value(value: float, error: float = 0.0) -> Matrix:
    """A matrix of one number, that arithmetic applies to all values of the other side."""
    content = Histograms.table(np.zeros(1), np.array([[value]], np.float64), np.array([[error]], np.float64))
    return Matrix(
        content=content, spectra=SpectrumTable.without_detectors(1), unit="", y_unit="", kind=MatrixKind.SINGLE
    )
