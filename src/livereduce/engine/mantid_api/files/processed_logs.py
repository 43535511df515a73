"""Logs in processed files: one NXlog group each, with ``value`` and, for a time series, ``time`` after its ``start``.

Source: Mantid Framework/API/src/LogManager.cpp, Run.cpp; Framework/Kernel/src/TimeSeriesProperty.cpp,
PropertyNexus.cpp.
"""

from typing import Any

import h5py
import numpy as np

from livereduce.base.times import NS_PER_S
from livereduce.engine.mantid_api.files.hdf5_fields import (
    attribute_text,
    new_group,
    put,
    put_text,
    texts_of,
)
from livereduce.engine.values.date_and_time import DateAndTime, ns_of
from livereduce.engine.workspaces.logs.log_property import LogProperty
from livereduce.engine.workspaces.runlogs import PROTON_CHARGE, RunLogs
from livereduce.stream.items import I8


def write_logs(entry: h5py.Group, logs: RunLogs) -> None:
    """All logs that a file can hold: numbers, texts, and time series of them."""
    group = new_group(entry, "logs", "NXgroup", version=np.int32(1))
    for name in logs.keys():  # noqa: SIM118 (the names, not a dictionary)
        log = logs.getProperty(name)
        if "/" not in name and _can_be_written(log):
            _write_log(group, name, log)


def _can_be_written(log: LogProperty) -> bool:
    values = np.asarray(log.value)
    return bool(values.size) and values.dtype.kind in "biufU" and values.ndim <= 1


def _write_log(group: h5py.Group, name: str, log: LogProperty) -> None:
    found = new_group(group, name, "NXlog")
    values = np.asarray(log.value)
    if values.dtype.kind == "U":
        texts = [str(value).encode() for value in values.ravel()]
        if log.times_ns is None:
            put_text(found, "value", texts[0].decode(), units=log.units)
        else:
            put(found, "value", np.array(texts or [b""]).reshape(-1, 1), units=log.units)
    else:
        marked: dict[str, Any] = {"boolean": "1"} if values.dtype == np.bool_ else {}
        numbers = np.atleast_1d(values.astype(np.uint8) if values.dtype == np.bool_ else values)
        put(found, "value", numbers, units=log.units, **marked)
    if log.times_ns is not None:
        start = int(log.times_ns[0])
        put(
            found,
            "time",
            (log.times_ns - start) / NS_PER_S,
            start=str(DateAndTime(start).to_datetime64()),
            units="second",
        )


def read_logs(entry: h5py.Group) -> RunLogs:
    """The logs of a processed file; those that are neither numbers nor texts are left out."""
    logs = RunLogs()
    group = entry.get("logs")
    if not isinstance(group, h5py.Group):
        return logs
    for name, found in group.items():
        value = found.get("value") if isinstance(found, h5py.Group) else None
        if isinstance(value, h5py.Dataset) and value.shape is not None:
            _read_log(logs, str(name), found, value)
    return logs


def _read_log(logs: RunLogs, name: str, group: h5py.Group, value: h5py.Dataset) -> None:
    values: Any = value[()]
    if value.dtype.kind in "SO":
        values = tuple(texts_of(value))
    else:
        values = np.atleast_1d(values).ravel()
        if "boolean" in value.attrs:
            values = values.astype(np.bool_)
    times = group.get("time")
    if not isinstance(times, h5py.Dataset) or times.size != len(values):
        logs.set_plain(name, _alone(values), attribute_text(value, "units"))
        return
    times_ns = _times_ns(times)
    if name == PROTON_CHARGE and not isinstance(values, tuple):
        logs.add_charge(times_ns, values.astype(np.float64))
    else:
        logs.add_series(name, attribute_text(value, "units"), times_ns, values)


def _alone(values: Any) -> Any:
    if len(values) != 1:
        return list(values) if isinstance(values, tuple) else values
    return values[0] if isinstance(values, tuple) else values[0].item()


def _times_ns(times: h5py.Dataset) -> I8:
    said = attribute_text(times, "start").rstrip("Z")
    start = ns_of(np.datetime64(said, "ns")) if said else 0
    since: I8 = np.rint(np.asarray(times[()], np.float64).ravel() * NS_PER_S).astype(np.int64)
    return since + start
