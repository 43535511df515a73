"""Curves over a log against plain loops: every pulse counts once, and what is summed in rows is what there was."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livereduce.messages.views import MetricPoint
from livereduce.viewer.over_log.curves import (
    AUTO_BINS,
    AUTO_VALUES,
    MAX_ROWS,
    PC_PER_UAH,
    BinsWanted,
    Counted,
    Per,
    PulseBeam,
    curve,
    metric_curve,
    parse_bins,
)
from livereduce.viewer.over_log.log_values import LogValues

TIMES = st.integers(0, 60)
LOGS = st.lists(st.tuples(TIMES, st.sampled_from([0.0, 1.0, 2.5, -3.0, math.nan, 1e300])), max_size=12).map(
    lambda steps: sorted(steps, key=lambda step: step[0])
)
PULSES = st.lists(st.tuples(TIMES, st.integers(0, 50), st.sampled_from([0.0, 10.0, 12.5])), max_size=40)
BINS = st.sampled_from([BinsWanted.AUTO, BinsWanted.VALUES, 1, 2, 7, MAX_ROWS])


def log_of(steps: list[tuple[int, float]]) -> LogValues:
    return LogValues(
        time_ns=np.array([time for time, _ in steps], np.int64),
        value=np.array([value for _, value in steps], np.float64),
    )


def beam_of(pulses: list[tuple[int, int, float]]) -> tuple[PulseBeam, Counted]:
    time_ns = np.array([time for time, _, _ in pulses], np.int64)
    charge_pc = np.array([charge for *_, charge in pulses], np.float64)
    events = np.array([events for _, events, _ in pulses], np.int64)
    return PulseBeam(pulse_ns=time_ns, charge_pc=charge_pc), Counted(time_ns=time_ns, events=events)


def value_at(steps: list[tuple[int, float]], time: int) -> float:
    """The last value at or before a time, one after the other."""
    found = math.nan
    for begins, value in steps:
        if begins <= time:
            found = value
    return found


@given(PULSES, LOGS)
def test_a_row_for_each_value_holds_what_a_loop_sorts_there(
    pulses: list[tuple[int, int, float]], steps: list[tuple[int, float]]
) -> None:
    expected: dict[float, tuple[int, int, float]] = {}
    for time, events, charge in pulses:
        value = value_at(steps, time)
        if not math.isnan(value):
            so_far = expected.get(value, (0, 0, 0.0))
            expected[value] = so_far[0] + 1, so_far[1] + events, so_far[2] + charge
    found = curve(*beam_of(pulses), log_of(steps), BinsWanted.VALUES, Per.PULSE)
    assert found.x.tolist() == sorted(expected)
    for row, value in enumerate(found.x.tolist()):
        pulses_there, events_there, charge_pc = expected[value]
        assert (int(found.pulses[row]), int(found.events[row])) == (pulses_there, events_there)
        assert found.charge_pc[row] == pytest.approx(charge_pc)
        assert found.mean[row] == pytest.approx(events_there / pulses_there)
        assert found.error[row] == pytest.approx(math.sqrt(events_there) / pulses_there)


@given(PULSES, LOGS, BINS, st.sampled_from(Per))
def test_every_pulse_counts_once_whatever_the_bins(
    pulses: list[tuple[int, int, float]], steps: list[tuple[int, float]], bins: int | BinsWanted, per: Per
) -> None:
    found = curve(*beam_of(pulses), log_of(steps), bins, per)
    with_value = [one for one in pulses if not math.isnan(value_at(steps, one[0]))]
    assert found.pulses.sum() == len(with_value)
    assert found.without_value == len(pulses) - len(with_value)
    assert found.events.sum() == sum(events for _, events, _ in with_value)
    assert found.charge_pc.sum() == pytest.approx(sum(charge for *_, charge in with_value))
    assert (found.pulses > 0).all()
    assert (found.x_low <= found.x).all()
    assert (found.x <= found.x_high).all()
    assert (np.diff(found.x_low) > 0).all()


@given(PULSES, LOGS, BINS)
def test_mean_and_error_are_those_of_the_sums(
    pulses: list[tuple[int, int, float]], steps: list[tuple[int, float]], bins: int | BinsWanted
) -> None:
    found = curve(*beam_of(pulses), log_of(steps), bins, Per.CHARGE)
    for events, charge_pc, mean, error in zip(found.events, found.charge_pc, found.mean, found.error, strict=True):
        if charge_pc == 0:
            assert math.isnan(mean)
            assert math.isnan(error)
        else:
            assert mean == pytest.approx(events / (charge_pc / PC_PER_UAH))
            assert error == pytest.approx(math.sqrt(events) / (charge_pc / PC_PER_UAH))


def test_a_beam_monitor_has_times_of_its_own() -> None:
    beam, _ = beam_of([(1, 0, 10.0), (11, 0, 10.0), (21, 0, 10.0)])
    packets = Counted(time_ns=np.array([2, 12, 13, 22]), events=np.array([5, 6, 7, 8]))
    found = curve(beam, packets, log_of([(0, 1.0), (10, 2.0), (20, 1.0)]), BinsWanted.VALUES, Per.PULSE)
    assert found.x.tolist() == [1.0, 2.0]
    assert found.events.tolist() == [13, 13]
    assert found.pulses.tolist() == [2, 1]


def many(distinct: int) -> tuple[PulseBeam, Counted, LogValues]:
    beam, counted = beam_of([(k, 1, 1.0) for k in range(distinct)])
    return beam, counted, log_of([(k, float(k)) for k in range(distinct)])


def test_few_values_have_a_row_each_and_many_are_binned() -> None:
    assert len(curve(*many(AUTO_VALUES), BinsWanted.AUTO, Per.PULSE).x) == AUTO_VALUES
    assert len(curve(*many(AUTO_VALUES + 1), BinsWanted.AUTO, Per.PULSE).x) == AUTO_BINS
    assert len(curve(*many(MAX_ROWS), BinsWanted.VALUES, Per.PULSE).x) == MAX_ROWS
    with pytest.raises(ValueError, match="513 distinct values, at most 512 have a row each: use bins"):
        curve(*many(MAX_ROWS + 1), BinsWanted.VALUES, Per.PULSE)


def test_bins_reach_from_the_least_to_the_largest_value() -> None:
    found = curve(*many(100), 4, Per.PULSE)
    assert found.x_low[0] == 0
    assert found.x_high[-1] == 99
    assert found.x_low[1:].tolist() == found.x_high[:-1].tolist()
    assert found.pulses.tolist() == [25, 25, 25, 25]


@pytest.mark.parametrize(("text", "bins"), [("auto", BinsWanted.AUTO), ("values", BinsWanted.VALUES), ("512", 512)])
def test_bins_by_text(text: str, bins: int | BinsWanted) -> None:
    assert parse_bins(text) == bins


@pytest.mark.parametrize("text", ["", "0", "513", "-1", "1.5", "Auto", "9" * 40, "\u0663"])
def test_other_texts_are_no_bins(text: str) -> None:
    with pytest.raises(ValueError, match="bins: expected auto, values or a number from 1 to 512"):
        parse_bins(text)


# ---- metrics


@given(PULSES, LOGS, st.lists(TIMES, unique=True, max_size=8).map(sorted))
def test_a_metric_stands_at_the_mean_of_the_log_over_its_own_pulses(
    pulses: list[tuple[int, int, float]], steps: list[tuple[int, float]], ends: list[int]
) -> None:
    values = [
        MetricPoint(time_ns=end, value=None if k % 3 == 1 else float(k), error=0.5 if k % 2 else None)
        for k, end in enumerate(ends)
    ]
    found = metric_curve(*beam_of(pulses), log_of(steps), values, units="mm")
    row, before = 0, -math.inf
    for value in values:
        own = [one for one in pulses if before < one[0] <= value.time_ns and not math.isnan(value_at(steps, one[0]))]
        before = value.time_ns
        if not own or value.value is None:
            continue
        logged = [value_at(steps, time) for time, *_ in own]
        assert found.x[row] == pytest.approx(sum(one / len(logged) for one in logged))
        assert (found.x_low[row], found.x_high[row]) == (min(logged), max(logged))
        assert (found.mean[row], found.pulses[row]) == (value.value, len(own))
        assert found.events[row] == sum(events for _, events, _ in own)
        assert found.error[row] == value.error if value.error else math.isnan(found.error[row])
        row += 1
    assert row == len(found.x)


def test_nothing_known_is_an_empty_curve() -> None:
    beam, counted = beam_of([])
    for found in (
        curve(beam, counted, log_of([]), BinsWanted.AUTO, Per.CHARGE),
        curve(*beam_of([(1, 2, 3.0)]), log_of([]), 7, Per.PULSE),
        metric_curve(beam, counted, log_of([]), []),
    ):
        assert len(found.x) == 0
