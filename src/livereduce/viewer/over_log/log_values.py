"""The numbers of a run's logs as they come, for curves: each log a step that lasts until its next value."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from livereduce.stream.items import F8, I8, LogBatch
from livereduce.viewer.growing import GrowingColumn

SCAN_INDEX = "scan_index"
MAX_LOGS = 4096
"""Most logs; what comes beyond is left out."""
MAX_VALUES_IN_ALL = 8 << 20
"""Most values that are kept of all logs, 16 bytes each; of the longest log the older half is given up then."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LogValues:
    """A log as steps: from ``time_ns[k]`` on its value is ``value[k]``; NaN where it must not be used.

    Attributes
    ----------
    time_ns
        Ascending; of equal times the last one counts.
    given_up
        Values before these that are not kept any more.
    """

    time_ns: I8
    value: F8
    units: str = ""
    given_up: int = 0

    def at(self, time_ns: I8) -> F8:
        """The last value at or before each of these times; NaN before the first one."""
        steps = np.concatenate(([np.nan], self.value))
        found: F8 = steps[np.searchsorted(self.time_ns, time_ns, side="right")]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class LogListed:
    """A log in a list of all: the number of its values, the first and the last one; None: not a number."""

    name: str
    units: str
    values: int
    first: float | None
    last: float | None
    varies: bool


class RunLogValues:
    """The logs of the present run that are numbers."""

    def __init__(self) -> None:
        self._logs: dict[str, _Steps] = {}
        self._size = 0

    def begin_run(self) -> None:
        """Forget the run before, but for the value that each log has now: it lasts until the next one."""
        for log in self._logs.values():
            log.keep_last()
        self._logs.pop(SCAN_INDEX, None)  # scans belong to their run
        self._size = len(self._logs)

    def take(self, batch: LogBatch) -> None:
        """Add values; those that are no numbers are left out, and so is the log that only has such."""
        if isinstance(batch.value, tuple) or not len(batch.time_ns):
            return
        value = np.where(np.isfinite(batch.value), batch.value, np.nan)
        if batch.invalid is not None:
            value = np.where(batch.invalid, np.nan, value)
        if batch.name not in self._logs and len(self._logs) >= MAX_LOGS:
            return
        self._logs.setdefault(batch.name, _Steps()).add(batch.time_ns, value, batch.units)
        self._size += len(value)
        if self._size > MAX_VALUES_IN_ALL:
            max(self._logs.values(), key=lambda one: one.size).give_up_half()
            self._size = sum(one.size for one in self._logs.values())

    def of(self, name: str) -> LogValues | None:
        """A log by its name; None: there is none, or it has no numbers."""
        log = self._logs.get(name)
        return None if log is None else log.values()

    def __iter__(self) -> Iterator[str]:
        return iter(self._logs)

    def listed(self) -> list[LogListed]:
        """All logs: the scan index first, then those that vary, each by name."""
        found = [log.listed(name) for name, log in self._logs.items()]
        return sorted(found, key=lambda one: (one.name != SCAN_INDEX, not one.varies, one.name.casefold()))


class _Steps:
    """A log that grows; it is put into the order of time when somebody asks."""

    def __init__(self) -> None:
        self._time_ns, self._value = GrowingColumn(np.int64), GrowingColumn(np.float64)
        self._units = ""
        self._given_up = 0
        self._is_ordered = True

    @property
    def size(self) -> int:
        return len(self._time_ns)

    def add(self, time_ns: I8, value: F8, units: str) -> None:
        self._units = units or self._units
        newest_ns = self._time_ns.values[-1:]
        together = np.concatenate((newest_ns, time_ns))
        self._is_ordered = self._is_ordered and bool((together[1:] >= together[:-1]).all())
        self._time_ns.append(time_ns)
        self._value.append(value)

    def keep_last(self) -> None:
        self._keep(self.size - 1)
        self._given_up = 0

    def give_up_half(self) -> None:
        half = self.size // 2
        self._keep(half)
        self._given_up += half

    def values(self) -> LogValues:
        if not self._is_ordered:  # of equal times that stays last which has come last
            order = np.argsort(self._time_ns.values, kind="stable")
            self._fill(self._time_ns.values[order], self._value.values[order])
        time_ns, value = self._time_ns.values, self._value.values
        return LogValues(time_ns=time_ns, value=value, units=self._units, given_up=self._given_up)

    def listed(self, name: str) -> LogListed:
        value = self.values().value
        known = value[np.isfinite(value)]
        return LogListed(
            name=name,
            units=self._units,
            values=self.size + self._given_up,
            first=_number(value[0]),
            last=_number(value[-1]),
            varies=len(known) > 1 and bool(known.min() < known.max()),
        )

    def _keep(self, start: int) -> None:
        known = self.values()
        self._fill(known.time_ns[start:], known.value[start:])

    def _fill(self, time_ns: I8, value: F8) -> None:
        self._time_ns, self._value = GrowingColumn(np.int64), GrowingColumn(np.float64)
        self._time_ns.append(time_ns)
        self._value.append(value)
        self._is_ordered = True


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
