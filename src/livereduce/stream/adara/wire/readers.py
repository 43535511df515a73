"""Read the packets that come rarely. Pure: payload bytes in, value out, `BadPacket` for garbage.

Layouts are those of SNS's network protocol document; of a string that is XML only the few elements in use are read.
"""

import re
import struct
from collections.abc import Callable
from xml.etree import ElementTree

import numpy as np

from livereduce.stream.adara.wire.layout import NOT_XML, SEVERITY_BITS, SEVERITY_INVALID, RunStatusCode, Type
from livereduce.stream.adara.wire.packets import (
    Annotation,
    BadPacket,
    BeamlineInfo,
    DeviceDescriptor,
    GeometryXml,
    Packet,
    PixelMap,
    RunInfo,
    RunStatus,
    VariableValues,
)
from livereduce.stream.items import F8, I8, Values

MAX_PIXELS = 1 << 23
"""Most pixels of a map. Shorthand sections of 28 bytes stand for 32 767 pixels, so garbage could fill the memory."""

MAX_PARTS = 1 << 16
"""Most sections of a map, or values in one packet; as many as fit into the longest payload would take half a minute."""
MAX_XML = 4 * 1024 * 1024
"""Most characters of XML that are parsed: a tree takes some thirty times its text. Real descriptors have some
thousand."""


class _Cursor:
    """A place in a payload that never passes its end."""

    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self._at = 0

    def left(self) -> int:
        return len(self._payload) - self._at

    def take(self, size: int, what: str) -> bytes:
        if size > self.left():
            raise BadPacket(f"{what}: {size} bytes expected at {self._at}, {self.left()} left of {len(self._payload)}")
        start, self._at = self._at, self._at + size
        return self._payload[start : self._at]

    def u32(self, what: str) -> int:
        return int.from_bytes(self.take(4, what), "little")

    def u32s(self, count: int, what: str) -> I8:
        return np.frombuffer(self.take(4 * count, what), "<u4").astype(np.int64)

    def text(self, size: int, what: str) -> str:
        raw = self.take(size, what)
        self._at = min(len(self._payload), (self._at + 3) & ~3)
        return raw.decode("utf-8", "replace").rstrip("\0")


def _run_status(payload: bytes, version: int) -> RunStatus:
    cursor = _Cursor(payload)
    run, start, word = (cursor.u32("run status") for _ in range(3))
    paused = cursor.u32("pause file") >> 24 if version else 0
    if word >> 24 not in set(RunStatusCode):
        raise BadPacket(f"run status {word >> 24} is none of {', '.join(str(int(s)) for s in RunStatusCode)}")
    return RunStatus(
        run=run, run_start_s=start, status=RunStatusCode(word >> 24), file=word & 0xFFF, paused=bool(paused)
    )


_MAX_DIGITS = 10
"""Most digits of a variable id, which has 32 bits; `int` itself raises for some thousand digits."""

_BAD_REFERENCE = re.compile(r"&#(?:0*(?:[0-8]|1[124-9]|2\d|3[01])|x0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]));")
"""References to control characters, which a parser refuses like the characters themselves."""


def _xml(payload: bytes, what: str) -> str:
    cursor = _Cursor(payload)
    return cursor.text(cursor.u32(f"{what} length"), what)


def _parsed(text: str, what: str) -> ElementTree.Element:
    if len(text) > MAX_XML:
        raise BadPacket(f"{what} has {len(text)} characters of XML, expected at most {MAX_XML}")
    # Entities can expand a small text to gigabytes. They need a document type, and the protocol's texts have none.
    if "<!DOCTYPE" in text:
        raise BadPacket(f"{what} declares a document type, expected plain XML")
    try:
        # One control character in one name must not cost the names of all other variables of the device.
        return ElementTree.fromstring(_BAD_REFERENCE.sub("_", NOT_XML.sub("_", text)))
    except (ElementTree.ParseError, ValueError) as error:
        raise BadPacket(f"{what} is not XML: {error}") from None


