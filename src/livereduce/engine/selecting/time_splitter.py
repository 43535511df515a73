"""Which slice each time belongs to, of spans of time that each belong to a slice.

Source: Mantid Framework/DataObjects/src/TimeSplitter.cpp.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from livereduce.engine.workspaces.time_spans import FOREVER_NS
from livereduce.stream.items import I8
from livereduce.stream.stretches import stretches_of

NO_SLICE = -1
"""The number that stands for all times of no slice."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TimeSplitter:
    """Slices of time, by number.

    Attributes
    ----------
    times_ns
        Where the slice changes, ascending, shape (n,).
    number
        The slice from each of these times on, shape (n,); before the first and from the last on it is `NO_SLICE`.
    names
        Name of each slice.
    """

    times_ns: I8
    number: I8
    names: Mapping[int, str] = field(default_factory=dict)

    @property
    def slices(self) -> list[int]:
        """Numbers of the slices that have any time, ascending."""
        return [int(one) for one in np.unique(self.number) if one > NO_SLICE]

    def part_of(self, times_ns: I8) -> I8:
        """The part between changes that each time is in; 0 is before the first."""
        return np.searchsorted(self.times_ns, times_ns, side="right")

    def of_parts(self, parts: I8) -> I8:
        """The slices of parts."""
        return np.concatenate(([NO_SLICE], self.number))[parts]

    def spans_of(self, number: int) -> I8:
        """The spans of a slice, shape (k, 2) in ns, without those that touch; those of no slice reach to all times."""
        edges = np.concatenate(([-FOREVER_NS], self.times_ns, [FOREVER_NS]))
        inside = np.concatenate(([NO_SLICE], self.number)) == number
        return edges[stretches_of(inside)]


def splitter_of(spans: Iterable[tuple[int, int, int]], names: Mapping[int, str] | None = None) -> TimeSplitter:
    """Of spans (start, stop, slice) in ns; where they overlap the later one in the order counts.

    Raises
    ------
    ValueError
        A span ends before it starts.
    """
    table = np.array(list(spans), np.int64).reshape(-1, 3)
    if np.any(table[:, 1] < table[:, 0]):
        raise ValueError("a slice ends before it starts")
    times = np.unique(table[:, :2])
    number = np.full(len(times), NO_SLICE, np.int64)
    first, behind = np.searchsorted(times, table[:, 0]), np.searchsorted(times, table[:, 1])
    for start, stop, one in zip(first.tolist(), behind.tolist(), table[:, 2].tolist(), strict=True):
        number[start:stop] = max(one, NO_SLICE)
    known = names or {int(one): str(one) for one in np.unique(number)}
    return TimeSplitter(times_ns=times, number=number, names=known)
