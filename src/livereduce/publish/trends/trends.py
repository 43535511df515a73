"""Trends: the metrics that scripts report over a run, as a file beside its products. Pure except for reading the file.

``products/<run>/trends.json``, JSON without NaN: a value that is not finite is null. Each metric has columns of equal
length, the oldest value first. Everything is bounded: when a metric has more values than may be kept, every second one
is dropped; from then on only every second, fourth, eighth … value is kept, and always the newest.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from livereduce.base.fields import LATEST_UNIX_S
from livereduce.base.files import read_regular
from livereduce.scripting.reporting.report import MAX_METRICS, ReportedMetric

FILE_NAME = "trends.json"
VERSION = 1
CHARGE_BEFORE = "charge_pc"
"""Name of the proton charge column before November 2026."""
MAX_POINTS = 2000
"""Most points of one metric."""
MAX_POINTS_IN_ALL = 10_000
"""Most points of all metrics: the file is rewritten at each result, which takes some 30 ms at half a megabyte."""
MAX_LEFT_OUT = 10
"""Most names, beyond the number of metrics, that are listed one by one."""
MAX_BYTES = 16 << 20
"""A longer file is not one of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Amount of data in a result: the time of its newest pulse (Unix), events, proton charge."""

    time_unix_s: float
    events: int
    charge_pc: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One value of a metric, and the data that it was computed from."""

    at: Exposure
    value: float | None
    error: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One metric of a run.

    Attributes
    ----------
    reported
        Number of values reported.
    every
        1: all of them are kept; 4: every fourth one, and the newest.
    regular, newest
        The values whose number, from 0, is a multiple of `every`; and the newest one if it is not among them.
    """

    name: str
    units: str = ""
    reported: int = 0
    every: int = 1
    regular: tuple[Point, ...] = ()
    newest: Point | None = None

    @property
    def points(self) -> tuple[Point, ...]:
        """All kept points, the oldest first."""
        return self.regular if self.newest is None else (*self.regular, self.newest)

    @property
    def note(self) -> str:
        """Note on values left out, for people; empty if nothing was."""
        if self.every == 1:
            return ""
        return f"every {self.every}{'nd' if self.every == 2 else 'th'} of {self.reported} values, and the newest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trends:
    """All metrics of a run.

    Attributes
    ----------
    began_unix_s
        Time of the first pulse of the run. By it and `scripts` (md5 of proc, post_proc and their modules), a worker
        that replays the run recognizes these trends as its own.
    left_out
        Some of the names that came after `MAX_METRICS` others.
    """

    run: int
    began_unix_s: float
    scripts: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    metrics: dict[str, Trend] = field(default_factory=dict)


def add_point(trend: Trend, point: Point, units: str = "") -> Trend:
    """The trend with one more value."""
    if trend.reported % trend.every:
        more = replace(trend, newest=point)
    else:
        more = replace(trend, regular=(*trend.regular, point), newest=None)
    return replace(more, reported=trend.reported + 1, units=units or trend.units)


def downsample(trend: Trend, most: int) -> Trend:
    """The trend with at most `most` points (2 or more): every second one is dropped, repeatedly if needed."""
    while len(trend.points) > most:
        newest = trend.points[-1]
        left = trend.regular[::2]
        trend = replace(trend, every=2 * trend.every, regular=left, newest=None if left[-1] is newest else newest)
    return trend


def add_reported(trends: Trends, reported: Sequence[ReportedMetric], at: Exposure) -> Trends:
    """The trends with the values of one more result."""
    metrics, left_out = dict(trends.metrics), list(trends.left_out)
    for one in reported:
        if one.name not in metrics and len(metrics) >= MAX_METRICS:
            if one.name not in left_out and len(left_out) < MAX_LEFT_OUT:
                left_out.append(one.name)
            continue
        trend = metrics.get(one.name, Trend(name=one.name))
        metrics[one.name] = add_point(trend, Point(at=at, value=one.value, error=one.error), one.units)
    most = min(MAX_POINTS, MAX_POINTS_IN_ALL // max(len(metrics), 1))
    thinned = {name: downsample(trend, most) for name, trend in metrics.items()}
    return replace(trends, metrics=thinned, left_out=tuple(left_out))


def encode_trends(trends: Trends, written_unix_s: float) -> str:
    """Encode the trends as the JSON text of the file."""
    body = {
        "version": VERSION,
        "run": trends.run,
        "began_unix_s": trends.began_unix_s,
        "written_unix_s": written_unix_s,
        "scripts": trends.scripts,
        "left_out": trends.left_out,
        "metrics": [_columns(trend) for trend in trends.metrics.values()],
    }
    return json.dumps(body, allow_nan=False, separators=(",", ":"))


def _columns(trend: Trend) -> dict[str, Any]:
    points = trend.points
    return {
        "name": trend.name,
        "units": trend.units,
        "reported": trend.reported,
        "every": trend.every,
        "note": trend.note,
        "time_unix_s": [round(point.at.time_unix_s, 3) for point in points],
        "events": [point.at.events for point in points],
        "proton_charge_pc": [point.at.charge_pc for point in points],
        "value": [point.value for point in points],
        "error": [point.error for point in points],
    }


def decode_trends(text: str) -> Trends:
    """Decode the trends of a file's text.

    Raises
    ------
    ValueError
        The text is not valid: says what is missing or wrong.
    """
    try:
        body = json.loads(text)
        if body["version"] != VERSION:
            raise ValueError(f"version {body['version']!r}, expected {VERSION}")
        metrics = [_trend(each) for each in body["metrics"]]
        return Trends(
            run=int(body["run"]),
            began_unix_s=_unix_s(body["began_unix_s"]),
            scripts=tuple(map(str, body["scripts"])),
            left_out=tuple(map(str, body["left_out"])),
            metrics={trend.name: trend for trend in metrics},
        )
    except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise ValueError(f"not trends of livereduce: {type(error).__name__}: {error}") from None


def _trend(body: dict[str, Any]) -> Trend:
    charge = CHARGE_BEFORE if CHARGE_BEFORE in body else "proton_charge_pc"
    columns = ("time_unix_s", "events", charge, "value", "error")
    points = tuple(_point(*row) for row in zip(*(body[name] for name in columns), strict=True))
    reported, every = int(body["reported"]), int(body["every"])
    newest = points[-1] if points and (reported - 1) % every else None
    return Trend(
        name=str(body["name"]),
        units=str(body["units"]),
        reported=reported,
        every=every,
        regular=points[:-1] if newest else points,
        newest=newest,
    )


def _point(time_unix_s: float, events: int, charge_pc: float, value: float | None, error: float | None) -> Point:
    at = Exposure(time_unix_s=_unix_s(time_unix_s), events=int(_finite(events)), charge_pc=_finite(charge_pc))
    return Point(
        at=at,
        value=None if value is None else _finite(value),
        error=None if error is None else _finite(error),
    )


def _unix_s(number: object) -> float:
    if not 0 <= _finite(number) <= LATEST_UNIX_S:
        raise ValueError(f"expected a Unix time, got {number!r:.50}")
    return _finite(number)


def _finite(number: object) -> float:
    if not isinstance(number, int | float) or not math.isfinite(number):  # json also accepts NaN
        raise ValueError(f"expected a number, got {number!r:.50}")
    return float(number)


def read_trends(path: Path) -> Trends | None:
    """Read the trends of a run; None if none of its scripts has reported anything.

    Raises
    ------
    ValueError
        The file is not valid.
    OSError
        It cannot be read.
    """
    try:
        content = read_regular(path, MAX_BYTES, follow_link=False)
    except FileNotFoundError:
        return None
    return decode_trends(content.decode("utf-8"))
