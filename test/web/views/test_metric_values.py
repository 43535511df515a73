"""The values of a metric as the viewer gets them: with those that are no numbers, and how many are left out."""

from pathlib import Path

import pytest

from helpers.fabricated import Fabricated
from livereduce.base.times import epics_ns
from livereduce.publish.trends.trends import FILE_NAME, Exposure, Trends, add_reported, encode_trends
from livereduce.scripting.reporting.report import ReportedMetric
from livereduce.seen.shelf import Shelf
from livereduce.web.state.snapshot import View
from livereduce.web.views.metric_values import ROUNDED_NS, metric_of

BEGAN_UNIX_S = 1.7e9


def seen(tmp_path: Path, values: list[float | None]) -> View:
    trends = Trends(run=41, began_unix_s=BEGAN_UNIX_S)
    for at, value in enumerate(values):
        exposure = Exposure(time_unix_s=BEGAN_UNIX_S + at, events=1, charge_pc=1.0)
        trends = add_reported(trends, [ReportedMetric(name="width", value=value, error=None, units="mm")], exposure)
    (tmp_path / "41").mkdir()
    (tmp_path / "41" / FILE_NAME).write_text(encode_trends(trends, BEGAN_UNIX_S))
    status = Fabricated(tmp_path / "powder", "POWDER").status
    return View(id="powder", name="POWDER", status=status, live=Shelf(folder=str(tmp_path)))


def test_values_that_are_no_numbers_stay_in_their_place(tmp_path: Path) -> None:
    found = metric_of(seen(tmp_path, [1.0, None, 3.0]), "width")
    assert found is not None
    assert [one.value for one in found.values] == [1.0, None, 3.0]
    assert [one.time_ns - ROUNDED_NS for one in found.values] == [epics_ns(BEGAN_UNIX_S + at) for at in range(3)]
    assert (found.units, found.every) == ("mm", 1)


@pytest.mark.parametrize(("values", "every"), [(2000, 1), (2001, 2), (4001, 4)])
def test_of_how_many_values_one_is_left_is_told(tmp_path: Path, values: int, every: int) -> None:
    found = metric_of(seen(tmp_path, [1.0] * values), "width")
    assert found is not None
    assert found.every == every


def test_a_metric_that_nobody_has_reported_is_none(tmp_path: Path) -> None:
    assert metric_of(seen(tmp_path, [1.0]), "height") is None
