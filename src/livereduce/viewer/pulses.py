"""What is kept of each pulse of a run: a few bytes, for curves over a log."""

import numpy as np

from livereduce.stream.items import F8, I8, EventBatch, MonitorBatch
from livereduce.viewer.growing import GrowingColumn


class PulseColumns:
    """Time, proton charge and events of each pulse."""

    def __init__(self) -> None:
        self._time_ns, self._charge_pc = GrowingColumn(np.int64), GrowingColumn(np.float64)
        self._events = GrowingColumn(np.int32)

    def __len__(self) -> int:
        return len(self._time_ns)

    def add(self, batch: EventBatch) -> None:
        """Add the pulses of a batch."""
        self._time_ns.append(batch.pulse_ns)
        self._charge_pc.append(batch.charge_pc)
        self._events.append(np.diff(batch.first))

    @property
    def time_ns(self) -> I8:
        """Shape (p,)."""
        return self._time_ns.values

    @property
    def charge_pc(self) -> F8:
        """Shape (p,)."""
        return self._charge_pc.values

    @property
    def first(self) -> I8:
        """Events of pulse k are ``first[k]:first[k + 1]`` of the run, shape (p + 1,)."""
        return np.concatenate(([0], np.cumsum(self._events.values, dtype=np.int64)))

    @property
    def newest_ns(self) -> int:
        """Time of the newest pulse; 0 before the first."""
        return int(self._time_ns.values[-1]) if len(self) else 0

    def time_of_event(self, number: int) -> int:
        """Time of the pulse that an event of the run belongs to."""
        return int(self.time_ns[min(self.pulse_of_event(number), len(self) - 1)]) if len(self) else 0

    def pulse_of_event(self, number: int) -> int:
        """The pulse that an event of the run belongs to."""
        return max(0, int(np.searchsorted(self.first, number, "right")) - 1)


class MonitorColumns:
    """Counts of one beam monitor in each of its pulses."""

    def __init__(self) -> None:
        self._time_ns, self._counts = GrowingColumn(np.int64), GrowingColumn(np.int64)

    def add(self, batch: MonitorBatch) -> None:
        """Add the pulses of a batch."""
        self._time_ns.append(batch.pulse_ns)
        self._counts.append(np.diff(batch.first))

    @property
    def time_ns(self) -> I8:
        """Shape (p,)."""
        return self._time_ns.values

    @property
    def counts(self) -> I8:
        """Shape (p,)."""
        return self._counts.values
