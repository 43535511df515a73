"""Logs of a run: time series with units, kept as received, and properties of the run as a whole.

Names and interface are Mantid's (``run().getProperty(name).value``), for the sake of the scripts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livereduce.base.names import missing
from livereduce.base.times import UNIX_MINUS_EPICS_NS
from livereduce.engine.workspaces.time_spans import is_within
from livereduce.stream.coalesce import joined_invalid
from livereduce.stream.items import B1, F8, I8, LogBatch, Values, is_our_log

EPICS_EPOCH = np.datetime64(UNIX_MINUS_EPICS_NS, "ns")
PC_PER_UAH = 3600.0 * 1e6
PROTON_CHARGE = "proton_charge"
INTEGRATED_CHARGE = "gd_prtn_chrg"
FROM_THE_STREAM = frozenset({"pause", "scan_index"})
"""livereduce's own logs that come as batches, like those of variables."""


@dataclass(frozen=True, slots=True)
class LogProperty:
    """A log as scripts see it.

    Attributes
    ----------
    value
        A plain value, or the array (for strings: the list) of all values of a time series.
    times_ns
        Nanoseconds since 1990, shape (n,); None for a plain value.
    invalid
        Shape (n,): True where the control system says that the value must not be used (alarm severity INVALID, as of
        a device that is not connected). None for a plain value. Beyond Mantid, which does not keep alarms.
    """

    name: str
    value: Any
    units: str = ""
    times_ns: I8 | None = None
    invalid: B1 | None = None

    @property
    def times(self) -> NDArray[np.datetime64]:
        """Times of a time series, shape (n,)."""
        if self.times_ns is None:
            raise RuntimeError(f"log {self.name!r} is a plain value: it has no times")
        return EPICS_EPOCH + self.times_ns.astype("timedelta64[ns]")

    def size(self) -> int:
        """Number of values."""
        return 1 if self.times_ns is None else len(self.times_ns)

    def firstValue(self) -> Any:
        """The oldest value."""
        return self.value if self.times_ns is None else self.value[0]

    def lastValue(self) -> Any:
        """The newest value."""
        return self.value if self.times_ns is None else self.value[-1]

    def timeAverageValue(self) -> float:
        """Mean of a numeric time series, each value weighted with the time until the next; the last has none."""
        if self.times_ns is None or len(self.times_ns) == 1:
            return float(self.lastValue())
        seconds = np.diff(self.times_ns) / 1e9
        if not seconds.sum() > 0:
            return float(np.mean(self.value))
        return float(np.average(self.value[:-1], weights=seconds))


class _Series:
    """A time series that grows by reference; joined on first use."""

    def __init__(self, units: str) -> None:
        self.units = units
        self.times: tuple[I8, ...] = ()
        self.values: tuple[Values, ...] = ()
        self.invalid: tuple[B1 | None, ...] = ()
        self.carried = 0

    def copy(self) -> "_Series":
        twin = _Series(self.units)
        twin.times, twin.values, twin.invalid, twin.carried = self.times, self.values, self.invalid, self.carried
        return twin

    def append(self, times_ns: I8, values: Values, invalid: B1 | None = None) -> None:
        if len(times_ns):
            self.times += (times_ns,)
            self.values += (values,)
            self.invalid += (invalid,)

    @property
    def ends_invalid(self) -> bool:
        """True if the newest value is invalid."""
        newest = self.invalid[-1] if self.invalid else None
        return newest is not None and bool(newest[-1])

    def last(self) -> "_Series":
        """The newest value alone, marked as carried over from an earlier chunk."""
        twin = _Series(self.units)
        value = self.values[-1][-1:]
        # copies: a slice would keep the whole arrays alive
        invalid = np.ones(1, np.bool_) if self.ends_invalid else None
        twin.append(self.times[-1][-1:].copy(), value if isinstance(value, tuple) else value.copy(), invalid)
        twin.carried = 1
        return twin

    def during(self, spans: I8, *, with_states: bool) -> "_Series":
        """The values of some spans of time; with those that hold when a span begins, if it is a series of states."""
        whole = self.as_property("")
        times_ns = whole.times_ns if whole.times_ns is not None else np.empty(0, np.int64)
        keep = is_within(times_ns, spans)
        if with_states and len(times_ns):
            keep[np.maximum(np.searchsorted(times_ns, spans[:, 0], side="right") - 1, 0)] = True
            keep[0] |= not keep.any()
        values, invalid = whole.value, whole.invalid
        chosen = tuple(value for value, kept in zip(values, keep, strict=True) if kept)
        twin = _Series(self.units)
        twin.append(
            times_ns[keep],
            chosen if isinstance(values, list) else values[keep],
            None if invalid is None else invalid[keep],
        )
        twin.carried = self.carried if keep[:1].any() else 0
        return twin

    def merge(self, later: "_Series") -> None:
        """Append a later series, without its carried-over first value if that is here already."""
        self.units = later.units or self.units
        here = bool(self.times) and later.carried and self.times[-1][-1] >= later.times[0][0]
        for k, (times_ns, values, invalid) in enumerate(zip(later.times, later.values, later.invalid, strict=True)):
            skip = 1 if here and k == 0 else 0
            self.append(times_ns[skip:], values[skip:], None if invalid is None else invalid[skip:])

    def as_property(self, name: str) -> LogProperty:
        # convert all values if a variable changes from number to text
        if any(isinstance(part, tuple) for part in self.values):
            value: Any = [one for part in self.values for one in part]
        else:
            # Copies, so that a script that works in place changes nothing here.
            value = np.concatenate(self.values)
        sizes = [len(times_ns) for times_ns in self.times]
        invalid = joined_invalid(list(zip(self.invalid, sizes, strict=True)))
        marked = np.zeros(sum(sizes), np.bool_) if invalid is None else invalid.copy()
        return LogProperty(name, value, self.units, np.concatenate(self.times), marked)


