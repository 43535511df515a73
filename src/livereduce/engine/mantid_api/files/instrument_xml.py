"""An instrument that is known by its positions alone, as a definition: what algorithms have made of one is kept.

Every detector is a component of its own, since nothing is known of the panels that they belong to.
Source of the form: Mantid docs/source/concepts/InstrumentDefinitionFile.rst.
"""

import xml.etree.ElementTree as ET

import numpy as np

from livereduce.engine.geometry.instrument import InstrumentGeometry
from livereduce.stream.items import F8, I4

MOST_DETECTORS = 20_000
"""A larger one takes megabytes of text, and has a definition that it came from."""


def xml_of(instrument: InstrumentGeometry) -> str:
    """The definition; empty for more than `MOST_DETECTORS`."""
    if len(instrument.ids) > MOST_DETECTORS:
        return ""
    root = ET.Element("instrument", name=instrument.name or "unnamed")
    root.set("valid-from", "1900-01-31 23:59:59")
    root.set("valid-to", "2100-01-31 23:59:59")
    _defaults(root, instrument)
    for name, kind, place in (("source", "Source", instrument.source), ("sample", "SamplePos", instrument.sample)):
        if np.isfinite(place).all():
            _location(ET.SubElement(root, "component", type=name), place)
            ET.SubElement(root, "type", {"name": name, "is": kind})
    monitors = instrument.is_monitor
    _detectors(root, "pixel", "detector", instrument.ids[~monitors], instrument.position[~monitors])
    _detectors(root, "monitor", "monitor", instrument.ids[monitors], instrument.position[monitors])
    return ET.tostring(root, encoding="unicode")


def _defaults(root: ET.Element, instrument: InstrumentGeometry) -> None:
    defaults = ET.SubElement(root, "defaults")
    ET.SubElement(defaults, "length", unit="meter")
    ET.SubElement(defaults, "angle", unit="degree")
    frame = ET.SubElement(defaults, "reference-frame")
    beam = instrument.beam if np.isfinite(instrument.beam).all() else np.array([0.0, 0.0, 1.0])
    ET.SubElement(frame, "along-beam", axis="xyz"[int(np.argmax(np.abs(beam)))])
    ET.SubElement(frame, "pointing-up", axis="xyz"[int(np.argmax(np.abs(instrument.up)))])
    ET.SubElement(frame, "handedness", val="right")


def _location(parent: ET.Element, place: F8, **more: str) -> None:
    ET.SubElement(parent, "location", {axis: repr(float(at)) for axis, at in zip("xyz", place, strict=True)} | more)


def _detectors(root: ET.Element, name: str, kind: str, ids: I4, position: F8) -> None:
    if not len(ids):
        return
    component = ET.SubElement(root, "component", type=name, idlist=f"{name}s")
    for number, place in zip(ids.tolist(), position, strict=True):
        _location(component, place, name=f"{name}{number}")
    ET.SubElement(root, "type", {"name": name, "is": kind})
    listed = ET.SubElement(root, "idlist", idname=f"{name}s")
    for number in ids.tolist():
        ET.SubElement(listed, "id", val=str(number))
