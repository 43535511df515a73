"""From a document to the tree of components: each type is put together once, then placed wherever it is used."""

from collections.abc import Sequence

import numpy as np

from livereduce.engine.geometry.errors import GeometryError
from livereduce.engine.geometry.parameters import InstrumentParameter
from livereduce.engine.geometry.reading.banks import BANKS, bank
from livereduce.engine.geometry.reading.contents import NO_ID, Contents, Role, instance, joined, leaves
from livereduce.engine.geometry.reading.document import DefinitionDocument, kind_of
from livereduce.engine.geometry.reading.elements import XmlElement
from livereduce.engine.geometry.reading.extent import check_extent
from livereduce.engine.geometry.reading.locations import ROOT, Frame, frame_of, named_locations, translation, turn
from livereduce.engine.geometry.reading.parameter_elements import parameters_of
from livereduce.engine.geometry.rotations import facing

_POINTS = {"source": Role.SOURCE, "samplepos": Role.SAMPLE}
"""Roles that a component with others below it may have."""
_ROLES = {"detector": Role.DETECTOR, "monitor": Role.MONITOR, **_POINTS}


def assembled(document: DefinitionDocument) -> Contents:
    """All components of an instrument, itself first.

    Raises
    ------
    GeometryError
        A type or list is missing, a type holds itself, numbers of ids and detectors differ.
    """
    check_extent(document)
    found = _Assembler(document).components(document.root, ROOT)
    lost = (found.ids == NO_ID) & np.isin(found.role, (Role.DETECTOR, Role.MONITOR))
    if lost.any():
        name = found.names[int(np.argmax(lost))]
        raise GeometryError(f"detector {name!r} has no id: no component above it names an idlist")
    whole = instance(document.name, ROOT, Role.NONE, found)
    whole.parameters.extend((0, parameter) for parameter in parameters_of(document.degrees, document.root))
    return whole


class _Assembler:
    """Remembers the types that it has put together, where nothing in them depends on where they stand."""

    def __init__(self, document: DefinitionDocument) -> None:
        self._document = document
        self._is_relative = not (
            document.adds_to_parent
            or document.facing is not None
            or next(document.root.below("facing"), None) is not None
        )
        self._known: dict[tuple[str, frozenset[str]], Contents] = {}

    def components(self, holder: XmlElement, frame: Frame, left_out: frozenset[str] = frozenset()) -> Contents:
        """All components that an element holds, in its frame, without the parts that are left out."""
        parts = [self._component(element, frame, left_out) for element in holder.each("component")]
        return joined(parts, holder.line)

    def _component(self, element: XmlElement, frame: Frame, left_out: frozenset[str]) -> Contents:
        of_type = self._document.type_of(element)
        places = [(name, place) for name, place in named_locations(element) if name not in left_out]
        if self._is_leaf(of_type):
            found = self._leaves(element, of_type, places, frame)
        else:
            shared = tuple(parameters_of(self._document.degrees, element))
            found = joined(
                [self._instance(element, of_type, name, place, frame, shared) for name, place in places], element.line
            )
        return self._with_ids(element, found) if element.has("idlist") else found

    def _is_leaf(self, of_type: XmlElement) -> bool:
        if kind_of(of_type) in BANKS:
            return False
        return of_type.first("component") is None or of_type.first("combine-components-into-one-shape") is not None

    def _leaves(
        self, element: XmlElement, of_type: XmlElement, places: Sequence[tuple[str, XmlElement]], frame: Frame
    ) -> Contents:
        role = _ROLES.get(kind_of(of_type), Role.NONE)
        positions, rotations, roles = [], [], []
        of_all = tuple(parameters_of(self._document.degrees, element))
        parameters: list[tuple[int, InstrumentParameter]] = []
        for at, (_, place) in enumerate(places):
            if not place.children:
                positions.append(translation(self._document, place, frame.spherical)[0])
                rotations.append(turn(self._document, place, "rot"))
            else:
                own = frame_of(self._document, place, frame)
                positions.append(tuple(own.position.tolist()))
                rotations.append(own.rotation)
            roles.append(self._role(role, element, place))
            own_ones = () if not place.children else parameters_of(self._document.degrees, place)
            parameters += [(at, parameter) for parameter in (*of_all, *own_ones)]
        found = leaves([name for name, _ in places], positions, rotations, roles)
        found.parameters.extend(parameters)
        if self._document.facing is not None:
            plain = np.array([not place.children for _, place in places], np.bool_)
            turned = frame.rotation @ found.rotation[plain]
            position = frame.position + found.position[plain] @ frame.rotation.T
            found.rotation[plain] = found.rotation[plain] @ facing(position, turned, self._document.facing)
        return found

    def _role(self, role: Role, element: XmlElement, place: XmlElement) -> Role:
        if role is not Role.DETECTOR:
            return role
        if "monitor" in (element.text("mark-as"), place.text("mark-as")):
            return Role.MONITOR
        return Role.HIDDEN if self._document.neutronic and place.first("neutronic") is None else role

    def _instance(
        self,
        element: XmlElement,
        of_type: XmlElement,
        name: str,
        place: XmlElement,
        frame: Frame,
        shared: tuple[InstrumentParameter, ...],
    ) -> Contents:
        own = frame_of(self._document, place, frame)
        kind = kind_of(of_type)
        if kind in BANKS:
            below = bank(kind, name, element, of_type)
        else:
            parts = frozenset(one.text("sub-part") for one in place.below("exclude"))
            below = self._of_type(of_type, parts, _absolute(own, frame))
        found = instance(name, own, _POINTS.get(kind, Role.NONE), below)
        own_ones = parameters_of(self._document.degrees, place)
        found.parameters.extend((0, parameter) for parameter in (*shared, *own_ones))
        return found

    def _of_type(self, of_type: XmlElement, left_out: frozenset[str], frame: Frame) -> Contents:
        name = of_type.text("name")
        key = (name, left_out)
        if not self._is_relative:
            return self.components(of_type, frame, left_out)
        if key not in self._known:
            self._known[key] = self.components(of_type, frame, left_out)
        return self._known[key]

    def _with_ids(self, element: XmlElement, found: Contents) -> Contents:
        """Give out the ids of a component's list, in the order of the document."""
        ids = self._document.ids(element)
        open_ = (found.ids == NO_ID) & np.isin(found.role, (Role.DETECTOR, Role.MONITOR, Role.HIDDEN))
        detectors = int(open_.sum())
        if detectors != len(ids):
            raise GeometryError(
                f"line {element.line}: {detectors} detectors and {len(ids)} ids in the list {element.text('idlist')!r}"
            )
        found.ids[open_] = ids
        return found


def _absolute(own: Frame, parent: Frame) -> Frame:
    return Frame(parent.position + parent.rotation @ own.position, parent.rotation @ own.rotation, own.spherical)
