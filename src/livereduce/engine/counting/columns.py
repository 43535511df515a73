"""Events as the kernels take them: columns of times of flight and pixels, shared among threads."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from livereduce.stream.items import I4, EventBatch

Columns = tuple[I4, I4]
"""Times of flight in ns and pixels of consecutive events, shape (n,) each and contiguous."""
Numbers = NDArray[np.uint16 | np.uint32 | np.float64]
"""Counts, as narrow as they allow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutCell:
    """Events without a cell: their time of flight is outside of the bins, or their pixel has no row."""

    outside_tof: int = 0
    unknown_pixel: int = 0

    def __add__(self, other: "WithoutCell") -> "WithoutCell":
        return WithoutCell(
            outside_tof=self.outside_tof + other.outside_tof, unknown_pixel=self.unknown_pixel + other.unknown_pixel
        )


def columns_of(pieces: Iterable[EventBatch]) -> list[Columns]:
    """The columns of pieces that have events."""
    return [
        (np.ascontiguousarray(piece.tof_ns), np.ascontiguousarray(piece.pixel)) for piece in pieces if len(piece.tof_ns)
    ]


def number_of_events(columns: Iterable[Columns]) -> int:
    """Events in all columns."""
    return sum(len(tof_ns) for tof_ns, _ in columns)


def shared(columns: list[Columns], parts: int) -> list[list[Columns]]:
    """The same events in so many parts of equal size, as views."""
    if parts == 1:
        return [columns]
    size = -(-number_of_events(columns) // parts)
    shares: list[list[Columns]] = [[] for _ in range(parts)]
    done = 0
    for tof_ns, pixel in columns:
        begin = 0
        while begin < len(tof_ns):
            part, within = divmod(done, size)
            end = min(len(tof_ns), begin + size - within)
            shares[part].append((tof_ns[begin:end], pixel[begin:end]))
            done, begin = done + end - begin, end
    return shares
