"""Statistics of a trend, and when its relative error will reach a target. Pure functions.

Statistical errors fall with one over the root of the counts: with an error e(Q) at a proton charge Q, the error at Q'
is e(Q)·√(Q/Q'). Without proton charge (a reactor) the time since the first pulse is used instead.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from livereduce.publish.trends.trends import Point, Trend

LEAST_STEPS = 8
"""Least number of steps to estimate the scatter: with fewer, the estimate is wrong by a third and more."""
LEAST_GROWTH = 1.5
"""Growth of the exposure before it is judged whether errors fall as they should."""
SLOWEST_FALL = 0.25
"""An error that falls with a power of the exposure below this does not follow the law (1/2)."""
MAX_UNEQUAL = 6.0
"""Ratio of the scatter in both halves of a run (squares, scaled by the law) above which the law does not hold."""
RATE_WINDOW_S = 600.0
"""The present rate of the exposure is taken from the last ten minutes of data."""
NO_DATA_S = 120.0
"""Without data for this long, or for three times the time up to the last value, the beam is off."""
_TINY = 1e-300


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """Statistics of the kept values of a metric; None where unknown.

    Attributes
    ----------
    n
        Number of finite values among the points.
    value, error, relative_error
        The newest finite value.
    mean, deviation, least, most
        Over all finite values; `deviation` is the standard deviation of the values, not of the mean.
    """

    n: int
    value: float | None = None
    error: float | None = None
    relative_error: float | None = None
    mean: float | None = None
    deviation: float | None = None
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Forecast of when a target relative error is reached.

    Attributes
    ----------
    relative_error
        The present one.
    reached
        The target is reached already.
    exposure
        What the next two are counted in: ``proton charge`` (pC) or ``time`` (s).
    exposure_needed, more
        In total, and from now on.
    seconds_more, at_unix_s
        The same as time, at the rate of the last ten minutes.
    how
        Origin of the present error, for people.
    why_not
        Empty; or why all or a part of the forecast is unknown, for people.
    """

    relative_error: float | None = None
    reached: bool = False
    exposure: str = ""
    exposure_needed: float | None = None
    more: float | None = None
    seconds_more: float | None = None
    at_unix_s: float | None = None
    how: str = ""
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class _Step:
    """One usable value: exposure so far, time, value, error (NaN: not known)."""

    exposure: float
    time_unix_s: float
    value: float
    error: float

    @property
    def relative(self) -> float:
        return self.error / abs(self.value)


@dataclass(frozen=True, slots=True)
class _CannotTell(Exception):
    why: str


def statistics_of(trend: Trend) -> Statistics:
    """Statistics of the kept points of a metric."""
    values = [point.value for point in trend.points if point.value is not None]
    if not values:
        return Statistics(n=0)
    newest = next(point for point in reversed(trend.points) if point.value is not None)
    assert newest.value is not None
    scale = max(map(abs, values)) or 1.0  # values near the largest float have squares beyond it
    scaled = [value / scale for value in values]
    return Statistics(
        n=len(values),
        value=newest.value,
        error=newest.error,
        relative_error=_relative(newest.value, newest.error),
        mean=math.fsum(scaled) / len(scaled) * scale,
        deviation=statistics.stdev(scaled) * scale if len(scaled) > 1 else None,
        least=min(values),
        most=max(values),
    )


def _relative(value: float, error: float | None) -> float | None:
    if error is None or abs(value) < _TINY:
        return None
    relative = error / abs(value)
    return relative if math.isfinite(relative) else None


def forecast(trend: Trend, began_unix_s: float, wanted: float, now_unix_s: float, no_beam_since: str = "") -> Forecast:
    """Forecast when the relative error of a metric reaches `wanted`.

    Parameters
    ----------
    began_unix_s
        Time of the first pulse of the run.
    wanted
        Such as 0.01 for one percent.
    now_unix_s
        Unix time.
    no_beam_since
        Since when there is no beam, for people: then the finish time is unknown. Empty if there is beam.

    Raises
    ------
    ValueError
        `wanted` is not between 0 and 1.
    """
    if not 0 < wanted < 1:
        raise ValueError(f"expected a relative error between 0 and 1, got {wanted!r}")
    try:
        exposure, steps = _steps(trend.points, began_unix_s)
        relative, how = _present_error(steps)
        at = steps[-1].exposure
        needed = at * (relative / wanted) ** 2
        if not math.isfinite(needed):
            raise OverflowError
    except _CannotTell as reason:
        return Forecast(why_not=reason.why)
    except OverflowError:
        return Forecast(why_not="the value or its error is too large or too small to calculate with")
    known = Forecast(relative_error=relative, exposure=exposure, exposure_needed=needed, how=how)
    if relative <= wanted:
        return _with(known, reached=True, more=0.0, seconds_more=0.0)
    if why := _breaks_the_law(steps):
        return Forecast(relative_error=relative, how=how, why_not=why)
    known = _with(known, more=needed - at)
    if no_beam_since:
        return _with(
            known, why_not=f"no beam since {no_beam_since}: the charge still needed is shown, the finish time is not"
        )
    return _in_time(known, steps, now_unix_s)


def _with(known: Forecast, **more: float | bool | str) -> Forecast:
    fields = {name: getattr(known, name) for name in Forecast.__dataclass_fields__}
    return Forecast(**{**fields, **more})


