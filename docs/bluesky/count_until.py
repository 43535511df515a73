"""A bluesky plan that counts until a reduced number is good enough: σ/x below a limit.

The number is a metric that livereduce serves as a PV (docs/control_system.md). Needs bluesky, ophyd and pyepics.
"""

import math
import time
from collections.abc import Generator
from typing import Any

import bluesky.plan_stubs as bps
from bluesky.preprocessors import stage_wrapper
from ophyd import Component, Device, EpicsSignalRO
from ophyd import FormattedComponent as Formatted

INVALID = 3
"""Severity of a value that nobody should act on: of another run, too old, or not there."""

Plan = Generator[Any, Any, str]
LOOK_EVERY_S = 0.5
OVER = ("ended", "no_run")
"""What `Run:State` is when nothing more comes of a run."""


class Reduced(Device):  # type: ignore[misc] # ophyd has no types
    """A metric with its error, and the run that it is of.

    Parameters
    ----------
    prefix
        As `epics.prefix` in the configuration of livereduce: ``BL11A:LR:``.
    metric
        Name of the metric, with ``_`` for dots.
    """

    value = Formatted(EpicsSignalRO, "{prefix}Metric:{metric}", auto_monitor=True, kind="hinted")
    error = Formatted(EpicsSignalRO, "{prefix}Metric:{metric}:Error", auto_monitor=True, kind="normal")
    run_start = Component(EpicsSignalRO, "Run:Start", auto_monitor=True, kind="normal")
    run_number = Component(EpicsSignalRO, "Run:Number", auto_monitor=True, kind="normal")
    run_state = Component(EpicsSignalRO, "Run:State", auto_monitor=True, string=True, kind="omitted")

    def __init__(self, prefix: str, metric: str, **options: Any) -> None:
        self.metric = metric
        super().__init__(prefix, **options)

    def relative_error(self) -> float:
        """σ/x of the newest value. Infinite if the value is 0 or in alarm, or its error is not there yet."""
        value, error = self.value.get(), self.error.get()
        if max(self.value.alarm_severity, self.error.alarm_severity) >= INVALID or not value:
            return math.inf
        of_one_result = self.value.timestamp == self.error.timestamp
        return abs(error / value) if of_one_result else math.inf


def running_since(detector: Reduced, after: float | None) -> float | None:
    """`Run:Start` of the run that goes on; None while none does, or only the one that began at `after`."""
    state = detector.run_state.get()  # before `Run:Start`: a run that is said to go on has its start there already
    start: float = detector.run_start.get()
    if max(detector.run_state.alarm_severity, detector.run_start.alarm_severity) >= INVALID:
        return None
    return start if state == "running" and start != after else None


def until_good_enough(detector: Reduced, relative_error: float, at_most_s: float, after: float | None = None) -> Plan:
    """Wait until σ/x is at most `relative_error`; return why it ended. An event for each new value.

    To be used inside of a run of bluesky's, with one run of the instrument for each point: a metric is over the whole
    run. A run that is over keeps its values, so nothing counts before a run goes on.

    Parameters
    ----------
    at_most_s
        The longest time for all of it, with the wait for the run to begin.
    after
        `Run:Start` as it was before the run was begun: only another run is the one. None: the run that goes on, or the
        next one.
    """
    began_s, run_start, seen = time.monotonic(), None, 0.0
    while time.monotonic() - began_s < at_most_s:
        if run_start is None:
            run_start = running_since(detector, after)  # its values at the next look: those of the last run go with it
        elif detector.run_start.get() != run_start:
            return "another run has begun"
        else:
            if (newest := detector.value.timestamp) != seen and math.isfinite(detector.relative_error()):
                seen = newest
                yield from bps.trigger_and_read([detector])
                if detector.relative_error() <= relative_error:
                    return "good enough"
            if detector.run_state.get() in OVER:
                return "the run is over"
        yield from bps.sleep(LOOK_EVERY_S)
    what = "no run has begun" if run_start is None else "not good enough"
    return f"{what} within {at_most_s:g} s"


def count_until(
    detector: Reduced,
    relative_error: float = 0.01,
    at_most_s: float = 3600.0,
    after: float | None = None,
    md: dict[str, Any] | None = None,
) -> Plan:
    """Count until σ/x of a metric is at most `relative_error`; the plan's result says why it ended."""
    metadata = {"plan_name": "count_until", "relative_error": relative_error, "detectors": [detector.name]}

    def inner() -> Plan:
        yield from bps.open_run(metadata | (md or {}))
        why = yield from until_good_enough(detector, relative_error, at_most_s, after)
        yield from bps.close_run(exit_status="success", reason=why)
        return why

    why: str = yield from stage_wrapper(inner(), [detector])
    return why
