import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.publish.trends.forecast import LEAST_STEPS, Statistics, forecast, statistics_of
from livereduce.publish.trends.trends import Exposure, Point, Trend

BEGAN = 1_000.0


def point(after_s: float, value: float | None, error: float | None = None, pc_per_s: float = 10.0) -> Point:
    at = Exposure(time_unix_s=BEGAN + after_s, events=round(after_s), charge_pc=after_s * pc_per_s)
    return Point(at=at, value=value, error=error)


def trend(points: Sequence[Point]) -> Trend:
    return Trend(name="peak", reported=len(points), regular=tuple(points))


def counting(n: int, error: Callable[[float], float | None], pc_per_s: float = 10.0) -> Trend:
    """A value of 100 each 30 s."""
    return trend([point(30.0 * k, 100.0, error(30.0 * k), pc_per_s) for k in range(1, n + 1)])


def root_law(after_s: float) -> float:
    """10 % after 100 s."""
    return 10.0 * math.sqrt(100.0 / after_s)


def test_a_counting_error_is_foretold_by_charge_and_by_time() -> None:
    told = forecast(counting(20, root_law), BEGAN, wanted=0.01, now_unix_s=BEGAN + 605)
    assert told.relative_error == pytest.approx(0.1 * math.sqrt(100 / 600))
    assert (told.reached, told.exposure, told.why_not) == (False, "proton charge", "")
    assert told.exposure_needed == pytest.approx(10_000 * 10.0)  # 1 % after 10 000 s
    assert told.more == pytest.approx(9_400 * 10.0)
    assert told.seconds_more == pytest.approx(9_400)
    assert told.at_unix_s == pytest.approx(BEGAN + 10_000)


def test_what_is_reached_is_said_to_be() -> None:
    told = forecast(counting(20, root_law), BEGAN, wanted=0.05, now_unix_s=BEGAN + 605)
    assert (told.reached, told.more, told.seconds_more, told.why_not) == (True, 0.0, 0.0, "")


def test_the_rate_is_that_of_the_last_ten_minutes() -> None:
    """Half an hour at 10 pC/s, and then as long at 1 pC/s."""
    points, charge = [], 0.0
    for k in range(1, 121):
        charge += 30.0 * (10.0 if k <= 60 else 1.0)
        at = Exposure(time_unix_s=BEGAN + 30 * k, events=k, charge_pc=charge)
        points.append(Point(at=at, value=1.0, error=math.sqrt(10.0 / charge)))
    told = forecast(trend(points), BEGAN, wanted=0.01, now_unix_s=BEGAN + 3600)
    assert told.more == pytest.approx(100_000.0 - charge)
    assert told.seconds_more == pytest.approx(told.more)


def test_a_reactor_has_no_proton_charge() -> None:
    told = forecast(counting(20, root_law, pc_per_s=0.0), BEGAN, wanted=0.01, now_unix_s=BEGAN + 605)
    assert (told.exposure, told.why_not) == ("time", "")
    assert told.exposure_needed == pytest.approx(10_000)
    assert told.at_unix_s == pytest.approx(BEGAN + 10_000)


def test_while_the_beam_is_off_it_is_told_how_much_and_since_when_but_not_when() -> None:
    told = forecast(counting(20, root_law), BEGAN, wanted=0.01, now_unix_s=BEGAN + 605, no_beam_since="14:02")
    assert told.more == pytest.approx(9_400 * 10.0)
    assert (told.seconds_more, told.at_unix_s) == (None, None)
    assert told.why_not.startswith("no beam since 14:02")
    reached = forecast(counting(20, root_law), BEGAN, wanted=0.05, now_unix_s=BEGAN + 605, no_beam_since="14:02")
    assert (reached.reached, reached.why_not) == (True, "")


def test_without_beam_it_is_told_how_much_but_not_when() -> None:
    told = forecast(counting(20, root_law), BEGAN, wanted=0.01, now_unix_s=BEGAN + 4_000)
    assert told.more == pytest.approx(94_000)
    assert (told.seconds_more, told.at_unix_s) == (None, None)
    assert "no recent data" in told.why_not


def test_values_that_come_seldom_are_no_lack_of_beam() -> None:
    slow = trend([point(1_000.0 * k, 100.0, root_law(1_000.0 * k)) for k in range(1, 4)])
    told = forecast(slow, BEGAN, wanted=0.01, now_unix_s=BEGAN + 5_500)
    assert told.why_not == ""
    assert told.seconds_more == pytest.approx(7_000)


def test_an_error_with_a_floor_is_not_foretold() -> None:
    told = forecast(counting(100, lambda s: math.hypot(root_law(s), 3.0)), BEGAN, 0.01, BEGAN + 3_000)
    assert told.relative_error == pytest.approx(0.0351, rel=0.01)
    assert "does not fall with 1/√t" in told.why_not
    assert told.more is None


