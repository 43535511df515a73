"""Time-of-flight bins: edges from ``[min, step, max]``, and the table that finds a bin with one lookup."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from livereduce.base.errors import OperatorError
from livereduce.config.keys import MAX_BINS, count_bins
from livereduce.stream.items import F8, I8

MAX_CELLS = 2**20
"""8 MiB for the table; bins that need a finer one are searched instead, which is slower."""
_NO_EDGE = 1 << 32
Lookup = tuple[I8, int, int, int]
"""What a kernel needs to find a bin: the table, the first edge, the span, the shift."""


def make_edges_ns(min_us: float, step_us: float, max_us: float) -> I8:
    """Bin edges in whole nanoseconds, shape (bins + 1,), strictly increasing from min to max.

    Parameters
    ----------
    step_us
        Width of a bin; if negative, each edge is ``1 + |step|`` times the one before (Mantid's Rebin).

    Raises
    ------
    OperatorError
        The values make no bins.
    """
    problem = _problem(min_us, step_us, max_us)
    if problem:
        raise OperatorError(f"tof_bins_us: [{min_us:g}, {step_us:g}, {max_us:g}]: {problem}")
    inner = np.arange(count_bins((min_us, step_us, max_us)))
    starts = min_us + step_us * inner if step_us > 0 else min_us * (1 - step_us) ** inner
    return np.unique(np.rint(np.append(starts, max_us) * 1000).astype(np.int64))


def _problem(min_us: float, step_us: float, max_us: float) -> str:
    if not np.isfinite([min_us, step_us, max_us]).all():
        return "expected finite numbers"
    if round(max_us * 1000) <= round(min_us * 1000):
        return "expected max to be greater than min, in microseconds"
    if max_us * 1000 >= 2**31 or min_us * 1000 < -(2**31):
        return "a time of flight is less than 2.147 s, here and in the stream"
    if step_us == 0:
        return "expected a step other than 0: the width of a bin in microseconds, or minus its relative width"
    if step_us < 0 and min_us <= 0:
        return "expected min to be greater than 0 for logarithmic bins (negative step)"
    try:
        bins = count_bins((min_us, step_us, max_us))
    except ArithmeticError:
        return f"a step of {step_us:g} makes more bins than can be counted"
    return "" if bins <= MAX_BINS else f"{bins:.3g} bins are more than {MAX_BINS:,}"


@dataclass(frozen=True, eq=False)
class Binning:
    """Bins of time of flight: an event is in bin k if ``edges_ns[k] <= tof_ns < edges_ns[k + 1]``.

    That is numpy's rule except for numpy's last bin, which is closed.
    """

    edges_ns: I8

    def __str__(self) -> str:
        return f"{self.bins} bins from {self.edges_us[0]:g} to {self.edges_us[-1]:g} µs"

    @property
    def bins(self) -> int:
        """Number of bins."""
        return len(self.edges_ns) - 1

    @cached_property
    def edges_us(self) -> F8:
        """The edges in microseconds, shape (bins + 1,)."""
        return self.edges_ns / 1000.0

    @cached_property
    def span_ns(self) -> int:
        """Nanoseconds from the first edge to the last."""
        return int(self.edges_ns[-1] - self.edges_ns[0])

    @cached_property
    def shift(self) -> int:
        """A cell of the table is ``2**shift`` ns wide, at most the narrowest bin: it holds at most one edge."""
        return int(np.diff(self.edges_ns).min()).bit_length() - 1

    @property
    def has_table(self) -> bool:
        """True if the table has a reasonable size."""
        return (self.span_ns >> self.shift) < MAX_CELLS

    @cached_property
    def cells(self) -> I8:
        """The lookup table: with t counted from the first edge, the bin is ``(cells[t >> shift] + t) >> 32``.

        A cell that begins in bin k and holds its end e has the value ``((k + 1) << 32) - e``: adding t carries into
        the upper half exactly if ``t >= e``. A cell without an edge gets an e that no t reaches.
        """
        edges = self.edges_ns - self.edges_ns[0]
        starts = np.arange((self.span_ns >> self.shift) + 1, dtype=np.int64) << self.shift
        bins = np.minimum(np.searchsorted(edges, starts, side="right") - 1, self.bins - 1)
        ends = edges[bins + 1]
        ends = np.where(ends < starts + (1 << self.shift), ends, _NO_EDGE)
        return ((bins + 1) << 32) - ends

    @property
    def lookup(self) -> Lookup:
        """For kernels; only if there is a table."""
        return self.cells, int(self.edges_ns[0]), self.span_ns, self.shift
