"""Mantid's MatrixWorkspace: what scripts are given, with the methods that they call."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Self

import numpy as np

from livereduce.base.names import missing
from livereduce.catalog.wording import shown
from livereduce.engine.counting.counts import Counts
from livereduce.engine.mantid_api.objects.algorithm_methods import AlgorithmMethods, algorithm
from livereduce.engine.mantid_api.objects.experiment_info import ExperimentInfo
from livereduce.engine.mantid_api.objects.info.component import Detector, DetectorGroup
from livereduce.engine.mantid_api.objects.info.component_info import ComponentInfo
from livereduce.engine.mantid_api.objects.info.detector_info import DetectorInfo
from livereduce.engine.mantid_api.objects.info.instrument_view import InstrumentView
from livereduce.engine.mantid_api.objects.info.spectrum_info import SpectrumInfo
from livereduce.engine.mantid_api.objects.named import NamedWorkspace
from livereduce.engine.mantid_api.objects.operators import Arithmetic
from livereduce.engine.mantid_api.objects.spectra import workspace_axes
from livereduce.engine.mantid_api.objects.spectra.axes import MantidAxis
from livereduce.engine.mantid_api.objects.spectra.dimension import AxisDimension
from livereduce.engine.mantid_api.objects.spectra.spectrum import ISpectrum
from livereduce.engine.mantid_api.objects.spectra.values import SpectraValues
from livereduce.engine.mantid_api.session import current_store
from livereduce.engine.matrix.grid import is_like_common
from livereduce.engine.matrix.matrix import MatrixKind
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.engine.workspaces import convert
from livereduce.engine.workspaces.events import Events
from livereduce.stream.items import B1, F8


class MatrixWorkspace(SpectraValues, Arithmetic, AlgorithmMethods, NamedWorkspace, ExperimentInfo):
    """A workspace of spectra with Mantid's interface; the names of its methods are Mantid's.

    It is one handle for all of Mantid's kinds of such workspaces: `id` says which it is now.
    """

    monitors: "MatrixWorkspace | None"

    def __repr__(self) -> str:
        kind = type(self.held).__name__
        return f"<Workspace {self._name!r} of run {self.run_number}: {kind}, {self.getNumberEvents()} events>"

    def id(self) -> str:
        """Mantid's name of the kind, as ``EventWorkspace`` or ``Workspace2D``."""
        if self.has_events:
            return "EventWorkspace"
        return MatrixKind.PLAIN.value if isinstance(self._data, Counts) else self.static.kind.value

    def getTitle(self) -> str:
        """The title, else that of the run; empty if not known."""
        if self._title:
            return self._title
        return str(self.logs["run_title"].value) if "run_title" in self.logs else ""

    def clone(self, OutputWorkspace: str = "", StoreInADS: bool = True) -> Self:
        """A copy that is not affected by later changes; in the store if it is given a name, as Mantid's."""
        twin = super().clone()
        if OutputWorkspace:
            twin.renamed(OutputWorkspace)
        if OutputWorkspace and StoreInADS:
            current_store()[OutputWorkspace] = twin
        return twin

    def getMonitorWorkspace(self) -> "MatrixWorkspace":
        """The beam monitors; the pixel of an event is the number of its monitor.

        Raises
        ------
        RuntimeError
            There are none.
        """
        if self.monitors is None:
            raise RuntimeError(
                f"workspace {self._name!r} has no monitor workspace: no beam monitor has counted in these data"
            )
        return self.monitors

    def setMonitorWorkspace(self, monitors: "MatrixWorkspace") -> None:
        """Set the beam monitors.

        Raises
        ------
        TypeError
            It is no workspace of spectra.
        """
        if not isinstance(monitors, MatrixWorkspace):
            raise TypeError(f"setMonitorWorkspace: a workspace of spectra was expected, not {shown(monitors)}")
        self.monitors = monitors

    def clearMonitorWorkspace(self) -> None:
        """Have no beam monitors."""
        self.monitors = None

    def getMemorySize(self) -> int:
        """Memory of the values or events in bytes."""
        return int(self.static.nbytes)

    def getNumberEvents(self) -> int:
        """Number of events; for a histogram its counts."""
        held = self.held
        if isinstance(held, Events):
            return held.n
        if isinstance(held, Counts):
            return int(held.counts.sum())
        if convert.is_data_array(held):
            return convert.number_of_events(held)
        if self.has_events:
            return int(self.event_reader().numbers.sum())
        return round(float(np.nansum(self.matrix.histograms.y)))

    def getTofMin(self) -> float:
        """The least x, in µs for times of flight, of the events or the bins; 0 without events."""
        return self.x_limits()[0]

    def getTofMax(self) -> float:
        """The greatest x, in µs for times of flight, of the events or the bins; 0 without events."""
        return self.x_limits()[1]

    getEventXMin, getEventXMax = getTofMin, getTofMax

    def getSpectrum(self, index: int) -> ISpectrum:
        """A spectrum by its place: number, detectors, events."""
        return ISpectrum(self, self.checked_row(index))

    getEventList = getSpectrum

    def __iter__(self) -> Iterator[ISpectrum]:
        return (ISpectrum(self, row) for row in range(self.getNumberHistograms()))

    def getDetector(self, index: int) -> Detector | DetectorGroup:
        """The detector of a spectrum; several as a group.

        Raises
        ------
        RuntimeError
            It has none.
        """
        ids = self.table.ids_of(self.checked_row(index)).tolist()
        if not ids:
            raise RuntimeError(f"spectrum {index} of {self._name!r} has no detector")
        found = [Detector(self.static, ident) for ident in ids]
        return found[0] if len(found) == 1 else DetectorGroup(found)

    def detectorTwoTheta(self, detector: Detector) -> float:
        """Scattering angle of a detector in radians."""
        info = self.detectorInfo()
        return info.twoTheta(info.indexOf(detector.getID()))

    def detectorSignedTwoTheta(self, detector: Detector) -> float:
        """Scattering angle of a detector in radians, with a sign."""
        info = self.detectorInfo()
        return info.signedTwoTheta(info.indexOf(detector.getID()))

    def getInstrument(self) -> InstrumentView:
        """The instrument."""
        return InstrumentView(self.static)

    def detectorInfo(self) -> DetectorInfo:
        """Positions and masks of detectors."""
        return DetectorInfo(self)

    def componentInfo(self) -> ComponentInfo:
        """Names and positions of all components."""
        return ComponentInfo(self)

    def spectrumInfo(self) -> SpectrumInfo:
        """Positions and masks of spectra."""
        return SpectrumInfo(self)

    def getSpectrumNumbers(self) -> list[int]:
        """Numbers of all spectra."""
        numbers: list[int] = self.table.number.tolist()
        return numbers

    def getIndexFromSpectrumNumber(self, spectrum: int) -> int:
        """Place of a spectrum by its number.

        Raises
        ------
        RuntimeError
            None has this number.
        """
        places = np.flatnonzero(self.table.number == spectrum)
        if not len(places):
            raise RuntimeError(f"workspace {self._name!r} has no spectrum number {spectrum}")
        return int(places[0])

    def getIndicesFromDetectorIDs(self, detectors: Iterable[int]) -> list[int]:
        """Places of the spectra of some detectors; those without a spectrum are left out."""
        rows = self.table.row_of_id()
        return list(dict.fromkeys(rows[int(ident)] for ident in detectors if int(ident) in rows))

    def maskDetectors(self, detectors: Iterable[int] = (), **given: Any) -> None:
        """Mark the spectra of some detectors as masked; with keywords it is MaskDetectors, which clears values, too."""
        if given:
            algorithm("MaskDetectors", self, given)
            return
        flags = self.static.is_masked.copy()
        flags[self.getIndicesFromDetectorIDs(detectors)] = True
        self.with_masks(flags)

    def getNumberMasked(self) -> int:
        """Number of masked detectors of a mask, or of masked spectra."""
        is_mask = self.static.kind is MatrixKind.MASK
        return int((self.matrix.histograms.y != 0).sum() if is_mask else self.static.is_masked.sum())

    def isMasked(self, detector: int | Iterable[int]) -> bool:
        """True if a detector is masked by this mask; for several, if all are."""
        idents = [int(one) for one in detector] if isinstance(detector, Iterable) else [int(detector)]
        table = self.table
        rows = table.owner[np.isin(table.ids, idents)]
        return len(rows) >= len(set(idents)) and all(self.readY(int(row))[0] != 0 for row in rows)

    def hasMaskedBins(self, index: int) -> bool:
        """False: bins that are masked are 0 here, without a mark."""
        self.checked_row(index)
        return False

    def hasAnyMaskedBins(self) -> bool:
        """False, as `hasMaskedBins`."""
        return False

    def maskedBinsIndices(self, index: int) -> list[int]:
        """Empty, as `hasMaskedBins`."""
        self.checked_row(index)
        return []

    def isHistogramData(self) -> bool:
        """True if X are edges, False if they are points."""
        return self.getNumberHistograms() == 0 or len(self.readX(0)) != self.values_of(0)

    def isCommonBins(self) -> bool:
        """True if all spectra have the same X."""
        return isinstance(self._data, Counts) or is_like_common(self.static.content.x, self.getNumberHistograms())

    def isRaggedWorkspace(self) -> bool:
        """True if spectra have different numbers of values."""
        return len(self._sizes()) > 1

    def isCommonLogBins(self) -> bool:
        """True if all spectra have the same X in equal ratios."""
        x = self.readX(0)
        if not self.isCommonBins() or len(x) < 2 or not np.all(x > 0):
            return False
        steps = np.diff(np.log(x))[:-1]  # the last bin may be cut
        return len(steps) == 0 or bool(np.allclose(steps, steps[0], rtol=1e-6, atol=0))

    def isDistribution(self) -> bool:
        """True if the values are per unit of x."""
        return self.static.is_distribution

    def setDistribution(self, new_value: bool) -> None:
        """Say whether the values are per unit of x; they stay."""
        self.with_said(is_distribution=bool(new_value))

    def YUnit(self) -> str:
        """Unit of the values."""
        return self.static.y_unit

    def setYUnit(self, unit: str) -> None:
        """Set the unit of the values; the label is forgotten."""
        self.with_said(y_unit=str(unit), y_label="")

    def YUnitLabel(self, useLatex: bool = False, plotAsDistribution: bool = True) -> str:  # noqa: ARG002
        """Label of the values, as for a plot."""
        said = self.static
        unit = self.getAxis(0).getUnit().label()
        per = f" per {unit}" if said.is_distribution and unit else ""
        return said.y_label or f"{said.y_unit}{per}"

    def setYUnitLabel(self, label: str) -> None:
        """Set the label of the values."""
        self.with_said(y_label=str(label))

    def axes(self) -> int:
        """2: x, and that across the spectra."""
        return 2

    def getAxis(self, axis_index: int) -> MantidAxis:
        """0: x; 1: numbers of spectra, or what stands for them."""
        return workspace_axes.axis(self, axis_index)

    def replaceAxis(self, axis_index: int, axis: MantidAxis) -> None:
        """Set an axis."""
        workspace_axes.take(self, axis_index, axis.content)

    def getNumDims(self) -> int:
        """2, or 1 for a single spectrum."""
        return 2

    def getDimension(self, index: int) -> AxisDimension:
        """X or the vertical axis, with its limits."""
        bins = self.blocksize() if index == 0 else self.getNumberHistograms()
        return AxisDimension(self.getAxis(index), bins, ("xDimension", "yDimension")[index])

    def getXDimension(self) -> AxisDimension:
        """The dimension of x."""
        return self.getDimension(0)

    def getYDimension(self) -> AxisDimension:
        """The vertical dimension."""
        return self.getDimension(1)

    def getNonIntegratedDimensions(self) -> list[AxisDimension]:
        """Those with more than one bin."""
        return [one for one in map(self.getDimension, range(2)) if not one.getIsIntegrated()]

    def getSignalArray(self) -> F8:
        """Values, shape (bins, spectra), as of a histogram in several dimensions."""
        return self.extractY().T

    def equals(self, other: "MatrixWorkspace", tolerance: float = 0.0) -> bool:
        """True if X, Y and E of two workspaces agree within a tolerance."""
        if self.getNumberHistograms() != other.getNumberHistograms() or self.static.unit != other.static.unit:
            return False
        one, two = self.matrix.histograms, other.matrix.histograms
        pairs = ((one.x.values, two.x.values), (one.y, two.y), (one.e, two.e))
        return all(a.shape == b.shape and np.allclose(a, b, rtol=0, atol=tolerance, equal_nan=True) for a, b in pairs)

    def with_table(self, table: SpectrumTable) -> None:
        """Take other numbers or detectors of the spectra."""
        self.with_said(spectra=table)

    def with_masks(self, masked: B1) -> None:
        """Take other masks of the spectra."""
        self.with_said(masked=masked if masked.any() else None)

    def with_said(self, **said: Any) -> None:
        """Take other facts beside the values."""
        if unknown := said.keys() - set(self.static.__dataclass_fields__):
            raise TypeError(missing("fact", unknown.pop(), self.static.__dataclass_fields__))
        self.take(replace(self.static, **said))
