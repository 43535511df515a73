"""What the overview shows beside a card: which result, and how much of the wanted statistics is counted."""

from types import MappingProxyType

import pytest

from livereduce.publish.trends.trends import Exposure, Trends, add_reported
from livereduce.scripting.reporting.report import ReportedMetric
from livereduce.seen.index import Listed, ListedRun, ShownIndex
from livereduce.web.state.glance import newest_result
from livereduce.web.state.trends import statistics


def run(number: int, *names: str) -> ListedRun:
    listed = {name: Listed(name=name, path=f"{number}/{name}.nxs", version="1", written_unix_s=1.0) for name in names}
    return ListedRun(run=number, ended=False, products=MappingProxyType(listed))


def found(index: ShownIndex, current: int) -> tuple[int, str] | None:
    one = newest_result(index, current)
    return one and (one[0].run, one[1].name)


def test_the_result_of_the_run_that_goes_on_comes_first_then_the_newest() -> None:
    index = ShownIndex(runs=(run(42), run(41, "peaks", "result"), run(40, "result")))
    assert found(index, 40) == (40, "result")
    assert found(index, 42) == (41, "result")
    assert found(index, 99) == (41, "result")
    assert found(ShownIndex(runs=(run(42, "peaks", "map"),)), 42) == (42, "peaks")
    assert found(ShownIndex(runs=(run(42),)), 42) is None
    assert found(ShownIndex(), 0) is None


def trends(*reported: tuple[str, float, float | None]) -> Trends:
    made = Trends(run=41, began_unix_s=1000.0)
    for step in range(1, 10):
        at = Exposure(time_unix_s=1000.0 + 10 * step, events=100 * step, charge_pc=1e9 * step)
        these = [
            ReportedMetric(name=name, value=value, error=None if error is None else error / step**0.5, units="counts")
            for name, value, error in reported
        ]
        made = add_reported(made, these, at)
    return made


def test_the_first_metric_with_an_error_counts() -> None:
    told = statistics(trends(("height", 3.0, None), ("area", 100.0, 30.0), ("width", 1.0, 0.1)), None, 1100.0)
    assert told is not None
    assert (told["metric"], told["units"], told["part"], told["reaches"]) == ("area", "counts", None, None)
    assert told["relative_error"] == pytest.approx(0.1)
    assert statistics(trends(("height", 3.0, None)), 0.01, 1100.0) is None
    assert statistics(Trends(run=41, began_unix_s=1000.0), 0.01, 1100.0) is None


def test_the_part_is_of_what_the_target_takes() -> None:
    one = trends(("area", 100.0, 30.0))  # 10 % now
    told = statistics(one, 0.05, 1100.0)
    assert told is not None
    assert told["part"] == pytest.approx(0.25)
    assert told["reaches"]["reached"] is False
    assert "5 % in" in told["reaches"]["text"]
    done = statistics(one, 0.2, 1100.0)
    assert done is not None
    assert (done["part"], done["reaches"]["reached"]) == (1.0, True)
