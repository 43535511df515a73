"""The logs of a workspace: ``Run``."""

import numpy as np

from mantid.kernel import DateAndTime, FloatTimeSeriesProperty
from mantid.kernel.timeseries import SingleValue

Log = FloatTimeSeriesProperty | SingleValue

SUMMED = {"tot_prtn_chrg", "rawfrm", "goodfrm", "dur", "gd_prtn_chrg", "uA.hour"} | {
    f"monitor{number}_counts" for number in range(6)
}
"""The only scalars that adding two runs sums; all others keep the left-hand value."""

PC_TO_UAH = 1.0e-6 / 3600.0


class Run:
    """Logs by name."""

    def __init__(self) -> None:
        self._logs: dict[str, Log] = {}

    def hasProperty(self, name: str) -> bool:
        return name in self._logs

    def __contains__(self, name: str) -> bool:
        return name in self._logs

    def keys(self) -> list[str]:
        return list(self._logs)

    def getLogData(self, name: str) -> Log:
        """The log of a name; RuntimeError if there is none."""
        if name not in self._logs:
            raise RuntimeError(f"Unknown property search object {name}")
        return self._logs[name]

    def getProperty(self, name: str) -> Log:
        return self.getLogData(name)

    def getProperties(self) -> list[Log]:
        return list(self._logs.values())

    def __getitem__(self, name: str) -> Log:
        return self.getLogData(name)

    def __setitem__(self, name: str, value: object) -> None:
        self.addProperty(name, value, True)

    def addProperty(self, name: str, value: object, replace: bool) -> None:
        """Add a single value, or a log made before."""
        if name in self._logs and not replace:
            raise RuntimeError(f"a log named {name} exists already")
        self._logs[name] = value if isinstance(value, FloatTimeSeriesProperty) else SingleValue(name, value)

    def getProtonCharge(self) -> float:
        """In µAh: ``gd_prtn_chrg``, or the integral of ``proton_charge`` (in pC) where that is absent."""
        good = self._logs.get("gd_prtn_chrg")
        return float(good.value) if good is not None else self._summed_charge()

    def _summed_charge(self) -> float:
        series = self._logs.get("proton_charge")
        return float(np.sum(series.value)) * PC_TO_UAH if series is not None else 0.0

    def integrateProtonCharge(self) -> None:
        """Sum the pulses again."""
        self.addProperty("gd_prtn_chrg", self._summed_charge(), True)

    def during(self, spans: list[tuple[int, int]]) -> "Run":
        """Only the entries of time series within some spans (ns since 1990); the charge is summed again."""
        twin = self.copy()
        for log in twin._logs.values():
            if isinstance(log, FloatTimeSeriesProperty):
                log.keep(spans, with_held=log.name != "proton_charge")
        twin._logs.pop("gd_prtn_chrg", None)
        return twin

    def startTime(self) -> DateAndTime:
        return DateAndTime(str(self.getLogData("run_start").value))

    def endTime(self) -> DateAndTime:
        return DateAndTime(str(self.getLogData("run_end").value))

    def copy(self) -> "Run":
        twin = Run()
        twin._logs = {
            name: log.copy() if isinstance(log, FloatTimeSeriesProperty) else SingleValue(name, log.value, log.units)
            for name, log in self._logs.items()
        }
        return twin

    def add(self, other: "Run") -> None:
        """What ``Plus`` does to logs: series are merged, the named scalars summed, others kept."""
        for name, theirs in other._logs.items():
            ours = self._logs.get(name)
            if ours is None:
                self._logs[name] = theirs.copy() if isinstance(theirs, FloatTimeSeriesProperty) else theirs
            elif isinstance(ours, FloatTimeSeriesProperty) and isinstance(theirs, FloatTimeSeriesProperty):
                ours.merge(theirs)
            elif name in SUMMED:
                self._logs[name] = SingleValue(name, ours.value + theirs.value, ours.units)

    def last_values(self) -> "Run":
        """What the SNS listener's next buffer begins with: the last value of every time series."""
        twin = self.copy()
        for name, log in list(twin._logs.items()):
            if isinstance(log, FloatTimeSeriesProperty):
                twin._logs[name] = log.copy(only_last=True)
            elif name.startswith("monitor") and name.endswith("_counts"):
                del twin._logs[name]  # Mantid's listener carries no `monitorN_counts`
        return twin
