"""X, Y and E of a workspace: what scripts read, extract, set, and write into."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from livereduce.engine.counting.counts import Counts
from livereduce.engine.mantid_api.objects.spectra.event_reading import EventReader
from livereduce.engine.mantid_api.objects.spectra.lending import Lent, changed, written
from livereduce.engine.mantid_api.objects.spectra.reading import CountsReader, MatrixReader, SpectraReader
from livereduce.engine.matrix.histograms import Histograms
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.matrix.spectra import SpectrumTable
from livereduce.engine.workspaces import convert
from livereduce.engine.workspaces.events import Events
from livereduce.engine.workspaces.workspace import Data, Workspace
from livereduce.stream.items import F8


class SpectraValues(Workspace):
    """The values of a workspace by spectrum.

    What is counted is kept until the data change; an array to write into is a copy of its own, taken back before
    anything else looks at the data (`lending.py`).
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lent: Lent = {}
        self._reader: tuple[Any, SpectraReader] | None = None
        self._event_reader: EventReader | None = None

    @property
    def held(self) -> Data:
        """The data, with what scripts have written."""
        if self._lent and (new := changed(self._lent, self._stored_reader())):
            self._data = written(self._present(), new)
            self._table = self._matrix = None
        return self._data

    @property
    def static(self) -> Matrix:
        """All but the values: what scripts have written into arrays need not be in it yet."""
        return self._present()

    @property
    def table(self) -> SpectrumTable:
        """Numbers and detectors of the spectra."""
        return self.static.spectra

    @property
    def has_events(self) -> bool:
        """True if it holds events."""
        return isinstance(self._data, Events) or (isinstance(self._data, Matrix) and self._data.events is not None)

    def take(self, matrix: Matrix) -> None:
        """Hold this matrix, whose values are those that are held already."""
        self._data = matrix
        self._table = self._matrix = None

    def _forget(self) -> None:
        super()._forget()
        self._lent, self._reader, self._event_reader = {}, None, None

    def event_reader(self) -> EventReader:
        """The events by spectrum.

        Raises
        ------
        RuntimeError
            It holds none.
        """
        matrix = self.static
        if matrix.events is None:
            raise RuntimeError(f"workspace {self._name!r} holds histograms, not events")
        if self._event_reader is None or self._event_reader.events is not matrix.events:
            self._event_reader = EventReader(matrix, matrix.events)
        return self._event_reader

    def _stored_reader(self) -> SpectraReader:
        content = self._data.content if isinstance(self._data, Matrix) else self._data
        if self._reader is None or self._reader[0] is not content:
            self._reader = (content, self._made_reader())
        return self._reader[1]

    def _made_reader(self) -> SpectraReader:
        data = self._data
        if isinstance(data, Counts):
            return CountsReader(data)
        if not isinstance(data, Events):
            return MatrixReader(self.static)
        ids = self.table.ids  # before counting: it may add pixels
        return CountsReader(self.binned.spectra(data), self.binned.table.rows_of(ids).astype(np.int64))

    def checked_row(self, index: int) -> int:
        """The place of a spectrum.

        Raises
        ------
        RuntimeError
            There are not so many.
        """
        rows = self.getNumberHistograms()
        if not 0 <= int(index) < rows:
            raise RuntimeError(f"workspace {self._name!r} has {rows} spectra, none at {index}")
        return int(index)

    def getNumberHistograms(self) -> int:
        """Number of spectra."""
        return len(self._data.counts) if isinstance(self._data, Counts) else self.static.rows

    def __len__(self) -> int:
        return self.getNumberHistograms()

    def __bool__(self) -> bool:
        return True

    def values_of(self, index: int) -> int:
        """Number of values of a spectrum."""
        return self._stored_reader().size(self.checked_row(index))

    def blocksize(self) -> int:
        """Number of values of a spectrum.

        Raises
        ------
        RuntimeError
            The spectra have different numbers.
        """
        sizes = self._sizes()
        if len(set(sizes)) > 1:
            raise RuntimeError(f"the spectra of {self._name!r} have different numbers of bins: ask each by readY(i)")
        return sizes[0] if sizes else 0

    def size(self) -> int:
        """Number of values of all spectra."""
        sizes = self._sizes()
        return sum(sizes) if len(sizes) > 1 else sum(sizes) * self.getNumberHistograms()

    def _sizes(self) -> list[int]:
        """Numbers of values of the spectra; one alone if they are all alike."""
        if isinstance(self._data, Counts):  # its matrix would be a copy of all counts
            return [self._data.binning.bins] if self.getNumberHistograms() else []
        rows, content = self.getNumberHistograms(), self.static.content
        if isinstance(content, Histograms):
            sizes = np.diff(content.first)
        else:
            sizes = np.maximum(content.x.sizes(rows) - 1, 0)
        alike = len(sizes) > 0 and bool(np.all(sizes == sizes[0]))
        found: list[int] = (sizes[:1] if alike else sizes).tolist()
        return found

    def x_limits(self) -> tuple[float, float]:
        """Least and greatest x of the events, or of the bins; zeros without events."""
        data = self.held
        if isinstance(data, Events):
            least, most = data.tof_range_ns or (0, 0)
            return least / 1000, most / 1000
        if isinstance(data, Counts):
            return float(data.binning.edges_us[0]), float(data.binning.edges_us[-1])
        if not isinstance(data, Matrix):
            return convert.tof_range_us(data)
        if data.events is not None:
            return self.event_reader().x_range
        grid = data.content.x
        ends = [(row.min(), row.max()) for row in grid.rows(1 if grid.is_common else data.rows) if len(row)]
        return (float(min(low for low, _ in ends)), float(max(high for _, high in ends))) if ends else (0.0, 0.0)

    def readX(self, index: int) -> F8:
        """Bin edges of a spectrum, or positions for points; cannot be written into."""
        return self._read("x", index)

    def readY(self, index: int) -> F8:
        """Values of a spectrum; cannot be written into."""
        return self._read("y", index)

    def readE(self, index: int) -> F8:
        """Standard deviations of a spectrum; cannot be written into."""
        return self._read("e", index)

    x, y, e = readX, readY, readE

    def _read(self, what: str, index: int) -> F8:
        row = self.checked_row(index)
        if self.has_events and what != "x":
            _ = self.held  # counted in the edges that a script has written
        values = self._lent.get((what, row))
        if values is None:
            values = getattr(self._stored_reader(), what)(row)
        view: F8 = values.view()
        view.flags.writeable = False
        return view

    def dataX(self, index: int) -> F8:
        """Bin edges of a spectrum, or positions; what is written into them changes this workspace alone."""
        return self._written("x", index)

    def dataY(self, index: int) -> F8:
        """Values of a spectrum, as `dataX`.

        Raises
        ------
        RuntimeError
            The workspace holds events: their values follow from the events.
        """
        return self._written("y", index)

    def dataE(self, index: int) -> F8:
        """Standard deviations of a spectrum, as `dataY`."""
        return self._written("e", index)

    def _written(self, what: str, index: int) -> F8:
        if what != "x" and self.has_events:
            raise RuntimeError(
                f"the values of {self._name!r} cannot be written: it holds events "
                "(ConvertToMatrixWorkspace, or Rebin with PreserveEvents=False, makes them values)"
            )
        row = self.checked_row(index)
        if (what, row) not in self._lent:
            self._lent[what, row] = np.array(self._read(what, row), np.float64)
        return self._lent[what, row]

    def setX(self, index: int, values: Sequence[float] | F8) -> None:
        """Set bin edges of a spectrum, or positions.

        Raises
        ------
        ValueError
            Another number of values than there are.
        """
        self._set("x", index, values)

    def setY(self, index: int, values: Sequence[float] | F8) -> None:
        """Set the values of a spectrum, as `setX`."""
        self._set("y", index, values)

    def setE(self, index: int, values: Sequence[float] | F8) -> None:
        """Set the standard deviations of a spectrum, as `setX`."""
        self._set("e", index, values)

    setSharedX, setSharedY, setSharedE = setX, setY, setE

    def _set(self, what: str, index: int, values: Sequence[float] | F8) -> None:
        new, now = np.asarray(values, np.float64), self._written(what, index)
        if new.shape != now.shape:
            raise ValueError(f"spectrum {index} of {self._name!r} has {len(now)} values of {what}, not {new.size}")
        now[:] = new

    def extractX(self) -> F8:
        """Bin edges or positions of all spectra, shape (spectra, edges)."""
        return self._stacked("x")

    def extractY(self) -> F8:
        """Values of all spectra, shape (spectra, bins)."""
        return self._stacked("y")

    def extractE(self) -> F8:
        """Standard deviations of all spectra, shape (spectra, bins)."""
        return self._stacked("e")

    def _stacked(self, what: str) -> F8:
        rows = [self._read(what, row) for row in range(self.getNumberHistograms())]
        if len({len(row) for row in rows}) > 1:
            raise RuntimeError(f"the spectra of {self._name!r} have different numbers of bins: rebin them first")
        return np.array(rows, np.float64).reshape(len(rows), len(rows[0]) if rows else 0)

    def hasDx(self, index: int) -> bool:
        """False: widths of x are not kept."""
        self.checked_row(index)
        return False

    def readDx(self, index: int) -> F8:
        """Empty, as `hasDx`."""
        self.checked_row(index)
        return np.empty(0)

    dataDx = readDx

    def extractDx(self) -> F8:
        """Empty, as `hasDx`."""
        return np.empty(0)

    def yIndexOfX(self, xvalue: float, workspaceIndex: int = 0, tolerance: float = 0.0) -> int:
        """The bin that holds an x, or the point nearest to it.

        Raises
        ------
        IndexError
            It is outside.
        """
        x = self.readX(workspaceIndex)
        if not len(x) or not x[0] - tolerance <= xvalue <= x[-1] + tolerance:
            raise IndexError(f"x = {xvalue:g} is outside of spectrum {workspaceIndex} of {self._name!r}")
        if len(x) == self.values_of(workspaceIndex):
            return int(np.argmin(np.abs(x - xvalue)))
        place = int(np.searchsorted(x, xvalue, side="right")) - 1
        return min(max(place, 0), len(x) - 2)

    binIndexOf = yIndexOfX

    def findY(self, value: float, start: tuple[int, int] = (0, 0)) -> tuple[int, int]:
        """Spectrum and bin of the first value that is equal to one, from a place on; (-1, -1) if none is."""
        for row in range(start[0], self.getNumberHistograms()):
            y = self.readY(row)
            same = np.isnan(y) if np.isnan(value) else y == value
            places = np.flatnonzero(same[start[1] if row == start[0] else 0 :])
            if len(places):
                return row, int(places[0]) + (start[1] if row == start[0] else 0)
        return -1, -1