def test_one_value_with_its_error_is_enough_for_the_charge() -> None:
    told = forecast(trend([point(100.0, 100.0, 10.0)]), BEGAN, wanted=0.01, now_unix_s=BEGAN + 101)
    assert told.more == pytest.approx(99_000)
    assert told.seconds_more is None
    assert "too few values" in told.why_not


def mean_of_noise(n: int, seed: int, pc_per_s: float = 10.0) -> Trend:
    """The running mean of numbers of mean 50 and deviation 5, with 30 s each."""
    noise = np.random.default_rng(seed).normal(50.0, 5.0, n)
    means = np.cumsum(noise) / np.arange(1, n + 1)
    return trend([point(30.0 * (k + 1), float(value), None, pc_per_s) for k, value in enumerate(means)])


def test_without_errors_the_scatter_of_a_mean_tells() -> None:
    found = [forecast(mean_of_noise(200, seed), BEGAN, 0.001, BEGAN + 6_001) for seed in range(40)]
    assert not any(told.why_not for told in found)
    errors = [told.relative_error for told in found if told.relative_error is not None]
    assert np.mean(errors) == pytest.approx(0.1 / math.sqrt(200), rel=0.05)
    assert np.std(errors) < 0.1 * np.mean(errors)
    assert "from the scatter of its values" in found[0].how


def test_without_errors_the_scatter_of_a_sum_is_taken_per_exposure() -> None:
    rng = np.random.default_rng(3)
    counts = np.cumsum(rng.poisson(400, 200))
    told = forecast(trend([point(30.0 * (k + 1), float(n)) for k, n in enumerate(counts)]), BEGAN, 0.001, BEGAN + 6_001)
    assert told.relative_error == pytest.approx(1 / math.sqrt(counts[-1]), rel=0.15)
    assert "per exposure" in told.how


def test_scatter_that_does_not_fall_is_not_foretold() -> None:
    """A value of each chunk alone never gets better."""
    values = np.random.default_rng(4).normal(50.0, 5.0, 200)
    told = forecast(trend([point(30.0 * (k + 1), float(v)) for k, v in enumerate(values)]), BEGAN, 0.01, BEGAN + 6_001)
    assert "does not shrink as the scatter of a mean" in told.why_not


@pytest.mark.parametrize(
    ("points", "why"),
    [
        ([], "nothing has been reported"),
        ([point(10, None)], "no finite value"),
        ([point(10, 0.0, 1.0)], "the value is zero"),
        ([point(10, 1.0, 0.0)], "reported is zero"),
        ([point(10.0 * k, 1.0 + k % 2) for k in range(LEAST_STEPS)], "too few to see"),
        ([point(10.0 * k, 1.0) for k in range(1, 30)], "does not change"),
        ([point(10, 1e-200, 1e200)], "too large or too small"),
        ([point(0, 1.0, 0.1)], "no finite value"),
        ([point(10, 1.0), point(10, 2.0)], "too few"),
    ],
)
def test_why_it_cannot_tell(points: list[Point], why: str) -> None:
    told = forecast(trend(points), BEGAN, wanted=0.01, now_unix_s=BEGAN + 20)
    assert why in told.why_not
    assert (told.reached, told.more) == (False, None)


@pytest.mark.parametrize("wanted", [0.0, 1.0, -0.1, math.nan, math.inf])
def test_what_is_wanted_is_checked(wanted: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        forecast(counting(3, root_law), BEGAN, wanted, BEGAN)


NUMBERS = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([0.0, 1.0, 5e-324]))
POINTS = st.builds(
    lambda s, q, value, error: Point(
        at=Exposure(time_unix_s=s, events=1, charge_pc=q), value=value, error=None if error is None else abs(error)
    ),
    st.floats(0, 4e9),
    st.floats(0, 1e20),
    NUMBERS,
    NUMBERS,
)


@given(st.lists(POINTS, max_size=25), st.floats(0, 4e9), st.floats(1e-9, 0.999))
def test_whatever_was_reported_the_answer_is_finite(points: list[Point], began: float, wanted: float) -> None:
    told = forecast(trend(points), began, wanted, 2e9)
    json.dumps([asdict(told), asdict(statistics_of(trend(points)))], allow_nan=False)
    assert told.why_not or told.seconds_more is not None


def test_statistics() -> None:
    assert statistics_of(trend([point(1, None)])) == Statistics(n=0)
    found = statistics_of(trend([point(1, 1.0), point(2, 3.0, 0.3), point(3, None)]))
    assert (found.n, found.value, found.error, found.least, found.most, found.mean) == (2, 3.0, 0.3, 1.0, 3.0, 2.0)
    assert found.relative_error == pytest.approx(0.1)
    assert found.deviation == pytest.approx(math.sqrt(2))
