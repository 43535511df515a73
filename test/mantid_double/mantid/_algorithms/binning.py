"""Rebin, SumSpectra, Integration, ConvertToMatrixWorkspace."""

from dataclasses import replace

import numpy as np

from mantid._algorithms.base import OneToOne, in_out, matrix
from mantid.api.events import EventWorkspace
from mantid.api.factory import subscribe
from mantid.api.properties import Property
from mantid.api.workspaces import MatrixWorkspace, Workspace, Workspace2D


def bin_edges(params: list[float], low: float, high: float) -> np.ndarray:
    """Edges from ``min, step, max [, step, max …]`` or a step alone; a negative step is logarithmic.

    The last bin has between a quarter and one and a quarter of the step.
    """
    if len(params) == 1:
        params = [low, params[0], high]
    if len(params) < 3 or len(params) % 2 == 0:
        raise RuntimeError(f"Rebin: Params must be a step, or edges and steps in turn, not {params}")
    edges = [params[0]]
    for step, end in zip(params[1::2], params[2::2], strict=True):
        if step == 0 or end <= edges[-1]:
            raise RuntimeError(f"Rebin: Params must grow and have steps other than 0, not {params}")
        while True:
            width = step if step > 0 else edges[-1] * -step
            if edges[-1] + 1.25 * width > end:
                break
            edges.append(edges[-1] + width)
        edges.append(end)
    return np.array(edges)


@subscribe
class Rebin(OneToOne):
    """New bins; events stay events with PreserveEvents (the default)."""

    def declare(self) -> list[Property]:
        return [*in_out(), Property("Params", "floats", [], mandatory=True), Property("PreserveEvents", "bool", True)]

    def compute(self, workspace: Workspace) -> Workspace:
        given = matrix(workspace, self)
        low, high = given.readX(0)[[0, -1]]
        edges = bin_edges(self.getProperty("Params").value, float(low), float(high))
        if isinstance(given, EventWorkspace):
            return self._rebin_events(given, edges)
        return _rebin_histogram(given.extractX(), given.extractY(), given.extractE(), edges).take_over(given)

    def _rebin_events(self, given: EventWorkspace, edges: np.ndarray) -> Workspace:
        in_place = self.getPropertyValue("InputWorkspace") == self.getPropertyValue("OutputWorkspace")
        target = given if in_place else given.clone()
        target.edges = edges
        return target if self.getProperty("PreserveEvents").value else target.to_histogram()


def _rebin_histogram(x: np.ndarray, y: np.ndarray, e: np.ndarray, edges: np.ndarray) -> Workspace2D:
    """Counts are spread evenly over their old bin."""
    counts = [np.diff(_cumulated(old, row, edges)) for old, row in zip(x, y, strict=True)]
    squares = [np.diff(_cumulated(old, row**2, edges)) for old, row in zip(x, e, strict=True)]
    return Workspace2D(np.tile(edges, (len(y), 1)), np.array(counts), np.sqrt(np.array(squares)))


def _cumulated(old: np.ndarray, values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    counted: np.ndarray = np.interp(edges, old, np.concatenate([[0.0], np.cumsum(values)]))
    return counted


@subscribe
class SumSpectra(OneToOne):
    """All spectra, or a range of them, summed into one."""

    def declare(self) -> list[Property]:
        ends = [Property("StartWorkspaceIndex", "int", 0), Property("EndWorkspaceIndex", "int", -1)]
        return [*in_out(), *ends]

    def compute(self, workspace: Workspace) -> Workspace:
        given = matrix(workspace, self)
        first, last = self.getProperty("StartWorkspaceIndex").value, self.getProperty("EndWorkspaceIndex").value
        last = given.getNumberHistograms() - 1 if last < 0 else last
        if not 0 <= first <= last < given.getNumberHistograms():
            raise RuntimeError(f"SumSpectra: there is no range of spectra from {first} to {last}")
        if isinstance(given, EventWorkspace):
            summed: MatrixWorkspace = _sum_events(given, first, last)
        else:
            y, e = given.extractY()[first : last + 1], given.extractE()[first : last + 1]
            total, error = y.sum(axis=0)[None], np.sqrt((e**2).sum(axis=0))[None]
            summed = Workspace2D(given.extractX()[:1], total, error).take_over(given)
        summed._groups = [np.concatenate(given._groups[first : last + 1])] if given._groups else []
        return summed


def _sum_events(given: EventWorkspace, first: int, last: int) -> EventWorkspace:
    chosen = (given.index >= first) & (given.index <= last)
    summed = EventWorkspace(1, given.edges if given.edges.ndim == 1 else given.edges[0]).take_over(given)
    events = given.events.taken(chosen)
    summed.events = replace(events, index=0 * events.index)
    summed.has_times = given.has_times
    return summed


@subscribe
class Integration(OneToOne):
    """One bin per spectrum: events within exact limits, whole bins of histograms within them."""

    def declare(self) -> list[Property]:
        return [*in_out(), Property("RangeLower", "float", -np.inf), Property("RangeUpper", "float", np.inf)]

    def compute(self, workspace: Workspace) -> Workspace:
        given = matrix(workspace, self)
        low, high = self.getProperty("RangeLower").value, self.getProperty("RangeUpper").value
        if isinstance(given, EventWorkspace):
            one = given.clone()
            ends = (low if np.isfinite(low) else given.getTofMin(), high if np.isfinite(high) else given.getTofMax())
            one.edges = np.array(ends)
            return one.to_histogram()
        x = given.extractX()
        if not given.isCommonBins():
            raise RuntimeError("Integration: the double integrates common bins")
        within = np.flatnonzero((x[0] >= low) & (x[0] <= high))
        first, last = int(within[0]), int(within[-1])
        y, e = given.extractY()[:, first:last], given.extractE()[:, first:last]
        ends_of_rows = x[:, [first, last]]
        return Workspace2D(
            ends_of_rows, y.sum(axis=1, keepdims=True), np.sqrt((e**2).sum(axis=1, keepdims=True))
        ).take_over(given)


@subscribe
class ConvertToMatrixWorkspace(OneToOne):
    """Events to histograms in the binning that there is."""

    def declare(self) -> list[Property]:
        return in_out()

    def compute(self, workspace: Workspace) -> Workspace:
        given = matrix(workspace, self)
        return given.to_histogram() if isinstance(given, EventWorkspace) else given.clone()
