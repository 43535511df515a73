"""Curves over a log: every pulse, with what was counted in it, belongs to the value that the log had at its time. Pure.

What is counted has times of its own: those of the pulses for events of the detector, those of its packets for a beam
monitor. So beam and counts are sorted into the same bins, each by itself, and nothing has to be matched.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from livereduce.messages.views import MetricPoint
from livereduce.stream.items import F8, I8
from livereduce.viewer.over_log.log_values import LogValues

PC_PER_UAH = 3.6e9
MAX_ROWS = 512
"""Most bins, or distinct values."""
AUTO_VALUES = 64
"""Up to so many distinct values there is a row for each, if nobody says otherwise; of more there are `AUTO_BINS`."""
AUTO_BINS = 50


class Per(StrEnum):
    """What counts are divided by."""

    CHARGE = "charge"
    PULSE = "pulse"


class BinsWanted(StrEnum):
    """How a curve is divided, where it is not a number of bins."""

    AUTO = "auto"
    VALUES = "values"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PulseBeam:
    """The pulses of a run: their times, and their proton charge in pC."""

    pulse_ns: I8
    charge_pc: F8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Counted:
    """What was counted: so many events at each of these times."""

    time_ns: I8
    events: I8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CurveOverLog:
    """A curve over a log; a row for each value or bin that has pulses or events.

    Attributes
    ----------
    x, x_low, x_high
        Mean of the log over the pulses of the row; the edges of its bin, or what the log was at least and at most.
    mean, error
        Per charge or per pulse, with the error of the counts; NaN where that is zero.
    without_value
        Pulses at whose time the log had no value that may be used.
    every
        Of a metric: each value is that of the newest of so many chunks, but `x` is of the pulses of all of them.
    """

    x: F8
    x_low: F8
    x_high: F8
    mean: F8
    error: F8
    pulses: I8
    events: I8
    charge_pc: F8
    units: str
    without_value: int
    every: int = 1


def parse_bins(text: str) -> int | BinsWanted:
    """``auto``, ``values``, or a number of bins.

    Raises
    ------
    ValueError
        It is something else.
    """
    if text in set(BinsWanted):
        return BinsWanted(text)
    if text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= MAX_ROWS:
        return int(text)
    raise ValueError(f"bins: expected auto, values or a number from 1 to {MAX_ROWS}, got {text[:40]!r}")


def curve(beam: PulseBeam, counted: Counted, log: LogValues, bins: int | BinsWanted, per: Per) -> CurveOverLog:
    """Sort pulses and what was counted by the value of a log.

    Raises
    ------
    ValueError
        There are too many distinct values for a row each.
    """
    at_pulse = log.at(beam.pulse_ns)
    if counted.time_ns is beam.pulse_ns:  # a long run has millions of pulses: not twice
        rows = _rows(_stays(at_pulse), bins)
        pulse_row = count_row = rows.of(at_pulse)
    else:
        at_count = log.at(counted.time_ns)
        rows = _rows(np.concatenate((_stays(at_pulse), _stays(at_count))), bins)
        pulse_row, count_row = rows.of(at_pulse), rows.of(at_count)
    size = len(rows.low)
    pulses = _counts(pulse_row, size)
    events = np.rint(_sums(count_row, counted.events, size)).astype(np.int64)
    charge_pc = _sums(pulse_row, beam.charge_pc, size)
    used = (pulses > 0) | (events > 0)
    x = np.where(pulses > 0, _means(pulse_row, at_pulse, pulses), rows.low / 2 + rows.high / 2).clip(
        rows.low, rows.high
    )
    mean, error = normalized(events, charge_pc / PC_PER_UAH if per is Per.CHARGE else pulses.astype(np.float64))
    return CurveOverLog(
        x=x[used],
        x_low=rows.low[used],
        x_high=rows.high[used],
        mean=mean[used],
        error=error[used],
        pulses=pulses[used],
        events=events[used],
        charge_pc=charge_pc[used],
        units="counts/µAh" if per is Per.CHARGE else "counts/pulse",
        without_value=int(np.isnan(at_pulse).sum()),
    )


def metric_curve(
    beam: PulseBeam,
    counted: Counted,
    log: LogValues,
    values: Sequence[MetricPoint],
    *,
    units: str = "",
    every: int = 1,
) -> CurveOverLog:
    """A metric over a log: each of its values at the mean of the log over the pulses that were new in it.

    Values that are None, of which no pulse is known, or during whose pulses the log had no value, are left out.

    Parameters
    ----------
    values
        In the order of time.
    every
        Of so many values only the newest is among them.
    """
    ends_ns = np.array([value.time_ns for value in values], np.int64)
    size, at_pulse = len(values), log.at(beam.pulse_ns)
    known = np.isfinite(at_pulse)
    row = np.searchsorted(ends_ns, beam.pulse_ns, side="left")
    row = np.where(known & (row < size), row, -1)
    count_row = np.searchsorted(ends_ns, counted.time_ns, side="left")
    count_row = np.where(np.isfinite(log.at(counted.time_ns)) & (count_row < size), count_row, -1)
    pulses = _counts(row, size)
    low, high = _extremes(row, at_pulse, size)
    mean = np.array([np.nan if value.value is None else value.value for value in values], np.float64)
    used = (pulses > 0) & np.isfinite(mean)
    error = np.array([np.nan if value.error is None else value.error for value in values], np.float64)
    return CurveOverLog(
        x=_means(row, at_pulse, pulses).clip(low, high)[used],
        x_low=low[used],
        x_high=high[used],
        mean=mean[used],
        error=error[used],
        pulses=pulses[used],
        events=np.rint(_sums(count_row, counted.events, size)).astype(np.int64)[used],
        charge_pc=_sums(row, beam.charge_pc, size)[used],
        units=units,
        without_value=int((~known).sum()),
        every=every,
    )


def normalized(events: I8, by: F8) -> tuple[F8, F8]:
    """Counts divided by something, with their statistical error; NaN where that is not positive."""
    divisor = np.where(by > 0, by, np.nan)
    return events / divisor, np.sqrt(events) / divisor


# ---- rows


@dataclass(frozen=True, slots=True, eq=False)
class _LogRows:
    """Edges of the rows; where low and high are equal in all, each row is one value."""

    low: F8
    high: F8

    def of(self, value: F8) -> I8:
        """The row of each value; -1 where there is none."""
        row = np.searchsorted(self.low, value, side="right") - 1
        return np.where(np.isfinite(value), row, -1).astype(np.int64)


def _rows(value: F8, bins: int | BinsWanted) -> _LogRows:
    distinct = np.unique(value[np.isfinite(value)])
    if bins is BinsWanted.AUTO:
        bins = BinsWanted.VALUES if len(distinct) <= AUTO_VALUES else AUTO_BINS
    if isinstance(bins, BinsWanted):
        if len(distinct) > MAX_ROWS:
            raise ValueError(
                f"the log has {len(distinct)} distinct values, at most {MAX_ROWS} have a row each: use bins"
            )
        return _LogRows(distinct, distinct)
    if len(distinct) <= 1:
        return _LogRows(distinct, distinct)
    share = np.arange(bins + 1) / bins
    edges = np.maximum.accumulate(distinct[0] * (1 - share) + distinct[-1] * share)
    return _LogRows(edges[:-1].clip(distinct[0], distinct[-1]), edges[1:].clip(distinct[0], distinct[-1]))


def _stays(value: F8) -> F8:
    """The values in their order, each once as long as it stays the same: a log changes rarely, beside its pulses."""
    changes = np.ones(len(value), np.bool_)
    np.not_equal(value[1:], value[:-1], out=changes[1:])
    return value[changes]


def _counts(row: I8, size: int) -> I8:
    counts: I8 = np.bincount(row[row >= 0], minlength=size)
    return counts


def _sums(row: I8, value: F8 | I8, size: int) -> F8:
    sums: F8 = np.bincount(row[row >= 0], weights=value[row >= 0], minlength=size).astype(np.float64)
    return sums


def _means(row: I8, value: F8, pulses: I8) -> F8:
    """Mean of a log over the pulses of each row; divided first, since a log may have numbers near the largest one."""
    inside = row >= 0
    return _sums(row[inside], value[inside] / pulses[row[inside]], len(pulses))


def _extremes(row: I8, value: F8, size: int) -> tuple[F8, F8]:
    low, high = np.full(size, np.inf), np.full(size, -np.inf)
    np.minimum.at(low, row[row >= 0], value[row >= 0])
    np.maximum.at(high, row[row >= 0], value[row >= 0])
    return low, high
