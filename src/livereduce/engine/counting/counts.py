"""Counts per spectrum and bin, as they are given out."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from livereduce.base.machine import usable_memory_bytes
from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.columns import Numbers
from livereduce.engine.counting.sparse.cells import SparseCells, SparseCounts, TooManyCells
from livereduce.stream.items import F8, I4

_NO_PIXELS: I4 = np.empty(0, np.int32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counts:
    """Counts per spectrum and bin.

    Attributes
    ----------
    counts
        Shape (spectra, bins), as narrow as the counts allow: convert before arithmetic. A `Histogram` may go on
        counting in it: copy it to keep it. Where these would be too many for an array, they are sparse: any rows of
        them can be had as an array.
    pixels
        Pixel of each spectrum, shape (spectra,); empty if the one spectrum is the sum over all.
    outside_tof, unknown_pixel
        Events that are not in `counts`: their time of flight is outside of the bins, or their pixel has no spectrum.
    """

    counts: Numbers | SparseCounts
    binning: Binning
    pixels: I4
    outside_tof: int = 0
    unknown_pixel: int = 0

    def total(self) -> "Counts":
        """The sum over all spectra."""
        if isinstance(self.counts, SparseCounts):
            _, summed = self.counts.sums()
            return replace(self, counts=summed[np.newaxis], pixels=_NO_PIXELS)
        return replace(self, counts=self.counts.sum(axis=0, dtype=np.float64, keepdims=True), pixels=_NO_PIXELS)

    def copy(self) -> "Counts":
        """A copy with memory of its own; sparse counts are never changed."""
        return self if isinstance(self.counts, SparseCounts) else replace(self, counts=self.counts.copy())

    def table(self) -> F8:
        """A copy of the counts as an array of shape (spectra, bins).

        Raises
        ------
        TooManyCells
            It would take more than half of the memory that there is.
        """
        if not isinstance(self.counts, SparseCounts):
            return self.counts.astype(np.float64)
        check_cells(*self.counts.shape)
        return self.counts[:]


def check_cells(spectra: int, bins: int, arrays: int = 2) -> None:
    """See that counts, with their errors, can be written out in full.

    Raises
    ------
    TooManyCells
        They would take more than half of the memory that there is.
    """
    needed, memory = 8 * arrays * spectra * bins, usable_memory_bytes()
    if needed > memory // 2:
        raise TooManyCells(
            f"{spectra:,} spectra × {bins:,} bins written out in full take {needed / 1e9:,.3g} GB, more than half of "
            f"the {memory / 1e9:,.3g} GB of memory here: choose wider bins, sum or choose spectra of the events, or "
            "read one spectrum after the other"
        )


def stacked(parts: Iterable[Counts]) -> Numbers | SparseCounts:
    """The spectra of some counts in the same bins, one after the other."""
    parts = list(parts)
    arrays = [part.counts for part in parts if not isinstance(part.counts, SparseCounts)]
    if len(arrays) == len(parts):
        together: Numbers = np.concatenate(arrays)
        return together
    cells = SparseCells(parts[0].binning, sum(len(part.counts) for part in parts))
    begin = 0
    for part in parts:
        cells.add_counts(np.arange(begin, begin + len(part.counts), dtype=np.int32), part.counts)
        begin += len(part.counts)
    return cells.values()