def _child_text(element: ElementTree.Element, name: str) -> str:
    return (element.findtext(f"{{*}}{name}") or "").strip()


def _run_info(payload: bytes, _version: int) -> RunInfo:
    root = _parsed(_xml(payload, "run information"), "run information")
    return RunInfo(title=_child_text(root, "run_title"), proposal=_child_text(root, "proposal_id"))


def _geometry(payload: bytes, _version: int) -> GeometryXml:
    return GeometryXml(xml=_xml(payload, "geometry"))


def _beamline_info(payload: bytes, version: int) -> BeamlineInfo:
    cursor = _Cursor(payload)
    word = cursor.u32("beamline lengths")
    sizes = word >> 16 & 0xFF, word >> 8 & 0xFF, word & 0xFF
    beamline, short, long = (cursor.take(size, "beamline name").decode("utf-8", "replace") for size in sizes)
    station = word >> 24 if version else 1
    return BeamlineInfo(beamline=beamline, short_name=short, long_name=long, target_station=station)


def _annotation(payload: bytes, _version: int) -> Annotation:
    cursor = _Cursor(payload)
    word, scan = cursor.u32("annotation"), cursor.u32("scan index")
    comment = cursor.text(word & 0xFFFF, "comment")
    return Annotation(type=word >> 16 & 0x7FFF, scan=scan, comment=comment, reset_hint=bool(word >> 31))


def _device_descriptor(payload: bytes, _version: int) -> DeviceDescriptor:
    cursor = _Cursor(payload)
    device = cursor.u32("device id")
    root = _parsed(cursor.text(cursor.u32("descriptor length"), "descriptor"), f"descriptor of device {device}")
    variables: dict[int, tuple[str, str]] = {}
    for element in root.iterfind(".//{*}process_variable"):
        identity = _child_text(element, "pv_id")
        if identity.isdecimal() and len(identity) <= _MAX_DIGITS:
            variables[int(identity)] = _child_text(element, "pv_name"), _child_text(element, "pv_units")
    return DeviceDescriptor(device=device, name=_child_text(root, "device_name"), variables=variables)


def _one_string(cursor: _Cursor) -> str:
    return cursor.text(cursor.u32("string length"), "string value")


def _one_u32(cursor: _Cursor) -> float:
    return float(cursor.u32("value"))


def _one_double(cursor: _Cursor) -> float:
    value: float = struct.unpack("<d", cursor.take(8, "value"))[0]
    return value


def _one_u32_array(cursor: _Cursor) -> F8:
    return cursor.u32s(cursor.u32("array length"), "array of u32").astype(np.float64)


def _one_double_array(cursor: _Cursor) -> F8:
    count = cursor.u32("array length")
    return np.frombuffer(cursor.take(8 * count, "array of doubles"), "<f8")


def _values(one: Callable[[_Cursor], float | str | F8], *, multiple: bool) -> Callable[[bytes, int], VariableValues]:
    """Make the reader of a variable packet from `one`, which reads a single value."""

    def read(payload: bytes, _version: int) -> VariableValues:
        cursor = _Cursor(payload)
        device, variable, alarm = (cursor.u32("variable") for _ in range(3))
        after, found = [0], []
        if multiple:
            count = cursor.u32("number of values")
            if 8 * count > cursor.left() or count > MAX_PARTS:
                raise BadPacket(f"{count} values in {cursor.left()} bytes, expected at most {MAX_PARTS} that fit")
            after = []
            for _ in range(count):
                after.append(cursor.u32("time offset"))
                found.append(one(cursor))
        else:
            found = [one(cursor)]
        return VariableValues(
            device=device,
            variable=variable,
            after_ns=np.array(after, np.int64),
            value=_column(found),
            invalid=alarm & SEVERITY_BITS == SEVERITY_INVALID,
        )

    return read


def _column(values: list[float | str | F8]) -> Values:
    if all(isinstance(value, float) for value in values):
        return np.array(values, np.float64)
    return tuple(values)  # type: ignore[return-value]


