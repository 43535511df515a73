"""FilterByLogValue, CompressEvents, CropWorkspace."""

import numpy as np

from mantid._algorithms.base import OneToOne, in_out, matrix
from mantid.api.events import Events, EventWorkspace
from mantid.api.factory import subscribe
from mantid.api.properties import Property
from mantid.api.workspaces import Workspace, Workspace2D
from mantid.kernel import FloatTimeSeriesProperty

Span = tuple[int, int]
EVER = 2**62


@subscribe
class FilterByLogValue(OneToOne):
    """The events of the pulses at which a log was within limits."""

    def declare(self) -> list[Property]:
        return [
            *in_out(),
            Property("LogName", mandatory=True),
            Property("MinimumValue", "float", -np.inf),
            Property("MaximumValue", "float", np.inf),
            Property("TimeTolerance", "float", 0.0),
            Property("LogBoundary", default="Centre", allowed=["Centre", "Left"]),
        ]

    def compute(self, workspace: Workspace) -> Workspace:
        given = _with_times(workspace, self.name())
        log = given.run()[self.getProperty("LogName").value]
        if not isinstance(log, FloatTimeSeriesProperty):
            raise ValueError(f"FilterByLogValue: {log.name} is no time series")
        low, high = self.getProperty("MinimumValue").value, self.getProperty("MaximumValue").value
        good = (log.value >= low) & (log.value <= high)
        tolerance_ns = round(self.getProperty("TimeTolerance").value * 1e9)
        is_left = self.getProperty("LogBoundary").value == "Left"
        spans = good_spans(log.times_ns(), good, 0 if is_left else tolerance_ns, is_left)
        charge = given.run()._logs.get("proton_charge")
        if isinstance(charge, FloatTimeSeriesProperty) and len(good) > 1:
            spans = _widened(spans, log.times_ns(), good, charge.times_ns(), tolerance_ns)
        time = given.events.pulse_ns
        kept = np.any([(time >= start) & (time < stop) for start, stop in [*spans, (0, 0)]], axis=0)
        made = given.with_events(given.events.taken(kept))
        made._run = given.run().during(spans)
        return made


def good_spans(time_ns: np.ndarray, good: np.ndarray, tolerance_ns: int, is_left: bool) -> list[Span]:
    """From the first good value of each stretch to its last, or to the first bad one behind it."""
    if len(good) == 1:
        return [(-EVER, EVER)] if good[0] else []
    spans, row = [], 0
    while row < len(good):
        end = row
        while end < len(good) and good[end]:
            end += 1
        if end > row:
            last = time_ns[min(end, len(good) - 1)] if is_left else time_ns[end - 1] + tolerance_ns
            spans.append((int(time_ns[row]) - tolerance_ns, int(last)))
        row = end + 1
    return spans


def _widened(spans: list[Span], time_ns: np.ndarray, good: np.ndarray, pulse_ns: np.ndarray, tol: int) -> list[Span]:
    """Before its first value and after its last the log is constant: from the first pulse, to the last."""
    wider = list(spans)
    if good[0] and pulse_ns.min() < time_ns[0]:
        wider[0] = (int(pulse_ns.min()) - tol, wider[0][1])
    if good[-1] and pulse_ns.max() > time_ns[-1]:
        wider[-1] = (wider[-1][0], int(pulse_ns.max()) + tol)
    return wider


def _with_times(workspace: Workspace, name: str) -> EventWorkspace:
    if not isinstance(workspace, EventWorkspace) or not workspace.has_times:
        raise RuntimeError(f"{name}: an EventWorkspace whose events know their pulse is expected")
    return workspace


@subscribe
class CompressEvents(OneToOne):
    """Events of a spectrum within a tolerance as one, counted from the first of them."""

    def declare(self) -> list[Property]:
        return [*in_out(), Property("Tolerance", "float", 1e-5)]

    def compute(self, workspace: Workspace) -> Workspace:
        if not isinstance(workspace, EventWorkspace):
            raise RuntimeError("CompressEvents: an EventWorkspace is expected")
        return compressed(workspace, self.getProperty("Tolerance").value)


def compressed(given: EventWorkspace, tolerance: float) -> EventWorkspace:
    """One event for each group, at the mean weighted by 1/error; the pulses are forgotten."""
    events = given.events.taken(np.lexsort((given.events.x, given.events.index)))
    group = np.empty(len(events.x), dtype=np.int64)
    first, number = (-1, 0.0), -1
    for place, at in enumerate(zip(events.index.tolist(), events.x.tolist(), strict=True)):
        if at[0] != first[0] or at[1] > first[1] + tolerance:
            first, number = at, number + 1
        group[place] = number
    near = 1 / np.sqrt(events.variance)
    count = np.bincount(group)
    x = np.bincount(group, near * events.x) / np.bincount(group, near)
    starts = np.searchsorted(group, np.arange(len(count)))
    x[count == 1] = events.x[starts][count == 1]
    summed = (np.bincount(group, column) for column in (events.weight, events.variance))
    made = given.with_events(Events(x, events.index[starts], np.zeros(len(x), np.int64), *summed))
    made.has_times = False
    return made


@subscribe
class CropWorkspace(OneToOne):
    """Whole bins between two edges, of histograms with common bins."""

    def declare(self) -> list[Property]:
        return [*in_out(), Property("XMin", "float", -np.inf), Property("XMax", "float", np.inf)]

    def compute(self, workspace: Workspace) -> Workspace:
        given = matrix(workspace, self)
        if isinstance(given, EventWorkspace) or not given.isCommonBins():
            raise RuntimeError("CropWorkspace: the double crops histograms with common bins")
        x = given.extractX()
        first = max(0, int(np.searchsorted(x[0], self.getProperty("XMin").value, "right")) - 1)
        last = int(np.searchsorted(x[0], self.getProperty("XMax").value, "right")) - 1
        rows = (given.extractY()[:, first:last], given.extractE()[:, first:last])
        return Workspace2D(x[:, first : last + 1], *rows).take_over(given)
