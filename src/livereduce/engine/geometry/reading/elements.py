"""XML as elements with their line numbers; names without their namespace, since those differ between files.

Entities are refused: they can expand a small text to gigabytes, or name files. Definitions have none.
"""

import codecs
import re
from collections.abc import Iterator
from xml.parsers import expat

from livereduce.engine.geometry.errors import GeometryError
from livereduce.stream.adara.wire.layout import NOT_XML

LARGEST_CHARACTERS = 32 * 1024 * 1024
DEEPEST = 100
MOST_ELEMENTS = 1_000_000
_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")
_ENCODING = re.compile(rb"""\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)""")
_LARGEST_NUMBER = 1e15
"""Above it no number of a definition means anything: neither a length in m, nor an angle, nor an id."""


class XmlElement:
    """An element: its name, attributes, children, and the line where it begins."""

    __slots__ = ("attributes", "children", "line", "name")

    def __init__(self, name: str, attributes: dict[str, str], line: int) -> None:
        self.name = name
        self.attributes = attributes
        self.children: list[XmlElement] = []
        self.line = line

    def has(self, *names: str) -> bool:
        """True if any of these attributes is there."""
        return any(name in self.attributes for name in names)

    def text(self, name: str, default: str = "") -> str:
        """An attribute without blanks at its ends."""
        return self.attributes.get(name, default).strip()

    def number(self, name: str, default: float = 0.0) -> float:
        """An attribute as a number: its leading number (``-90/0`` is -90, as in Mantid); what has none is 0.

        Raises
        ------
        GeometryError
            It is too large to mean anything.
        """
        written = self.attributes.get(name)
        if written is None:
            return default
        leading = _NUMBER.match(written)
        value = float(leading[1]) if leading else 0.0
        if abs(value) > _LARGEST_NUMBER:
            raise GeometryError(f"line {self.line}: {name}={written[:40]!r} is too large")
        return value

    def integer(self, name: str, default: int = 0) -> int:
        """The leading whole number of an attribute."""
        return int(self.number(name, default))

    def first(self, name: str) -> "XmlElement | None":
        """The first child of a name."""
        return next((child for child in self.children if child.name == name), None)

    def each(self, *names: str) -> Iterator["XmlElement"]:
        """The children of these names, in their order."""
        return (child for child in self.children if child.name in names)

    def below(self, name: str) -> Iterator["XmlElement"]:
        """All elements of a name below this one."""
        for child in self.children:
            if child.name == name:
                yield child
            yield from child.below(name)


def parsed(xml: str) -> XmlElement:
    """The outermost element.

    Raises
    ------
    GeometryError
        It is no XML, is cut off, is too large or too deep, or declares entities.
    """
    if len(xml) > LARGEST_CHARACTERS:
        raise GeometryError(f"{len(xml)} characters of XML, expected at most {LARGEST_CHARACTERS}")
    parser = expat.ParserCreate("utf-8")  # whatever the text declares: it has been decoded already
    builder = _Builder(parser)
    try:
        parser.Parse(_trimmed(xml), True)
    except expat.ExpatError as error:
        raise GeometryError(f"line {error.lineno}: {expat.ErrorString(error.code)}") from None
    if builder.root is None:
        raise GeometryError("it is empty")
    return builder.root


def text_of(data: bytes) -> str:
    """The text of a file: by its byte order mark, the encoding that it declares, or UTF-8."""
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return data.decode("utf-16", "replace")
    declared = _ENCODING.match(data)
    try:
        return data.decode(declared[1].decode("ascii") if declared else "utf-8", "replace")
    except LookupError:
        return data.decode("utf-8", "replace")


def _trimmed(xml: str) -> bytes:
    """Without what may stand before or behind it in a packet; no character that XML forbids."""
    return NOT_XML.sub(" ", xml.lstrip("\ufeff").strip("\0 \t\r\n")).encode("utf-8", "replace")


class _Builder:
    """Receives the parser's calls."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        self.root: XmlElement | None = None
        self._open: list[XmlElement] = []
        self._count = 0
        self._parser = parser
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.EntityDeclHandler = self._entity
        parser.ExternalEntityRefHandler = self._entity

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        line = self._parser.CurrentLineNumber
        if len(self._open) >= DEEPEST or self._count > MOST_ELEMENTS:
            raise GeometryError(f"line {line}: too deep or too many elements")
        element = XmlElement(name.rpartition(":")[2], attributes, line)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def _end(self, _name: str) -> None:
        self._open.pop()

    def _entity(self, *_: object) -> int:
        raise GeometryError(f"line {self._parser.CurrentLineNumber}: it declares entities, expected plain XML")
