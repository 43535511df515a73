"""Parameters of components: a value, or a log and an equation that give one."""

import math
import re
from dataclasses import dataclass
from typing import Any

from livereduce.engine.geometry.equation import evaluated
from livereduce.engine.workspaces.logs.log_property import LogProperty
from livereduce.engine.workspaces.runlogs import RunLogs

_NTH = re.compile(r"position\s+(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentParameter:
    """One parameter of one component.

    Attributes
    ----------
    kind
        ``double``, ``string``, ``int``, ``bool``, ``fitting`` as the definition says.
    value
        As text; empty if a log gives it.
    log, equation, extract
        The log that gives it, the equation on the log's value, and which of its values counts.
    factor
        Degrees of a unit, for an angle.
    """

    name: str
    value: str = ""
    kind: str = "double"
    log: str = ""
    equation: str = ""
    extract: str = "mean"
    factor: float = 1.0

    def number(self, logs: RunLogs | None = None) -> float | None:
        """The parameter as a number; None if it is none, or its log is missing or has no such value."""
        if not self.log:
            try:
                return self.factor * _finite(self.value)
            except ValueError:
                return None
        if logs is None or self.log not in logs:
            return None
        try:
            return self.factor * evaluated(self.equation, extracted(logs[self.log], self.extract))
        except (ValueError, TypeError, IndexError, RuntimeError):
            return None


def extracted(log: LogProperty, which: str) -> float:
    """One number of a log: mean over time, first_value, last_value, maximum, median, minimum, or position n.

    Raises
    ------
    ValueError, TypeError, IndexError, RuntimeError
        There is none.
    """
    if log.times_ns is None:
        return _finite(log.value)
    if which == "mean":
        return _finite(log.timeAverageValue())
    if nth := _NTH.fullmatch(which.strip()):
        return _finite(log.nthValue(int(nth[1])))
    if which in ("first_value", "last_value"):
        return _finite(log.firstValue() if which == "first_value" else log.lastValue())
    if which not in ("minimum", "median", "maximum"):
        raise ValueError(f"extract-single-value-as={which!r} is not known")
    return _finite(getattr(log.getStatistics(), which))


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{number} is no place")
    return number
