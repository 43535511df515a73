"""Workspaces with numbers in them, as far as scripts and publishing ask of them."""

from collections.abc import Iterator
from typing import Any, Self

import numpy as np

from mantid.api.geometry import Geometry
from mantid.api.handles import strong, weak
from mantid.api.run import Run

UNITS = {
    "TOF": ("Time-of-flight", "microsecond"),
    "dSpacing": ("d-Spacing", "Angstrom"),
    "Wavelength": ("Wavelength", "Angstrom"),
    "MomentumTransfer": ("q", "Angstrom^-1"),
    "": ("", ""),
}


class UnitLabel:
    """How a unit is written."""

    def __init__(self, text: str) -> None:
        self._text = text

    def ascii(self) -> str:
        return self._text

    def __str__(self) -> str:
        return self._text


class Unit:
    """The unit of an axis."""

    def __init__(self, unit: str) -> None:
        self._unit = unit

    def unitID(self) -> str:
        return self._unit

    def caption(self) -> str:
        return UNITS[self._unit][0]

    def symbol(self) -> UnitLabel:
        return UnitLabel(UNITS[self._unit][1])


class Axis:
    """One axis of a workspace: bins or points, or the spectra with their numbers."""

    def __init__(self, unit: str, values: np.ndarray, *, spectra: bool) -> None:
        self._unit, self._values, self._spectra = unit, values, spectra

    def getUnit(self) -> Unit:
        return Unit(self._unit)

    def isSpectra(self) -> bool:
        return self._spectra

    def isNumeric(self) -> bool:
        return not self._spectra

    def isText(self) -> bool:
        return False

    def length(self) -> int:
        return len(self._values)

    def extractValues(self) -> np.ndarray:
        return self._values.copy()


class Spectrum:
    """One spectrum: its number."""

    def __init__(self, number: int) -> None:
        self._number = number

    def getSpectrumNo(self) -> int:
        return self._number


class Instrument:
    """The instrument of a workspace; blank where none has been loaded, without a geometry where none is known."""

    def __init__(self, name: str = "", geometry: Geometry | None = None) -> None:
        self._name, self.geometry = name, geometry

    def getName(self) -> str:
        return self._name


class Workspace:
    """What every workspace has: a name while it is in the data service, and a title."""

    def __init__(self) -> None:
        self._name, self._title, self._comment = "", "", ""

    def name(self) -> str:
        return self._name

    def getName(self) -> str:
        return self._name

    def __str__(self) -> str:
        return self._name

    def getTitle(self) -> str:
        return self._title

    def setTitle(self, title: str) -> None:
        self._title = title

    def id(self) -> str:
        return type(self).__name__

    def getMemorySize(self) -> int:
        raise NotImplementedError

    def clone(self) -> Self:
        """A copy of everything, nameless."""
        raise NotImplementedError


