"""Accumulate what proc leaves, a workspace or a group of some: a group member by member, as Mantid does.

Source: Mantid Framework/LiveData/src/LoadLiveData.cpp (addChunk).
"""

import copy

from livereduce.engine.builtin.accumulate import REPLACE, Accumulation, AccumulationError
from livereduce.engine.mantid_api.objects.matrix_workspace import MatrixWorkspace
from livereduce.engine.mantid_api.objects.output import Output
from livereduce.engine.mantid_api.objects.workspace_group import WorkspaceGroup
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.engine.workspaces.tally import Tally


class MembersAccumulation:
    """The accumulated data of a run: of one workspace, or of each member of a group by its place.

    Parameters
    ----------
    name, method, preserve_events
        As of `Accumulation`.
    """

    def __init__(self, name: str, method: str, *, preserve_events: bool) -> None:
        self._name, self._method = name, method
        self._preserve_events = preserve_events
        self.reset(0)

    def reset(self, run: int, *, preserve_events: bool | None = None) -> None:
        """Start empty for a run, optionally changing whether events are kept."""
        if preserve_events is not None:
            self._preserve_events = preserve_events
        self._run = run
        self._members: list[Accumulation] = []
        self._is_group = False

    @property
    def held_bytes(self) -> int:
        """Memory of all data taken."""
        return sum(one.held_bytes for one in self._members)

    @property
    def mapped_bytes(self) -> int:
        """The part of it that lies where the receiver has put it."""
        return sum(one.mapped_bytes for one in self._members)

    def add(self, output: Output) -> None:
        """Add a processed chunk.

        Raises
        ------
        AccumulationError
            It does not match those before; nothing has changed.
        """
        if self._method == REPLACE or not self._members:
            self.replace(output)
            return
        parts = _parts(output)
        if isinstance(output, WorkspaceGroup) != self._is_group or len(parts) != len(self._members):
            before = f"a group of {len(self._members)}" if self._is_group else "a workspace"
            raise AccumulationError(f"{_told(output)} cannot be added to {before} of the chunks before")
        # what the members of a group hold is replaced, never changed: one that does not match undoes those before it
        fresh = [copy.copy(one) for one in self._members] if self._is_group else self._members
        for one, part in zip(fresh, parts, strict=True):
            one.add(part)
        self._members = fresh

    def replace(self, output: Output) -> None:
        """Replace everything by a chunk."""
        parts = _parts(output)
        is_group = isinstance(output, WorkspaceGroup)
        fresh = [self._empty(part.name() if is_group else self._name) for part in parts]
        for one, part in zip(fresh, parts, strict=True):
            one.replace(part)
        self._members, self._is_group = fresh, is_group

    @property
    def has_data(self) -> bool:
        """True if there are data of the run."""
        return bool(self._members)

    def add_logs(self, logs: RunLogs, tally: Tally) -> None:
        """Add the logs of a chunk without events to all members."""
        for one in self._members:
            one.add_logs(logs, tally)

    def merge(self, other: "MembersAccumulation") -> None:
        """Add what another accumulation has taken of later chunks."""
        later = other.value()
        if later is not None:
            self.add(later)

    def value(self) -> Output | None:
        """All data taken; None if there are none. Changing them does not change the accumulated data."""
        values = [value for one in self._members if (value := one.value()) is not None]
        if not self._is_group:
            return values[0] if values else None
        return WorkspaceGroup(self._name, values)

    def _empty(self, name: str) -> Accumulation:
        made = Accumulation(name, self._method, preserve_events=self._preserve_events)
        made.reset(self._run)
        return made


def _parts(output: Output) -> list[MatrixWorkspace]:
    if not isinstance(output, WorkspaceGroup):
        return [output]
    if not len(output):
        raise AccumulationError("the group has no members")
    return [_as_matrix(member) for member in output]


def _as_matrix(member: MatrixWorkspace) -> MatrixWorkspace:
    """A member whose data are a `Matrix`, which accumulating never changes in place."""
    return MatrixWorkspace(
        member.name(),
        member.matrix,
        binned=member.binned.fresh(),
        logs=member.logs,
        run=member.run_number,
        tally=member.tally,
        geometry=member.geometry,
    )


def _told(output: Output) -> str:
    return f"a group of {len(output)}" if isinstance(output, WorkspaceGroup) else "a workspace"