def _steps(points: Sequence[Point], began_unix_s: float) -> tuple[str, list[_Step]]:
    """The measure of exposure, and the finite values at increasing exposures."""
    charged = any(point.at.charge_pc > 0 for point in points)
    steps: list[_Step] = []
    for point in points:
        exposure = point.at.charge_pc if charged else point.at.time_unix_s - began_unix_s
        if point.value is None or not exposure > 0:
            continue
        error = math.nan if point.error is None else point.error
        step = _Step(exposure, point.at.time_unix_s, point.value, error)
        while steps and exposure <= steps[-1].exposure:
            steps.pop()  # no exposure between the two: the newer value is of the same data
        steps.append(step)
    if not steps:
        raise _CannotTell("there is no finite value yet" if points else "nothing has been reported yet")
    if abs(steps[-1].value) < _TINY:
        raise _CannotTell("the value is zero: it has no relative error")
    return ("proton charge" if charged else "time"), steps


def _present_error(steps: list[_Step]) -> tuple[float, str]:
    """The relative error of the newest value, and its origin."""
    newest = steps[-1]
    if not math.isnan(newest.error):
        if newest.error == 0:
            raise _CannotTell("the error that was reported is zero")
        return newest.relative, "from the error that the script reports"
    per_exposure = _grows_in_proportion(steps)
    values = [step.value / step.exposure if per_exposure else step.value for step in steps]
    error = _from_scatter([step.exposure for step in steps], values)
    what = "its value per exposure" if per_exposure else "its values"
    return error / abs(values[-1]), f"no error is reported; estimated from the scatter of {what}"


def _grows_in_proportion(steps: list[_Step]) -> bool:
    """True if the value is a sum over the data, such as a number of counts."""
    first, last = steps[len(steps) // 4], steps[-1]
    if last.exposure < LEAST_GROWTH * first.exposure or first.value == 0:
        return False
    if (last.value > 0) != (first.value > 0):
        return False
    growth = math.log(last.exposure) - math.log(first.exposure)
    grown = math.log(abs(last.value)) - math.log(abs(first.value))
    return abs(grown / growth - 1) < 0.3


def _from_scatter(exposures: list[float], values: list[float]) -> float:
    """Estimate the error of the last value from the scatter of the values.

    Each value is a mean over all data so far, with variance s²/Q. The difference of two of them then has the variance
    s²(1/Q1 - 1/Q2), and differences of successive ones are independent.
    """
    if len(values) <= LEAST_STEPS:
        raise _CannotTell(f"no error is reported, and {len(values)} values are too few to see their scatter")
    squares = [
        (later - sooner) ** 2 / (1 / before - 1 / after)
        for before, after, sooner, later in zip(exposures, exposures[1:], values, values[1:], strict=False)
        if after > before * (1 + 1e-12)
    ]
    if len(squares) < LEAST_STEPS or not all(map(math.isfinite, squares)):
        raise _CannotTell("no error is reported, and the scatter of the values cannot be estimated")
    half = len(squares) // 2
    sooner, later = statistics.fmean(squares[:half]), statistics.fmean(squares[half:])
    if later == 0 or sooner == 0:
        raise _CannotTell("no error is reported, and the value does not change")
    if max(later / sooner, sooner / later) > MAX_UNEQUAL:
        raise _CannotTell(
            "no error is reported, and the scatter of the values does not shrink as the scatter of a mean should"
        )
    return math.sqrt(statistics.fmean(squares) / exposures[-1])


def _breaks_the_law(steps: list[_Step]) -> str:
    """Sentence if the reported errors do not fall with one over the root; empty if they do, or too few are known."""
    newest = steps[-1]
    if math.isnan(newest.error):
        return ""
    usable = [step for step in steps if abs(step.value) >= _TINY and 0 < step.relative < math.inf]
    earlier = [step for step in usable if step.exposure * LEAST_GROWTH <= newest.exposure]
    if not earlier:
        return ""
    # the one nearest to a quarter of the exposure: far enough away to see a fall, near enough to describe the present
    one = min(earlier, key=lambda step: abs(math.log(4 * step.exposure) - math.log(newest.exposure)))
    growth = math.log(newest.exposure) - math.log(one.exposure)
    fall = (math.log(one.relative) - math.log(newest.relative)) / growth
    if fall >= SLOWEST_FALL:
        return ""
    times = newest.exposure / one.exposure
    return (
        f"the relative error went from {one.relative:.3g} to {newest.relative:.3g} while {times:.3g} times as much was "
        "counted: it does not fall with 1/√t"
    )


def _in_time(known: Forecast, steps: list[_Step], now_unix_s: float) -> Forecast:
    assert known.more is not None
    newest = steps[-1]
    if known.exposure == "time":
        seconds = known.more
    else:
        usual_s = newest.time_unix_s - steps[-2].time_unix_s if len(steps) > 1 else 0.0
        if now_unix_s - newest.time_unix_s > max(NO_DATA_S, 3 * usual_s):
            return _with(known, why_not="no recent data: the charge still needed is shown, the finish time is not")
        window_s = max(RATE_WINDOW_S, usual_s)
        window = [step for step in steps if newest.time_unix_s - step.time_unix_s <= window_s]
        passed_s = newest.time_unix_s - window[0].time_unix_s
        if passed_s <= 0:
            return _with(known, why_not="too few values to know how fast the proton charge grows")
        seconds = known.more / ((newest.exposure - window[0].exposure) / passed_s)
    if not math.isfinite(seconds):
        return _with(known, why_not="it would take too long to predict")
    return _with(known, seconds_more=seconds, at_unix_s=newest.time_unix_s + seconds)
