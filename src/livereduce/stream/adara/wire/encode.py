"""Encode ADARA packets: pure builders, one per packet type; the packets of a pulse are in `encode_pulse`.

Servers in tests, demo and benchmarks use them. Layouts are those of SNS's network protocol document
(``doc/design/1_Network_Protocol``) and of what a real stream management service sent. Times are nanoseconds since
1990, as in the header; a payload is a multiple of 4 bytes.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape as escape_markup

from livereduce.stream.adara.wire.layout import NOT_XML, SYNC_SIGNATURE, Note, RunStatusCode, Type, split_ns

Value = int | float | str | Sequence[int] | Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One process variable in a device descriptor; `type` as in the schema, e.g. ``double``, ``unsigned integer``."""

    id: int
    name: str
    type: str
    units: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelRange:
    """A range of a pixel map: `count` (at most 32767) physical ids from one on, and logical ids likewise."""

    bank: int
    physical: int
    logical: int
    count: int
    physical_step: int = 1
    logical_step: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorConfig:
    """File settings of a monitor: times in µs, distance in m, format 1 events, 2 histogram."""

    monitor: int
    offset_us: int = 0
    max_us: int = 33_333
    bin_us: int = 1
    distance_m: float = 0.0
    format: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class BankSet:
    """File settings of a set of banks; flags 1 events, 2 histogram."""

    name: str
    banks: tuple[int, ...]
    flags: int = 1
    offset_us: int = 0
    max_us: int = 0xFFFF_FFFF
    bin_us: int = 1
    throttle_hz: float = 0.0
    suffix: str = "throttled"


def packet(base_type: int, version: int, time_ns: int, payload: bytes) -> bytes:
    """Build header and payload.

    Raises
    ------
    ValueError
        The payload is not a multiple of 4 bytes.
    """
    if len(payload) % 4:
        raise ValueError(f"the payload of a 0x{base_type:04x} packet is {len(payload)} bytes, not a multiple of 4")
    return struct.pack("<4I", len(payload), base_type << 8 | version, *split_ns(time_ns)) + payload


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _text(text: str) -> bytes:
    """Encode a string: length and UTF-8 bytes, padded."""
    data = text.encode()
    return struct.pack("<I", len(data)) + _padded(data)


def escape(text: str) -> str:
    """Escape a text for XML: markup escaped, and ``_`` for characters that XML cannot hold."""
    return escape_markup(NOT_XML.sub("_", text))


def sync(time_ns: int, offset: int = 0, comment: str = "") -> bytes:
    """Build the mark at the start of a file and every 16 MB in it; `offset` is its place in the file."""
    return packet(Type.SYNC, 0, time_ns, SYNC_SIGNATURE + struct.pack("<Q", offset) + _text(comment))


def run_status(
    time_ns: int,
    status: RunStatusCode,
    run: int,
    start_s: int,
    *,
    file: int = 0,
    mode: int = 0,
    paused: bool = False,
    pause_file: int = 0,
) -> bytes:
    """Build version 1; `mode` counts the stretches of a run between pauses, `file` the files of one stretch."""
    words = (run, start_s, status << 24 | mode << 12 | file, paused << 24 | pause_file, 0)
    return packet(Type.RUN_STATUS, 1, time_ns, struct.pack("<5I", *words))


def run_info(time_ns: int, xml: str) -> bytes:
    """Build a run information packet; `run_info_xml` makes the text."""
    return packet(Type.RUN_INFO, 0, time_ns, _text(xml))


def run_info_xml(*, run: int, instrument: str, title: str, proposal: str) -> str:
    """The document of a run information packet, with the elements that readers use."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<runinfo xmlns="http://public.sns.gov/schema/runinfo.xsd">\n'
        f"  <instrument_name>{escape(instrument)}</instrument_name>\n  <run_number>{run}</run_number>\n"
        f"  <proposal_id>{escape(proposal)}</proposal_id>\n  <run_title>{escape(title)}</run_title>\n</runinfo>\n"
    )


def geometry(time_ns: int, xml: str) -> bytes:
    """Build the packet of the instrument definition."""
    return packet(Type.GEOMETRY, 0, time_ns, _text(xml))


def beamline_info(time_ns: int, id_: str, short: str, long: str, *, target_station: int = 1) -> bytes:
    """Build version 1: the beamline's id (``BL-11A``), short and long name (the instrument, for readers)."""
    names = [name.encode() for name in (id_, short, long)]
    word = target_station << 24 | len(names[0]) << 16 | len(names[1]) << 8 | len(names[2])
    return packet(Type.BEAMLINE_INFO, 1, time_ns, struct.pack("<I", word) + _padded(b"".join(names)))


