"""Parameters of an area detector that Mantid keeps in a file beside the definition (``REF_M_Parameters.xml``).

Scripts of reflectometers ask the instrument for them. A stream brings no such file; where the pixels are those of one
rectangular detector, its definition says the same.
"""

from livereduce.engine.geometry.parameters import InstrumentParameter
from livereduce.engine.geometry.reading.document import DefinitionDocument, kind_of


def area_parameters(document: DefinitionDocument, pixels: int) -> dict[str, InstrumentParameter]:
    """Number and size (mm) of the pixels of the only rectangular detector; empty if there are others, or none."""
    areas = [one for one in document.types.values() if kind_of(one) == "rectangulardetector"]
    if len(areas) != 1 or areas[0].integer("xpixels") * areas[0].integer("ypixels") != pixels:
        return {}
    area = areas[0]
    width, height = (1000 * abs(area.number(name)) for name in ("xstep", "ystep"))
    values = {
        "number-of-x-pixels": area.integer("xpixels"),
        "number-of-y-pixels": area.integer("ypixels"),
        "pixel-width": width,
        "x-pixel-size": width,
        "y-pixel-size": height,
    }
    return {name: InstrumentParameter(name=name, value=f"{value:.12g}") for name, value in values.items()}
