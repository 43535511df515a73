"""Numbers of spectra and their detectors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from livereduce.stream.items import I4, I8
from livereduce.stream.stretches import starts_of


@dataclass(frozen=True, slots=True, eq=False)
class SpectrumTable:
    """Spectrum number and detector ids of each row of a workspace; the number is never used as an index.

    Attributes
    ----------
    number
        Shape (rows,).
    ids
        Detectors of one spectrum after the other.
    first
        Shape (rows + 1,): detectors of spectrum i are ``ids[first[i]:first[i + 1]]``; none for a spectrum without.
    """

    number: I4
    ids: I4
    first: I8

    @classmethod
    def of_pixels(cls, pixels: I4) -> "SpectrumTable":
        """One spectrum for each detector, numbered from 1."""
        rows = len(pixels)
        return cls(np.arange(1, rows + 1, dtype=np.int32), pixels, np.arange(rows + 1, dtype=np.int64))

    @classmethod
    def without_detectors(cls, rows: int) -> "SpectrumTable":
        """Spectra numbered from 1 that have no detectors, as CreateWorkspace makes them."""
        return cls(np.arange(1, rows + 1, dtype=np.int32), np.empty(0, np.int32), np.zeros(rows + 1, np.int64))

    @classmethod
    def of_groups(cls, number: I4, groups: Sequence[I4]) -> "SpectrumTable":
        """Spectra of these numbers and detectors."""
        first = starts_of([len(group) for group in groups])
        ids = np.concatenate([np.empty(0, np.int32), *groups]).astype(np.int32)
        return cls(np.asarray(number, np.int32), ids, first)

    @classmethod
    def of_monitors(cls, number: I4) -> "SpectrumTable":
        """A spectrum for each beam monitor; the detector of monitor 2 is -2, as in Mantid."""
        return cls(np.maximum(number, 1), -number, np.arange(len(number) + 1, dtype=np.int64))

    @property
    def rows(self) -> int:
        """Number of spectra."""
        return len(self.number)

    @property
    def owner(self) -> I8:
        """Row of each entry of `ids`, shape (len(ids),)."""
        return np.repeat(np.arange(self.rows), np.diff(self.first))

    def ids_of(self, row: int) -> I4:
        """Detectors of a spectrum."""
        return self.ids[self.first[row] : self.first[row + 1]]

    def taken(self, rows: I8) -> "SpectrumTable":
        """Some spectra, in this order, with their own numbers."""
        if len(self.ids) == self.rows and np.array_equal(self.first, np.arange(self.rows + 1)):
            return SpectrumTable(self.number[rows], self.ids[rows], np.arange(len(rows) + 1, dtype=np.int64))
        return SpectrumTable.of_groups(self.number[rows], [self.ids_of(int(row)) for row in rows])

    def row_of_id(self) -> dict[int, int]:
        """Spectrum of each detector."""
        return dict(zip(self.ids.tolist(), self.owner.tolist(), strict=True))
