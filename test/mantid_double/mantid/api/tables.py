"""TableWorkspace: rows of named values."""

from typing import Any, Self

import numpy as np

from mantid.api.workspaces import Workspace


class TableWorkspace(Workspace):
    """Rows, each a dictionary by column."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        super().__init__()
        self.rows = rows

    def rowCount(self) -> int:
        return len(self.rows)

    def getMemorySize(self) -> int:
        return 64 * sum(map(len, self.rows))

    def clone(self) -> Self:
        return type(self)([dict(row) for row in self.rows])


class DetectorValues(Workspace):
    """A value of each detector: what calibrations, groups and masks are."""

    def __init__(self, ids: np.ndarray, values: np.ndarray) -> None:
        super().__init__()
        self.ids, self.values = ids, values

    def getMemorySize(self) -> int:
        return int(self.ids.nbytes + self.values.nbytes)

    def clone(self) -> Self:
        return type(self)(self.ids, self.values)