class RunLogs:
    """The logs of a chunk, or of the data accumulated so far."""

    def __init__(self) -> None:
        self._series: dict[str, _Series] = {}
        self._plain: dict[str, Any] = {}
        self._monitor_counts: dict[int, int] = {}
        self.charge_pc = 0.0

    def copy(self) -> "RunLogs":
        """An independent copy of the logs; the values are shared."""
        twin = RunLogs()
        twin._series = {name: series.copy() for name, series in self._series.items()}
        twin._plain = dict(self._plain)
        twin._monitor_counts = dict(self._monitor_counts)
        twin.charge_pc = self.charge_pc
        return twin

    def carried_over(self) -> "RunLogs":
        """The logs that the next chunk begins with: the last value of every variable, as in Mantid.

        Proton charge and monitor counts are sums, not states: carrying them over would count a pulse twice.
        """
        twin = RunLogs()
        twin._series = {
            name: series.last() for name, series in self._series.items() if series.times and name != PROTON_CHARGE
        }
        twin._plain = dict(self._plain)
        return twin

    def during(self, spans: I8) -> "RunLogs":
        """The logs of some spans of time, shape (n, 2) in ns; the proton charge is summed again.

        A log keeps the value that holds when a span begins, so that none disappears.
        """
        twin = self.copy()
        twin._series = {
            name: series.during(spans, with_states=name != PROTON_CHARGE) if series.times else series.copy()
            for name, series in self._series.items()
        }
        charges = twin._series[PROTON_CHARGE].values if PROTON_CHARGE in twin._series else ()
        if PROTON_CHARGE in self._series:
            twin.charge_pc = float(sum(np.sum(np.asarray(part, np.float64)) for part in charges))
            if INTEGRATED_CHARGE in twin._plain:
                twin._plain[INTEGRATED_CHARGE] = twin.charge_pc / PC_PER_UAH
        return twin

    def forget_run(self) -> None:
        """Remove the properties of the run that is over; keep the variables' last values."""
        self._plain = {name: value for name, value in self._plain.items() if name == "instrument_name"}
        self._series.pop("pause", None)

    def add_log(self, batch: LogBatch) -> None:
        """Append new values of a variable. A variable named like a property of the run gets another name."""
        taken = batch.name == PROTON_CHARGE or (is_our_log(batch.name) and batch.name not in FROM_THE_STREAM)
        name = f"{batch.name}@variable" if taken else batch.name
        self._of(name, batch.units).append(batch.time_ns, batch.value, batch.invalid)

    def add_series(self, name: str, units: str, times_ns: I8, values: Values) -> None:
        """Append values to a time series under its own name, as a file holds it."""
        self._of(name, units).append(times_ns, values)

    def invalid_now(self) -> tuple[str, ...]:
        """Names of logs whose newest value is invalid."""
        return tuple(name for name, series in self._series.items() if series.ends_invalid)

    def add_charge(self, pulse_ns: I8, charge_pc: F8) -> None:
        """Append the proton charge of pulses, in pC."""
        self._of(PROTON_CHARGE, "picoCoulomb").append(pulse_ns, charge_pc)
        self.charge_pc += float(charge_pc.sum())

    def add_monitor_counts(self, monitor: int, counts: int) -> None:
        """Count events of a beam monitor."""
        self._monitor_counts[monitor] = self._monitor_counts.get(monitor, 0) + counts

    def set_plain(self, name: str, value: Any) -> None:
        """Set a property of the run as a whole."""
        self._plain[name] = value

    def merge(self, later: "RunLogs") -> None:
        """Append the logs of a later chunk; plain values are taken from the newest, because run titles change."""
        for name, series in later._series.items():
            if series.times:
                self._of(name, series.units, carried=series.carried if name not in self._series else 0).merge(series)
        self._plain.update(later._plain)
        for monitor, counts in later._monitor_counts.items():
            self.add_monitor_counts(monitor, counts)
        self.charge_pc += later.charge_pc

    def getProtonCharge(self) -> float:
        """Proton charge in µAh."""
        return self.charge_pc / PC_PER_UAH

    def getProperty(self, name: str) -> LogProperty:
        """A log by name.

        Raises
        ------
        RuntimeError
            It does not exist (Mantid raises this type).
        """
        if (series := self._series.get(name)) is not None and series.times:
            return series.as_property(name)
        plain = self._plain_values()
        if name not in plain:
            raise RuntimeError(missing("log", name, self))
        return LogProperty(name, plain[name])

    def getLogData(self, name: str) -> LogProperty:
        """The same as `getProperty`."""
        return self.getProperty(name)

    def hasProperty(self, name: str) -> bool:
        """True if there is a log of that name."""
        return name in self.keys()

    def keys(self) -> list[str]:
        """The names of all logs."""
        series = [name for name, series in self._series.items() if series.times]
        return [*(name for name in self._plain_values() if name not in series), *series]

    def __contains__(self, name: object) -> bool:
        return name in self.keys()

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __getitem__(self, name: str) -> LogProperty:
        return self.getProperty(name)

    def _of(self, name: str, units: str, carried: int = 0) -> _Series:
        if name not in self._series:
            self._series[name] = _Series(units)
            self._series[name].carried = carried
        series = self._series[name]
        series.units = units or series.units
        return series

    def _plain_values(self) -> dict[str, Any]:
        counts = {f"monitor{monitor}_counts": n for monitor, n in self._monitor_counts.items()}
        return {**self._plain, **counts}
