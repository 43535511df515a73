"""Mantid's classes of logs: for `isinstance`, and to make an empty series that a script fills and adds to a run."""

from collections.abc import Callable
from typing import Any

import numpy as np

from livereduce.engine.workspaces.logs.log_property import LogProperty
from livereduce.engine.workspaces.logs.log_statistics import LogStatistics

Property = LogProperty
TimeSeriesPropertyStatistics = LogStatistics


class LogKind(type):
    """A class whose instances are the logs that `holds` says; calling it makes an empty series."""

    holds: Callable[[Any], bool]

    def __instancecheck__(cls, thing: Any) -> bool:
        return isinstance(thing, LogProperty) and bool(cls.holds(thing))

    def __call__(cls, name: str = "", *_: Any) -> Any:
        """An empty log of this name."""
        return LogProperty(name)


def _series(kinds: str) -> Callable[[Any], bool]:
    return lambda log: log.times_ns is not None and _letter(log.value) in kinds


def _plain(kinds: str) -> Callable[[Any], bool]:
    return lambda log: log.times_ns is None and _letter(log.value) in kinds


def _letter(value: Any) -> str:
    return "S" if isinstance(value, str | list) else np.asarray(value).dtype.kind


def _kind(name: str, holds: Callable[[Any], bool]) -> LogKind:
    return LogKind(name, (), {"holds": staticmethod(holds), "__doc__": f"Mantid's {name}."})


FloatTimeSeriesProperty = _kind("FloatTimeSeriesProperty", _series("f"))
Int32TimeSeriesProperty = _kind("Int32TimeSeriesProperty", _series("iu"))
Int64TimeSeriesProperty = _kind("Int64TimeSeriesProperty", _series("iu"))
BoolTimeSeriesProperty = _kind("BoolTimeSeriesProperty", _series("b"))
StringTimeSeriesProperty = _kind("StringTimeSeriesProperty", _series("S"))
TimeSeriesProperty = _kind("TimeSeriesProperty", lambda log: log.times_ns is not None)
FloatPropertyWithValue = _kind("FloatPropertyWithValue", _plain("f"))
IntPropertyWithValue = _kind("IntPropertyWithValue", _plain("iu"))
BoolPropertyWithValue = _kind("BoolPropertyWithValue", _plain("b"))
StringPropertyWithValue = _kind("StringPropertyWithValue", _plain("S"))
