"""The values of a metric as a viewer needs them: it does not read files."""

from dataclasses import dataclass
from pathlib import Path

from livereduce.base.times import epics_ns
from livereduce.messages.views import MetricPoint
from livereduce.publish.trends.trends import FILE_NAME, read_trends
from livereduce.web.state.snapshot import View

ROUNDED_NS = 1000
"""The time of a pulse is kept in seconds, which are not exact to the nanosecond: the pulse itself is not later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricValues:
    """Values in the order of time, their units, and of how many values only the newest is here."""

    values: tuple[MetricPoint, ...]
    units: str
    every: int


def metric_of(view: View, name: str) -> MetricValues | None:
    """The values of a metric in the newest run; None if there is none of this name. Reads a file."""
    progress = view.status.progress if view.status else None
    runs = [progress.run.number] if progress and progress.run.number else [run.run for run in view.live.index.runs[:1]]
    try:
        trends = read_trends(Path(view.live.folder) / str(runs[0]) / FILE_NAME) if runs else None
    except (OSError, ValueError):
        return None
    trend = trends.metrics.get(name) if trends else None
    if trend is None:
        return None
    values = tuple(
        MetricPoint(time_ns=epics_ns(point.at.time_unix_s) + ROUNDED_NS, value=point.value, error=point.error)
        for point in trend.points  # also those without a value: the pulses of their chunks are not of the next one
    )
    return MetricValues(values=values, units=trend.units, every=trend.every)
