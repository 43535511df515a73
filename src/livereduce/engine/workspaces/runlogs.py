"""Logs of a run: time series with units, kept as received, and properties of the run as a whole.

Names and interface are Mantid's (``run().getProperty(name).value``), for the sake of the scripts.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from livereduce.base.names import missing
from livereduce.engine.values.date_and_time import DateAndTime
from livereduce.engine.workspaces.logs.log_property import LogProperty
from livereduce.engine.workspaces.logs.log_series import LogSeries
from livereduce.engine.workspaces.logs.log_statistics import LogStatistics
from livereduce.engine.workspaces.logs.log_values import plain_value, single_number
from livereduce.stream.items import F8, I8, LogBatch, Values, is_our_log

PC_PER_UAH = 3600.0 * 1e6
PROTON_CHARGE = "proton_charge"
INTEGRATED_CHARGE = "gd_prtn_chrg"
PICOCOULOMB = frozenset({"picocoulomb", "picocoulombs", "pc"})
SUMS = frozenset(
    {INTEGRATED_CHARGE, "tot_prtn_chrg", "rawfrm", "goodfrm", "dur", "uA.hour"}
    | {f"monitor{number}_counts" for number in range(6)}
)
"""Plain values that Mantid's Plus adds; others are states."""
START_NAMES, END_NAMES = ("start_time", "run_start"), ("end_time", "run_end")
FROM_THE_STREAM = frozenset({"pause", "scan_index"})
"""livereduce's own logs that come as batches, like those of variables."""


