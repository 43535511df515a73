"""Count events in place: spectra × time of flight, exact on every edge, a few nanoseconds per event."""

import logging
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livereduce.engine.counting.binning import Binning
from livereduce.engine.counting.kernels import ADD_EVENTS, SCRATCH
from livereduce.engine.counting.pixels import PixelTable
from livereduce.engine.workspaces.events import Events
from livereduce.stream.items import I4

logger = logging.getLogger("livereduce.engine")

MAX_BYTES = 4 * 2**30
"""Counts that would need more are kept as one spectrum, the sum over all pixels."""
Numbers = NDArray[np.uint16 | np.uint32 | np.float64]
_WIDER: dict[np.dtype[Any], type[np.uint32] | type[np.float64]] = {
    np.dtype(np.uint16): np.uint32,
    np.dtype(np.uint32): np.float64,
}
_NO_PIXELS: I4 = np.empty(0, np.int32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counts:
    """Counts per spectrum and bin.

    Attributes
    ----------
    counts
        Shape (spectra, bins), as narrow as the counts allow: convert before arithmetic. A `Histogram` may go on
        counting in it: copy it to keep it.
    pixels
        Pixel of each spectrum, shape (spectra,); empty if the one spectrum is the sum over all.
    outside_tof, unknown_pixel
        Events that are not in `counts`: their time of flight is outside of the bins, or their pixel has no spectrum.
    """

    counts: Numbers
    binning: Binning
    pixels: I4
    outside_tof: int = 0
    unknown_pixel: int = 0

    def total(self) -> "Counts":
        """The sum over all spectra."""
        summed = self.counts.sum(axis=0, dtype=np.float64, keepdims=True)
        return replace(self, counts=summed, pixels=_NO_PIXELS)

    def copy(self) -> "Counts":
        """A copy with memory of its own."""
        return replace(self, counts=self.counts.copy())


class Histogram:
    """Counts that grow: new rows for new pixels, counting in place.

    Unsigned 16-bit until a cell overflows, then 32-bit, then float64: narrow counts stay in nearer caches.

    Parameters
    ----------
    table
        Its rows; may be shared and grow elsewhere. None keeps one spectrum, the sum over all pixels.
    """

    def __init__(self, binning: Binning, table: PixelTable | None) -> None:
        self.binning = binning
        self.table = table
        self.outside_tof = 0
        self.unknown_pixel = 0
        self._flat: Numbers = np.zeros(binning.bins + 2, np.uint16)
        self._offsets: I4 = np.full(1, 0 if table is None else -1, np.int32)
        self._rows = 1 if table is None else 0
        self._scratch: I4 = np.empty(SCRATCH, np.int32)
        self._wrapped = np.zeros(SCRATCH + 1, np.int64)

    @property
    def nbytes(self) -> int:
        """Memory of its cells in bytes."""
        return self._flat.nbytes

    def counts(self) -> Counts:
        """The counts so far, as a read-only view."""
        self._follow_table()
        seen = self._cells()
        seen.flags.writeable = False
        return Counts(
            counts=seen,
            binning=self.binning,
            pixels=_NO_PIXELS if self.table is None else self.table.pixels,
            outside_tof=self.outside_tof,
            unknown_pixel=self.unknown_pixel,
        )

    def add(self, events: Events) -> None:
        """Count events; those without a cell are counted in `outside_tof` and `unknown_pixel`."""
        for piece in events.pieces:
            self.unknown_pixel += self._add(np.ascontiguousarray(piece.tof_ns), np.ascontiguousarray(piece.pixel))

    def add_counts(self, other: Counts) -> None:
        """Add counts with the same bins.

        Raises
        ------
        ValueError
            Bins or spectra do not match.
        """
        if not np.array_equal(other.binning.edges_ns, self.binning.edges_ns):
            raise ValueError(f"counts in {other.binning} cannot be added to counts in {self.binning}")
        if self.table is not None:
            if len(other.pixels) != len(other.counts):
                raise ValueError("a sum over all spectra cannot be added to counts of single spectra")
            self.table.extend(other.pixels)
        self._follow_table()
        self._widen(np.float64)
        self.outside_tof += other.outside_tof
        self.unknown_pixel += other.unknown_pixel
        if self.table is None:
            self._cells()[0] += other.counts.sum(axis=0, dtype=np.float64)
            return
        rows = self.table.rows_of(other.pixels)
        np.add.at(self._cells(), rows[rows >= 0], other.counts[rows >= 0])
        self.unknown_pixel += int(other.counts[rows < 0].sum())

    def _cells(self) -> Numbers:
        return self._flat[: self._rows * self.binning.bins].reshape(self._rows, self.binning.bins)

    def _widen(self, kind: type[np.uint32] | type[np.float64]) -> None:
        if self._flat.dtype != kind:
            self._flat = self._flat.astype(kind)

    def _add(self, tof_ns: I4, pixel: I4) -> int:
        """Count events, adding rows for new pixels; return how many have a pixel without a row."""
        self._follow_table()
        unknown = self._count(tof_ns, pixel)
        if not unknown or self.table is None or not self.table.grows:
            return unknown
        missed = self.table.rows_of(pixel) < 0
        self.table.extend(np.unique(pixel[missed]))
        self._follow_table()
        return self._count(tof_ns[missed], pixel[missed])

    def _follow_table(self) -> None:
        """Make room for the rows that the table has added."""
        if self.table is None or self.table.rows == self._rows:
            return
        if self.table.rows * self.binning.bins * 8 > MAX_BYTES:
            self._keep_sum()
            return
        needed = self.table.rows * self.binning.bins + 2
        if needed > len(self._flat):
            # Reserve twice the room, so that pixels that appear one by one are not copied each time.
            flat = np.zeros(max(needed, min(2 * len(self._flat), MAX_BYTES // 8)), self._flat.dtype)
            flat[: self._cells().size] = self._cells().ravel()
            self._flat = flat
        self._rows = self.table.rows
        self._offsets = self.table.offsets(self.binning.bins)

    def _keep_sum(self) -> None:
        assert self.table is not None
        logger.warning(
            "%d spectra of %d bins need more than %d GiB: from here on only their sum is kept",
            self.table.rows,
            self.binning.bins,
            MAX_BYTES >> 30,
        )
        total = self._cells().sum(axis=0, dtype=np.float64)
        self.table, self._rows, self._offsets = None, 1, np.zeros(1, np.int32)
        self._flat = np.append(total, [0.0, 0.0])

    def _count(self, tof_ns: I4, pixel: I4) -> int:
        """Count the events that have a cell; return how many have a pixel without a row."""
        binning = self.binning
        if not binning.has_table:
            return self._count_by_search(tof_ns, pixel)
        least_ns, done = int(binning.edges_ns[0]), 0
        while done < len(tof_ns):
            done += ADD_EVENTS[self._flat.dtype](
                tof_ns[done:],
                pixel[done:],
                self._offsets,
                binning.cells,
                least_ns,
                binning.span_ns,
                binning.shift,
                self._flat,
                self._scratch,
                self._wrapped,
            )
            self._carry()
        outside, unknown = (int(n) for n in self._flat[-2:])
        self._flat[-2:] = 0
        self.outside_tof += outside
        return unknown

    def _carry(self) -> None:
        """Change to wider counts if some have wrapped to 0, and restore what those have lost."""
        wrapped = self._wrapped[1 : 1 + self._wrapped[0]]
        if len(wrapped):
            lost = 1 << 8 * self._flat.itemsize
            self._widen(_WIDER[self._flat.dtype])
            np.add.at(self._flat, wrapped, lost)

    def _count_by_search(self, tof_ns: I4, pixel: I4) -> int:
        offset = self._offsets[np.minimum(pixel.view(np.uint32), np.uint32(len(self._offsets) - 1))]
        tof_bin = np.searchsorted(self.binning.edges_ns, tof_ns, side="right") - 1
        self._widen(np.float64)
        known, inside = offset >= 0, (tof_bin >= 0) & (tof_bin < self.binning.bins)
        np.add.at(self._flat, (offset + tof_bin)[known & inside], 1)
        self.outside_tof += int((known & ~inside).sum())
        return int((~known).sum())
