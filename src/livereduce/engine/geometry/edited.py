"""Instruments that scripts change: a detector for each spectrum at given angles, components moved and turned."""

from collections.abc import Sequence

import numpy as np

from livereduce.base.names import missing
from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.geometry.rotations import Vector, rotation, spherical
from livereduce.engine.geometry.tree import ComponentTree
from livereduce.stream.items import F8, I4


def of_angles(
    name: str,
    l1: float,
    ids: Sequence[int],
    l2: Sequence[float],
    polar_deg: Sequence[float],
    azimuthal_deg: Sequence[float],
) -> InstrumentGeometry:
    """A detector for each id at a distance from the sample, which is the origin, and angles to the beam along z.

    Raises
    ------
    ValueError
        A distance is not positive, or an id is given twice.
    """
    if any(not length > 0 for length in l2):
        raise ValueError(f"L2 is {min(l2)}: expected lengths above 0")
    order = np.argsort(np.asarray(ids, np.int64), kind="stable")
    ascending: I4 = np.asarray(ids, np.int32)[order]
    if len(np.unique(ascending)) < len(ascending):
        raise ValueError("a detector id is given twice")
    places = np.array([spherical(*place) for place in zip(l2, polar_deg, azimuthal_deg, strict=True)]).reshape(-1, 3)
    return InstrumentGeometry(
        name=name,
        source=np.array([0.0, 0.0, -l1]),
        sample=np.zeros(3),
        ids=ascending,
        position=places[order],
        is_monitor=np.zeros(len(ids), np.bool_),
    )


def component_of(instrument: InstrumentGeometry, name: str, detector: int) -> int:
    """The number of the component of a name, path or detector id; the name counts if both are given.

    Raises
    ------
    ValueError
        There is none.
    """
    tree = instrument.tree
    if name:
        found = next(tree.named(name), None)
        if found is None:
            raise ValueError(missing("component", name, dict.fromkeys(tree.names)))
        return found
    at = instrument.place_of(detector)
    if at < 0:
        raise ValueError(
            f"the instrument has no detector {detector}; ComponentName or DetectorID must name a part of it"
        )
    return int(tree.of_detector[at])


def moved_component(instrument: InstrumentGeometry, component: int, place: F8, *, by: bool) -> InstrumentGeometry:
    """A component moved to a place, or by a step, in the frame of the instrument."""
    tree = instrument.tree
    target = tree.position[component] + place if by else place
    return instrument.with_tree(tree.placed(component, target, tree.rotation[component]))


def turned_component(
    instrument: InstrumentGeometry, component: int, axis: Vector, angle_deg: float, *, by: bool
) -> InstrumentGeometry:
    """A component turned about an axis: in its own axes by an angle, or to an angle in those of the instrument.

    Raises
    ------
    ValueError
        The axis has no direction.
    """
    if not any(axis):
        raise ValueError("the axis of rotation X, Y, Z is (0, 0, 0)")
    tree: ComponentTree = instrument.tree
    turn = rotation(angle_deg, axis)
    target = tree.rotation[component] @ turn if by else turn
    return instrument.with_tree(tree.placed(component, tree.position[component], target))
