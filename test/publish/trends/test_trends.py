import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.publish.trends.trends import (
    MAX_POINTS,
    MAX_POINTS_IN_ALL,
    Exposure,
    Point,
    Trend,
    Trends,
    add_point,
    add_reported,
    decode_trends,
    downsample,
    encode_trends,
    read_trends,
)
from livereduce.scripting.reporting.report import MAX_METRICS, ReportedMetric


def at(k: int) -> Exposure:
    return Exposure(time_unix_s=1e9 + k, events=k, charge_pc=10.0 * k)


def reported(value: float | None, name: str = "peak", error: float | None = None, units: str = "") -> ReportedMetric:
    return ReportedMetric(name=name, value=value, error=error, units=units)


def empty() -> Trends:
    return Trends(run=7, began_unix_s=1e9, scripts=("a", "b"))


@given(st.integers(1, 300), st.integers(2, 20))
def test_a_thinned_trend_is_regular_and_ends_with_the_newest(n: int, most: int) -> None:
    trend = Trend(name="peak")
    for k in range(n):
        trend = downsample(add_point(trend, Point(at=at(k), value=float(k), error=None)), most)
        numbers = [point.at.events for point in trend.points]
        regular = list(range(0, k + 1, trend.every))
        assert numbers == regular + [k] * (regular[-1] != k)
        assert len(numbers) <= most
        assert trend.reported == k + 1
    assert (trend.every == 1) == (n <= most)
    assert len(trend.points) >= min(n, (most + 1) // 2)


def test_what_was_left_out_is_said() -> None:
    trend = Trend(name="peak")
    for k in range(9):
        trend = add_point(trend, Point(at=at(k), value=1.0, error=None))
    assert trend.note == ""
    assert downsample(trend, 8).note == "every 2nd of 9 values, and the newest"
    assert downsample(trend, 4).note == "every 4th of 9 values, and the newest"


def test_the_whole_is_bounded_whatever_is_reported() -> None:
    trends = empty()
    everything = [reported(-1.2345678901234567e-300, f"m{k}", 1.2345678901234567e300) for k in range(60)]
    for k in range(1000):
        trends = add_reported(trends, everything, at(k))
    assert len(trends.metrics) == MAX_METRICS
    assert trends.left_out == tuple(f"m{k}" for k in range(50, 60))
    assert sum(len(trend.points) for trend in trends.metrics.values()) <= MAX_POINTS_IN_ALL
    assert len(encode_trends(trends, 0.0)) < 4 << 20


def test_a_single_metric_has_most_points() -> None:
    trends = empty()
    for k in range(MAX_POINTS + 1):
        trends = add_reported(trends, [reported(1.0)], at(k))
    assert MAX_POINTS / 2 < len(trends.metrics["peak"].points) <= MAX_POINTS


def test_the_file_gives_back_what_went_in() -> None:
    trends = empty()
    for k in range(8):
        one = reported(None if k == 3 else k / 3, error=0.1 if k else None, units="µs")
        trends = add_reported(trends, [one], at(k))
    trends = Trends(run=7, began_unix_s=1e9, metrics={"peak": downsample(trends.metrics["peak"], 4)}, left_out=("x",))
    text = encode_trends(trends, 5.0)
    assert decode_trends(text) == trends
    body = json.loads(text)
    assert body["metrics"][0]["units"] == "µs"
    assert {
        len(body["metrics"][0][name]) for name in ("time_unix_s", "events", "proton_charge_pc", "value", "error")
    } == {3}


def test_trends_of_earlier_versions_are_read() -> None:
    trends = add_reported(empty(), [reported(1.0)], at(1))
    body = json.loads(encode_trends(trends, 0.0))
    for metric in body["metrics"]:
        metric["charge_pc"] = metric.pop("proton_charge_pc")
    assert decode_trends(json.dumps(body)) == trends


def test_units_may_be_given_once() -> None:
    trends = add_reported(empty(), [reported(1.0, units="Å")], at(1))
    trends = add_reported(trends, [reported(1.0)], at(2))
    assert trends.metrics["peak"].units == "Å"


def broken(**changes: Any) -> str:
    body = json.loads(encode_trends(add_reported(empty(), [reported(1.0)], at(1)), 0.0))
    body["metrics"][0].update(changes.pop("metric", {}))
    return json.dumps(body | changes)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{",
        "[" * 100_000,
        broken(version=2),
        broken(metrics=5),
        broken(run="x"),
        broken(metric={"value": []}),
        broken(metric={"value": ["x"]}),
        broken(metric={"time_unix_s": [None]}),
        broken(metric={"every": 0}),
        broken(metric={"value": [float("nan")]}),
        broken(metric={"proton_charge_pc": [float("inf")]}),
    ],
)
def test_what_is_no_trend_is_said_to_be_none(text: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not trends of livereduce"):
        decode_trends(text)
    (tmp_path / "trends.json").write_text(text)
    with pytest.raises(ValueError, match="not trends"):
        read_trends(tmp_path / "trends.json")


def test_no_file_is_no_trend(tmp_path: Path) -> None:
    assert read_trends(tmp_path / "trends.json") is None
