"""Algorithms that write and delete logs, in the workspace that the script holds."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from livereduce.engine.mantid_api.calling.registry import implements
from livereduce.engine.matrix.matrix import Matrix
from livereduce.engine.values.date_and_time import DateAndTime
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.stream.items import I8


@implements("AddSampleLog")
def add_sample_log(
    *,
    workspace: Any,
    log_name: str,
    log_text: str,
    log_type: str,
    log_unit: str,
    number_type: str,
    time_series_workspace: Matrix | None,
    workspace_index: int,
    auto_meta_data: bool,  # noqa: ARG001 (only ExportTimeSeriesProperty writes such data)
    time_unit: str,
    relative_time: bool,
) -> Any:
    """A text, a number, or a time series; a log of this name is replaced."""
    logs = logs_of(workspace)
    if number_type != "AutoDetect" and log_type == "String":
        raise ValueError("NumberType needs the LogType 'Number' or 'Number Series'")
    if log_type == "Number Series":
        if time_series_workspace is None:
            times, values = np.array([_start_ns(logs)]), np.array([_number(log_text, number_type)])
        else:
            times, values = _series(time_series_workspace, workspace_index)
            times = (times * (1e9 if time_unit == "Second" else 1.0)).astype(np.int64)
            times = times + (_start_ns(logs) if relative_time else 0)
            values = values.astype(np.int64) if number_type == "Int" else values
        logs.remove(log_name)
        logs.add_series(log_name, log_unit, times.astype(np.int64), values)
        return workspace
    value = log_text if log_type == "String" else _number(log_text, number_type)
    logs.addProperty(log_name, value, log_unit, replace=True)
    return workspace


def logs_of(workspace: Any) -> RunLogs:
    """The logs of a workspace.

    Raises
    ------
    ValueError
        It has none.
    """
    logs = getattr(workspace, "logs", None)
    if not isinstance(logs, RunLogs):
        raise ValueError(f"workspace {workspace} has no logs")
    return logs


def _start_ns(logs: RunLogs) -> int:
    try:
        return logs.startTime().totalNanoseconds()
    except RuntimeError:
        return 0


def _number(text: str, kind: str) -> int | float:
    """A text as a number: an int if it looks like one, unless the kind says otherwise."""
    try:
        if kind == "Int" or (kind == "AutoDetect" and _is_int(text)):
            return int(text)
        return float(text)
    except ValueError:
        wanted = "an integer" if kind == "Int" else "a number"
        raise ValueError(f"LogText must be {wanted}, not {text!r}") from None


def _is_int(text: str) -> bool:
    return text.strip().lstrip("+-").isdigit()


def _series(matrix: Matrix, index: int) -> tuple[Any, Any]:
    if not 0 <= index < matrix.rows:
        raise IndexError(f"WorkspaceIndex {index} is not one of the {matrix.rows} spectra")
    histograms = matrix.histograms
    y = histograms.y_of(index)
    return histograms.x.row(index)[: len(y)], y


@implements("AddSampleLogMultiple")
def add_sample_log_multiple(
    *,
    workspace: Any,
    log_names: Sequence[str],
    log_values: Sequence[str],
    log_units: Sequence[str],
    parse_type: bool,
    log_types: Sequence[str],
) -> Any:
    """Several logs; ParseType makes numbers of texts that are numbers, where LogTypes do not say the types."""
    if len(log_names) != len(log_values):
        raise ValueError(f"LogNames has {len(log_names)} entries and LogValues {len(log_values)}")
    for name, given in (("LogUnits", log_units), ("LogTypes", log_types)):
        if given and len(given) != len(log_names):
            raise ValueError(f"{name} has {len(given)} entries and LogNames {len(log_names)}")
    for place, (name, text) in enumerate(zip(log_names, log_values, strict=True)):
        detected = "Number" if parse_type and _is_number(text) else "String"
        add_sample_log(
            workspace=workspace,
            log_name=name,
            log_text=text,
            log_type=log_types[place] if log_types else detected,
            log_unit=log_units[place] if log_units else "",
            number_type="AutoDetect",
            time_series_workspace=None,
            workspace_index=0,
            auto_meta_data=False,
            time_unit="Second",
            relative_time=True,
        )
    return workspace


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@implements("AddTimeSeriesLog")
def add_time_series_log(*, workspace: Any, name: str, time: str, value: str, type: str, delete_existing: bool) -> Any:
    """A value at a time, put where it belongs among those that are there."""
    logs = logs_of(workspace)
    converted: Any = {"double": float, "int": int, "string": str}[type](value)
    time_ns = DateAndTime(time).totalNanoseconds()
    times: I8 = np.array([time_ns], np.int64)
    values: list[Any] = [converted]
    units = ""
    if name in logs and not delete_existing:
        old = logs[name]
        if old.times_ns is None:
            raise RuntimeError(f"log {name!r} is no time series; DeleteExisting=True replaces it")
        units = old.units
        order = np.argsort(np.append(old.times_ns, time_ns), kind="stable")
        times = np.append(old.times_ns, time_ns)[order]
        everything = [*old.value, converted]
        values = [everything[index] for index in order]
    logs.remove(name)
    logs.add_series(name, units, times, tuple(values) if type == "string" else np.array(values))
    return workspace


@implements("DeleteLog")
def delete_log(*, workspace: Any, name: str) -> Any:
    """A log removed; one that does not exist is no error."""
    logs_of(workspace).remove(name)
    return workspace
