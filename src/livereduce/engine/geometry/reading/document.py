"""What an instrument definition says, indexed: types, lists of ids, defaults. Their order in the file does not matter.

Source: Mantid docs/source/concepts/InstrumentDefinitionFile.rst and
Framework/Geometry/src/Instrument/InstrumentDefinitionParser.cpp.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from livereduce.engine.geometry.errors import GeometryError
from livereduce.engine.geometry.reading.elements import XmlElement
from livereduce.engine.geometry.rotations import Vector, spherical
from livereduce.stream.items import F8, I8

MOST_COMPONENTS = 2_000_000
"""Of an instrument, and ids of a list: some ten times the largest in use."""
SPHERICAL = ("r", "t", "p", "R", "theta", "phi")
_AXES: dict[str, Vector] = {"x": (1.0, 0.0, 0.0), "y": (0.0, 1.0, 0.0), "z": (0.0, 0.0, 1.0)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DefinitionDocument:
    """A definition, indexed.

    Attributes
    ----------
    types, id_lists
        By name.
    degrees
        Of one unit of the angles written in it.
    adds_to_parent
        Spherical coordinates are added to those of the parent.
    facing
        The point that components face if they do not say another; None: none.
    neutronic
        Positions are those of the ``<neutronic>`` elements.
    up
        Unit vector against gravity.
    """

    name: str
    root: XmlElement
    types: dict[str, XmlElement]
    id_lists: dict[str, XmlElement]
    degrees: float
    adds_to_parent: bool
    facing: Vector | None
    neutronic: bool
    up: F8

    def type_of(self, component: XmlElement) -> XmlElement:
        """The type of a component.

        Raises
        ------
        GeometryError
            It is not defined.
        """
        name = component.text("type")
        if name not in self.types:
            raise GeometryError(f"line {component.line}: type {name!r} is used and not defined")
        return self.types[name]

    def ids(self, component: XmlElement) -> I8:
        """The detector ids of the list that a component names.

        Raises
        ------
        GeometryError
            There is no such list, or it is wrong.
        """
        name = component.text("idlist")
        if name not in self.id_lists:
            raise GeometryError(f"line {component.line}: idlist {name!r} is used and not defined")
        return ids_of(self.id_lists[name])

    def angle(self, element: XmlElement, name: str) -> float:
        """An attribute in degrees."""
        return self.degrees * element.number(name)

    def place(self, element: XmlElement) -> Vector:
        """Cartesian coordinates of x, y, z or of r, t, p."""
        return spherical(*self.spherical_place(element)) if element.has(*SPHERICAL) else cartesian(element)

    def spherical_place(self, element: XmlElement) -> Vector:
        """r, theta, phi in m and degrees; the long names count if both are there."""
        r = element.number("R" if element.has("R") else "r")
        theta = self.angle(element, "theta" if element.has("theta") else "t")
        return r, theta, self.angle(element, "phi" if element.has("phi") else "p")


def kind_of(of_type: XmlElement) -> str:
    """The attribute ``is`` of a type, however it is written: RectangularDetector is rectangular_detector."""
    return of_type.text("is").casefold().replace("_", "")


def cartesian(element: XmlElement) -> Vector:
    """Attributes x, y, z."""
    return element.number("x"), element.number("y"), element.number("z")


def document_of(root: XmlElement) -> DefinitionDocument:
    """Index a definition.

    Raises
    ------
    GeometryError
        It is no instrument, has no components, or a type is defined twice.
    """
    if root.name != "instrument":
        raise GeometryError(f"the outermost element is <{root.name}>, expected <instrument>")
    if root.first("component") is None:
        raise GeometryError(f"instrument {root.text('name')!r} has no components")
    defaults = root.first("defaults") or XmlElement("defaults", {}, root.line)
    angle = defaults.first("angle")
    offsets = defaults.first("offsets")
    facing = defaults.first("components-are-facing")
    degrees = math.degrees(1.0) if angle is not None and angle.text("unit") == "radian" else 1.0
    document = DefinitionDocument(
        name=root.text("name"),
        root=root,
        types=_types(root),
        id_lists={element.text("idname"): element for element in root.each("idlist")},
        degrees=degrees,
        adds_to_parent=offsets is not None and offsets.text("spherical") == "delta",
        facing=None,
        neutronic=defaults.first("indirect-neutronic-positions") is not None,
        up=_up(defaults),
    )
    return document if facing is None else replace(document, facing=document.place(facing))


def _types(root: XmlElement) -> dict[str, XmlElement]:
    types: dict[str, XmlElement] = {}
    for element in root.each("type"):
        name = element.text("name")
        if name in types:
            raise GeometryError(
                f"line {element.line}: type {name!r} is defined twice (also in line {types[name].line})"
            )
        types[name] = element
    return types


def _up(defaults: XmlElement) -> F8:
    frame = defaults.first("reference-frame")
    up = frame.first("pointing-up") if frame is not None else None
    return np.array(_AXES.get(up.text("axis") if up is not None else "y", _AXES["y"]))


def ids_of(element: XmlElement) -> I8:
    """The ids of an ``<idlist>``: its own start, end and step, or those of its ``<id>`` elements.

    Raises
    ------
    GeometryError
        A range is empty or endless, or the list is.
    """
    if element.has("start"):
        return _range(element)
    parts = [_range(part) for part in element.each("id")]
    if not parts:
        raise GeometryError(f"line {element.line}: idlist {element.text('idname')!r} has no ids")
    if sum(map(len, parts)) > MOST_COMPONENTS:
        raise GeometryError(f"line {element.line}: more than {MOST_COMPONENTS} ids")
    ids: I8 = np.concatenate(parts)
    return ids


def _range(element: XmlElement) -> I8:
    if element.has("val"):
        return np.array([element.integer("val")], np.int64)
    if not element.has("start"):
        raise GeometryError(f"line {element.line}: <{element.name}> has neither val nor start")
    start = element.integer("start")
    end, step = element.integer("end", start), element.integer("step", 1)
    if step == 0 or (end - start) * step < 0:
        raise GeometryError(f"line {element.line}: no id from {start} to {end} in steps of {step}")
    if abs(end - start) // abs(step) >= MOST_COMPONENTS:
        raise GeometryError(f"line {element.line}: more than {MOST_COMPONENTS} ids")
    return np.arange(start, end + (1 if step > 0 else -1), step, dtype=np.int64)
