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

    def __init__(self, prefix: str, metric: str, **options: Any) -> None:
        self.metric = metric
        super().__init__(prefix, **options)

    def relative_error(self) -> float:
        """σ/x of the newest value; infinite while there is none to act on."""
        value, error = self.value.get(), self.error.get()
        if max(self.value.alarm_severity, self.error.alarm_severity) >= INVALID or not value:
            return math.inf
        of_one_result = self.value.timestamp == self.error.timestamp
        return abs(error / value) if of_one_result else math.inf


def until_good_enough(detector: Reduced, relative_error: float, at_most_s: float, look_every_s: float = 0.5) -> Plan:
    """Wait until σ/x is at most `relative_error`; return why it ended. An event for each new value.

    To be used inside of a run of bluesky's, at one point of a scan or for all of a count.
    """
    began_s, run_start, seen = time.monotonic(), detector.run_start.get(), 0.0
    while time.monotonic() - began_s < at_most_s:
        if detector.run_start.get() != run_start:
            return "another run has begun"
        if (newest := detector.value.timestamp) != seen and math.isfinite(detector.relative_error()):
            seen = newest
            yield from bps.trigger_and_read([detector])
            if detector.relative_error() <= relative_error:
                return "good enough"
        yield from bps.sleep(look_every_s)
    return f"not good enough within {at_most_s:g} s"


def count_until(
    detector: Reduced, relative_error: float = 0.01, at_most_s: float = 3600.0, md: dict[str, Any] | None = None
) -> Plan:
    """Count until σ/x of a metric is at most `relative_error`; the plan's result says why it ended."""
    metadata = {"plan_name": "count_until", "relative_error": relative_error, "detectors": [detector.name]}

    def inner() -> Plan:
        yield from bps.open_run(metadata | (md or {}))
        why = yield from until_good_enough(detector, relative_error, at_most_s)
        yield from bps.close_run(exit_status="success", reason=why)
        return why

    why: str = yield from stage_wrapper(inner(), [detector])
    return why
