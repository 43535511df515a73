"""The events of the present run that the receiver still holds: where they lie, so that they can be counted once more.

They come in small batches that lie next to each other in the receiver's segments: a stretch of neighbours is kept as
one, and a whole run is a few of them. Nothing is copied. What the receiver gives up must be dropped here, too, or its
memory would stay in use.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livereduce.stream.items import I4, EventBatch


@dataclass(slots=True)
class Stretch:
    """Events that lie next to each other; `first` is the number of the first of them in the run."""

    tof_base: I4
    pixel_base: I4
    tof_start: int
    pixel_start: int
    size: int
    first: int

    @property
    def tof_ns(self) -> I4:
        """Times of flight, shape (size,)."""
        return self.tof_base[self.tof_start : self.tof_start + self.size]

    @property
    def pixel(self) -> I4:
        """Pixels, shape (size,)."""
        return self.pixel_base[self.pixel_start : self.pixel_start + self.size]


class HeldEvents:
    """The stretches of a run, in its order.

    Attributes
    ----------
    total
        Events of the run so far, those that are not held any more included.
    """

    def __init__(self) -> None:
        self.total = 0
        self._stretches: list[Stretch] = []

    def __iter__(self) -> Iterator[Stretch]:
        return iter(self._stretches)

    @property
    def first(self) -> int:
        """Number of the first event that is held, with all after it."""
        return self._stretches[0].first if self._stretches else self.total

    def add(self, batch: EventBatch) -> None:
        """Add the events of a batch."""
        size = len(batch.tof_ns)
        if not size:
            return
        tof, pixel = _place_of(batch.tof_ns), _place_of(batch.pixel)
        last = self._stretches[-1] if self._stretches else None
        if last is not None and _follows(last, tof, pixel):
            last.size += size
        else:
            self._stretches.append(Stretch(tof[0], pixel[0], tof[1], pixel[1], size, self.total))
        self.total += size

    def drop(self, still_holds: Callable[[NDArray[Any]], bool]) -> None:
        """Drop what is not held any more, and all before it."""
        held = [still_holds(one.tof_ns) and still_holds(one.pixel) for one in self._stretches]
        if not all(held):
            del self._stretches[: len(held) - held[::-1].index(False)]


def _place_of(column: I4) -> tuple[I4, int]:
    """The array that a column is a slice of, and where it begins there."""
    base = column.base
    if not (isinstance(base, np.ndarray) and base.ndim == 1 and base.dtype == column.dtype):
        return column, 0
    offset: int = column.__array_interface__["data"][0] - base.__array_interface__["data"][0]
    return base, offset // column.itemsize


def _follows(last: Stretch, tof: tuple[I4, int], pixel: tuple[I4, int]) -> bool:
    return (
        tof[0] is last.tof_base
        and pixel[0] is last.pixel_base
        and tof[1] == last.tof_start + last.size
        and pixel[1] == last.pixel_start + last.size
    )
