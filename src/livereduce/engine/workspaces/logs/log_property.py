"""One log as scripts see it, with the interface of Mantid's properties: a plain value, or a time series."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livereduce.engine.values.date_and_time import DateAndTime, ns_of, times64
from livereduce.engine.workspaces.logs.log_statistics import LogStatistics, as_numbers, statistics_of, time_weighted
from livereduce.stream.items import B1, I8

Changed = Callable[["LogProperty"], None]


class LogProperty:
    """A log as scripts see it.

    Parameters
    ----------
    value
        A plain value, or the array (for strings: the list) of all values of a time series.
    times_ns
        Nanoseconds since 1990, shape (n,); None for a plain value.
    invalid
        Shape (n,): True where the control system says that the value must not be used (alarm severity INVALID, as of
        a device that is not connected). None for a plain value. Beyond Mantid, which does not keep alarms.
    changed
        Told when a script adds values or sets units; a copy of a log changes alone.
    """

    def __init__(
        self,
        name: str,
        value: Any = None,
        units: str = "",
        times_ns: I8 | None = None,
        invalid: B1 | None = None,
        changed: Changed | None = None,
    ) -> None:
        self.name = name
        self._value = value
        self._units = units
        self.times_ns = times_ns
        self.invalid = invalid
        self._changed = changed

    @property
    def value(self) -> Any:
        """The value; of a series all values."""
        return self._value

    @value.setter
    def value(self, value: Any) -> None:
        if self.times_ns is not None:
            raise RuntimeError(f"log {self.name!r} is a time series: add values with addValue(time, value)")
        self._value = value
        self._tell()

    @property
    def units(self) -> str:
        """The unit as text."""
        return self._units

    @units.setter
    def units(self, units: str) -> None:
        self._units = units
        self._tell()

    @property
    def times(self) -> NDArray[np.datetime64]:
        """Times of a time series, shape (n,)."""
        return times64(self._times())

    @property
    def filtered_value(self) -> Any:
        """All values: those that a filter has taken away are gone."""
        return self.value

    @property
    def filtered_times(self) -> NDArray[np.datetime64]:
        """All times, as `filtered_value`."""
        return self.times

    @property
    def valueAsStr(self) -> str:
        """The value as text, as `valueAsString`."""
        return self.valueAsString()

    @property
    def isDefault(self) -> bool:
        """False: a log has no default."""
        return False

    @property
    def isValid(self) -> str:
        """Empty: what is wrong with it; nothing is."""
        return ""

    @property
    def documentation(self) -> str:
        """Empty: logs have none."""
        return ""

    @property
    def type(self) -> str:
        """The kind of the value: ``string``, ``number``, ``dbl list``, or of a series ``TimeSeries``."""
        if self.times_ns is not None:
            return "TimeValue"
        if isinstance(self._value, str):
            return "string"
        return "dbl list" if np.ndim(self._value) else "number"

    def valueAsString(self) -> str:
        """The value as text; of a series a line for each value, with its time."""
        if self.times_ns is None:
            return _text(self._value)
        return "".join(f"{time}  {_text(one)}\n" for time, one in zip(_isos(self.times_ns), self._value, strict=True))

    def valueAsPrettyStr(self) -> str:
        """The value as text."""
        return self.valueAsString()

    def dtype(self) -> str:
        """``f``, ``i``, ``b`` or ``S`` and a length, for numpy."""
        if isinstance(self._value, list):
            return f"S{max((len(str(one)) for one in self._value), default=0)}"
        return str(np.asarray(self._value).dtype.kind)

    def size(self) -> int:
        """Number of values."""
        return 1 if self.times_ns is None else len(self.times_ns)

    realSize = size  # noqa: N815 (Mantid's name)

    def firstValue(self) -> Any:
        """The oldest value."""
        return self._value if self.times_ns is None else self._value[self._place(0)]

    def lastValue(self) -> Any:
        """The newest value."""
        return self._value if self.times_ns is None else self._value[self._place(-1)]

    def nthValue(self, index: int) -> Any:
        """A value by its place; behind the end the newest."""
        return self._value if self.times_ns is None else self._value[self._place(index)]

    def firstTime(self) -> DateAndTime:
        """Time of the oldest value."""
        return DateAndTime(self._times()[self._place(0)])

    def lastTime(self) -> DateAndTime:
        """Time of the newest value."""
        return DateAndTime(self._times()[self._place(-1)])

    def nthTime(self, index: int) -> DateAndTime:
        """Time of a value by its place; behind the end that of the newest."""
        return DateAndTime(self._times()[self._place(index)])

    def getSingleValue(self, time: Any) -> Any:
        """The value that holds at a time; the first one before all."""
        place = int(np.searchsorted(self._times(), ns_of(time), side="right")) - 1
        return self._value[self._place(max(place, 0))]

    def timeAverageValue(self) -> float:
        """Mean of a numeric log, each value weighted with the time for which it holds.

        Raises
        ------
        RuntimeError
            Its values are no numbers.
        """
        return self.timeAverageValueAndStdDev()[0]

    def timeAverageValueAndStdDev(self) -> tuple[float, float]:
        """Mean and standard deviation, as `timeAverageValue`."""
        numbers = as_numbers(self._value)
        if numbers is None:
            raise RuntimeError(f"log {self.name!r} has no average: its values are no numbers")
        return time_weighted(numbers, self.times_ns) if len(numbers) else (float("nan"), float("nan"))

    def getStatistics(self) -> LogStatistics:
        """Minimum, maximum, means and deviations; NaN for texts."""
        return statistics_of(self._value, self.times_ns)

    def addValue(self, time: Any, value: Any) -> None:
        """Add a value to a time series."""
        time_ns, text = ns_of(time), isinstance(value, str)
        held = self._value if self._value is not None else []
        if text or isinstance(held, list):
            self._value = [*held, value]
            if not text and all(not isinstance(one, str) and np.ndim(one) == 0 for one in self._value):
                self._value = np.asarray(self._value)
        else:
            self._value = np.append(held, value)
        self.times_ns = np.append(np.empty(0, np.int64) if self.times_ns is None else self.times_ns, time_ns)
        if self.invalid is not None:
            self.invalid = np.append(self.invalid, np.False_)
        self._tell()

    def clear(self) -> None:
        """Remove all values."""
        self._value, self.times_ns, self.invalid = np.empty(0), np.empty(0, np.int64), None
        self._tell()

    def _times(self) -> I8:
        if self.times_ns is None:
            raise RuntimeError(f"log {self.name!r} is a plain value: it has no times")
        return self.times_ns

    def _place(self, index: int) -> int:
        """A place that there is: behind the end it is the last one."""
        if not self.size():
            raise RuntimeError(f"log {self.name!r} has no values")
        return min(index, self.size() - 1)

    def _tell(self) -> None:
        if self._changed is not None:
            self._changed(self)

    def __len__(self) -> int:
        return self.size()

    def __repr__(self) -> str:
        shown = f"{self.size()} values" if self.times_ns is not None else repr(self._value)
        return f"<log {self.name}: {shown} {self._units}>".replace(" >", ">")


def _isos(times_ns: I8) -> list[str]:
    return [DateAndTime(int(time_ns)).toISO8601String() for time_ns in times_ns]


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if np.ndim(value):
        return ",".join(_text(one) for one in value)
    if isinstance(value, bool | np.bool_):
        return str(int(value))
    return f"{value:.16g}" if isinstance(value, float | np.floating) else str(value)
