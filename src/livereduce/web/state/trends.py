"""Metrics of a run with statistics, and a forecast of when it is good enough. Pure; the rules are in `publish`."""

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from livereduce.publish.trends.forecast import Forecast, forecast, statistics_of
from livereduce.publish.trends.trends import Trend, Trends
from livereduce.web.state.snapshot import unix_iso

PC_PER_UAH = 3.6e9
FURTHEST_S = 1e9
"""Thirty years; a longer time means never."""


def trends_body(
    trends: Trends | None, run: int, target: float | None, now_unix_s: float, no_beam_since: str = ""
) -> dict[str, Any]:
    """The answer of the API; `target` is the wanted relative error, `no_beam_since` as in `forecast`."""
    if trends is None:
        return {"run": run, "left_out": [], "metrics": []}
    metrics = [_metric(one, trends.began_unix_s, target, now_unix_s, no_beam_since) for one in trends.metrics.values()]
    return {"run": run, "left_out": list(trends.left_out), "metrics": metrics}


def _metric(
    trend: Trend, began_unix_s: float, target: float | None, now_unix_s: float, no_beam_since: str
) -> dict[str, Any]:
    found = statistics_of(trend)
    points = trend.points
    reaches = None
    if target is not None:
        reaches = reached(forecast(trend, began_unix_s, target, now_unix_s, no_beam_since), target)
    return {
        "name": trend.name,
        "units": trend.units,
        "t": [unix_iso(point.at.time_unix_s) for point in points],
        "value": [point.value for point in points],
        "error": [point.error for point in points],
        "proton_charge_pc": [point.at.charge_pc for point in points],
        "mean": found.mean,
        "std": found.deviation,
        "relative_error": found.relative_error,
        "note": trend.note,
        "reaches": reaches,
    }


def statistics(trends: Trends, target: float | None, now_unix_s: float, no_beam: str = "") -> dict[str, Any] | None:
    """The first metric that has a relative error, and how much of what a wanted one takes has been counted. Pure."""
    metric = _first(list(trends.metrics.values()))
    if metric is None:
        return None
    found = statistics_of(metric)
    body: dict[str, Any] = {"metric": metric.name, "units": metric.units, "value": found.value, "error": found.error}
    body["relative_error"] = found.relative_error
    if target is None:
        return body | {"part": None, "reaches": None}
    told = forecast(metric, trends.began_unix_s, target, now_unix_s, no_beam)
    known = told.relative_error if told.exposure_needed is not None else None
    part = None if known is None else min(1.0, (target / known) ** 2)
    return body | {"part": part, "reaches": reached(told, target)}


def _first(metrics: Sequence[Trend]) -> Trend | None:
    return next((one for one in metrics if statistics_of(one).relative_error), None)


def reached(found: Forecast, target: float) -> dict[str, Any]:
    """A forecast for people: a sentence, and the time if it is known."""
    near = found.at_unix_s is not None and found.seconds_more is not None and found.seconds_more < FURTHEST_S
    at = unix_iso(found.at_unix_s) if near and found.at_unix_s is not None else None
    return {"target": target, "reached": found.reached, "at": at, "text": _sentence(found, target), "how": found.how}


def _sentence(found: Forecast, target: float) -> str:
    wanted = f"{100 * target:.3g} %"
    if found.reached and found.relative_error is not None:
        return f"{wanted} is reached: the relative error is {100 * found.relative_error:.3g} %"
    if found.more is None:
        return f"cannot predict when {wanted} is reached: {found.why_not}"
    more = (
        f"{found.more / PC_PER_UAH:.3g} µAh more" if found.exposure == "proton charge" else f"{_span(found.more)} more"
    )
    if found.seconds_more is None or found.seconds_more >= FURTHEST_S:
        return f"{wanted} takes {more}" + (f"; {found.why_not}" if found.why_not else "")
    return f"{wanted} in {_span(found.seconds_more)} ({more}) at the rate of the last ten minutes"


def _span(seconds: float) -> str:
    """Format a duration for people."""
    if not seconds < FURTHEST_S:
        return "more than thirty years"
    if seconds < 90:
        return f"{math.ceil(seconds)} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    hours = timedelta(seconds=seconds) / timedelta(hours=1)
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"
