"""Counts that outgrow their numbers."""

from typing import Any

import numpy as np

from livereduce.engine.counting.columns import Numbers
from livereduce.stream.items import I8

_WIDER: dict[np.dtype[Any], type[np.uint32] | type[np.float64]] = {
    np.dtype(np.uint16): np.uint32,
    np.dtype(np.uint32): np.float64,
}


def carried(counts: Numbers, wrapped: list[I8]) -> Numbers:
    """The counts, or wider ones if cells have wrapped to 0, with what those have lost.

    Parameters
    ----------
    wrapped
        As a kernel leaves it: the number of cells that have wrapped, then the cells. One for each thread.
    """
    cells = np.concatenate([each[1 : 1 + each[0]] for each in wrapped])
    if not len(cells):
        return counts
    wider: Numbers = counts.astype(_WIDER[counts.dtype])
    np.add.at(wider, cells, 1 << 8 * counts.itemsize)
    return wider


def summed(counts: Numbers, more: Numbers) -> Numbers:
    """The sum of counts of the same type, in wider numbers if these are too narrow; the first may be written into."""
    total: Numbers = np.add(counts, more, out=counts)
    if total.dtype == np.float64:
        return total
    (wrapped,) = np.nonzero(total < more)
    return carried(total, [np.concatenate([[len(wrapped)], wrapped])])
