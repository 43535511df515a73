"""The number of components before any is made: ten types, each ten times in the next, are a text of one kilobyte."""

from livereduce.engine.geometry.errors import GeometryError
from livereduce.engine.geometry.reading.document import MOST_COMPONENTS, DefinitionDocument
from livereduce.engine.geometry.reading.elements import DEEPEST, XmlElement


def check_extent(document: DefinitionDocument) -> None:
    """Refuse an instrument of far too many components, or of types without end.

    Raises
    ------
    GeometryError
        A type is not defined, holds itself, or there are too many.
    """
    _below(document, document.root, (), {})


def _below(document: DefinitionDocument, holder: XmlElement, above: tuple[str, ...], known: dict[str, int]) -> int:
    """Number of components that an element holds, with all below them."""
    total = 0
    for component in holder.each("component"):
        of_type = document.type_of(component)
        name = of_type.text("name")
        if name in above or len(above) > DEEPEST:
            raise GeometryError(f"line {of_type.line}: type {name!r} holds itself, or types are nested too deep")
        if name not in known:
            known[name] = 1 + _pixels(of_type) + _below(document, of_type, (*above, name), known)
        total += known[name] * sum(
            max(element.integer("n-elements"), 0) if element.name == "locations" else 1
            for element in component.each("location", "locations")
        )
        if total > MOST_COMPONENTS:
            raise GeometryError(f"line {component.line}: more than {MOST_COMPONENTS} components")
    return total


def _pixels(of_type: XmlElement) -> int:
    """Pixels of a bank on a grid."""
    return max(of_type.integer("xpixels"), 0) * max(of_type.integer("ypixels"), 0) * max(of_type.integer("zpixels"), 1)
