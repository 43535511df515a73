"""A curve over a log of what is counted of a run: all of it, a region, a beam monitor, or a metric."""

from dataclasses import dataclass

import numpy as np

from livereduce.messages.regions import Region
from livereduce.messages.views import OverQuestion
from livereduce.viewer.counted_run import CountedRun
from livereduce.viewer.over_log.curves import Counted, CurveOverLog, Per, PulseBeam, curve, metric_curve, parse_bins
from livereduce.viewer.over_log.log_values import LogValues


@dataclass(frozen=True, slots=True, eq=False)
class CurveOfRun:
    """A curve, and since when it is counted; 0: from the start of the run."""

    curve: CurveOverLog
    since_ns: int


@dataclass(frozen=True, slots=True, eq=False)
class _PulsesRead:
    """What was counted in the pulses, from pulse `start` on."""

    counted: Counted
    start: int = 0


def curve_of(run: CountedRun, question: OverQuestion, log: LogValues, region: Region | None) -> CurveOfRun | None:
    """The curve that is asked for; None if the run has no such beam monitor.

    Raises
    ------
    ValueError
        The question cannot be answered: says why.
    """
    kind, _, name = question.of.partition(":")
    if kind == "monitor":
        return _of_monitor(run, question, log, name)
    read = _in_region(run, region) if region is not None else _in_all(run)
    pulses = run.pulses
    beam = PulseBeam(pulse_ns=read.counted.time_ns, charge_pc=pulses.charge_pc[read.start :])
    if kind == "metric":
        units, every = question.metric_units, question.metric_every
        found = metric_curve(beam, read.counted, log, question.metric, units=units, every=every)
        return CurveOfRun(found, run.since_ns())
    found = curve(beam, read.counted, log, parse_bins(question.bins), Per(question.per))
    return CurveOfRun(found, int(beam.pulse_ns[0]) if read.start else run.since_ns())


def _in_all(run: CountedRun) -> _PulsesRead:
    return _PulsesRead(Counted(time_ns=run.pulses.time_ns, events=np.diff(run.pulses.first)))


def _in_region(run: CountedRun, region: Region) -> _PulsesRead:
    """The pulses before the first event that is held are left out: nobody knows what the region had in them."""
    first_event, events = run.regions.in_pulses(run.region(region), run.held, run.pulses.first)
    start = run.pulses.pulse_of_event(first_event) if first_event else 0
    return _PulsesRead(Counted(time_ns=run.pulses.time_ns[start:], events=events[start:]), start)


def _of_monitor(run: CountedRun, question: OverQuestion, log: LogValues, name: str) -> CurveOfRun | None:
    monitor = run.monitors.get(int(name)) if name.isascii() and name.isdigit() and len(name) < 10 else None
    if monitor is None:
        return None
    beam = PulseBeam(pulse_ns=run.pulses.time_ns, charge_pc=run.pulses.charge_pc)
    counted = Counted(time_ns=monitor.time_ns, events=monitor.counts)
    return CurveOfRun(curve(beam, counted, log, parse_bins(question.bins), Per(question.per)), run.since_ns())
