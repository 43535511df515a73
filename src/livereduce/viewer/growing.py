"""A column that grows at its end, a little with every pulse."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class GrowingColumn:
    """Numbers of one type; what is added is copied."""

    def __init__(self, dtype: Any) -> None:
        self._room = np.empty(1024, dtype)
        self._size = 0

    def __len__(self) -> int:
        return self._size

    @property
    def values(self) -> NDArray[Any]:
        """All so far, shape (n,): a view, which is of no use any more after the next `append`."""
        return self._room[: self._size]

    def append(self, values: NDArray[Any]) -> None:
        """Add values at the end."""
        size = self._size + len(values)
        if size > len(self._room):
            room = np.empty(max(size, 2 * len(self._room)), self._room.dtype)
            room[: self._size] = self.values
            self._room = room
        self._room[self._size : size] = values
        self._size = size
