"""Adding, replacing, appending."""

import dataclasses

import numpy as np

from mantid._double.switches import is_on
from mantid.api.events import EventWorkspace
from mantid.api.workspaces import MatrixWorkspace, Workspace, Workspace2D, WorkspaceGroup


def accumulate(method: str, accumulated: Workspace | None, chunk: Workspace) -> Workspace:
    """The new accumulation; Add changes the old one in place."""
    if method == "Replace" or accumulated is None:
        return replace(accumulated, chunk)
    if method == "Append":
        return append(accumulated, chunk)
    add(accumulated, chunk)
    return accumulated


def pairs(accumulated: Workspace, chunk: Workspace) -> list[tuple[MatrixWorkspace, MatrixWorkspace]]:
    """The two workspaces, or the members of two groups of one size."""
    if not isinstance(accumulated, WorkspaceGroup) and not isinstance(chunk, WorkspaceGroup):
        assert isinstance(accumulated, MatrixWorkspace)
        assert isinstance(chunk, MatrixWorkspace)
        return [(accumulated, chunk)]
    if not isinstance(accumulated, WorkspaceGroup) or not isinstance(chunk, WorkspaceGroup):
        raise RuntimeError("Two workspace groups are expected.")
    if len(accumulated) != len(chunk):
        raise RuntimeError("Workspace groups are expected to have the same size.")
    return list(zip(_members(accumulated), _members(chunk), strict=True))


def add(accumulated: Workspace, chunk: Workspace) -> None:
    """Add in place."""
    for left, right in pairs(accumulated, chunk):
        plus(left, right)


def plus(left: MatrixWorkspace, right: MatrixWorkspace) -> None:
    """Lists of events are joined, histograms summed, which needs equal bins and spectra; logs are merged (5.1, 5.5)."""
    if isinstance(left, EventWorkspace) and isinstance(right, EventWorkspace):
        if left.getNumberHistograms() != right.getNumberHistograms():
            raise RuntimeError("Plus: the workspaces have different numbers of spectra")
        left.events = left.events.joined(right.events)
    elif isinstance(left, Workspace2D):
        if left._x.shape != right.extractX().shape or not np.allclose(left._x, right.extractX()):
            raise RuntimeError("Plus: the workspaces have different bins or numbers of spectra")
        if left._unit != right._unit or left._y_unit != right._y_unit:
            raise RuntimeError("Plus: the workspaces have different units")
        left._y += right.extractY()
        left._e = np.hypot(left._e, right.extractE())
    else:
        raise RuntimeError("Plus: a histogram cannot be added to events in place")
    left.run().add(right.run())


def replace(accumulated: Workspace | None, chunk: Workspace) -> Workspace:
    """The chunk; with the instrument of what was there before, whatever that was."""
    old, new = _first(accumulated), _members(chunk)
    if old is not None and old.getInstrument().getName() and is_on("keeps_instrument"):
        for member in new:
            member._instrument = old.getInstrument()
    return chunk


def append(accumulated: Workspace, chunk: Workspace) -> Workspace:
    """Spectra behind spectra: a new workspace that grows with every cycle."""
    joined = [_appended(left, right) for left, right in pairs(accumulated, chunk)]
    return WorkspaceGroup(list(joined)) if isinstance(accumulated, WorkspaceGroup) else joined[0]


def _appended(left: MatrixWorkspace, right: MatrixWorkspace) -> MatrixWorkspace:
    grown: MatrixWorkspace
    if isinstance(left, EventWorkspace) and isinstance(right, EventWorkspace):
        grown = EventWorkspace(left.getNumberHistograms() + right.getNumberHistograms(), left.edges)
        moved = dataclasses.replace(right.events, index=right.index + left.getNumberHistograms())
        grown.events = left.events.joined(moved)
    else:
        if left.extractX().shape[1] != right.extractX().shape[1]:
            raise RuntimeError("AppendSpectra: the workspaces have different numbers of bins")
        x, y, e = (
            (np.vstack(two))
            for two in (
                (left.extractX(), right.extractX()),
                (left.extractY(), right.extractY()),
                (left.extractE(), right.extractE()),
            )
        )
        grown = Workspace2D(x, y, e)
    grown.take_over(left)
    grown.run().add(right.run())
    return grown


def fix_default_bins(workspace: Workspace) -> None:
    """One bin that spans all events, where there is only one bin and more than two events."""
    for member in _members(workspace):
        if not isinstance(member, EventWorkspace) or member.getNumberEvents() <= 2 or len(member.edges) > 2:
            continue
        if member.edges[-1] > member.edges[0]:
            member.edges = np.array([member.getTofMin(), np.nextafter(member.getTofMax(), np.inf)])


def without_events(workspace: Workspace) -> Workspace:
    """Histograms in the binning that there is."""
    if isinstance(workspace, WorkspaceGroup):
        return WorkspaceGroup([without_events(member) for member in workspace._members])
    return workspace.to_histogram() if isinstance(workspace, EventWorkspace) else workspace


def _members(workspace: Workspace | None) -> list[MatrixWorkspace]:
    if workspace is None:
        return []
    members = workspace._members if isinstance(workspace, WorkspaceGroup) else [workspace]
    return [member for member in members if isinstance(member, MatrixWorkspace)]


def _first(workspace: Workspace | None) -> MatrixWorkspace | None:
    return next(iter(_members(workspace)), None)
