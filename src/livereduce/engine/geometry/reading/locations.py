"""Where a ``<location>`` puts a component in the frame of its parent.

Order (Mantid's): translation in the parent's frame, then the location's own ``rot``, then nested ``<rot>`` and
``<trans>`` from the outside in, each in the axes as turned so far, then what the component faces.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from livereduce.engine.geometry.errors import GeometryError
from livereduce.engine.geometry.reading.document import MOST_COMPONENTS, SPHERICAL, DefinitionDocument, cartesian
from livereduce.engine.geometry.reading.elements import XmlElement
from livereduce.engine.geometry.rotations import IDENTITY, Vector, facing, rotation, spherical
from livereduce.stream.items import F8

_VARIED = ("x", "y", "z", "r", "t", "p", "R", "theta", "phi", "rot")
ORIGIN: F8 = np.zeros(3)
ORIGIN.flags.writeable = False


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A place in the instrument: position (3,), rotation (3, 3); and r, theta, phi where those are added up."""

    position: F8
    rotation: F8
    spherical: Vector = (0.0, 0.0, 0.0)


ROOT = Frame(ORIGIN, IDENTITY)


def frame_of(document: DefinitionDocument, location: XmlElement, parent: Frame) -> Frame:
    """The frame of a component within that of its parent; its r, theta, phi are the absolute ones."""
    source = location.first("neutronic") if document.neutronic else None
    source = location if source is None else source
    position, polar = translation(document, source, parent.spherical)
    turned = turn(document, source, "rot")
    at = np.array(position)
    level: XmlElement | None = source
    while level is not None:
        nested_rot, nested_trans = level.first("rot"), level.first("trans")
        if nested_rot is not None:
            turned = turned @ turn(document, nested_rot, "val")
        elif nested_trans is not None:
            moved, polar = translation(document, nested_trans, polar)
            at = at + turned @ np.array(moved)
        level = nested_rot or nested_trans
    return Frame(at, _faced(document, location, parent, at, turned), polar)


def translation(document: DefinitionDocument, element: XmlElement, above: Vector) -> tuple[Vector, Vector]:
    """The step that an element makes, and r, theta, phi behind it, if those of the component above are given."""
    if not element.has(*SPHERICAL):
        return cartesian(element), (0.0, 0.0, 0.0)
    polar = document.spherical_place(element)
    if not document.adds_to_parent:
        return spherical(*polar), polar
    r, theta, phi = (mine + theirs for mine, theirs in zip(polar, above, strict=True))
    (x, y, z), (x0, y0, z0) = spherical(r, theta, phi), spherical(*above)
    return (x - x0, y - y0, z - z0), (r, theta, phi)


def turn(document: DefinitionDocument, element: XmlElement, angle: str) -> F8:
    """The rotation by an attribute about an element's axis."""
    if not element.has(angle):
        return IDENTITY
    axis = element.number("axis-x"), element.number("axis-y"), element.number("axis-z", 1.0)
    return rotation(document.angle(element, angle), axis)


def _faced(document: DefinitionDocument, location: XmlElement, parent: Frame, at: F8, turned: F8) -> F8:
    """The rotation with what the component faces."""
    own = location.first("facing")
    if own is not None and own.has("rot"):
        turned = turned @ rotation(document.angle(own, "rot"), (0.0, 0.0, 1.0))
    point = document.facing if own is None else (None if own.has("val") else document.place(own))
    if point is None:
        return turned
    position = parent.position + parent.rotation @ at
    extra: F8 = facing(position[None], (parent.rotation @ turned)[None], point)[0]
    return turned @ extra


def named_locations(component: XmlElement) -> Iterator[tuple[str, XmlElement]]:
    """Name and location of each instance of a component; ``<locations>`` as the single ones that they stand for.

    Raises
    ------
    GeometryError
        There is none, or far too many.
    """
    default = component.attributes.get("name", component.attributes.get("type", ""))
    empty = True
    for element in component.each("location", "locations"):
        empty = False
        name = element.attributes.get("name", default)
        if element.name == "location":
            yield name, element
        else:
            yield from _expanded(element, name)
    if empty:
        raise GeometryError(f"line {component.line}: component of type {component.text('type')!r} has no location")


def _expanded(element: XmlElement, name: str) -> Iterator[tuple[str, XmlElement]]:
    count = element.integer("n-elements")
    if not 1 <= count <= MOST_COMPONENTS:
        raise GeometryError(f"line {element.line}: n-elements={element.text('n-elements')[:20]!r}")
    first, step = element.integer("name-count-start"), element.integer("name-count-increment", 1)
    ends = [one for one in _VARIED if element.has(f"{one}-end")]
    span = max(count - 1, 1)
    for i in range(count):
        attributes = dict(element.attributes)
        for one in ends:
            start = element.number(one)
            attributes[one] = repr(start + (element.number(f"{one}-end") - start) * i / span)
        instance = XmlElement("location", attributes, element.line)
        instance.children = element.children
        yield f"{name}{first + step * i}", instance