def _pixel_map(payload: bytes, _version: int) -> PixelMap:
    """Read `PixelMapping`: sections of (base logical id, bank << 16 | count, physical ids)."""
    cursor, pixels, banks = _Cursor(payload), [], set()
    while cursor.left():
        base, word = cursor.u32("base pixel"), cursor.u32("bank and count")
        cursor.take(4 * (word & 0xFFFF), "physical pixels")
        pixels.append(np.arange(base, base + (word & 0xFFFF), dtype=np.int64))
        banks.add(word >> 16)
        if len(pixels) > MAX_PARTS:
            raise BadPacket(f"pixel map has more than {MAX_PARTS} sections")
    return _sorted_map(pixels, banks)


def _pixel_map_alt(payload: bytes, version: int) -> PixelMap:
    """Read `PixelMappingAlt`: logical ids listed, or from version 1 on as (start, stop, step) in shorthand."""
    cursor, pixels, banks, named = _Cursor(payload), [], set(), 0
    sections = cursor.u32("number of sections")
    if sections > MAX_PARTS:
        raise BadPacket(f"pixel map has {sections} sections, expected at most {MAX_PARTS}")
    for _ in range(sections):
        cursor.u32("first physical pixel")
        word = cursor.u32("bank and count")
        count = word & 0x7FFF if version else word & 0xFFFF
        named += count
        if named > MAX_PIXELS:
            raise BadPacket(f"pixel map names more than {MAX_PIXELS} pixels")
        banks.add(word >> 16)
        if version and word & 0x8000:
            cursor.u32("last physical pixel")
            start, step = cursor.u32("first pixel"), cursor.u32("steps") & 0xFFFF
            cursor.u32("last pixel")
            step = step - 0x1_0000 if step & 0x8000 else step
            pixels.append(start + step * np.arange(count, dtype=np.int64))
        else:
            pixels.append(cursor.u32s(count, "logical pixels"))
    return _sorted_map(pixels, banks)


def _sorted_map(pixels: list[I8], banks: set[int]) -> PixelMap:
    every = np.unique(np.concatenate(pixels)) if pixels else np.empty(0, np.int64)
    if every.size and (every[0] < 0 or every[-1] > np.iinfo(np.int32).max):
        raise BadPacket(f"pixels from {every[0]} to {every[-1]}: expected 0 to {np.iinfo(np.int32).max}")
    return PixelMap(pixels=every.astype(np.int32), banks=tuple(sorted(banks)))


READERS: dict[int, Callable[[bytes, int], Packet]] = {
    Type.RUN_STATUS: _run_status,
    Type.RUN_INFO: _run_info,
    Type.GEOMETRY: _geometry,
    Type.BEAMLINE_INFO: _beamline_info,
    Type.ANNOTATION: _annotation,
    Type.DEVICE_DESCRIPTOR: _device_descriptor,
    Type.PIXEL_MAPPING: _pixel_map,
    Type.PIXEL_MAPPING_ALT: _pixel_map_alt,
    Type.VARIABLE_STRING: _values(_one_string, multiple=False),
    Type.VARIABLE_U32_ARRAY: _values(_one_u32_array, multiple=False),
    Type.VARIABLE_DOUBLE_ARRAY: _values(_one_double_array, multiple=False),
    Type.MULTIPLE_U32: _values(_one_u32, multiple=True),
    Type.MULTIPLE_DOUBLE: _values(_one_double, multiple=True),
    Type.MULTIPLE_STRING: _values(_one_string, multiple=True),
    Type.MULTIPLE_U32_ARRAY: _values(_one_u32_array, multiple=True),
    Type.MULTIPLE_DOUBLE_ARRAY: _values(_one_double_array, multiple=True),
}


def read_packet(format_word: int, payload: bytes) -> Packet:
    """Read a packet whose type has a reader (`layout.RARE_TYPES`).

    Raises
    ------
    BadPacket
        The payload does not match its type; the text says what was expected and what was found.
    """
    return READERS[format_word >> 8](payload, format_word & 0xFF)
