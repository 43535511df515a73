"""Logs of a run: a time series, or a single value."""

from typing import Any

import numpy as np

from mantid._double.switches import is_on
from mantid.kernel.times import EPOCH_1990_S, DateAndTime


class SingleValue:
    """A log that is one value."""

    def __init__(self, name: str, value: Any, units: str = "") -> None:
        self.name, self.value, self.units = name, value, units


class FloatTimeSeriesProperty:
    """A log with times; the double keeps entries in the order in which they came."""

    def __init__(self, name: str, units: str = "") -> None:
        self.name, self.units = name, units
        self._entries: list[tuple[int, float]] = []

    def addValue(self, time: DateAndTime | str | int, value: float) -> None:
        self._entries.append((DateAndTime(time).totalNanoseconds(), float(value)))

    def size(self) -> int:
        return len(self._entries)

    @property
    def value(self) -> np.ndarray:
        return np.array([value for _, value in self._entries])

    @property
    def times(self) -> np.ndarray:
        """Times as numpy's ``datetime64[ns]``."""
        ns = np.array([time for time, _ in self._entries], dtype=np.int64) + EPOCH_1990_S * 10**9
        return ns.astype("datetime64[ns]")

    def times_ns(self) -> np.ndarray:
        """Times in ns since 1990."""
        return np.array([time for time, _ in self._entries], dtype=np.int64)

    def keep(self, spans: list[tuple[int, int]], *, with_held: bool) -> None:
        """Only the entries within some spans; `with_held`: also the value that held when each began."""
        kept = [one for one in self._entries if any(start <= one[0] < stop for start, stop in spans)]
        for start, _ in spans if with_held else ():
            kept += [one for one in self._entries if one[0] < start][-1:]
        self._entries = sorted(set(kept))

    def timeAverageValue(self) -> float:
        """Each value counts for as long as it held."""
        held = np.diff(self.times_ns())
        return float(np.average(self.value[:-1], weights=held)) if held.sum() > 0 else self.lastValue()

    def firstTime(self) -> DateAndTime:
        return DateAndTime(self._some()[0][0])

    def lastTime(self) -> DateAndTime:
        return DateAndTime(self._some()[-1][0])

    def firstValue(self) -> float:
        return self._some()[0][1]

    def lastValue(self) -> float:
        return self._some()[-1][1]

    def _some(self) -> list[tuple[int, float]]:
        if not self._entries:
            raise RuntimeError(f"the time series {self.name} is empty")
        return self._entries

    def copy(self, only_last: bool = False) -> "FloatTimeSeriesProperty":
        twin = FloatTimeSeriesProperty(self.name, self.units)
        twin._entries = self._entries[-1:] if only_last else list(self._entries)
        return twin

    def merge(self, other: "FloatTimeSeriesProperty") -> None:
        """Take over the other's entries; whether an entry that both have stays twice is not verified."""
        known = set(self._entries) if is_on("merge_drops_duplicates") else set()
        self._entries += [entry for entry in other._entries if entry not in known]
        self._entries.sort(key=lambda entry: entry[0])
