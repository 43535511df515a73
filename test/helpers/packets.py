"""Packets from the layouts of the protocol document, on struct alone: the product's builders prove nothing here.

Every builder gives a whole packet, header included; `payload` takes the header off again.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

NS = 10**9
T0 = 1_164_260_000 * NS
"""A time in 2026, as real pulses have."""
NO_RUN, NEW_RUN, RUN_EOF, RUN_BOF, END_RUN, STATE, PROLOGUE = range(7)
PAUSE, RESUME = 3, 4
UNMAPPED, ERROR = 0xFFFF_FFFF, 0xFFFF_FFFE
COR = 1 << 31


def words(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


def packet(type_: int, version: int, time_ns: int, payload: bytes = b"") -> bytes:
    assert len(payload) % 4 == 0
    return words(len(payload), type_ << 8 | version, *divmod(time_ns, NS)) + payload


def payload(data: bytes) -> bytes:
    return data[16:]


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def counted(text: str | bytes) -> bytes:
    data = text if isinstance(text, bytes) else text.encode()
    return words(len(data)) + padded(data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bank:
    id: int = 1
    events: Sequence[tuple[int, int]] = ()
    state: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One source's part of a banked packet; `offset` is the whole word, `COR` bit included."""

    banks: Sequence[Bank] = ()
    source: int = 7
    intra_pulse: int = 0
    offset: int = COR


def banked(
    time_ns: int,
    sections: Iterable[Section] = (),
    *,
    charge: int = 0,
    flags: int = 0,
    veto: int = 0,
    states: bool = False,
    version: int | None = None,
) -> bytes:
    body = words(charge, 1_000_000_000, 42, veto << 20 | flags)
    for section in sections:
        body += words(section.source, section.intra_pulse, section.offset, len(section.banks))
        for bank in section.banks:
            body += words(bank.id, *([bank.state] if states else []), len(bank.events))
            body += b"".join(words(*event) for event in bank.events)
    version = (0 if states else 1) if version is None else version
    return packet(0x4100 if states else 0x4000, version, time_ns, body)


def pulse(time_ns: int, *events: tuple[int, int], charge: int = 1) -> bytes:
    """A banked packet with all its events in bank 1."""
    return banked(time_ns, [Section(banks=[Bank(events=events)])] if events else [], charge=charge)


def monitors(time_ns: int, events: Mapping[int, Sequence[int]], offset: int = COR, charge: int = 0) -> bytes:
    body = words(charge, 0, 0, 0)
    for monitor, ticks in events.items():
        body += words(monitor << 22 | len(ticks), 9, offset, *ticks)
    return packet(0x4001, 1, time_ns, body)


def rtdl(time_ns: int) -> bytes:
    return packet(0x0001, 1, time_ns, bytes(120))


def run_status(
    time_ns: int, status: int, run: int = 0, *, start_s: int = 0, file: int = 1, paused: bool = False, version: int = 1
) -> bytes:
    body = words(run, start_s, status << 24 | file)
    return packet(0x4003, version, time_ns, body + (words(paused << 24 | 1, 0) if version else b""))


def annotation(time_ns: int, type_: int, comment: str = "", *, scan: int = 0, reset: bool = False) -> bytes:
    text = comment.encode()
    return packet(0x4007, 0, time_ns, words(reset << 31 | type_ << 16 | len(text), scan) + padded(text))


def sync(time_ns: int, comment: str = "") -> bytes:
    return packet(0x4008, 0, time_ns, b"SNSADARAORNL\0\0\xf0\x7f" + struct.pack("<Q", 0) + counted(comment))


def run_info(time_ns: int, title: str, proposal: str, extra: str = "") -> bytes:
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?><runinfo xmlns="http://public.sns.gov/schema/runinfo.xsd">'
        f"<run_title>{title}</run_title><proposal_id>{proposal}</proposal_id>{extra}</runinfo>"
    )
    return packet(0x4004, 0, time_ns, counted(xml))


def geometry(time_ns: int, xml: str) -> bytes:
    return packet(0x400A, 0, time_ns, counted(xml))


def beamline(time_ns: int, identity: str, short: str, long: str, *, station: int = 1, version: int = 1) -> bytes:
    names = [name.encode() for name in (identity, short, long)]
    word = station << 24 | len(names[0]) << 16 | len(names[1]) << 8 | len(names[2])
    return packet(0x400B, version, time_ns, words(word) + padded(b"".join(names)))


def descriptor(time_ns: int, device: int, name: str, variables: Mapping[int, tuple[str, str]]) -> bytes:
    inner = "".join(
        f"<process_variable><pv_name>{pv}</pv_name><pv_id>{number}</pv_id><pv_type>double</pv_type>"
        f"<pv_units>{units}</pv_units></process_variable>"
        for number, (pv, units) in variables.items()
    )
    xml = (
        f'<device xmlns="http://public.sns.gov/schema/device.xsd"><device_name>{name}</device_name>'
        f"<process_variables>{inner}</process_variables></device>"
    )
    return packet(0x8000, 0, time_ns, words(device) + counted(xml))


Value = int | float | str | Sequence[int] | Sequence[float]


def _value(kind: int, value: Value) -> bytes:
    """One value of a variable packet; `kind` is 1 to 5 as in the types 0x8001 to 0x8005."""
    if isinstance(value, str):
        return counted(value)
    if isinstance(value, int | float):
        return words(int(value)) if kind == 1 else struct.pack("<d", value)
    code = "I" if kind == 4 else "d"
    return struct.pack(f"<I{len(value)}{code}", len(value), *value)


def variable(kind: int, time_ns: int, device: int, number: int, value: Value, status: int = 0) -> bytes:
    """`kind`: 1 unsigned, 2 double, 3 string, 4 array of unsigned, 5 array of doubles."""
    return packet(0x8000 + kind, 0, time_ns, words(device, number, status) + _value(kind, value))


def multiple(kind: int, time_ns: int, device: int, number: int, values: Sequence[tuple[int, Value]]) -> bytes:
    """Values with their offsets in ns, in one packet."""
    body = b"".join(words(after) + _value(kind, value) for after, value in values)
    return packet(0x8100 + kind, 0, time_ns, words(device, number, 0, len(values)) + body)


def pixel_map(time_ns: int, sections: Iterable[tuple[int, int, Sequence[int]]]) -> bytes:
    """Deprecated map: (first logical, bank, physical ids)."""
    body = b"".join(words(logical, bank << 16 | len(ids), *ids) for logical, bank, ids in sections)
    return packet(0x4002, 0, time_ns, body)


def listed(physical: int, bank: int, logical: Sequence[int]) -> bytes:
    """Section of an alternative map, written out."""
    return words(physical, bank << 16 | len(logical), *logical)


def shorthand(physical: int, bank: int, first: int, count: int, step: int = 1) -> bytes:
    """Section of an alternative map, version 1, in shorthand."""
    last = first + step * (count - 1)
    logical = (first, 1 << 16 | step & 0xFFFF, last & 0xFFFF_FFFF)
    return words(physical, bank << 16 | 1 << 15 | count, physical + count - 1, *logical)


def pixel_map_alt(time_ns: int, sections: Sequence[bytes], version: int = 1) -> bytes:
    return packet(0x4102, version, time_ns, words(len(sections)) + b"".join(sections))
