"""Data from a broken or malicious server, in three groups, by name.

`BAD` packets hold less or other than their type promises: they cost themselves. `ODD` ones are sound, but nothing a
beamline would send: they may cost time and memory, within bounds. `BROKEN` are lengths that cannot be, after which
nothing in the stream can be trusted.
"""

import numpy as np

from helpers import packets as p
from helpers.packets import COR, NEW_RUN, NS, PAUSE, RESUME, T0, packet, words

FULL = 2**32 - 1
FIXED = words(0, 0, 0, 0)


def _xml(type_: int, text: str | bytes) -> bytes:
    front = words(1) if type_ == 0x8000 else b""
    return packet(type_, 0, T0, front + p.counted(text))


def _bomb(levels: int, wide: int) -> str:
    """Entities that double their length at every level."""
    entities = '<!ENTITY a0 "lol">' + "".join(
        f'<!ENTITY a{k} "{f"&a{k - 1};" * wide}">' for k in range(1, levels)
    )  # fmt: skip
    return f"<?xml version='1.0'?><!DOCTYPE x [{entities}]><runinfo><run_title>&a{levels - 1};</run_title></runinfo>"


def _repeated(one: bytes, size: int) -> bytes:
    return one * (size // len(one))


def _numbered(one: bytes, count: int, word: int) -> bytes:
    """A packet many times, with one of its words counting up."""
    data = np.tile(np.frombuffer(one, "<u4"), (count, 1))
    data[:, word] = np.arange(count)
    return data.tobytes()


BAD: dict[str, bytes] = {
    "run status that is none": p.run_status(T0, 255, 1),
    "run status cut": packet(0x4003, 1, T0, words(1, 2)),
    "run status without a payload": packet(0x4003, 1, T0),
    "run info longer than its packet": packet(0x4004, 0, T0, words(FULL)),
    "run info of nothing": packet(0x4004, 0, T0, words(0)),
    "run info that is binary": _xml(0x4004, bytes(range(256))),
    "xml bomb": _xml(0x4004, _bomb(40, 2)),
    "xml bomb, wide": _xml(0x4004, _bomb(3, 3000)),
    "xml that names a file": _xml(
        0x4004, "<!DOCTYPE x [<!ENTITY f SYSTEM 'file:///etc/passwd'>]><x><run_title>&f;</run_title></x>"
    ),
    "ten megabytes of angle brackets": _xml(0x4004, b"<" * 10_000_000),
    "descriptor of angle brackets": _xml(0x8000, b"<" * 1_000_000),
    "elements nested and never closed": _xml(0x8000, "<a>" * 100_000),
    "more xml than any descriptor": _xml(0x8000, b"<a>" + b"<b/>" * 1_100_000 + b"</a>"),
    "geometry without its end": packet(0x400A, 0, T0, words(100, 0x41414141)),
    "beamline names beyond the end": packet(0x400B, 1, T0, words(0x01FFFFFF)),
    "annotation beyond the end": packet(0x4007, 0, T0, words(0xFFFF, 0)),
    "descriptor without a text": packet(0x8000, 0, T0, words(1)),
    "string without its end": packet(0x8003, 0, T0, words(1, 2, 0, FULL, 0x41414141)),
    "array of 4 billion": packet(0x8004, 0, T0, words(1, 2, 0, FULL, 1)),
    "array of 4 billion doubles": packet(0x8005, 0, T0, words(1, 2, 0, FULL, 1, 1)),
    **{
        f"4 billion values of type {type_:#x}": packet(type_, 0, T0, words(1, 2, 0, FULL, 0, 0))
        for type_ in range(0x8101, 0x8106)
    },
    "as many empty strings as fit": packet(0x8103, 0, T0, words(1, 2, 0, 500_000) + bytes(4_000_000)),
    "an array in a list, cut": packet(0x8105, 0, T0, words(1, 2, 0, 1, 0, 2, 0, 0)),
    "u32 variable cut": packet(0x8001, 0, T0, words(1, 2, 0)),
    "double variable cut": packet(0x8002, 0, T0, words(1, 2, 0, 0)),
    "pixel map with a cut section": packet(0x4002, 0, T0, words(0, 1 << 16 | 0xFFFF, 1)),
    "pixel map of empty sections": packet(0x4002, 0, T0, bytes(600_000)),
    "pixel map of 4 billion sections": packet(0x4102, 1, T0, words(FULL)),
    "pixel map of 4 billion sections of zeros": packet(0x4102, 1, T0, words(FULL) + bytes(4_000_000)),
    "pixel map that names 2 billion pixels": p.pixel_map_alt(T0, [p.shorthand(0, 1, 0, 0x7FFF)] * 65_540),
    "pixel map beyond 31 bits": p.pixel_map_alt(T0, [p.shorthand(0, 1, 2**31 - 10, 100)]),
    "pixel map below zero": p.pixel_map_alt(T0, [p.shorthand(0, 1, 10, 100, step=-1)]),
    "banked without a payload": packet(0x4000, 1, T0),
    "banked with 4 billion banks": packet(0x4000, 1, T0, FIXED + words(1, 2, COR, FULL)),
    "banked with 4 billion empty banks": packet(0x4000, 1, T0, FIXED + words(1, 2, COR, FULL) + bytes(4_000_000)),
    "banked with 4 billion events": packet(0x4000, 1, T0, FIXED + words(1, 2, COR, 1, 1, FULL, 5, 5)),
    "states with 4 billion events": packet(0x4100, 0, T0, FIXED + words(1, 2, COR, 1, 1, 1, FULL, 5, 5)),
    "states with 2 billion events": packet(0x4100, 0, T0, FIXED + words(1, 2, COR, 1, 1, 1, 1 << 31, 5, 5)),
    "monitor with 4 million events": packet(0x4001, 1, T0, FIXED + words(FULL, 1, COR)),
    "monitor without a payload": packet(0x4001, 1, T0),
    "a thousand monitors": p.monitors(T0, {k: [] for k in range(1024)}) + _repeated(p.monitors(T0, {}), 1 << 21),
    "70 000 variables": _numbered(p.variable(1, T0, 1, 0, 5), 70_000, 5),
}

ODD: dict[str, bytes] = {
    "700 unknown types": _numbered(packet(0x4200, 0, T0), 700, 1),
    "unknown types beyond 16 bits": b"".join(packet(k << 8, k, T0) for k in range(0x300, 0x3FF)),
    "many of one unknown type": _repeated(packet(0x4242, 0, T0), 1 << 19),
    "5000 string variables": _numbered(p.variable(3, T0, 1, 0, ""), 5000, 5),
    "descriptor of 3000 variables": p.descriptor(T0, 1, "d", dict.fromkeys(range(3000), ("n", ""))),
    "elements nested deeply": _xml(0x4004, "<a>" * 100_000 + "</a>" * 100_000),
    "an attribute of a megabyte": _xml(0x4004, f"<a b='{'x' * 1_000_000}'/>"),
    "a variable id of a hundred thousand digits": _xml(
        0x8000, f"<d><process_variable><pv_id>{'9' * 100_000}</pv_id></process_variable></d>"
    ),
    "text that is no utf-8": p.packet(0x400A, 0, T0, p.counted(b"\xff" * 1000)),
    "strings of zeros": p.packet(0x8003, 0, T0, words(1, 2, 0, 400) + bytes(400)),
    "notes by the thousand": _repeated(p.annotation(T0, 5), 1 << 18),
    "pauses by the thousand": _repeated(p.annotation(T0, PAUSE) + p.annotation(T0, RESUME), 1 << 16),
    "the same run status by the thousand": _repeated(p.run_status(T0, NEW_RUN, 101), 1 << 17),
    "the first nanosecond": p.pulse(0, (1, 2)) + packet(0x4009, 0, 0),
    "the last second and more": words(16, 0x400001, FULL, FULL, 0, 0, 0, 0) + p.variable(2, FULL * NS, 1, 2, 3.0),
    "values at the last second": packet(0x8101, 0, FULL * NS, words(1, 2, 0, 1, FULL, 7)),
    "empty pulses by the thousand": _repeated(p.pulse(T0), 1 << 20),
    "one pulse by the thousand": _repeated(p.pulse(T0, (1, 2)), 1 << 20),
    "empty banks by the thousand": packet(
        0x4000, 1, T0, FIXED + words(1, 2, COR, 200_000) + _repeated(words(1, 0), 1_600_000)
    ),
    "empty sources by the thousand": packet(0x4000, 1, T0, FIXED + _repeated(words(1, 2, COR, 0), 1 << 20)),
    "times and pixels at their most": p.banked(
        T0, [p.Section(banks=[p.Bank(events=[(FULL, FULL)] * 9)], offset=COR - 1)]
    ),
    "a state for every event": p.banked(
        T0, [p.Section(banks=[p.Bank(state=k << 16, events=[(1, 1)]) for k in range(5000)])], states=True
    ),
    "an array of a megabyte": p.variable(4, T0, 1, 2, [0] * 262_144),
    "a map of every pixel we believe": p.pixel_map_alt(T0, [p.shorthand(0, 1, 0, 0x7FFF)] * 256),
    "a map with one pixel, many times": p.pixel_map_alt(T0, [p.shorthand(0, 1, 7, 1, step=0)] * 5000),
}

BROKEN: dict[str, bytes] = {
    "length 3": words(3, 0x400001, 1, 2),
    "length 1": words(1, 0x400301, 1, 2),
    "length of 4 GB": words(FULL, 0x400001, 1, 2),
    "length of 4 GB, in words": words(FULL - 3, 0x400001, 1, 2),
    "length just over the limit": words(64 * 1024 * 1024 + 4, 0x400001, 1, 2),
    "text": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "ones": b"\xff" * 64,
}
