"""Events that are no longer the stream's columns: x, weight, error and pulse of each, spectrum by spectrum."""

from dataclasses import dataclass

import numpy as np

from livereduce.engine.matrix.grid import Grid
from livereduce.stream.items import B1, F8, I8
from livereduce.stream.stretches import starts_of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class EventLists:
    """Events of all spectra, one spectrum after the other.

    Attributes
    ----------
    x_of
        x of each event, shape (n,).
    weight, variance
        Weight and squared error of each event, shape (n,); both None: 1.
    pulse_ns
        Pulse time of each event in ns since 1990, shape (n,); None: lost (compressed).
    first
        Shape (rows + 1,): events of spectrum i are ``first[i]:first[i + 1]``.
    x
        Edges in which Y and E are counted on reading.
    """

    x_of: F8
    first: I8
    x: Grid
    weight: F8 | None = None
    variance: F8 | None = None
    pulse_ns: I8 | None = None

    @property
    def rows(self) -> int:
        """Number of spectra."""
        return len(self.first) - 1

    @property
    def nbytes(self) -> int:
        """Memory of the events in bytes."""
        columns = (self.x_of, self.weight, self.variance, self.pulse_ns)
        return sum(column.nbytes for column in columns if column is not None)

    @property
    def row_of(self) -> I8:
        """Spectrum of each event, shape (n,)."""
        return np.repeat(np.arange(self.rows, dtype=np.int64), np.diff(self.first))

    @property
    def weight_and_variance(self) -> tuple[F8, F8]:
        """Weight and squared error of each event, shape (n,) each; 1 where there are none."""
        if self.weight is None or self.variance is None:
            one = np.ones(len(self.x_of))
            return one, one
        return self.weight, self.variance

    def of_rows(self, per_row: F8, absent: float = 0.0) -> F8:  # noqa: ARG002 (each event has a spectrum)
        """A column of events from one of spectra, shape (rows,)."""
        return per_row[self.row_of]

    def where(self, keep: B1) -> "EventLists":
        """The events selected by a mask of shape (n,)."""
        passed = starts_of(keep)
        return self.picked(keep, passed[self.first], self.x)

    def of_row(self, row: int, x: Grid) -> "EventLists":
        """The events of one spectrum as the only one, without a copy."""
        start, end = int(self.first[row]), int(self.first[row + 1])
        return self.picked(slice(start, end), np.array([0, end - start], np.int64), x)

    def picked(self, which: B1 | I8 | slice, first: I8, x: Grid) -> "EventLists":
        """Some events in this order, by a mask, indices or a slice; `first` and `x` are those of the new lists."""
        return EventLists(
            x_of=self.x_of[which],
            first=first,
            x=x,
            weight=None if self.weight is None else self.weight[which],
            variance=None if self.variance is None else self.variance[which],
            pulse_ns=None if self.pulse_ns is None else self.pulse_ns[which],
        )
