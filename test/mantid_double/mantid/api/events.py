"""EventWorkspace: events as they came, and the histogram of them in the binning that the workspace has."""

from typing import Self

import numpy as np

from mantid.api.workspaces import MatrixWorkspace, Workspace2D


class EventWorkspace(MatrixWorkspace):
    """Events of all spectra; one binning for all of them.

    Attributes
    ----------
    tof, index
        Time of flight in µs and workspace index of each event, in the order of arrival.
    edges
        Bin edges; two where nobody has rebinned.
    """

    def __init__(self, spectra: int, edges: np.ndarray) -> None:
        super().__init__()
        self._spectra = spectra
        self.edges = np.asarray(edges, dtype=float)
        self._counted: tuple[np.ndarray, int, np.ndarray] | None = None
        self.tof = np.empty(0)
        self.index = np.empty(0, dtype=np.int64)

    def getNumberEvents(self) -> int:
        return len(self.tof)

    def getNumberHistograms(self) -> int:
        return self._spectra

    def getTofMin(self) -> float:
        return float(self.tof.min()) if len(self.tof) else float("inf")

    def getTofMax(self) -> float:
        return float(self.tof.max()) if len(self.tof) else float("-inf")

    def _x_of(self, row: int) -> np.ndarray:
        return self.edges.copy()

    def _y_of(self, row: int) -> np.ndarray:
        return self._counts()[row].copy()  # type: ignore[no-any-return]

    def _e_of(self, row: int) -> np.ndarray:
        return np.sqrt(self._counts()[row])  # type: ignore[no-any-return]

    def extractX(self) -> np.ndarray:
        return np.tile(self.edges, (self._spectra, 1))

    def extractY(self) -> np.ndarray:
        return self._counts().copy()

    def _counts(self) -> np.ndarray:
        """The histogram, made once for as long as events and bins stay."""
        known = self._counted
        if known is None or known[0] is not self.edges or known[1] != len(self.tof):
            known = self._counted = self.edges, len(self.tof), self._count()
        return known[2]

    def _count(self) -> np.ndarray:
        bins = len(self.edges) - 1
        at = np.searchsorted(self.edges, self.tof, side="right") - 1
        inside = (at >= 0) & (at < bins)
        flat = np.bincount(self.index[inside] * bins + at[inside], minlength=self._spectra * bins)
        return flat.astype(float).reshape(self._spectra, bins)

    def extractE(self) -> np.ndarray:
        errors: np.ndarray = np.sqrt(self._counts())
        return errors

    def blocksize(self) -> int:
        return len(self.edges) - 1

    def getMemorySize(self) -> int:
        return int(self.tof.nbytes + self.index.nbytes + self.edges.nbytes)

    def extend(self, tof: np.ndarray, index: np.ndarray) -> None:
        """Put events behind those that are there."""
        self.tof = np.concatenate([self.tof, tof])
        self.index = np.concatenate([self.index, index])

    def to_histogram(self) -> Workspace2D:
        """In the binning that it has."""
        return Workspace2D(self.extractX(), self.extractY(), self.extractE()).take_over(self)

    def clone(self) -> Self:
        twin = type(self)(self._spectra, self.edges.copy()).take_over(self)
        twin.extend(self.tof, self.index)
        return twin

    def emptied(self) -> Self:
        """The same geometry and logs without events."""
        return type(self)(self._spectra, self.edges.copy()).take_over(self)
