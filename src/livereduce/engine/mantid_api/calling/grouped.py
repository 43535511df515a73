"""A call with groups as input: it is made for each member, and what is made is grouped.

Source of the names: Mantid Framework/API/src/Algorithm.cpp (doCallProcessGroups), WorkspaceGroup.cpp (areNamesSimilar).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from livereduce.catalog.declaration import Algorithm, ArgumentKind
from livereduce.engine.mantid_api.calling.binding import BoundCall
from livereduce.engine.mantid_api.calling.outputs import name_of
from livereduce.engine.mantid_api.objects.workspace_group import WorkspaceGroup
from livereduce.engine.workspaces.mtd import WorkspaceStore

RunOnce = Callable[[BoundCall, Mapping[str, Any]], dict[str, Any]]
"""Runs the algorithm for one set of workspaces."""


def run_each(
    algorithm: Algorithm, asked: BoundCall, handles: Mapping[str, Any], store: WorkspaceStore, run: RunOnce
) -> dict[str, Any]:
    """Run an algorithm for each member of the groups that are given.

    Returns
    -------
    By the names of the arguments: a group of what was made, and of other values a list.
    """
    count = number_of_members(algorithm, handles)
    made = []
    for number in range(count):
        members = _members(handles, number, count)
        made.append(run(_asked_of(algorithm, asked, handles, members, number), members))
    objects: dict[str, Any] = {}
    for one in algorithm.arguments:
        parts = [part[one.name] for part in made if one.name in part]
        if parts and one.kind is ArgumentKind.MAKES:
            objects[one.name] = _grouped(name_of(algorithm, one, asked.given), parts, asked, store)
        elif parts:
            objects[one.name] = handles.get(one.name, parts)
    return objects


def number_of_members(algorithm: Algorithm, handles: Mapping[str, Any]) -> int:
    """Number of members of the groups; a group with one member goes with each member of another.

    Raises
    ------
    ValueError
        The groups have different numbers of members, or none.
    """
    sizes = {name: len(one) for name, one in handles.items() if isinstance(one, WorkspaceGroup)}
    several = {size for size in sizes.values() if size != 1}
    if len(several) > 1 or 0 in several:
        told = ", ".join(f"{name} has {size}" for name, size in sizes.items())
        raise ValueError(f"{algorithm.name}: expected groups with the same number of members; {told}")
    return several.pop() if several else 1


def names_are_similar(group: WorkspaceGroup) -> bool:
    """True if the members are named as Mantid names them: the group's name and a number."""
    return all(re.fullmatch(re.escape(group.name()) + r"_\d+", str(name)) for name in group.getNames())


def _members(handles: Mapping[str, Any], number: int, count: int) -> dict[str, Any]:
    return {
        name: one[number if len(one) == count else 0] if isinstance(one, WorkspaceGroup) else one
        for name, one in handles.items()
    }


def _asked_of(
    algorithm: Algorithm, asked: BoundCall, handles: Mapping[str, Any], members: Mapping[str, Any], number: int
) -> BoundCall:
    """The call for one member of each group, with the names of its outputs."""
    groups = [one for one in handles.values() if isinstance(one, WorkspaceGroup)]
    named: dict[str, Any] = {}
    for one in algorithm.arguments:
        name = name_of(algorithm, one, asked.given) if one.kind is ArgumentKind.MAKES else ""
        own = next((key for key, handle in handles.items() if handle.name() == name), None)
        if not name:
            continue
        if own is not None:
            named[one.name] = members[own].name()
        elif all(map(names_are_similar, groups)):
            named[one.name] = f"{name}_{number + 1}"
        else:
            names = [str(member.name()) for member in members.values() if member.name()]
            named[one.name] = "_".join([*names, name])
    return replace(asked, given={**asked.given, **named})


def _grouped(name: str, parts: list[Any], asked: BoundCall, store: WorkspaceStore) -> WorkspaceGroup:
    group = WorkspaceGroup(name, parts)
    if asked.stored and name:
        store[name] = group
    return group
