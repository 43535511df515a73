"""Questions about the events of a workspace, answered once for as long as they stay the same."""

import numpy as np

from livereduce.engine.matrix.events.event_lists import EventLists
from livereduce.engine.matrix.events.event_pass import EventContent, carried_out, numbers, x_range
from livereduce.engine.matrix.matrix import Matrix
from livereduce.stream.items import I8

SINGLY = 4
"""So many spectra are looked up one by one; for more the events of all are sorted by spectrum, once."""


class EventReader:
    """Events of a matrix by spectrum."""

    def __init__(self, matrix: Matrix, events: EventContent) -> None:
        self._matrix = matrix
        self.events = events
        self._numbers: I8 | None = None
        self._range: tuple[float, float] | None = None
        self._lists: EventLists | None = events if isinstance(events, EventLists) else None
        self._single: dict[int, EventLists] = {}

    @property
    def numbers(self) -> I8:
        """Number of events of each spectrum, shape (rows,)."""
        if self._numbers is None:
            self._numbers = numbers(self.events)
        return self._numbers

    @property
    def x_range(self) -> tuple[float, float]:
        """Least and greatest x; zeros without events."""
        if self._range is None:
            low, high = x_range(self.events)
            self._range = (low, high) if np.isfinite(low) else (0.0, 0.0)
        return self._range

    def of(self, row: int) -> EventLists:
        """The events of one spectrum."""
        if self._lists is not None:
            return self._lists.of_row(row, self._lists.x)
        if row not in self._single and len(self._single) < SINGLY:
            content = self._matrix.taken(np.array([row], np.int64)).events
            assert content is not None
            self._single[row] = carried_out(content)
        if row in self._single:
            return self._single[row]
        self._lists = carried_out(self.events)
        return self._lists.of_row(row, self._lists.x)
