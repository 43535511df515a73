"""From XML to an instrument: the one way in."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from livereduce.engine.geometry.errors import GeometryError
from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.engine.geometry.parameters import InstrumentParameter
from livereduce.engine.geometry.reading.area import area_parameters
from livereduce.engine.geometry.reading.assembling import assembled
from livereduce.engine.geometry.reading.contents import NO_ID, Contents, Role
from livereduce.engine.geometry.reading.document import DefinitionDocument, document_of
from livereduce.engine.geometry.reading.elements import XmlElement, parsed
from livereduce.engine.geometry.reading.parameter_elements import parameters_of
from livereduce.engine.geometry.tree import ComponentTree
from livereduce.stream.items import B1, I4, I8

LARGEST_ID = np.iinfo(np.int32).max
Parameters = Mapping[int, Mapping[str, InstrumentParameter]]


def instrument_of(xml: str) -> InstrumentGeometry:
    """The instrument of a definition, at rest.

    Raises
    ------
    GeometryError
        It cannot be read; the text names the line.
    """
    document = document_of(parsed(xml))
    found = assembled(document)
    ids, detector = _numbered(found)
    tree = _tree(found, detector)
    is_monitor = (found.role == Role.MONITOR)[tree.of_detector]
    bare = InstrumentGeometry.of_tree(name=document.name, tree=tree, ids=ids, is_monitor=is_monitor, up=document.up)
    return _linked(bare, document)


def _numbered(found: Contents) -> tuple[I4, I4]:
    """Ids, ascending, and the place of each component's id in them."""
    is_detector = np.isin(found.role, (Role.DETECTOR, Role.MONITOR)) & (found.ids != NO_ID)
    ids: I8 = found.ids[is_detector]
    if len(ids) and np.abs(ids).max() > LARGEST_ID:
        raise GeometryError(f"detector id {ids[np.argmax(np.abs(ids))]} is too large")
    order = np.argsort(ids, kind="stable")
    ascending = ids[order]
    twice = np.flatnonzero(ascending[1:] == ascending[:-1])
    if len(twice):
        raise GeometryError(f"detector id {ascending[twice[0]]} is given twice")
    detector = np.full(found.size, -1, np.int32)
    detector[np.flatnonzero(is_detector)[order]] = np.arange(len(ids), dtype=np.int32)
    return ascending.astype(np.int32), detector


def _tree(found: Contents, detector: I4) -> ComponentTree:
    parameters: dict[int, dict[str, InstrumentParameter]] = {}
    for at, parameter in found.parameters:
        parameters.setdefault(at, {})[parameter.name] = parameter
    return ComponentTree(
        names=tuple(found.names),
        parent=found.parent.astype(np.int32),
        end=found.end.astype(np.int32),
        position=found.position,
        rotation=found.rotation,
        detector=detector,
        source=_first(found.role == Role.SOURCE),
        sample=_first(found.role == Role.SAMPLE),
        parameters=parameters,
    )


def _first(is_it: B1) -> int:
    return int(np.argmax(is_it)) if is_it.any() else -1


def with_links(instrument: InstrumentGeometry, xml: str) -> InstrumentGeometry:
    """The instrument with the parameters of a file of Mantid's (``<parameter-file>``).

    Raises
    ------
    GeometryError
        It cannot be read.
    """
    return _with_links(instrument, instrument.tree.parameters, parsed(xml), 1.0)


def _linked(instrument: InstrumentGeometry, document: DefinitionDocument) -> InstrumentGeometry:
    """With the parameters of ``<component-link>`` elements, which win over those of the components."""
    known = instrument.tree.parameters
    pixels = int((~instrument.is_monitor).sum())
    of_all = {**known, 0: area_parameters(document, pixels) | dict(known.get(0, {}))}
    return _with_links(instrument, of_all, document.root, document.degrees)


def _with_links(
    instrument: InstrumentGeometry, known: Parameters, root: XmlElement, degrees: float
) -> InstrumentGeometry:
    parameters = {at: dict(mine) for at, mine in known.items()}
    for link in root.each("component-link"):
        mine = {parameter.name: parameter for parameter in parameters_of(degrees, link)}
        for at in _meant(instrument, link):
            parameters[at] = {**parameters.get(at, {}), **mine}
    return instrument.with_tree(replace(instrument.tree, parameters=parameters))


def _meant(instrument: InstrumentGeometry, link: XmlElement) -> Iterable[int]:
    tree = instrument.tree
    if link.has("id"):
        at = instrument.place_of(link.integer("id"))
        return () if at < 0 else (int(tree.of_detector[at]),)
    return tree.named(link.text("name")) if link.text("name") else ()
