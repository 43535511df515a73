"""The instrument definition of a stream or a file, read when something asks for positions."""

from dataclasses import dataclass

from livereduce.engine.geometry.instrument import InstrumentGeometry


class GeometryError(RuntimeError):
    """Positions are needed and not known: the text says what is missing and who can give it."""


@dataclass(frozen=True, slots=True)
class Definition:
    """An instrument definition as XML; empty if the source has sent none."""

    xml: str = ""
    origin: str = "the stream"

    def instrument(self) -> InstrumentGeometry:
        """The instrument at rest.

        Raises
        ------
        GeometryError
            There is no definition, or it cannot be read.
        """
        raise GeometryError(f"{self.origin} has no instrument definition: positions of pixels are not known")
