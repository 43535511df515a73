"""Curves and the list of logs in the form of the API. Pure."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from livereduce.stream.items import F8
from livereduce.viewer.over_log.curves import CurveOverLog
from livereduce.viewer.over_log.log_values import LogListed, LogValues


def curve_body(found: CurveOverLog, log: LogValues, log_name: str) -> dict[str, Any]:
    """A curve, without what says where it comes from; null where a value is not known."""
    return {
        "log": log_name,
        "log_units": log.units,
        "x": _numbers(found.x),
        "x_low": _numbers(found.x_low),
        "x_high": _numbers(found.x_high),
        "mean": _numbers(found.mean),
        "error": _numbers(found.error),
        "pulses": found.pulses.tolist(),
        "events": found.events.tolist(),
        "charge_pc": _numbers(found.charge_pc),
        "units": found.units,
        "note": note(found, log, log_name),
    }


def note(found: CurveOverLog, log: LogValues, log_name: str) -> str:
    """What is missing in a curve, for people; empty if nothing is."""
    said = []
    if found.without_value:
        pulses = "1 pulse is" if found.without_value == 1 else f"{found.without_value} pulses are"
        said.append(f"{pulses} left out: {log_name} had no valid value then")
    if found.every > 1:
        said.append(
            f"one of {found.every} values of the metric is kept: each is that of the newest of {found.every} chunks, "
            f"drawn at the mean of {log_name} over all of them"
        )
    if log.given_up:
        said.append(f"the first {log.given_up} values of {log_name} are not kept any more")
    return "; ".join(said)


def logs_body(listed: Iterable[LogListed]) -> list[dict[str, Any]]:
    """The list of logs."""
    return [
        {
            "name": one.name,
            "units": one.units,
            "values": one.values,
            "first": one.first,
            "last": one.last,
            "varies": one.varies,
        }
        for one in listed
    ]


def _numbers(values: F8) -> list[float | None]:
    return [one if np.isfinite(one) else None for one in values.tolist()]
