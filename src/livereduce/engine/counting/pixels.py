"""Spectra of pixels: a lookup table from pixel to row, because the pixel number itself is never used as a row."""

from collections.abc import Callable, Sequence
from weakref import ref

import numpy as np

from livereduce.engine.counting.kernels import count_outside
from livereduce.stream.items import B1, I4, U1, EventBatch

MAX_PIXEL = 2**25
"""Pixels above this have no spectrum (the table would be over 128 MiB); no instrument has that many."""
_ABSENT = -1


class KnownPixels:
    """The pixels of an instrument, as far as its stream has sent them.

    Parameters
    ----------
    pixels
        From the pixel map; None or empty if not known: then every pixel that can have a spectrum counts.
    """

    def __init__(self, pixels: I4 | None = None) -> None:
        self._has: U1 | None = None
        self._least, self._most = 0, MAX_PIXEL
        if pixels is None or not len(pixels):
            return
        possible = np.unique(pixels[(pixels >= 0) & (pixels <= MAX_PIXEL)])
        self._least, self._most = (int(possible[0]), int(possible[-1])) if len(possible) else (0, -1)
        if len(possible) <= self._most - self._least:  # there are holes
            # The last entry, never an instrument's pixel, stands for all pixels beyond.
            self._has = np.zeros(self._most + 2, np.uint8)
            self._has[possible] = 1

    def outside(self, pixel: I4) -> int:
        """Number of events with pixels that the instrument does not have."""
        if self._has is not None:
            return int(count_outside(pixel, self._has))
        # Both ends are found several times faster than events are counted, and mostly that is enough.
        if not len(pixel) or (pixel.min() >= self._least and pixel.max() <= self._most):
            return 0
        return int(np.count_nonzero(~self.inside(pixel)))

    def inside(self, pixel: I4) -> B1:
        """Mask of events with pixels of the instrument; same shape."""
        if self._has is None:
            between: B1 = (pixel >= self._least) & (pixel <= self._most)
            return between
        unsigned = pixel.view(np.uint32)  # a negative pixel becomes a large one
        known: B1 = self._has[np.minimum(unsigned, np.uint32(len(self._has) - 1))] == 1
        return known


class PixelTable:
    """Rows of a histogram: the given pixels in their order, then others in the order in which they appear.

    Parameters
    ----------
    pixels
        From the pixel map of the stream, if there is one.
    only
        If given, only these pixels have rows.
    """

    def __init__(self, pixels: I4 | None = None, only: tuple[int, ...] = ()) -> None:
        self.grows = True
        self._looked_at: tuple[int, Callable[[], I4 | None]] = (0, lambda: None)
        self.pixels: I4 = np.empty(0, np.int32)
        self._row_of_pixel: I4 = np.full(1, _ABSENT, np.int32)
        self.extend(np.array(only, np.int32) if only else pixels)
        self.grows = not only

    @property
    def rows(self) -> int:
        """Number of spectra."""
        return len(self.pixels)

    @property
    def row_of_pixel(self) -> I4:
        """The row of each pixel, -1 for none, and a last entry -1 for pixels beyond; another array after `extend`."""
        return self._row_of_pixel

    def rows_of(self, pixels: I4) -> I4:
        """The row of each pixel, -1 for none; same shape."""
        # A negative pixel is a large unsigned one, and a pixel beyond the table finds its last entry, always -1.
        rows: I4 = self._row_of_pixel[np.minimum(pixels.view(np.uint32), np.uint32(len(self._row_of_pixel) - 1))]
        return rows

    def extend_by_pieces(self, pieces: Sequence[EventBatch]) -> None:
        """Do what `extend_by_events` does for the events of a run, but for those pieces that were there last time.

        A run grows at its end, and is looked at in every cycle: the whole of it would take longer and longer.
        """
        number, newest = self._looked_at
        is_longer = 0 < number <= len(pieces) and pieces[number - 1].pixel is newest()
        for piece in pieces[number if is_longer else 0 :]:
            self.extend_by_events(piece.pixel)
        if len(pieces) > number or is_longer:  # a chunk is looked at, too: the run must not be forgotten for it
            # weak: a table must not keep the receiver's memory mapped
            self._looked_at = len(pieces), ref(pieces[-1].pixel)

    def extend_by_events(self, pixel: I4) -> None:
        """Add rows, in the order of their pixels, for those pixels of events that can have one and have none yet."""
        missed = pixel[self.rows_of(pixel) == _ABSENT]
        missed = missed[(missed >= 0) & (missed <= MAX_PIXEL)]
        if len(missed) and self.grows:
            # marked instead of sorted: there are many events of each pixel
            is_there = np.zeros(int(missed.max()) + 1, np.bool_)
            is_there[missed] = True
            self.extend(np.flatnonzero(is_there).astype(np.int32))

    def extend(self, pixels: I4 | None) -> None:
        """Add rows for those pixels that can have one and have none yet."""
        if pixels is None or not self.grows:
            return
        possible = pixels[(pixels >= 0) & (pixels <= MAX_PIXEL)].astype(np.int32)
        missing = possible[self.rows_of(possible) == _ABSENT]
        _, where = np.unique(missing, return_index=True)
        fresh = missing[np.sort(where)]
        if not len(fresh):
            return
        self._copy_to_reach(int(fresh.max()))
        self._row_of_pixel[fresh] = np.arange(self.rows, self.rows + len(fresh), dtype=np.int32)
        self.pixels = np.concatenate([self.pixels, fresh])

    def _copy_to_reach(self, pixel: int) -> None:
        """A new table, since others may hold the one before."""
        table = np.full(max(pixel + 2, len(self._row_of_pixel)), _ABSENT, np.int32)
        table[: len(self._row_of_pixel)] = self._row_of_pixel
        self._row_of_pixel = table

    def offsets(self, bins: int) -> I4:
        """For each pixel, the start of its row in flat counts of `bins` columns; negative for none."""
        return self._row_of_pixel * np.int32(bins)
