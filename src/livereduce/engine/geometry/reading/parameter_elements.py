"""``<parameter>`` elements: on a component, on a location, or linked to components by name, path or detector id."""

from collections.abc import Iterator

from livereduce.engine.geometry.parameters import InstrumentParameter
from livereduce.engine.geometry.reading.elements import XmlElement

RESERVED = ("pos", "rot")
"""Names that Mantid keeps for itself: ignored."""
ANGLES = ("t-position", "p-position", "rotx", "roty", "rotz")


def parameters_of(degrees: float, *elements: XmlElement) -> Iterator[InstrumentParameter]:
    """The parameters that elements hold; one without a value is left out.

    Parameters
    ----------
    degrees
        Of one unit of the definition's angles.
    """
    for element in elements:
        for child in element.each("parameter"):
            found = _parameter(child, degrees)
            if found is not None:
                yield found


def _parameter(element: XmlElement, degrees: float) -> InstrumentParameter | None:
    name, kind = element.text("name"), element.text("type", "double")
    if not name or name in RESERVED:
        return None
    if kind == "fitting":
        name = name.rpartition(":")[2]
    factor = degrees if name in ANGLES else 1.0
    value, log = element.first("value"), element.first("logfile")
    if value is not None and value.has("val"):
        return InstrumentParameter(name=name, kind=kind, value=value.text("val"), factor=factor)
    if log is not None and log.has("id"):
        return InstrumentParameter(
            name=name,
            kind=kind,
            log=log.text("id"),
            equation=log.text("eq"),
            extract=log.text("extract-single-value-as", "mean"),
            factor=factor,
        )
    return None
