"""Numbers of the ADARA protocol: packet types, flags, sizes.

Sources: SNS's network protocol document and its ``common/ADARA.h`` (library version 1.10.4). Little-endian throughout;
every packet is a 16-byte header (payload length, format, seconds and nanoseconds since 1990) and a payload whose
length is a multiple of 4, so that a stream is an array of 32-bit words.
"""

import re
from enum import IntEnum

from livereduce.base.times import NS_PER_S

HEADER_WORDS = 4
HEADER_BYTES = 16
FORMAT_WORD, SECONDS_WORD, NANOSECONDS_WORD = 1, 2, 3
"""Words of a header; the first is the length of the payload in bytes."""
MAX_PAYLOAD_BYTES = 64 * 1024 * 1024
"""The longest payload accepted. SNS's own parser stops at 48 MiB; a banked packet of 6 million events fits into it."""
TICK_NS = 100
"""Times of flight on the wire count 100 ns."""
MAX_TICKS = (2**31 - 1) // TICK_NS
"""Times of flight above 2.147 s do not fit into int32 nanoseconds and are clipped; no frame is that long."""
CHARGE_UNIT_PC = 10.0
"""Proton charge on the wire counts 10 pC."""

NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold (its production ``Char``); variable names sometimes have them."""


class Type(IntEnum):
    """Base types (the format word without its low byte, the version)."""

    RAW_EVENT = 0x0000
    RTDL = 0x0001
    SOURCE_LIST = 0x0002
    MAPPED_EVENT = 0x0003
    BANKED_EVENT = 0x4000
    BEAM_MONITOR_EVENT = 0x4001
    PIXEL_MAPPING = 0x4002
    RUN_STATUS = 0x4003
    RUN_INFO = 0x4004
    TRANSLATION_COMPLETE = 0x4005
    CLIENT_HELLO = 0x4006
    ANNOTATION = 0x4007
    SYNC = 0x4008
    HEARTBEAT = 0x4009
    GEOMETRY = 0x400A
    BEAMLINE_INFO = 0x400B
    DATA_DONE = 0x400C
    BEAM_MONITOR_CONFIG = 0x400D
    DETECTOR_BANK_SETS = 0x400E
    BANKED_EVENT_STATE = 0x4100
    PIXEL_MAPPING_ALT = 0x4102
    DEVICE_DESCRIPTOR = 0x8000
    VARIABLE_U32 = 0x8001
    VARIABLE_DOUBLE = 0x8002
    VARIABLE_STRING = 0x8003
    VARIABLE_U32_ARRAY = 0x8004
    VARIABLE_DOUBLE_ARRAY = 0x8005
    MULTIPLE_U32 = 0x8101
    MULTIPLE_DOUBLE = 0x8102
    MULTIPLE_STRING = 0x8103
    MULTIPLE_U32_ARRAY = 0x8104
    MULTIPLE_DOUBLE_ARRAY = 0x8105


DESCRIPTIONS = (
    Type.BEAMLINE_INFO,
    Type.RUN_INFO,
    Type.GEOMETRY,
    Type.PIXEL_MAPPING_ALT,
    Type.PIXEL_MAPPING,
    Type.BEAM_MONITOR_CONFIG,
    Type.DETECTOR_BANK_SETS,
)
"""Of each of these the newest holds; a file begins with them, after the devices, in this order of a real server."""


class RunStatusCode(IntEnum):
    """State in a run status packet. EOF and BOF are file boundaries within a run."""

    NO_RUN = 0
    NEW_RUN = 1
    RUN_EOF = 2
    RUN_BOF = 3
    END_RUN = 4
    STATE = 5
    PROLOGUE = 6


class Note(IntEnum):
    """Types of annotation."""

    GENERIC = 0
    SCAN_START = 1
    SCAN_STOP = 2
    PAUSE = 3
    RESUME = 4
    OVERALL_COMMENT = 5
    SYSTEM = 6


class Kind(IntEnum):
    """Treatment of a packet: three frequent kinds become columns, the rest is read one by one in Python."""

    BANKED = 0
    MONITOR = 1
    SCALAR = 2
    RARE = 3
    IGNORED = 4
    UNKNOWN = 5


RARE_TYPES = frozenset(
    {
        Type.PIXEL_MAPPING,
        Type.RUN_STATUS,
        Type.RUN_INFO,
        Type.ANNOTATION,
        Type.GEOMETRY,
        Type.BEAMLINE_INFO,
        Type.PIXEL_MAPPING_ALT,
        Type.DEVICE_DESCRIPTOR,
        Type.VARIABLE_STRING,
        Type.VARIABLE_U32_ARRAY,
        Type.VARIABLE_DOUBLE_ARRAY,
        Type.MULTIPLE_U32,
        Type.MULTIPLE_DOUBLE,
        Type.MULTIPLE_STRING,
        Type.MULTIPLE_U32_ARRAY,
        Type.MULTIPLE_DOUBLE_ARRAY,
    }
)

KIND_OF_TYPE: dict[int, Kind] = {
    **dict.fromkeys(Type, Kind.IGNORED),
    **dict.fromkeys(RARE_TYPES, Kind.RARE),
    Type.BANKED_EVENT: Kind.BANKED,
    Type.BANKED_EVENT_STATE: Kind.BANKED,
    Type.BEAM_MONITOR_EVENT: Kind.MONITOR,
    Type.VARIABLE_U32: Kind.SCALAR,
    Type.VARIABLE_DOUBLE: Kind.SCALAR,
}

PULSE_TYPES = frozenset({Type.BANKED_EVENT, Type.BANKED_EVENT_STATE, Type.BEAM_MONITOR_EVENT})
"""Packets of a pulse: their contents are counted."""

BANK_UNMAPPED = 0xFFFF_FFFF
BANK_ERROR = 0xFFFF_FFFE

RTDL_WORDS, RTDL_CYCLE_WORD = 30, 1
"""A payload of the real-time data link, what the accelerator says of a pulse; the word with the cycle."""
PULSE_WORDS = 4
"""The fixed part that banked and monitor packets begin with: charge, energy, cycle, flags."""
CHARGE_WORD, ENERGY_WORD, CYCLE_WORD, FLAGS_WORD = range(PULSE_WORDS)
SOURCE_WORDS = 4
"""A source section's header in a banked packet: source, intra-pulse time, offset, number of banks."""
SOURCE_OFFSET_WORD, SOURCE_BANKS_WORD = 2, 3
BANK_WORDS, BANK_STATE_WORDS = 2, 3
"""A bank section's header: bank, [state,] number of events. The last word is the number of events."""
BANK_STATE_WORD = 1
EVENT_WORDS = 2
"""Time of flight, pixel."""
MONITOR_WORDS = 3
"""A section's header in a monitor packet: monitor and number of events, source, offset."""
MONITOR_OFFSET_WORD = 2
MONITOR_COUNT_BITS, MONITOR_ID_BITS = 22, 10
MONITOR_TOF_BITS = 21
"""Time bits of a monitor's event word; the bits above are the cycle and the edge."""
CORRECTED = 0x8000_0000
"""Bit of an offset word: the offset is already in the times of flight."""
VARIABLE_WORDS = 3
"""What a value's packet begins with: device, variable, status and severity. The value follows."""
SEVERITY_WORD = 2

FLAG_MISSING_RTDL = 0x0000_0008
VETO_SHIFT = 20
"""The flags word has the veto bits above the flags, from version 1 of the banked packet on."""
FLAG_BITS = (1 << VETO_SHIFT) - 1

SEVERITY_INVALID = 3
"""Alarm severity of a value in EPICS: the device could not give the value, or is not connected. Others: 0 none, 1
minor, 2 major, 0xFFFF not reported."""
SEVERITY_BITS = 0xFFFF

SYNC_SIGNATURE = bytes.fromhex("534e5341444152414f524e4c0000f07f")


def type_name(format_word: int) -> str:
    """``0x4000 v1``: base type and version, the key of counts by type."""
    return f"0x{format_word >> 8:04x} v{format_word & 0xFF}"


def split_ns(time_ns: int) -> tuple[int, int]:
    """Seconds and nanoseconds of a header."""
    return divmod(time_ns, NS_PER_S)
