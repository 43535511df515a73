"""Events of a workspace as the stream's own columns, and what is pending: rows, maps, weights, filters."""

from dataclasses import dataclass, replace

import numpy as np

from livereduce.engine.matrix.events.pixel_maps import PixelMaps
from livereduce.engine.matrix.grid import Grid
from livereduce.engine.workspaces.events import Events
from livereduce.stream.items import B1, F8, I4, I8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class PendingEvents:
    """Events of the stream, whose arrays are shared and never changed; tables say what has become of them.

    An event of pixel p, time of flight t and pulse k counts if ``row_of_pixel[p] >= 0``, ``kept[piece][k]`` and
    ``least_ns[p] <= t < end_ns[p]`` and t is in none of `removed_ns`. The last entry of a table of pixels stands for
    pixels beyond it.

    Attributes
    ----------
    events
        The columns.
    row_of_pixel
        Spectrum of each pixel, shape (pixels + 1,); -1: none, and the last entry is -1. Several pixels may share one
        (grouping).
    rows
        Number of spectra.
    x
        Edges in which Y and E are counted on reading.
    maps
        x of an event; None: its time of flight in µs.
    weight, variance
        Weight of an event of each pixel and its squared error, shape (pixels + 1,); both None: 1.
    kept
        For each piece of `events` the pulses that count, shape (pulses,); None for all. None: all pieces.
    least_ns, end_ns
        Limits of time of flight for each pixel, shape (pixels + 1,); None: no limits.
    removed_ns
        Times of flight that are left out, [start, end) each.
    """

    events: Events
    row_of_pixel: I4
    rows: int
    x: Grid
    maps: PixelMaps | None = None
    weight: F8 | None = None
    variance: F8 | None = None
    kept: tuple[B1 | None, ...] | None = None
    least_ns: I8 | None = None
    end_ns: I8 | None = None
    removed_ns: tuple[tuple[int, int], ...] = ()

    @property
    def pixels(self) -> int:
        """Length of the tables of pixels."""
        return len(self.row_of_pixel)

    @property
    def weight_and_variance(self) -> tuple[F8, F8]:
        """Weight of an event of each pixel and its squared error, shape (pixels + 1,) each; 1 where there are none."""
        if self.weight is None or self.variance is None:
            one = np.ones(self.pixels)
            return one, one
        return self.weight, self.variance

    @property
    def kept_of_pieces(self) -> tuple[B1 | None, ...]:
        """For each piece the pulses that count; None for all."""
        return (None,) * len(self.events.pieces) if self.kept is None else self.kept

    @property
    def nbytes(self) -> int:
        """Memory of the events in bytes."""
        return self.events.nbytes

    def of_rows(self, per_row: F8, absent: float = 0.0) -> F8:
        """A table of pixels from one of spectra, shape (rows,)."""
        known = self.row_of_pixel >= 0
        table: F8 = np.full(self.pixels, absent)
        table[known] = per_row[self.row_of_pixel[known]]
        return table

    def regrouped(self, new_row: I8, rows: int, x: Grid) -> "PendingEvents":
        """Each spectrum i goes to the spectrum ``new_row[i]`` (-1: left out), of `rows`."""
        known = self.row_of_pixel >= 0
        table = np.full(self.pixels, -1, np.int32)
        table[known] = new_row[self.row_of_pixel[known]]
        return replace(self, row_of_pixel=table, rows=rows, x=x)
