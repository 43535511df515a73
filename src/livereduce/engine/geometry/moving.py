"""Components that stand where logs or parameters say: reflectometers' arms, the detector of a small-angle instrument.

Source: Mantid Framework/API/src/ExperimentInfo.cpp (populateInstrumentParameters): a coordinate that is given replaces
that of the component in the frame of its parent; r, t and p replace all three and need r; rotations replace the
component's own, about x, then y, then z.
"""

from collections.abc import Mapping

import numpy as np

from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.geometry.rotations import about_axes, spherical
from livereduce.engine.geometry.tree import PLACES, ComponentTree
from livereduce.engine.workspaces.runlogs import RunLogs
from livereduce.stream.items import F8

Values = Mapping[int, Mapping[str, float]]
"""By component and name of the coordinate."""


def moving_logs(tree: ComponentTree) -> tuple[str, ...]:
    """Names of the logs that place components, each once."""
    placing = (tree.parameters[at] for at in tree.moving)
    return tuple(
        dict.fromkeys(mine[name].log for mine in placing for name in PLACES if name in mine and mine[name].log)
    )


def coordinates(tree: ComponentTree, logs: RunLogs | None) -> dict[int, dict[str, float]]:
    """The coordinates that parameters and logs give; one whose log is missing is left out."""
    found: dict[int, dict[str, float]] = {}
    for component in tree.moving:
        mine = tree.parameters[component]
        numbers = {name: mine[name].number(logs) for name in PLACES if name in mine}
        given = {name: number for name, number in numbers.items() if number is not None}
        if given:
            found[component] = given
    return found


def moved(instrument: InstrumentGeometry, values: Values, logs: RunLogs | None) -> InstrumentGeometry:
    """The instrument with components at their coordinates; from the top down, so that what is below comes along."""
    tree = instrument.tree
    for component in sorted(values):
        tree = _placed(tree, component, values[component])
    return instrument.with_tree(tree, logs)


def _placed(tree: ComponentTree, component: int, given: Mapping[str, float]) -> ComponentTree:
    above = int(tree.parent[component])
    frame_position = tree.position[above] if above >= 0 else np.zeros(3)
    frame_rotation = tree.rotation[above] if above >= 0 else np.eye(3)
    position = frame_position + frame_rotation @ _relative(tree, component, given)
    turns = [given.get(name, 0.0) for name in ("rotx", "roty", "rotz")]
    is_turned = any(name in given for name in ("rotx", "roty", "rotz"))
    rotation = frame_rotation @ about_axes(turns[0], turns[1], turns[2]) if is_turned else tree.rotation[component]
    return tree.placed(component, position, rotation)


def _relative(tree: ComponentTree, component: int, given: Mapping[str, float]) -> F8:
    if "r-position" in given:
        theta, phi = (given.get(name, 0.0) for name in ("t-position", "p-position"))
        return np.array(spherical(given["r-position"], theta, phi))
    place = tree.relative_position(component).copy()
    for axis, name in enumerate("xyz"):
        place[axis] = given.get(name, place[axis])
    return place