class RunLogs:
    """The logs of a chunk, or of the data accumulated so far: Mantid's Run, whose names its methods have."""

    def __init__(self) -> None:
        self._series: dict[str, LogSeries] = {}
        self._plain: dict[str, Any] = {}
        self._units: dict[str, str] = {}
        self._monitor_counts: dict[int, int] = {}
        self._is_of_before = False
        self.charge_pc = 0.0

    def copy(self) -> "RunLogs":
        """An independent copy of the logs; the values are shared."""
        twin = RunLogs()
        twin._series = {name: series.copy() for name, series in self._series.items()}
        twin._plain = dict(self._plain)
        twin._units = dict(self._units)
        twin._monitor_counts = dict(self._monitor_counts)
        twin._is_of_before = self._is_of_before
        twin.charge_pc = self.charge_pc
        return twin

    def __copy__(self) -> "RunLogs":
        return self.copy()

    def __deepcopy__(self, _: Any) -> "RunLogs":
        return self.copy()

    def carried_over(self) -> "RunLogs":
        """The logs that the next chunk begins with: the last value of every variable, as in Mantid.

        Proton charge and monitor counts are sums, not states: carrying them over would count a pulse twice.
        """
        twin = RunLogs()
        twin._series = {
            name: series.last() for name, series in self._series.items() if series.times and name != PROTON_CHARGE
        }
        twin._plain = {name: value for name, value in self._plain.items() if name not in SUMS}
        twin._units = dict(self._units)
        return twin

    def during(self, spans: I8) -> "RunLogs":
        """The logs of some spans of time, shape (n, 2) in ns; the proton charge is summed, into ``gd_prtn_chrg`` too.

        A log keeps the value that holds when a span begins, so that none disappears.
        """
        twin = self.copy()
        twin._series = {
            name: series.during(spans, with_states=name != PROTON_CHARGE) if series.times else series.copy()
            for name, series in self._series.items()
        }
        if PROTON_CHARGE in self._series:
            twin._series[PROTON_CHARGE].units = self._series[PROTON_CHARGE].units
            twin.charge_pc = twin._summed_charge() * PC_PER_UAH
            twin.integrateProtonCharge()
        return twin

    def forget_run(self) -> None:
        """Remove the properties of the run that is over; keep the variables' last values."""
        self._plain = {name: value for name, value in self._plain.items() if name == "instrument_name"}
        self._series.pop("pause", None)
        self._is_of_before = True

    def replace_told(self, batches: Iterable[LogBatch], until_ns: int | None) -> None:
        """At the start of a run: remove the last values of before it of variables whose state the stream tells anew.

        Who reads the run later, or again, is not told the others: so a log begins at the same value for everybody.

        Parameters
        ----------
        until_ns
            A value that is not later than this is the state at the start; None: any value is.
        """
        if not self._is_of_before:
            return
        for batch in batches:
            if len(batch.time_ns) and (until_ns is None or batch.time_ns[0] <= until_ns):
                self._series.pop(_own_name(batch), None)
        self._is_of_before = False

    def add_log(self, batch: LogBatch) -> None:
        """Append new values of a variable. A variable named like a property of the run gets another name."""
        self._of(_own_name(batch), batch.units).append(batch.time_ns, batch.value, batch.invalid)

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

    def set_plain(self, name: str, value: Any, units: str = "") -> None:
        """Set a property of the run as a whole."""
        self._plain[name] = value
        self._units[name] = units

    def merge(self, later: "RunLogs") -> None:
        """Append the logs of a later chunk; plain values are taken from the newest, because run titles change.

        Sums are added, as Mantid's Plus does. Mantid takes a charge that only one side has summed for that of both;
        here that of the other is summed, too.
        """
        sums = self._sums_with(later)
        for name, series in later._series.items():
            if series.times:
                self._of(name, series.units, carried=series.carried if name not in self._series else 0).merge(series)
        self._plain |= later._plain | sums
        self._units |= later._units
        for monitor, counts in later._monitor_counts.items():
            self.add_monitor_counts(monitor, counts)
        self.charge_pc += later.charge_pc

    def _sums_with(self, later: "RunLogs") -> dict[str, float]:
        sums = {}
        for name in SUMS & (self._plain.keys() | later._plain.keys()):
            absent = 0.0
            one, two = self._plain.get(name, absent), later._plain.get(name, absent)
            if name == INTEGRATED_CHARGE:
                one, two = (logs._plain.get(name, logs._summed_charge()) for logs in (self, later))
            if isinstance(one, int | float) and isinstance(two, int | float):
                sums[name] = one + two
        return sums

    def getProtonCharge(self) -> float:
        """Proton charge in µAh: the log ``gd_prtn_chrg``; if it is missing, it is made by summing ``proton_charge``."""
        if INTEGRATED_CHARGE not in self._plain:
            self.integrateProtonCharge()
        return single_number(INTEGRATED_CHARGE, self._plain.get(INTEGRATED_CHARGE, 0.0))

    def integrateProtonCharge(self, logname: str = PROTON_CHARGE) -> None:
        """Sum the charge of all pulses anew, into the log ``gd_prtn_chrg``; nothing happens without that log."""
        if self._has_series(logname):
            self._plain[INTEGRATED_CHARGE] = self._summed_charge(logname)
            self._units[INTEGRATED_CHARGE] = "uAh"

    def _summed_charge(self, name: str = PROTON_CHARGE) -> float:
        """The charge in µAh; its unit is picocoulomb, or µAh already."""
        if not self._has_series(name):
            return 0.0
        series = self._series[name]
        total = float(sum(np.sum(np.asarray(part, np.float64)) for part in series.values))
        return total / PC_PER_UAH if series.units.casefold() in PICOCOULOMB else total

    def getProperty(self, name: str) -> LogProperty:
        """A log by name; asking for ``gd_prtn_chrg`` where it is missing makes it, as asking for the charge does.

        Raises
        ------
        RuntimeError
            It does not exist (Mantid raises this type).
        """
        if self._has_series(name):
            return self._series[name].as_property(name, self._keep)
        if name == INTEGRATED_CHARGE and name not in self._plain:
            self.integrateProtonCharge()
        plain = self._plain_values()
        if name not in plain:
            raise RuntimeError(missing("log", name, self))
        return LogProperty(name, plain[name], self._units.get(name, ""), changed=self._keep)

    def getLogData(self, name: str | None = None) -> Any:
        """The same as `getProperty`; without a name all logs."""
        return self.getProperties() if name is None else self.getProperty(name)

    def getProperties(self) -> list[LogProperty]:
        """All logs."""
        return [self.getProperty(name) for name in self.keys()]

    def getPropertyValue(self, name: str) -> str:
        """The value of a log as text."""
        return self.getProperty(name).valueAsString()

    def get(self, name: str, default: Any = None) -> Any:
        """A log by name, or `default`."""
        return self.getProperty(name) if self.hasProperty(name) else default

    def getStatistics(self, name: str) -> LogStatistics:
        """Statistics of a log."""
        return self.getProperty(name).getStatistics()

    def getTimeAveragedValue(self, name: str) -> float:
        """Mean of a log, weighted with time."""
        return self.getProperty(name).timeAverageValue()

    def getTimeAveragedStd(self, name: str) -> float:
        """Standard deviation of a log, weighted with time."""
        return self.getProperty(name).timeAverageValueAndStdDev()[1]

    def getPropertyAsSingleValue(self, name: str) -> float:
        """A log as one number: the mean of a series.

        Raises
        ------
        ValueError
            It is a text that is no number.
        """
        found = self.getProperty(name)
        return found.getStatistics().mean if found.times_ns is not None else single_number(name, found.value)

    def getPropertyAsSingleValueWithTimeAveragedMean(self, name: str) -> float:
        """A log as one number: the mean of a series, weighted with time."""
        found = self.getProperty(name)
        return found.timeAverageValue() if found.times_ns is not None else single_number(name, found.value)

    def hasProperty(self, name: str) -> bool:
        """True if there is a log of that name."""
        return name in self

    def addProperty(self, name: str, value: Any, units: Any = "", replace: bool | None = None) -> None:
        """Add a log: a plain value, a list, or a time series; the third argument may be `replace`, as in Mantid.

        Raises
        ------
        RuntimeError
            It exists, and is not to be replaced.
        ValueError
            The value is of another kind.
        """
        if replace is None and isinstance(units, bool | int):
            units, replace = "", bool(units)
        if name in self and not replace:
            raise RuntimeError(f"the log {name!r} exists already: say True behind the value to replace it")
        if isinstance(value, LogProperty):
            self._keep(LogProperty(name, value.value, units or value.units, value.times_ns, value.invalid))
        else:
            self._keep(LogProperty(name, plain_value(name, value), units))

    def remove(self, name: str) -> None:
        """Remove a log; one that does not exist is no error."""
        self._series.pop(name, None)
        self._plain.pop(name, None)
        self._units.pop(name, None)
        if name == PROTON_CHARGE:
            self.charge_pc = 0.0

    def _keep(self, log: LogProperty) -> None:
        """Take a log as a script has left it."""
        self.remove(log.name)
        if log.times_ns is None:
            self._plain[log.name] = log.value
        else:
            values = tuple(log.value) if isinstance(log.value, list) else np.array(log.value)
            self._of(log.name, log.units).append(np.array(log.times_ns, np.int64), values, log.invalid)
            if log.name == PROTON_CHARGE:
                self.charge_pc = self._summed_charge() * PC_PER_UAH
        if log.units:
            self._units[log.name] = log.units

    def startTime(self) -> DateAndTime:
        """The start of the run.

        Raises
        ------
        RuntimeError
            It is not known.
        """
        return self._time(START_NAMES, "start")

    def endTime(self) -> DateAndTime:
        """The end of the run.

        Raises
        ------
        RuntimeError
            It is not known: the run goes on.
        """
        return self._time(END_NAMES, "end")

    def _time(self, names: tuple[str, str], what: str) -> DateAndTime:
        for name in names:
            if name in self._plain:
                return DateAndTime(str(self._plain[name]))
        raise RuntimeError(f"no {what} time of the run is known: there is no log {' or '.join(names)}")

    def setStartAndEndTime(self, start: Any, end: Any) -> None:
        """Set the logs ``start_time`` and ``end_time``."""
        for name, moment in (("start_time", start), ("end_time", end)):
            self._plain[name] = DateAndTime(moment).toISO8601String()

    def state_of(self, name: str) -> object:
        """An object that is another one when a log has changed, also in copies: looked at instead of its values."""
        return self._series[name].times if self._has_series(name) else self._plain_values().get(name)

    def keys(self) -> list[str]:
        """The names of all logs."""
        series = [name for name, series in self._series.items() if series.times]
        return [*(name for name in self._plain_values() if name not in series), *series]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (self._has_series(name) or name in self._plain_values())

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self.keys())

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, name: str) -> LogProperty:
        return self.getProperty(name)

    def __setitem__(self, name: str, value: Any) -> None:
        self.addProperty(name, value, True)

    def _has_series(self, name: str) -> bool:
        return (series := self._series.get(name)) is not None and bool(series.times)

    def _of(self, name: str, units: str, carried: int = 0) -> LogSeries:
        if name not in self._series:
            self._series[name] = LogSeries(units)
            self._series[name].carried = carried
        series = self._series[name]
        series.units = units or series.units
        return series

    def _plain_values(self) -> dict[str, Any]:
        counts = {f"monitor{monitor}_counts": n for monitor, n in self._monitor_counts.items()}
        return {**counts, **self._plain}


def _own_name(batch: LogBatch) -> str:
    """The name of a variable's log: another one if it is named like a property of the run."""
    taken = batch.name == PROTON_CHARGE or (is_our_log(batch.name) and batch.name not in FROM_THE_STREAM)
    return f"{batch.name}@variable" if taken else batch.name
