"""Forecasts in words."""

import pytest

from livereduce.publish.trends.forecast import Forecast
from livereduce.publish.trends.trends import Exposure, Trends, add_reported
from livereduce.scripting.reporting.report import ReportedMetric
from livereduce.web.state.trends import reached, trends_body


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (Forecast(reached=True, relative_error=0.00812), "1 % is reached: the relative error is 0.812 %"),
        (Forecast(why_not="the value is zero"), "cannot predict when 1 % is reached: the value is zero"),
        (
            Forecast(exposure="proton charge", more=7.2e9, seconds_more=600.0, at_unix_s=1.7e9),
            "1 % in 10 min (2 µAh more) at the rate of the last ten minutes",
        ),
        (
            Forecast(exposure="time", more=7200.0, seconds_more=7200.0, at_unix_s=1.7e9),
            "1 % in 2.0 h (2.0 h more) at the rate of the last ten minutes",
        ),
        (
            Forecast(exposure="proton charge", more=3.6e9, why_not="there is no beam"),
            "1 % takes 1 µAh more; there is no beam",
        ),
        (Forecast(exposure="time", more=30.2), "1 % takes 31 s more"),
        (
            Forecast(exposure="time", more=1e300, seconds_more=1e300, at_unix_s=1e300),
            "1 % takes more than thirty years more",
        ),
    ],
)
def test_a_forecast_as_a_sentence(found: Forecast, text: str) -> None:
    body = reached(found, 0.01)
    assert body["text"] == text
    assert (body["at"] is not None) == (found.at_unix_s is not None and found.at_unix_s < 1e11)


def test_without_trends_there_are_none() -> None:
    assert trends_body(None, 7, 0.01, 0.0) == {"run": 7, "left_out": [], "metrics": []}


def test_a_value_that_is_none_is_null_and_takes_nothing_with_it() -> None:
    trends = Trends(run=7, began_unix_s=1.7e9)
    for second, value in ((1, 5.0), (2, None), (3, 7.0)):
        at = Exposure(time_unix_s=1.7e9 + second, events=second, charge_pc=0.0)
        trends = add_reported(trends, [ReportedMetric(name="area", value=value, error=None, units="")], at)
    (metric,) = trends_body(trends, 7, None, 1.7e9)["metrics"]
    assert (metric["value"], metric["error"], metric["mean"]) == ([5.0, None, 7.0], [None] * 3, 6.0)
    assert len(metric["t"]) == 3