class MatrixWorkspace(Workspace):
    """Spectra along a common kind of axis. Rows given out by `readX` and its like cannot be written to."""

    def __init__(self) -> None:
        super().__init__()
        self._run = Run()
        self._instrument = Instrument()
        self._unit, self._y_unit, self._distribution = "TOF", "Counts", False
        self._groups: list[np.ndarray] = []
        self._y_label = ""

    def run(self) -> Run:
        return self._run

    def getRun(self) -> Run:
        return self._run

    def getRunNumber(self) -> int:
        return int(self._run["run_number"].value) if "run_number" in self._run else 0

    def getInstrument(self) -> Instrument:
        return self._instrument

    def getAxis(self, index: int) -> Axis:
        """Axis 0 has the unit of X, axis 1 the spectra."""
        if index not in (0, 1):
            raise IndexError(f"a workspace has axes 0 and 1, not {index}")
        if index == 0:
            return Axis(self._unit, self.readX(0), spectra=False)
        return Axis("", np.arange(1.0, self.getNumberHistograms() + 1), spectra=True)

    def getSpectrum(self, index: int) -> Spectrum:
        return Spectrum(self._row(index) + 1)

    def flights(self) -> tuple[np.ndarray, np.ndarray]:
        """L1 + L2 in m and 2θ in radians of each spectrum."""
        if self._instrument.geometry is None or len(self._groups) != self.getNumberHistograms():
            raise RuntimeError("the positions of the detectors are not known")
        return self._instrument.geometry.flights(self._groups)

    def isCommonBins(self) -> bool:
        x = self.extractX()
        return bool(np.all(x == x[0]))

    def YUnit(self) -> str:
        return self._y_unit

    def YUnitLabel(self) -> str:
        return self._y_label or self._y_unit

    def setYUnit(self, unit: str) -> None:
        self._y_unit = unit

    def isDistribution(self) -> bool:
        return self._distribution

    def isHistogramData(self) -> bool:
        return len(self.readX(0)) != self.blocksize()

    def getNumberHistograms(self) -> int:
        raise NotImplementedError

    def blocksize(self) -> int:
        raise NotImplementedError

    def readX(self, index: int) -> np.ndarray:
        return _read_only(self._x_of(self._row(index)))

    def readY(self, index: int) -> np.ndarray:
        return _read_only(self._y_of(self._row(index)))

    def readE(self, index: int) -> np.ndarray:
        return _read_only(self._e_of(self._row(index)))

    def _x_of(self, row: int) -> np.ndarray:
        """One row of X, a copy; the same for Y and E."""
        raise NotImplementedError

    def _y_of(self, row: int) -> np.ndarray:
        raise NotImplementedError

    def _e_of(self, row: int) -> np.ndarray:
        raise NotImplementedError

    def extractX(self) -> np.ndarray:
        raise NotImplementedError

    def extractY(self) -> np.ndarray:
        raise NotImplementedError

    def extractE(self) -> np.ndarray:
        raise NotImplementedError

    def _row(self, index: int) -> int:
        if not 0 <= index < self.getNumberHistograms():
            raise IndexError(f"workspace index {index} is not below {self.getNumberHistograms()}")
        return index

    def take_over(self, other: "MatrixWorkspace") -> Self:
        """Take logs, title, units and instrument from another workspace."""
        self._run, self._instrument = other._run.copy(), other._instrument
        self._title, self._unit, self._y_unit = other._title, other._unit, other._y_unit
        self._distribution = other._distribution
        self._groups, self._y_label = other._groups, other._y_label
        return self


class Workspace2D(MatrixWorkspace):
    """Histograms: X of shape (spectra, bins + 1) or (spectra, points); Y and E of shape (spectra, bins)."""

    def __init__(self, x: np.ndarray, y: np.ndarray, e: np.ndarray) -> None:
        super().__init__()
        self._x, self._y, self._e = x, y, e

    def extractX(self) -> np.ndarray:
        return self._x.copy()

    def extractY(self) -> np.ndarray:
        return self._y.copy()

    def extractE(self) -> np.ndarray:
        return self._e.copy()

    def _x_of(self, row: int) -> np.ndarray:
        return self._x[row].copy()  # type: ignore[no-any-return]

    def _y_of(self, row: int) -> np.ndarray:
        return self._y[row].copy()  # type: ignore[no-any-return]

    def _e_of(self, row: int) -> np.ndarray:
        return self._e[row].copy()  # type: ignore[no-any-return]

    def getNumberHistograms(self) -> int:
        return len(self._y)

    def blocksize(self) -> int:
        return int(self._y.shape[1])

    def dataY(self, index: int) -> np.ndarray:
        """A row that can be written to."""
        row: np.ndarray = self._y[self._row(index)]
        return row

    def getMemorySize(self) -> int:
        return int(self._x.nbytes + self._y.nbytes + self._e.nbytes)

    def clone(self) -> Self:
        return type(self)(self._x.copy(), self._y.copy(), self._e.copy()).take_over(self)


class WorkspaceGroup(Workspace):
    """Several workspaces, such as one per period."""

    def __init__(self, members: "list[Workspace] | None" = None) -> None:
        super().__init__()
        self._members: list[Workspace] = [strong(member) for member in members or ()]

    def getNumberOfEntries(self) -> int:
        return len(self._members)

    def size(self) -> int:
        return len(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __iter__(self) -> Iterator[Any]:
        return iter([weak(member) for member in self._members])

    def getItem(self, index: int) -> Any:
        return weak(self._members[index])

    def __getitem__(self, index: int) -> Any:
        return weak(self._members[index])

    def getNames(self) -> list[str]:
        return [member.name() for member in self._members]

    def getMemorySize(self) -> int:
        return sum(member.getMemorySize() for member in self._members)

    def clone(self) -> Self:
        return type(self)([member.clone() for member in self._members])


def _read_only(row: np.ndarray) -> np.ndarray:
    row.flags.writeable = False
    return row
