"""EventWorkspace: events as they came, and the histogram of them in the binning that the workspace has."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from mantid.api.workspaces import MatrixWorkspace, Workspace2D


@dataclass(slots=True, eq=False)
class Events:
    """Columns of events: X, workspace index, time of the pulse (ns since 1990), weight and its error squared."""

    x: np.ndarray
    index: np.ndarray
    pulse_ns: np.ndarray
    weight: np.ndarray
    variance: np.ndarray

    @classmethod
    def raw(cls, x: np.ndarray, index: np.ndarray, pulse_ns: np.ndarray | int = 0) -> "Events":
        """Events of weight 1."""
        ones = np.ones(len(x))
        return cls(x, np.asarray(index, np.int64), np.broadcast_to(np.int64(pulse_ns), len(x)), ones, ones)

    def taken(self, chosen: np.ndarray) -> "Events":
        columns = (self.x, self.index, self.pulse_ns, self.weight, self.variance)
        return Events(*(column[chosen] for column in columns))

    def joined(self, other: "Events") -> "Events":
        names = ("x", "index", "pulse_ns", "weight", "variance")
        return Events(*(np.concatenate([getattr(self, name), getattr(other, name)]) for name in names))


class EventWorkspace(MatrixWorkspace):
    """Events of all spectra.

    Attributes
    ----------
    events
        In the order of arrival.
    edges
        Bin edges, of all spectra or, two-dimensional, of each; two where nobody has rebinned.
    has_times
        Events know their pulse.
    """

    def __init__(self, spectra: int, edges: np.ndarray) -> None:
        super().__init__()
        self._spectra = spectra
        self.edges = np.asarray(edges, dtype=float)
        self._counted: tuple[np.ndarray, Events, np.ndarray, np.ndarray] | None = None
        self.events = Events.raw(np.empty(0), np.empty(0, dtype=np.int64))
        self.has_times = True

    @property
    def tof(self) -> np.ndarray:
        return self.events.x

    @property
    def index(self) -> np.ndarray:
        return self.events.index

    def getNumberEvents(self) -> int:
        return len(self.tof)

    def getNumberHistograms(self) -> int:
        return self._spectra

    def getTofMin(self) -> float:
        return float(self.tof.min()) if len(self.tof) else float("inf")

    def getTofMax(self) -> float:
        return float(self.tof.max()) if len(self.tof) else float("-inf")

    def _x_of(self, row: int) -> np.ndarray:
        return (self.edges if self.edges.ndim == 1 else self.edges[row]).copy()

    def _y_of(self, row: int) -> np.ndarray:
        return self._counts()[0][row].copy()  # type: ignore[no-any-return]

    def _e_of(self, row: int) -> np.ndarray:
        return np.sqrt(self._counts()[1][row])  # type: ignore[no-any-return]

    def extractX(self) -> np.ndarray:
        return np.tile(self.edges, (self._spectra, 1)) if self.edges.ndim == 1 else self.edges.copy()

    def extractY(self) -> np.ndarray:
        return self._counts()[0].copy()

    def _counts(self) -> tuple[np.ndarray, np.ndarray]:
        """Sums of weights and variances, made once for as long as events and bins stay."""
        known = self._counted
        if known is None or known[0] is not self.edges or known[1] is not self.events:
            known = self._counted = self.edges, self.events, *self._count()
        return known[2], known[3]

    def _count(self) -> tuple[np.ndarray, np.ndarray]:
        bins = self.blocksize()
        at = self._bins_of_events()
        inside = (at >= 0) & (at < bins)
        flat, size = self.index[inside] * bins + at[inside], self._spectra * bins
        y, variance = (
            np.bincount(flat, weights=column[inside], minlength=size).reshape(self._spectra, bins)
            for column in (self.events.weight, self.events.variance)
        )
        return y, variance

    def _bins_of_events(self) -> np.ndarray:
        if self.edges.ndim == 1:
            return np.searchsorted(self.edges, self.tof, side="right") - 1
        at = np.empty(len(self.tof), dtype=np.int64)
        for row, edges in enumerate(self.edges):
            mine = self.index == row
            at[mine] = np.searchsorted(edges, self.tof[mine], side="right") - 1
        return at

    def extractE(self) -> np.ndarray:
        errors: np.ndarray = np.sqrt(self._counts()[1])
        return errors

    def blocksize(self) -> int:
        return int(self.edges.shape[-1]) - 1

    def getMemorySize(self) -> int:
        return int(self.tof.nbytes + self.index.nbytes + self.edges.nbytes)

    def extend(self, tof: np.ndarray, index: np.ndarray, pulse_ns: int = 0) -> None:
        """Put events of one pulse behind those that are there."""
        self.events = self.events.joined(Events.raw(tof, index, pulse_ns))

    def to_histogram(self) -> Workspace2D:
        """In the binning that it has."""
        return Workspace2D(self.extractX(), self.extractY(), self.extractE()).take_over(self)

    def clone(self) -> Self:
        return self.with_events(self.events)

    def with_events(self, events: Events) -> Self:
        """The same with other events, in the same bins."""
        twin = type(self)(self._spectra, self.edges.copy()).take_over(self)
        twin.events, twin.has_times = events, self.has_times
        return twin

    def emptied(self) -> Self:
        """The same geometry and logs without events."""
        return type(self)(self._spectra, self.edges.copy()).take_over(self)