def device_descriptor(time_ns: int, device: int, xml: str) -> bytes:
    """Build the packet of a device's variables; `device_xml` makes the text."""
    return packet(Type.DEVICE_DESCRIPTOR, 0, time_ns, struct.pack("<I", device) + _text(xml))


def device_xml(name: str, variables: Iterable[Variable]) -> str:
    """The document of a device descriptor."""
    described = "".join(
        f"    <process_variable>\n      <pv_name>{escape(variable.name)}</pv_name>\n"
        f"      <pv_id>{variable.id}</pv_id>\n      <pv_type>{escape(variable.type)}</pv_type>\n"
        + (f"      <pv_units>{escape(variable.units)}</pv_units>\n" if variable.units else "")
        + "    </process_variable>\n"
        for variable in variables
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<device xmlns="http://public.sns.gov/schema/device.xsd">\n'
        f"  <device_name>{escape(name)}</device_name>\n"
        f"  <process_variables>\n{described}  </process_variables>\n</device>\n"
    )


def _value(base_type: int, value: Value) -> bytes:
    """Encode a value as in its plain packet; `base_type` is one of ``Type.VARIABLE_…``."""
    match base_type, value:
        case Type.VARIABLE_U32, int():
            return struct.pack("<I", value)
        case Type.VARIABLE_DOUBLE, int() | float():
            return struct.pack("<d", value)
        case Type.VARIABLE_STRING, str():
            return _text(value)
        case Type.VARIABLE_U32_ARRAY, [*values]:
            return struct.pack(f"<{len(values) + 1}I", len(values), *values)
        case Type.VARIABLE_DOUBLE_ARRAY, [*values]:
            return struct.pack(f"<I{len(values)}d", len(values), *values)
    raise ValueError(f"a variable packet of type 0x{base_type:04x} cannot carry {value!r}")


def variable(
    base_type: int, time_ns: int, device: int, id_: int, value: Value, *, status: int = 0, severity: int = 0
) -> bytes:
    """Build a packet with one new value; `base_type` is one of ``Type.VARIABLE_…``.

    Raises
    ------
    ValueError
        The packet type cannot carry this value.
    """
    head = struct.pack("<3I", device, id_, status << 16 | severity)
    return packet(base_type, 0, time_ns, head + _value(base_type, value))


def annotation(
    time_ns: int, comment: str, *, note: Note = Note.GENERIC, scan_index: int = 0, reset_hint: bool = False
) -> bytes:
    """Build a comment in the stream: start and stop of a run, scans, pauses, the user's notes."""
    data = comment.encode()
    head = struct.pack("<2I", reset_hint << 31 | note << 16 | len(data), scan_index)
    return packet(Type.ANNOTATION, 0, time_ns, head + _padded(data))


def _pixel_section(section: PixelRange) -> bytes:
    last = section.count - 1
    return struct.pack(
        "<4I2hI",
        section.physical,
        section.bank << 16 | 1 << 15 | section.count,
        section.physical + last * section.physical_step,
        section.logical,
        section.logical_step,
        section.physical_step,
        section.logical + last * section.logical_step,
    )


def pixel_mapping_alt(time_ns: int, sections: Sequence[PixelRange]) -> bytes:
    """Build version 1: the logical pixel and bank of each physical pixel."""
    body = b"".join(map(_pixel_section, sections))
    return packet(Type.PIXEL_MAPPING_ALT, 1, time_ns, struct.pack("<I", len(sections)) + body)


def beam_monitor_config(time_ns: int, monitors: Sequence[MonitorConfig]) -> bytes:
    """Build version 1: the formats follow after all sections."""
    sections = b"".join(struct.pack("<4Id", m.monitor, m.offset_us, m.max_us, m.bin_us, m.distance_m) for m in monitors)
    formats = struct.pack(f"<{len(monitors)}I", *(monitor.format for monitor in monitors))
    return packet(Type.BEAM_MONITOR_CONFIG, 1, time_ns, struct.pack("<I", len(monitors)) + sections + formats)


def detector_bank_sets(time_ns: int, sets: Sequence[BankSet]) -> bytes:
    """Build the file settings of sets of banks."""
    body = b"".join(
        struct.pack("<16s2I", item.name.encode(), item.flags, len(item.banks))
        + struct.pack(f"<{len(item.banks)}I", *item.banks)
        + struct.pack("<3Id16s", item.offset_us, item.max_us, item.bin_us, item.throttle_hz, item.suffix.encode())
        for item in sets
    )
    return packet(Type.DETECTOR_BANK_SETS, 0, time_ns, struct.pack("<I", len(sets)) + body)


def client_hello(time_ns: int, start_s: int) -> bytes:
    """Build the client's first message, version 0: from now (0), the start of the run (1), or a second since 1990."""
    return packet(Type.CLIENT_HELLO, 0, time_ns, struct.pack("<I", start_s))
